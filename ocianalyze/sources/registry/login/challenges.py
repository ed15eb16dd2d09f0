"""What a registry asks for before it answers: the challenges of ``WWW-Authenticate`` (RFC 9110, section 11.6.1).

The header comes from a stranger: it is read in one pass, each byte once, and what makes no sense is passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_HEADER: Final = 8192
_PART: Final = regex(r'[\s,]+|"(?:[^"\\]|\\.)*+"|[^\s",=]+|["=]', re.DOTALL)
_KNOWN: Final = frozenset(("basic", "bearer"))


class Challenge(NamedTuple):
    """What a registry asks for: ``basic`` or ``bearer``, with its parameters."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """Return the Basic and Bearer challenges of a header; other schemes are passed over."""
    found: list[Challenge] = []
    parameters: dict[str, str] = {}
    parts = _parts(header[:_MAX_HEADER])
    at = 0
    while at < len(parts):
        if parts[at + 1 : at + 2] == ["="]:
            value = parts[at + 2] if at + 2 < len(parts) else ""
            parameters.setdefault(parts[at].lower(), _unquoted(value))
            at += 3
            continue
        parameters = {}
        if parts[at].lower() in _KNOWN:
            found.append(Challenge(parts[at].lower(), parameters))
        at += 1
    return found


def _parts(header: str) -> list[str]:
    """Return words, quoted strings and equals signs; nothing that stands behind a quote without end."""
    parts = []
    for match in _PART.finditer(header):
        part = match.group()
        if part == '"':
            break
        if part[0] not in " \t\r\n\f\v,":
            parts.append(part)
    return parts


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text.startswith('"') else text
