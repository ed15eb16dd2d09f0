"""Tars as other projects keep them to torment readers: ours sees what the others agree on, or what the table says."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from ocianalyze.layers.blob.windows import Window
from tests.layers.odd_tars import CHOICES, expected, odd_tars, oracle, outcome, readers_agree, said_by
from tests.support.blobs import range_window, stream_window

WINDOWS: list[Callable[[bytes], Window]] = [
    range_window,
    *(partial(stream_window, chunk=size) for size in (1, 7, 511, 512, 513, 4096)),
]


def test_the_table_has_every_file_on_which_readers_disagree() -> None:
    assert set(odd_tars()) == set(oracle())
    assert {name for name in oracle() if not readers_agree(name)} <= set(CHOICES) <= set(oracle())


@pytest.mark.parametrize("name", sorted(oracle()))
def test_entries_are_those_that_readers_agree_on(name: str) -> None:
    for window in WINDOWS:
        started = time.process_time()
        assert outcome(window(odd_tars()[name])) == expected(name)
        assert time.process_time() - started < 2


@pytest.mark.parametrize("name", sorted(oracle()))
def test_go_sees_the_same(name: str) -> None:
    """What Go reads without complaint is read as Go reads it, but for what the table says."""
    said, choice = oracle()[name], CHOICES.get(name)
    if said["go_err"] or (choice and choice.what != "go"):
        return
    assert outcome(stream_window(odd_tars()[name])) == said_by("go", name)
