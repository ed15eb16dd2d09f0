"""What an image supplied, in a form that makes no report explode."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from ocianalyze.reports.text import cut

_LONGEST: Final = 4096
_MOST_ITEMS: Final = 1000


def short(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return what an image supplied with long strings and lists cut."""
    if isinstance(value, str):
        return cut(value, _LONGEST)
    if isinstance(value, Mapping):
        return {short(key): short(item) for key, item in islice(value.items(), _MOST_ITEMS)}
    if isinstance(value, list | tuple):
        return [short(item) for item in value[:_MOST_ITEMS]]
    return value
