"""Fixtures for all tests, and what happens where another program is missing."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

from tests.support.compress import Compression
from tests.support.forms import FormName, Order, Specs, write_archive
from tests.support.tools import REQUIRE_TOOLS, skip_or_fail

# Machines differ in speed and other programs are slow: a deadline would test the machine.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get(REQUIRE_TOOLS) == "1" else "default")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test whose programs are missing."""
    skip_or_fail(name for mark in item.iter_markers("tool") for name in mark.args)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin with an empty cache, and leave that of the user alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache", numbered=True)))


class SaveImage(Protocol):
    """Writes an image in some form to a new file of the test's own."""

    def __call__(
        self,
        images: Specs,
        form: FormName = "docker-25",
        *,
        compression: Compression | Sequence[Compression] | None = None,
        order: Order = "natural",
        dot_slash: bool = False,
    ) -> Path:
        """Write the archive and return its path."""


@pytest.fixture
def save_image(tmp_path: Path) -> SaveImage:
    """Return a function that saves images as archives below a new directory."""
    directory = tmp_path / "saved"
    directory.mkdir()

    def save(
        images: Specs,
        form: FormName = "docker-25",
        *,
        compression: Compression | Sequence[Compression] | None = None,
        order: Order = "natural",
        dot_slash: bool = False,
    ) -> Path:
        path = directory / f"{len(list(directory.iterdir()))}-{form}.tar"
        return write_archive(path, images, form, compression=compression, order=order, dot_slash=dot_slash)

    return save
