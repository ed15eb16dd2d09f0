"""A container as Studio would start it, without a container engine."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.real.truth import launch
from tests.real.truth.building import Built
from tests.real.truth.dockerfile import environment
from tests.real.truth.mounts import overlay

STUDIO = {
    "AWS_ACCOUNT_ID": "123456789012",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/none",
    "SAGEMAKER_SPACE_NAME": "space",
}
"""Variables that Studio sets, and which take precedence over those of the image."""
_VOLUMES = {
    "/home/sagemaker-user": (1000, 100),
    "/opt/ml": (0, 0),
    "/opt/.sagemakerinternal": (0, 0),
    "/var/log/studio": (1000, 100),
}
_FILES = {
    "/etc/hostname": "default\n",
    "/etc/hosts": f"127.0.0.1\tlocalhost\n::1\tlocalhost\n{launch.ADDRESS}\tdefault\n",
    "/etc/resolv.conf": "",
    "/opt/ml/metadata/resource-metadata.json": '{"AppType": "JupyterLab", "ResourceName": "default"}\n',
}


class Start(NamedTuple):
    """How an app starts an image: its type, and the ContainerConfig that the image is registered with."""

    app_type: str = "JupyterLab"
    container_config: Mapping[str, Any] = {}


class Container(NamedTuple):
    """A running container: the process that waits for it, its first process, and the file with what it prints."""

    process: subprocess.Popen[bytes]
    pid: int | None
    log: Path

    @property
    def last_lines(self) -> str:
        """The end of what it printed."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-12:])


@contextmanager
def started(image: Built, start: Start, directory: Path) -> Iterator[Container]:
    """Start a container for the duration of the block; `directory` gets what it writes."""
    with overlay(image.trees, directory / "container") as root:
        spec = directory / "container.json"
        spec.write_text(json.dumps(_spec(image.config, start, root)))
        log = directory / "container.log"
        namespaces = ("--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
        with log.open("ab") as output:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "unshare", *namespaces, "--", sys.executable, "-I", "-S", launch.__file__, spec],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield Container(process, _first(process), log)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def _spec(config: Mapping[str, Any], start: Start, root: Path) -> dict[str, Any]:
    given = start.container_config
    variables = environment(config) | dict(given.get("ContainerEnvironmentVariables", {}))
    return {
        "root": str(root),
        "volumes": _VOLUMES,
        "files": _FILES,
        "env": variables | STUDIO | {"SAGEMAKER_APP_TYPE": start.app_type},
        "user": config.get("User") or "",
        "cwd": config.get("WorkingDir") or "/",
        "argv": _command(config, given),
    }


def _command(config: Mapping[str, Any], given: Mapping[str, Any]) -> Sequence[str]:
    """Return the command: an entry point of the ContainerConfig replaces both of the image, as in Docker."""
    if entrypoint := given.get("ContainerEntrypoint"):
        return [*entrypoint, *(given.get("ContainerArguments") or ())]
    arguments = given.get("ContainerArguments") or config.get("Cmd") or ()
    return [*(config.get("Entrypoint") or ()), *arguments]


def _first(process: "subprocess.Popen[bytes]") -> int | None:
    """Return the process that `unshare` forked, once its namespaces are there; None if it ended at once."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None:
        try:
            words = children.read_text().split()
        except OSError:
            return None
        if words:
            return int(words[0])
        time.sleep(0.01)
    return None


def same_namespace(pid: int) -> Iterator[int]:
    """Yield the processes of the container whose first process is `pid`."""
    try:
        space = Path(f"/proc/{pid}/ns/pid").readlink()
    except OSError:
        return
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (process / "ns/pid").readlink() == space:
                yield int(process.name)
        except OSError:
            continue
