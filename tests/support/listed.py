"""Indexes read in both ways: by the compiled module as far as it goes, and by Python alone, which must agree."""

from collections.abc import Callable
from typing import TypeVar

from ocianalyze.layers.indexes import listed
from ocianalyze.layers.indexes.checkpoints import SpanList
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.tables import Table, read_table
from ocianalyze.layers.indexes.ztoc import Ztoc, read_ztoc
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, Limits

_Index = TypeVar("_Index", Table, Ztoc)

COMPILED = listed.compiled_table, listed.compiled_ztoc
"""The compiled modules, or None."""


def ztoc_in_both_ways(content: bytes, *, layer_size: int, limits: Limits = DEFAULT_LIMITS) -> Ztoc:
    """Return what `read_ztoc` does, in either way."""
    return _in_both_ways(lambda: read_ztoc(content, layer_size=layer_size, limits=limits))


def table_in_both_ways(raw: bytes, *, end: int, limits: Limits = DEFAULT_LIMITS) -> Table:
    """Return what `read_table` does, in either way."""
    return _in_both_ways(lambda: read_table(raw, end=end, limits=limits))


def _in_both_ways(read: Callable[[], _Index]) -> _Index:
    found, expected = (_outcome(read, is_compiled=is_compiled) for is_compiled in (True, False))
    assert _comparable(found) == _comparable(expected)
    if isinstance(found, IndexUnusableError):
        raise found
    return found


def _outcome(read: Callable[[], _Index], *, is_compiled: bool) -> _Index | IndexUnusableError:
    listed.compiled_table, listed.compiled_ztoc = COMPILED if is_compiled else (None, None)
    try:
        return read()
    except IndexUnusableError as error:
        return error
    finally:
        listed.compiled_table, listed.compiled_ztoc = COMPILED


def _comparable(outcome: Table | Ztoc | IndexUnusableError) -> object:
    if isinstance(outcome, IndexUnusableError):
        return str(outcome)
    if isinstance(outcome, Ztoc):
        assert isinstance(outcome.spans, SpanList)
        return outcome[:4], list(outcome.spans.spans), outcome.headers, outcome.odd
    columns = vars(outcome.chunks)
    return outcome.entries, outcome.headers, {name: list(column) for name, column in columns.items() if name != "end"}
