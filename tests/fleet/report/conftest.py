"""Fixtures: results files, and what is asked of them."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ocianalyze.fleet.report import ask
from ocianalyze.fleet.report.document import FleetReport
from ocianalyze.fleet.results.database import open_to_read
from tests.fleet.report.samples import hostile, sample
from tests.support.fleets import MadeRun, write_fleet

AskAbout = Callable[..., FleetReport]


def asked(path: Path, run: int | None = None) -> FleetReport:
    """Return what a results file says of a run."""
    with closing(open_to_read(path)) as connection:
        return ask(connection, run)


@pytest.fixture
def about(tmp_path: Path) -> AskAbout:
    """Return a function that writes runs, and asks about the newest one or another."""

    def ask_about(*runs: MadeRun, of: int | None = None) -> FleetReport:
        path = tmp_path / "results.sqlite"
        path.unlink(missing_ok=True)
        return asked(write_fleet(path, *runs), of)

    return ask_about


@pytest.fixture(scope="session")
def sample_report(tmp_path_factory: pytest.TempPathFactory) -> FleetReport:
    """Return the report on a fleet that is like a real one."""
    return asked(sample(tmp_path_factory.mktemp("fleet") / "results.sqlite"))


@pytest.fixture(scope="session")
def hostile_report(tmp_path_factory: pytest.TempPathFactory) -> FleetReport:
    """Return the report on a fleet whose texts are hostile."""
    return asked(hostile(tmp_path_factory.mktemp("fleet") / "results.sqlite"))
