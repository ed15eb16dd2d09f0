"""Regular expressions that are compiled when they are first used.

Compiling is most of what importing a module with some patterns costs, and a scan uses a third of those it imports.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Generic, cast


class _Uncompiled(Generic[AnyStr]):
    """Stands for a pattern, and becomes like it on first use."""

    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self._arguments: tuple[AnyStr, int] = pattern, flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the pattern has
        if name.startswith("_"):  # asked by copy and pickle before there is anything
            raise AttributeError(name)
        value = getattr(re.compile(*self._arguments), name)
        setattr(self, name, value)
        return value


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what behaves as ``re.compile(pattern, flags)`` does, but is compiled when it is first used."""
    return cast("re.Pattern[AnyStr]", _Uncompiled(pattern, flags))
