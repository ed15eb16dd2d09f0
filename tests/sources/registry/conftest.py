"""Registries and images for the tests, made once."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ocianalyze.sources.registry import retries
from tests.support.fit import fit_image
from tests.support.forms import write_archive
from tests.support.images import ImageSpec
from tests.support.registries import Guard, Registry, registry
from tests.support.tarballs import directory, file, symlink, whiteout
from tests.support.tools import skip_or_fail

IMAGE: ImageSpec = fit_image(
    [
        directory("opt/ml/code"),
        file("opt/ml/code/train.py", b"print()\n"),
        file("opt/noise", bytes(range(256)) * 12_000),
        symlink("usr/lib/libx.so.1", "libx.so.1.2"),
    ],
    [whiteout("opt/noise"), file("usr/share/words", b"".join(b"%d " % (n * n) for n in range(400_000)))],
    config={"User": "1001", "Cmd": ["jupyter", "lab"]},
)
"""An image with several layers, one of some megabytes, and with findings."""


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_FIRST_PAUSE", 0.01)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the image as an OCI archive."""
    return write_archive(tmp_path_factory.mktemp("pushed") / "image.tar", IMAGE, "oci", compression="gzip")


class Registries:
    """Starts each kind of registry when it is first asked for, with the image in it."""

    def __init__(self, directory: Path, archive: Path, stack: ExitStack) -> None:
        self._directory = directory
        self._archive = archive
        self._stack = stack
        self._running: dict[tuple[Guard, bool, bool], Registry] = {}

    def __call__(self, guard: Guard = "open", *, tls: bool = False, mutual: bool = False) -> Registry:
        """Return a registry that holds ``team/image:1.0``."""
        key = guard, tls, mutual
        if key not in self._running:
            skip_or_fail(("docker-registry", "skopeo", "openssl", "htpasswd"))
            name = f"{guard}-{'mutual' if mutual else 'tls' if tls else 'plain'}"
            running = self._stack.enter_context(registry(self._directory / name, guard, tls=tls, mutual=mutual))
            running.push(f"oci-archive:{self._archive}", "team/image:1.0")
            self._running[key] = running
        return self._running[key]


@pytest.fixture(scope="session")
def registries(tmp_path_factory: pytest.TempPathFactory, archive: Path) -> Iterator[Registries]:
    """Return a function from a kind of guard to a running registry."""
    with ExitStack() as stack:
        yield Registries(tmp_path_factory.mktemp("registries"), archive, stack)
