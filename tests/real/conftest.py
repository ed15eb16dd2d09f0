"""Real images, made once and kept."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.real_images import RealImages, images_directory


@pytest.fixture(scope="session")
def real_image(pytestconfig: pytest.Config) -> Iterator[RealImages]:
    """Return a function from a recipe's name and a form to where that image is."""
    with ExitStack() as stack:
        yield RealImages(images_directory(Path(pytestconfig.rootpath, "build", "real-images")), stack)
