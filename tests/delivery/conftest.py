"""The deliveries, built once."""

import os
from pathlib import Path

import pytest

from delivery import wheelhouse as making
from delivery import zipapp
from delivery.targets import this_target


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new wheelhouse; without a package index there is none, which CI takes for an error."""
    made = tmp_path_factory.mktemp("delivery") / "wheelhouse"
    try:
        making.make(made)
    except SystemExit as error:
        if os.environ.get("TEST_REQUIRE_TOOLS") == "1":
            pytest.fail(f"the wheelhouse cannot be made: {error}")
        pytest.skip(f"the wheelhouse cannot be made: {error}")
    return made


@pytest.fixture(scope="session")
def pyz(wheelhouse: Path) -> Path:
    """Return the zipapp for this Python."""
    return zipapp.make(wheelhouse.parent, this_target())
