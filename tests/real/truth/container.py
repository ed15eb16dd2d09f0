"""A container as Studio would start it, without a container engine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.real.truth import launch
from tests.real.truth.apps import App
from tests.real.truth.bases import make
from tests.real.truth.building import Built
from tests.real.truth.dockerfile import environment
from tests.real.truth.mounts import overlay

_INTERNAL = "/opt/.sagemakerinternal"
_VOLUMES = {
    "/home/sagemaker-user": (1000, 100),
    "/opt/ml": (0, 0),
    _INTERNAL: (0, 0),
    "/var/log/studio": (1000, 100),
}
_FILES = {
    "/etc/hostname": "default\n",
    "/etc/hosts": f"127.0.0.1\tlocalhost\n::1\tlocalhost\n{launch.ADDRESS}\tdefault\n",
    "/etc/resolv.conf": "",
    "/opt/ml/metadata/resource-metadata.json": '{"AppType": "JupyterLab", "ResourceName": "default"}\n',
}


_NAMESPACES = (
    *("setpriv", "--pdeathsig=KILL"),
    *("unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"),
)


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
def started(image: Built, app: App, container_config: Mapping[str, Any], directory: Path) -> Iterator[Container]:
    """Start a container for the duration of the block; `directory` gets what it writes."""
    trees = image.trees if app.platform is None else (_platform(app.platform), *image.trees)
    with overlay(trees, directory / "container") as root:
        spec = directory / "container.json"
        spec.write_text(json.dumps(_spec(image.config, app, container_config, root)))
        log = directory / "container.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*_NAMESPACES, "--", sys.executable, "-I", "-S", launch.__file__, spec],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        first = _first(process)
        try:
            yield Container(process, first, log)
        finally:
            if first is not None and process.poll() is None:
                os.kill(first, signal.SIGKILL)
            process.wait()


def _spec(config: Mapping[str, Any], app: App, given: Mapping[str, Any], root: Path) -> dict[str, Any]:
    variables = environment(config) | dict(given.get("ContainerEnvironmentVariables", {}))
    return {
        "root": str(root),
        "volumes": {path: owner for path, owner in _VOLUMES.items() if app.platform is None or path != _INTERNAL},
        "files": _FILES,
        "env": variables | dict(app.variables),
        "user": config.get("User") or "",
        "cwd": config.get("WorkingDir") or "/",
        "argv": app.command or _command(config, given),
    }


def _platform(base: str) -> Path:
    """Return a tree that has only what the platform mounts, which hides what the image has there."""
    tree = make(base).trees[0]
    os.setxattr(tree / _INTERNAL[1:], "trusted.overlay.opaque", b"y")
    return tree


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
