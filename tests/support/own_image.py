"""Our own container image: makes it, and runs it as podman does, with a storage that is removed afterwards."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.tools import run

ROOT = Path(__file__).parents[2]


def make_image(directory: Path, *, umask: int, variables: Mapping[str, str]) -> Path:
    """Make the image from the wheelhouse in a directory, with this umask and these variables set."""
    command = (sys.executable, "-m", "delivery.image", directory)
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, umask=umask, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return directory / "ocianalyze-image.tar"


@dataclass(frozen=True, slots=True)
class Podman:
    """Podman with an image in a storage of its own."""

    storage: Path
    image: str

    def run(
        self, *arguments: str | Path, options: tuple[str, ...] = (), stdin: Path | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run a container without a network and with nothing that can be written to."""
        limits = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")  # else podman asks for more than it may have
        command = (
            *self._podman,
            *(
                "--runtime=runc",
                "run",
                "--rm",
                "--interactive",
                "--network=none",
                "--read-only",
                "--read-only-tmpfs=false",
            ),
            *(*limits, *options, self.image, *arguments),
        )
        with (stdin or Path(os.devnull)).open("rb") as source:
            return subprocess.run(command, stdin=source, capture_output=True, check=False)

    @property
    def _podman(self) -> tuple[str, ...]:
        places = (f"--{name}={self.storage}/{name}" for name in ("root", "runroot", "tmpdir"))
        return ("podman", *places, "--cgroup-manager=cgroupfs")

    def load(self, archive: Path) -> None:
        """Load the image."""
        run(*self._podman, "load", "--quiet", f"--input={archive}")

    def reset(self) -> None:
        """Remove all that podman has, whose mounts would keep the directory."""
        run(*self._podman, "system", "reset", "--force")


@contextmanager
def podman(archive: Path, image: str) -> Iterator[Podman]:
    """Have podman know an image as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="podman-", ignore_cleanup_errors=True) as name:
        engine = Podman(Path(name), image)
        engine.load(archive)
        try:
            yield engine
        finally:
            engine.reset()
