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
    """What stands in a command line: values of options in order, and the operands."""

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
    while position < len(words):
        word = words[position]
        if word == "--":
            position += 1
            break
        if not word.startswith("-") or word == "-":
            break
        position += 1
        name, equals, value = word.partition("=")
        if word in known:
            given.append((word, words[position] if position < len(words) else ""))
            position += 1
        elif equals and name in known:
            given.append((name, value))
        elif not word.startswith("--"):
            letters = word[1:] if options.cluster else word[1:2]
            for place, letter in enumerate(letters, start=2):
                if letter in options.short:
                    rest = word[place:]
                    given.append((f"-{letter}", rest or (words[position] if position < len(words) else "")))
                    position += not rest
                    break
    return Read(tuple(given), words[position:])
