"""Programs: what a command leads to.

Sources: execve(2), path_resolution(7), moby ``DefaultPathEnv``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import UndecidedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.filesystem.node import Node

DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The ``PATH`` that a container gets if its image sets none."""

LONGEST_PATH: Final = 4096
"""How long a path may be for Linux (``PATH_MAX``)."""

LONGEST_STRING: Final = 128 * 1024
"""How long a word, or a variable with its name, may be for Linux to start a program with it, the byte that ends it
included (``MAX_ARG_STRLEN``, execve(2))."""

_SHOWN: Final = 5


FORBIDDEN: Final = "no-permission"
"""The code of the problem that only this user has."""


class Problem(NamedTuple):
    """Why a command cannot be run: a code for programs, a clause for people, and the path that has to be changed.

    `culprit` may be a directory that keeps the user out, or an interpreter that is missing; None if it is no path.
    `library` is the name of the library that is missing or not readable, if it is one.

    Codes: ``not-on-path``, ``missing``, ``dangling``, ``loop``, ``not-a-file``, ``not-executable``, ``no-permission``,
    ``empty``, ``not-runnable``, ``interpreter``, ``loader``, ``library``, ``library-unreadable``.
    """

    code: str
    text: str
    culprit: str | None = None
    library: str | None = None


class Program(NamedTuple):
    """Where a command leads.

    Attributes:
        word: the command as written.
        path: the absolute path that is run, symlinks not followed; None if there is nothing.
        chain: `path` and what it leads to, symlink by symlink.
        visited: every path that was gone through, symlinks of directories and interpreters included.
        node: the file at the end of the chain.
        kind: what that file is, in words.
        machine: its ELF machine, if it is an ELF file.
        interpreter: what its ``#!`` line leads to, if it has one.
        problem: why it cannot be run, if so.
    """

    word: str
    path: str | None = None
    chain: tuple[str, ...] = ()
    visited: tuple[str, ...] = ()
    node: Node | None = None
    kind: str | None = None
    machine: int | None = None
    interpreter: Program | None = None
    problem: Problem | None = None

    @property
    def real(self) -> str | None:
        """The path of the file at the end of the chain."""
        return self.node.path if self.node is not None else None

    @property
    def binary(self) -> Program:
        """The program that runs in the end: this one, or the interpreter of the interpreter of it."""
        return self.interpreter.binary if self.interpreter is not None else self


def search_path(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the directories of ``PATH``, those of a container if it is not set; an empty one is ``.``."""
    return tuple(dict.fromkeys(item or "." for item in split_path(environment.get("PATH", DEFAULT_PATH))))


def split_path(value: str) -> tuple[str, ...]:
    """Return the entries of a variable such as ``PATH``, each once.

    Raises:
        UndecidedError: it is longer than Linux allows, so that no program is started with it.
    """
    if len(value) >= LONGEST_STRING:
        raise UndecidedError(
            f"a search path variable has {len(value):,} characters, over the limit of {LONGEST_STRING:,}",
            hint="Shorten the variable; Linux cannot start a program with it",
        )
    return tuple(dict.fromkeys(value.split(":")))


def shown(directories: tuple[str, ...], separator: str) -> str:
    """Return the first of `directories` for people, and how many more there are."""
    more = f" and {len(directories) - _SHOWN} more" if len(directories) > _SHOWN else ""
    return separator.join(directories[:_SHOWN]) + more
