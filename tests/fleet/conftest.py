"""Fixtures of fleets."""

from pathlib import Path

import pytest

from tests.support.fleet_runs import Fleet


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Return a fleet whose results and cache are the test's own."""
    return Fleet(tmp_path)
