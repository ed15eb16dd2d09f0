"""Where reports for people are printed: how wide it is, and whether it shows colours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ocianalyze.reports.text import unheeded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from ocianalyze.reports.layout import Line

_SGR: Final = {
    "bold": "1",
    "dim": "2",
    "reverse": "7",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
}
"""What selects a style. Source: ECMA-48, 8.3.117."""
_NO_COLOURS: Final = frozenset(("dumb", "unknown"))


class Screen:
    """A file to print styled lines to.

    Attributes:
        width: how many columns it has.
        unicode: whether it can show more than ASCII.
    """

    def __init__(self, file: TextIO, *, width: int = 80, color: bool | None = None) -> None:
        """Print to a file; `width` is for what is no terminal, if COLUMNS does not say otherwise.

        `color` of None stands for colours on a terminal, unless NO_COLOR or FORCE_COLOR says otherwise.
        """
        self._file = file
        self._color = _shows_colours(file) if color is None else color
        self.width = _width(file) or width
        self.unicode = (file.encoding or "utf-8").lower().startswith("utf")

    def print(self, *lines: Line) -> None:
        """Print some lines; without arguments, an empty one."""
        self.print_all(lines or ((),))

    def print_all(self, lines: Iterable[Line]) -> None:
        """Print all lines, none of which is a command to a service that runs pipelines."""
        for line in lines:
            text = self._styled(line) if self._color else "".join(span.text for span in line).rstrip(" ")
            self._file.write(unheeded(text) + "\n")

    def _styled(self, line: Line) -> str:
        return "".join(
            f"\x1b[{';'.join(_SGR[word] for word in span.style.split())}m{span.text}\x1b[0m"
            if span.style and span.text
            else span.text
            for span in line
        )


def _shows_colours(file: TextIO) -> bool:
    """Tell whether to use colours. Sources: no-color.org, force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (file.isatty() and os.environ.get("TERM") not in _NO_COLOURS)


def _width(file: TextIO) -> int | None:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return (file.isatty() and os.get_terminal_size(file.fileno()).columns) or None
    except (OSError, ValueError):
        return None
