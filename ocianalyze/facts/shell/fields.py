"""From expanded words to fields: splitting, pathname expansion, quote removal.

Source: POSIX.1-2024, "Shell Command Language", 2.6.5 to 2.6.7; bash(1), Word Splitting, Pathname
Expansion.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.patterns import SPECIAL, PatternError, compile_pattern, matches
from ocianalyze.facts.shell.values import SOME, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.shell.budget import Budget
    from ocianalyze.facts.shell.files import Files
    from ocianalyze.facts.shell.patterns import Piece

WHITE: Final = " \t\n"


class Fields:
    """The fields that one word comes to, while it is being expanded."""

    def __init__(self) -> None:
        self._done: list[list[Piece] | None] = []
        self._open: list[Piece] | None = None
        self._swallows = False

    def add(self, text: str, *, quoted: bool) -> None:
        """Add to the field that is open what is not split."""
        if self._swallows or not (text or quoted):
            return
        if self._open is None:
            self._open = []
        self._open.append((text, quoted))

    def split(self, text: str, separators: str) -> None:
        """Add what an expansion that is not quoted comes to, split into fields."""
        known, unknown, _ = text.partition(UNKNOWN)
        for number, piece in enumerate(_split(known, separators)):
            if number:
                self.end()
            if piece is not None:
                self.add(piece, quoted=not piece)
        if unknown:
            # It may be several words, or end here: what follows belongs to the last of them.
            if self._open is not None:
                self._open.append((UNKNOWN, True))
            self.some()
            self._swallows = True

    def begin(self, text: str) -> None:
        """Begin a field of its own with a text that is not split."""
        self.end()
        self.add(text, quoted=True)

    def some(self) -> None:
        """Add any number of fields."""
        self.end()
        if not self._swallows:
            self._done.append(None)

    def end(self) -> None:
        """End the field that is open."""
        if self._open is not None:
            self._done.append(self._open)
            self._open = None

    def finish(self) -> list[list[Piece] | None]:
        """Return the fields as pieces; None stands for any number of fields."""
        self.end()
        return self._done


def _split(text: str, separators: str) -> Iterator[str | None]:
    """Yield what stands between separators; None where something ends or begins with white space."""
    if not text:
        return
    if not separators:
        yield text
        return
    white = "".join(character for character in separators if character in WHITE)
    if len(white) == len(separators):
        pieces = re.split(f"[{re.escape(white)}]+", text)
        yield from (piece or None for piece in pieces)
        return
    hard = "".join(character for character in separators if character not in WHITE)
    soft = f"[{re.escape(white)}]*" if white else ""
    first = text.lstrip(white) if white else text
    if first != text:
        yield None
    pieces = re.split(f"{soft}[{re.escape(hard)}]{soft}" + (f"|[{re.escape(white)}]+" if white else ""), first)
    # A separator ends a field rather than beginning another one.
    ends = len(pieces) > 1 and not pieces[-1]
    yield from pieces[:-1] if ends else pieces
    if ends:
        yield None


def to_words(
    fields: list[list[Piece] | None], files: Files | None, budget: Budget, options: frozenset[str]
) -> list[str]:
    """Return the words of fields; where `files` is given, patterns become the paths that match."""
    words: list[str] = []
    for field in fields:
        if field is None:
            words.append(SOME)
            continue
        text = "".join(text for text, _ in field)
        if UNKNOWN in text:
            text = shortened(text)
        budget.text(len(text))
        if files is not None and any(not quoted and SPECIAL.intersection(piece) for piece, quoted in field):
            words += _expanded(field, text, files, budget, options)
        else:
            words.append(text)
    return words


def _expanded(field: list[Piece], text: str, files: Files, budget: Budget, options: frozenset[str]) -> list[str]:
    try:
        if UNKNOWN not in text and compile_pattern(field, extended="extglob" in options).literal is not None:
            return [text]
        found = None if UNKNOWN in text or "globstar" in options else _paths(field, files, budget, options)
    except PatternError:
        found = None
    if found is None:
        return [SOME]
    return found or ([] if "nullglob" in options else [text])


def _paths(field: list[Piece], files: Files, budget: Budget, options: frozenset[str]) -> list[str] | None:
    """Return the paths that a pattern matches, sorted; None if that cannot be told."""
    components = _components(field)
    found = [""]
    for number, component in enumerate(components):
        slash = "" if number == len(components) - 1 else "/"
        plain = "".join(text for text, _ in component)
        if not any(not quoted and SPECIAL.intersection(text) for text, quoted in component):
            following = [f"{path}{plain}{slash}" for path in found]
        else:
            pattern = compile_pattern(component, extended="extglob" in options)
            hidden = plain.startswith(".") or "dotglob" in options
            following = []
            for path in found:
                names = files.names_in(path or ".")
                doubtful = files.doubtful_names_in(path or ".")
                if names is None or doubtful is None:
                    return None
                budget.text(sum(map(len, (*names, *doubtful))) * len(pattern.steps) // 8)
                shown = (name for name in (*doubtful, *names) if hidden or name[:1] != ".")
                matching = [name for name in shown if matches(pattern, name)]
                if not doubtful.isdisjoint(matching):
                    return None
                following += [f"{path}{name}{slash}" for name in matching]
        found = following
    existing = []
    for path in found:
        exists = files.look(path, follow=False).exists
        if exists is None:
            return None
        if exists:
            existing.append(path)
    return sorted(existing)


def _components(field: list[Piece]) -> list[list[Piece]]:
    components: list[list[Piece]] = [[]]
    for text, quoted in field:
        first, *rest = text.split("/")
        components[-1].append((first, quoted))
        components += ([(item, quoted)] for item in rest)
    return components
