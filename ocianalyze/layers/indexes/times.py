"""Times as Go writes them into indexes (RFC 3339), cut to whole seconds as those of tar headers are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.regex import regex

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_TIME: Final = regex(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


def whole_seconds(stated: str) -> int:
    """Return a time in seconds since 1970 without its fraction; raises IndexUnusableError if it is none."""
    match = _TIME.fullmatch(stated)
    time, fraction, zone = match.groups("") if match else ("", "", "")
    try:
        seconds = (datetime.fromisoformat(time + zone) - _EPOCH) // _SECOND
    except (ValueError, OverflowError) as error:
        raise IndexUnusableError(f"the index has the invalid time {stated[:40]!r}") from error
    return seconds + (seconds < 0 and fraction.strip("0") != "")
