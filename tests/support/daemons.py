"""A real Docker daemon of our own, with its containerd, in a directory that is removed afterwards; needs root.

It has its own socket and state and no network, so that it touches nothing of the machine it runs on.
Where it cannot run at all (a kernel without the namespaces or cgroups that it wants) the test is skipped with its log.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.tools import run

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Docker:
    """A running daemon."""

    directory: Path

    def docker(self, *arguments: str | Path) -> str:
        """Run `docker` against this daemon and return its output."""
        return run("docker", "--host", f"unix://{self.directory}/socket", *arguments).decode()

    def ctr(self, *arguments: str | Path) -> str:
        """Run containerd's `ctr` against this daemon's containerd and return its output."""
        return run("ctr", "--address", self.directory / "exec/containerd/containerd.sock", *arguments).decode()


@contextmanager
def docker_daemon() -> Iterator[Docker]:
    """Run a Docker daemon as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="dockerd-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        command = (
            "dockerd",
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
            f"--data-root={directory}/data",
            f"--exec-root={directory}/exec",
            f"--pidfile={directory}/pid",
            f"--host=unix://{directory}/socket",
        )
        with (directory / "log").open("wb") as log:
            daemon = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _await(daemon, directory)
            yield Docker(directory)
        finally:
            daemon.terminate()
            daemon.wait(_PATIENCE)
            for mount in (directory / "exec" / "netns").glob("*"):  # left by `docker build --network=host`
                run("umount", mount)


def _await(daemon: subprocess.Popen[bytes], directory: Path) -> None:
    """Wait until the daemon answers."""
    deadline = time.monotonic() + _PATIENCE
    while not (directory / "socket").exists():
        if daemon.poll() is not None or time.monotonic() > deadline:
            log = (directory / "log").read_text(errors="replace")
            pytest.skip(f"no Docker daemon runs here: {log[-500:]}")
        time.sleep(0.2)
    run("docker", "--host", f"unix://{directory}/socket", "version")
