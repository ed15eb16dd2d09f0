"""What a mutation is, and the words that many of them share."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

KERNELS = "/usr/local/share/jupyter/kernels"
PACKAGES = "/usr/local/lib/python3.11/dist-packages"
OPTIONS = {
    "ip": "0.0.0.0",
    "port": "8888",
    "ServerApp.base_url": "/jupyterlab/default",
    "ServerApp.token": "",
    "ServerApp.allow_origin": "*",
}
"""The options of AWS's sample."""


class Mutation(NamedTuple):
    """A change to an image: its name, what it is in words, and lines of a Dockerfile that make it.

    `container_config` is what the image is registered with; `base` the image that the lines follow.
    """

    name: str
    about: str
    lines: str
    container_config: Mapping[str, Any] = {}
    base: str = "lab"
    profile: str = "studio-jupyterlab"


def words(*extra: str, program: str = "jupyter lab", without: str = "", **options: str) -> list[str]:
    """Return the words of AWS's command with other options; underscores of a name stand for dots."""
    changed = {name: value for name, value in OPTIONS.items() if name not in without.split()}
    changed |= {name.replace("ServerApp_", "ServerApp."): value for name, value in options.items()}
    return [*program.split(), *(f"--{name}={value}" for name, value in changed.items()), *extra]


def serve(*extra: str, program: str = "jupyter lab", without: str = "", **options: str) -> str:
    """Return the same as a CMD line in exec form."""
    return f"CMD {json.dumps(words(*extra, program=program, without=without, **options))}"


def settings(path: str, text: str) -> str:
    """Return the COPY that writes a file."""
    return f"COPY <<EOF {path}\n{text}\nEOF"


def kernelspec(name: str, argv: object, *, directory: str = KERNELS, **more: object) -> str:
    """Return the COPY that writes a kernelspec."""
    spec = {"argv": argv, "display_name": name, "language": "python", **more}
    return settings(f"{directory}/{name}/kernel.json", json.dumps(spec))


def ipykernel(python: str = "/usr/bin/python3", *options: str) -> list[str]:
    """Return the command of a Python kernel."""
    return [python, *options, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
