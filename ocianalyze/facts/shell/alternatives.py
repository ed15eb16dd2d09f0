"""bash's brace expansion: ``{a,b}`` and ``{1..3}``.

Source: bash(1), Brace Expansion.
"""

from __future__ import annotations

import re
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.shell.budget import OutOfBudgetError
from ocianalyze.facts.shell.syntax import Text, Word
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.facts.shell.budget import Budget
    from ocianalyze.facts.shell.syntax import Part

_MOST_ALTERNATIVES: Final = 1000
_MOST_BRACES: Final = 100
_DEEPEST: Final = 10
_SEQUENCE: Final = regex(r"(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.(-?\d{1,9}))?|([a-zA-Z])\.\.([a-zA-Z])")


def brace_expanded(word: Word, budget: Budget) -> list[Word]:
    """Return the words that bash's ``{a,b}`` and ``{1..3}`` make of one."""
    count = sum(part.text.count("{") for part in word.parts if isinstance(part, Text) and not part.quoted)
    if not count:
        return [word]
    if count > _MOST_BRACES:
        raise OutOfBudgetError(f"a word in its scripts has more than {_MOST_BRACES} braces")
    found = _alternatives(word.parts, budget, 0)
    return [Word(parts, word.line) for parts in found]


def _alternatives(parts: tuple[Part, ...], budget: Budget, depth: int) -> list[tuple[Part, ...]]:
    """Return all that a list of parts may become; what is no brace expression stays as it is."""
    flat = _flat(parts)
    opening = None
    for start, part in enumerate(flat):
        if part == "{":
            closing, commas = _closing(flat, start)
            if closing is not None and (commas or _sequence(flat[start + 1 : closing])):
                opening = start
                break
    if opening is None or depth > _DEEPEST:
        return [_unflat(flat)]
    closing, commas = _closing(flat, opening)
    assert closing is not None  # noqa: S101 - found above
    inside: list[tuple[Part, ...]] = []
    if commas:
        marks = [opening, *commas, closing]
        for one, two in pairwise(marks):
            inside += _alternatives(_unflat(flat[one + 1 : two]), budget, depth + 1)
    else:
        inside = [(Text(item, quoted=True),) for item in _sequence(flat[opening + 1 : closing])]
    after = _alternatives(_unflat(flat[closing + 1 :]), budget, depth + 1)
    if len(inside) * len(after) > _MOST_ALTERNATIVES:
        raise OutOfBudgetError(f"braces in its scripts expand to more than {_MOST_ALTERNATIVES} words")
    budget.text(len(inside) * len(after) * 16)
    before = _unflat(flat[:opening])
    return [(*before, *middle, *end) for middle, end in product(inside, after)]


def _flat(parts: tuple[Part, ...]) -> list[Part | str]:
    """Return the parts with unquoted braces and commas as texts of their own."""
    found: list[Part | str] = []
    for part in parts:
        if not isinstance(part, Text) or part.quoted:
            found.append(part)
            continue
        for piece in re.split(r"([{},])", part.text):
            if piece in ("{", "}", ","):
                found.append(piece)
            elif piece:
                found.append(Text(piece))
    return found


def _unflat(flat: list[Part | str]) -> tuple[Part, ...]:
    return tuple(Text(part) if isinstance(part, str) else part for part in flat)


def _closing(flat: list[Part | str], opening: int) -> tuple[int | None, list[int]]:
    """Return where the brace at `opening` is closed, and the commas between."""
    depth = 0
    commas: list[int] = []
    for at in range(opening, len(flat)):
        part = flat[at]
        if part == "{":
            depth += 1
        elif part == "}":
            depth -= 1
            if depth == 0:
                return at, commas
        elif part == "," and depth == 1:
            commas.append(at)
    return None, []


def _sequence(inside: list[Part | str]) -> list[str]:
    if len(inside) != 1 or not isinstance(inside[0], Text):
        return []
    match = _SEQUENCE.fullmatch(inside[0].text)
    if match is None:
        return []
    if match[4]:
        first, last = ord(match[4]), ord(match[5])
        step = 1 if last >= first else -1
        return [chr(code) for code in range(first, last + step, step)]
    first, last, step = int(match[1]), int(match[2]), abs(int(match[3] or 1)) or 1
    step = step if last >= first else -step
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if len(numbers) > _MOST_ALTERNATIVES:
        raise OutOfBudgetError(f"braces in its scripts expand to more than {_MOST_ALTERNATIVES} words")
    width = max(len(match[1]), len(match[2])) if re.match(r"-?0\d", match[1]) or re.match(r"-?0\d", match[2]) else 0
    return [str(number).zfill(width) for number in numbers]
