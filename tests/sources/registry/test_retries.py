"""Pauses between attempts: as long as the server asks for, within reason, and never once nobody waits any more."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Event, Timer
from time import monotonic

import pytest

from ocianalyze.sources.registry.retries import ATTEMPTS, Pauses


class Recorder(Event):
    """An event that is waited for without the waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Note for how long."""
        self.waits.append(timeout or 0.0)
        return False


def test_pauses_grow_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocianalyze.sources.registry.retries._FIRST_PAUSE", 0.5)
    closed = Recorder()
    pauses = Pauses(closed)
    assert [pauses.wait() for _ in range(ATTEMPTS)] == [True] * (ATTEMPTS - 1) + [False]
    assert len(closed.waits) == ATTEMPTS - 1
    for number, waited in enumerate(closed.waits):
        assert 0.25 * 2**number <= waited <= 0.5 * 2**number
    pauses.progressed()
    assert pauses.wait()


@pytest.mark.parametrize(("retry_after", "least", "most"), [("7", 7.0, 7.5), (" 60 ", 60.0, 60.5), ("0", 0.0, 0.5)])
def test_a_server_is_given_the_time_that_it_asks_for(retry_after: str, least: float, most: float) -> None:
    closed = Recorder()
    assert Pauses(closed).wait(retry_after)
    assert least <= closed.waits[0] <= most


def test_the_time_can_be_a_date() -> None:
    closed = Recorder()
    assert Pauses(closed).wait(format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True))
    assert 17 < closed.waits[0] < 21


@pytest.mark.parametrize("retry_after", ["61", "3600", "9" * 400, "Fri, 31 Dec 2199 23:59:59 GMT"])
def test_who_asks_for_very_long_is_asked_no_more(retry_after: str) -> None:
    closed = Recorder()
    assert not Pauses(closed).wait(retry_after)
    assert closed.waits == []


def test_nobody_waits_once_all_is_over() -> None:
    closed = Event()
    timer = Timer(0.05, closed.set)
    timer.start()
    start = monotonic()
    assert not Pauses(closed).wait("30")
    assert monotonic() - start < 10
