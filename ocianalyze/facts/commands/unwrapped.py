"""What a wrapper runs, and how its options are told from the command that follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.facts.programs.options import Options, read_options

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
    """Return the options with their values, and what follows them; of one that is repeated, the last value counts."""
    short = "".join(name[1:] for name in with_values if len(name) == len("-x"))
    read = read_options(words, Options(short=short, values=with_values, cluster=False))
    return dict(read.given), read.operands
