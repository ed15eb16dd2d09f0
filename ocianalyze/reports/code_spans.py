"""Text of an image in Markdown: in code spans, where it is no link, image, mention or markup.

Sources: CommonMark, "Code spans"; GitHub Flavored Markdown, "Tables".
"""

from __future__ import annotations

from typing import Final

from ocianalyze.regex import regex
from ocianalyze.reports.text import cut, printable

_LONGEST: Final = 300
_TICKS: Final = regex(r"`+")


def code(text: str) -> str:
    """Return text as a code span for a cell of a table: its fence is longer than any run of backticks in it."""
    text = cut(printable(text), _LONGEST).strip().replace("|", "\\|")
    if not text:
        return ""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"
