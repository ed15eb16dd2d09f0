"""The options of a program's command line: which of them have values, and where the operands begin.

Sources: POSIX, "Utility Argument Syntax"; getopt_long(3).
"""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """How a program reads its options.

    Attributes:
        short: letters of options with a value, which is the rest of the word or the next word.
        values: long options whose value is the next word.
        code: options whose value is code, after which no script is expected.
        files: options whose value is a file that is loaded.
        cluster: whether short options may stand together in one word.
    """

    short: str = ""
    values: frozenset[str] = frozenset()
    code: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    cluster: bool = True


class Read(NamedTuple):
    """What stands in a command line: the options in order, with their values if they have any, and the operands."""

    given: tuple[tuple[str, str], ...]
    operands: tuple[str, ...]

    def all(self, options: frozenset[str]) -> tuple[str, ...]:
        """Return the values of some options, in order."""
        return tuple(value for name, value in self.given if name in options)


def read_options(words: tuple[str, ...], options: Options) -> Read:
    """Return the options of a command line without its first word, up to the first operand, and the operands."""
    given: list[tuple[str, str]] = []
    position = 0
    known = options.values | options.code | options.files
    while position < len(words) and words[position].startswith("-") and words[position] != "-":
        word = words[position]
        position += 1
        if word == "--":
            break
        name, equals, value = word.partition("=")
        following = words[position] if position < len(words) else ""
        if word in known:
            given.append((word, following))
            position += 1
        elif equals and name in known:
            given.append((name, value))
        elif word.startswith("--"):
            given.append((word, ""))
        else:
            short, takes_next = _read_short(word, following, options)
            given += short
            position += takes_next
    return Read(tuple(given), words[position:])


def _read_short(word: str, following: str, options: Options) -> tuple[list[tuple[str, str]], bool]:
    """Return the short options in one word, and whether the last of them has the `following` word as its value."""
    given: list[tuple[str, str]] = []
    for place, letter in enumerate(word[1:] if options.cluster else word[1:2], start=2):
        if letter in options.short:
            given.append((f"-{letter}", word[place:].removeprefix("=") or following))
            return given, not word[place:]
        given.append((f"-{letter}", ""))
    return given, False
