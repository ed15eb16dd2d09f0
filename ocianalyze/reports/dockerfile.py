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
_WORD: Final = regex(r"(?:\"(?:\\.|[^\"\\])*\"|'[^']*'|\\.|[^\s\"'\\])+")
_DOCUMENT: Final = regex(r"\d*<<(-?)([^<]+)", re.ASCII)
_QUOTES: Final = regex(r"[\"'\\]")
_STAGE: Final = regex(r"(?i)(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?")
LARGEST: Final = 1 << 20
"""The maximum size of a Dockerfile, in bytes; real ones have a few thousand."""


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
    """Return the instructions that the last stage, which is what is built, consists of, from the FROM of its base.

    If it is based on an earlier stage, the instructions of that one come first.
    """
    stages: list[list[Instruction]] = []
    bases: list[int | None] = []
    named: dict[str, int] = {}
    for instruction in instructions(text):
        if instruction.keyword == "FROM":
            found = _STAGE.fullmatch(instruction.arguments)
            base, name = found.groups() if found is not None else ("", None)
            bases.append(named.get(base.lower()))
            if name is not None:
                named[name.lower()] = len(stages)
            stages.append([instruction])
        elif stages:
            stages[-1].append(instruction)
    chain: list[list[Instruction]] = []
    position = len(stages) - 1 if stages else None
    while position is not None:
        base_position = bases[position]
        chain.append(stages[position] if base_position is None else stages[position][1:])
        position = base_position
    return [instruction for stage in reversed(chain) for instruction in stage]


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile; what is none is left out."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    escape, position = _directives(lines)
    while position < len(lines):
        start = position
        parts, position = _joined(lines, position, escape)
        keyword, _, arguments = " ".join(" ".join(parts).split()).partition(" ")
        keyword = keyword.upper()
        documents = _documents(keyword, arguments)
        for name, indented in documents:
            position = _behind(lines, position, name, indented=indented)
        if keyword in INSTRUCTIONS:
            yield Instruction(keyword, arguments, start + 1, max(position, start + 1), bool(documents))


def _documents(keyword: str, arguments: str) -> list[tuple[str, bool]]:
    """Return the ends of the here-documents of an instruction, and whether tabs may be in front of each."""
    inner = arguments.partition(" ")[0].upper() if keyword == "ONBUILD" else keyword
    if inner not in _WITH_DOCUMENTS:
        return []
    words = (_DOCUMENT.fullmatch(word[0]) for word in _WORD.finditer(arguments))
    return [(_QUOTES.sub("", found[2]), bool(found[1])) for found in words if found is not None]


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
        continues = line.endswith(escape) and not line.endswith(escape * 2)
        parts.append(line.removesuffix(escape) if continues else line)
        if not continues:
            break
    return parts, position


def _behind(lines: Sequence[str], position: int, name: str, *, indented: bool) -> int:
    """Return where the lines of a here-document end; the end of the file if nothing ends it."""
    for end in range(position, len(lines)):
        if (lines[end].lstrip("\t") if indented else lines[end]) == name:
            return end + 1
    return len(lines)
