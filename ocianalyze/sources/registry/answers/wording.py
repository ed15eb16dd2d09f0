"""What strangers say, brought to a form that can be shown: on one line, short, without what is secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_TOLD: Final = 300
"""How many characters are shown."""
_SHORTEST_SECRET: Final = 4
_QUERY: Final = regex(r"(https?://[^\s?\"'<>]{1,2000})\?[^\s\"'<>]*")


def told(text: str, most: int = _MAX_TOLD, *, secrets: Iterable[str] = ()) -> str:
    """Return what a stranger says, with nothing in it that a terminal would obey, none of the secrets, no query."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    line = " ".join(_QUERY.sub(r"\1", text[: most * 10]).split())
    line = line if len(line) <= most else f"{line[: most - 3]}..."
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in line
    )
