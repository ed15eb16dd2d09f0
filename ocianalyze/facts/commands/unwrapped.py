"""What a wrapper runs, and how its options are told from the command that follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unwrapped(NamedTuple):
    """The command that a wrapper runs, the variables that it sets, and the environment that it activates.

    Attributes:
        words: the command.
        variables: the variables that are set.
        prefixes: where the environment may lie, the likeliest first; a relative one in the directory of the project,
            which is the current one or above.
        opaque: why the command cannot be told, if so; a clause.
        user: who runs it, if somebody else does.
        keeps_home: whether ``HOME`` stays as it is nevertheless.
        clears: whether it gets no other variables than those.
        removed: the variables that are taken away.
        installs: whether it is brought when it is run.
        conda: the conda environment that is activated, by its name or path, if it is one of conda's.
        tasks: whether the first word may also be the name of a task that a project defines.
    """

    words: tuple[str, ...]
    variables: Mapping[str, str] = {}
    prefixes: tuple[str, ...] = ()
    opaque: str | None = None
    user: str | None = None
    keeps_home: bool = False
    clears: bool = False
    removed: tuple[str, ...] = ()
    installs: bool = False
    conda: str | None = None
    tasks: bool = False


def after_options(words: tuple[str, ...], with_values: frozenset[str], operands: int = 0) -> tuple[str, ...]:
    """Return what follows the options, of which some have values of their own, and so many operands."""
    return split_options(words, with_values)[1][operands:]


def split_options(words: tuple[str, ...], with_values: frozenset[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the options with their values, and what follows them.

    The value of an option is the next word, or what stands behind its ``=``, or behind its letter. An option without
    one has an empty value. Of an option that is repeated, the last value counts.
    """
    given: dict[str, str] = {}
    position = 0
    while position < len(words) and words[position].startswith("-") and words[position] != "-":
        word = words[position]
        position += 1
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if word in with_values:
            given[word] = words[position] if position < len(words) else ""
            position += 1
        elif equals and name in with_values:
            given[name] = value
        elif not word.startswith("--") and word[:2] in with_values:
            given[word[:2]] = word[2:].removeprefix("=")
        else:
            given[word] = ""
    return given, words[position:]
