"""The instructions of a Dockerfile, with their lines: as much of its syntax as it takes to know where each begins.

Source: Docker, "Dockerfile reference" (format, parser directives, here-documents, FROM).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INSTRUCTIONS: Final = frozenset(
    {
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
        *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    }
)
_WITH_DOCUMENTS: Final = frozenset({"ADD", "COPY", "RUN"})
_DIRECTIVE: Final = regex(r"#\s*(\w+)\s*=\s*(\S+)\s*", re.ASCII)
_ESCAPE: Final = "escape"
_DOCUMENT: Final = regex(r"<<-?\s*([\"']?)([A-Za-z_][A-Za-z0-9_.]*)\1", re.ASCII)
LARGEST: Final = 1 << 20
"""How much of a Dockerfile is read, in bytes; real ones have a few thousand."""


class Instruction(NamedTuple):
    """One instruction.

    Attributes:
        keyword: its first word, in capitals.
        arguments: the rest, its lines joined by single spaces.
        line, end_line: its first and its last line, counted from 1.
        has_document: whether it has a here-document, which is not part of `arguments`.
    """

    keyword: str
    arguments: str
    line: int
    end_line: int
    has_document: bool = False


def last_stage(text: str) -> list[Instruction]:
    """Return the instructions of the last stage, which is what is built, from its FROM."""
    stages: list[list[Instruction]] = []
    for instruction in instructions(text):
        if instruction.keyword == "FROM":
            stages.append([])
        if stages:
            stages[-1].append(instruction)
    return stages[-1] if stages else []


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile; what is none is left out."""
    lines = text.splitlines()
    escape, position = _directives(lines)
    while position < len(lines):
        start = position
        parts, position = _joined(lines, position, escape)
        keyword, _, arguments = " ".join(" ".join(parts).split()).partition(" ")
        keyword = keyword.upper()
        documents = [found[2] for found in _DOCUMENT.finditer(arguments)] if keyword in _WITH_DOCUMENTS else []
        for name in documents:
            position = _behind(lines, position, name)
        if keyword in INSTRUCTIONS:
            yield Instruction(keyword, arguments, start + 1, max(position, start + 1), bool(documents))


def _directives(lines: Sequence[str]) -> tuple[str, int]:
    """Return the character that continues a line, and where the directives at the top end."""
    escape = "\\"
    for position, line in enumerate(lines):
        found = _DIRECTIVE.fullmatch(line.strip())
        if found is None:
            return escape, position
        if found[1].lower() == _ESCAPE and found[2] in ("\\", "`"):
            escape = found[2]
    return escape, len(lines)


def _joined(lines: Sequence[str], position: int, escape: str) -> tuple[list[str], int]:
    """Return the parts of the line at a position and of those that continue it, and where the next one begins."""
    parts: list[str] = []
    while position < len(lines):
        line = lines[position].rstrip()
        position += 1
        if line.lstrip().startswith("#"):
            if not parts:
                break
            continue  # a comment between two parts
        if not line and parts:
            continue
        continues = line.endswith(escape)
        parts.append(line.removesuffix(escape) if continues else line)
        if not continues:
            break
    return parts, position


def _behind(lines: Sequence[str], position: int, name: str) -> int:
    """Return where the lines of a here-document end; the end of the file if nothing ends it."""
    for end in range(position, len(lines)):
        if lines[end].strip() == name:
            return end + 1
    return len(lines)
