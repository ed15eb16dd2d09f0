"""What the commands of a script change for those after them: variables, the directory, where commands are looked up.

Sources: POSIX.1-2024, "Shell Command Language", and its ``cd``, ``export``, ``eval`` and ``.`` (dot); the activation of
virtual environments and of conda's.
"""

from __future__ import annotations

from dataclasses import replace
from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.scripts import DECLARATIONS, UNKNOWN
from ocianalyze.facts.wrappers import conda_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ocianalyze.facts.scripts import SimpleCommand
    from ocianalyze.facts.shell import Shell

_MOST_CHANGES: Final = 200
_DIRECTORIES: Final = frozenset({"cd", "pushd"})
_SOURCES: Final = frozenset({"source", "."})
_CONDAS: Final = frozenset({"conda", "mamba", "micromamba"})


class Surroundings(NamedTuple):
    """What a command of a script finds: how it is looked up, and its variables.

    `located` is False once something that only a running shell knows may have changed where commands are looked up.
    """

    shell: Shell
    environment: Mapping[str, str]
    located: bool = True
    changes: int = 0

    def after(self, command: SimpleCommand) -> Surroundings:
        """Return what the next command finds."""
        first, second = (*command.words, "", "")[:2]
        if self.changes >= _MOST_CHANGES:
            return self._replace(located=False)
        if not command.words or first in DECLARATIONS:
            stated = (word.partition("=") for word in command.words[1:])
            given = (*command.assignments, *((name, value) for name, equals, value in stated if equals))
            return self._with_variables(given, nested=command.nested, exported=first == "export")
        if first in _DIRECTORIES:
            return self._inside(second or self.shell.user.home, nested=command.nested)
        prefix = _activated(command.words, self.shell.directory, self.environment)
        if prefix is not None:
            there = self.shell.filesystem.lookup(join(prefix, "bin")) is not None
            return self._changed(shell=with_prefix(self.shell, prefix), located=self.located and there)
        if first in _SOURCES or first == "eval":
            return self._replace(located=False)
        return self

    def _with_variables(self, given: Iterable[tuple[str, str]], *, nested: bool, exported: bool) -> Surroundings:
        kept = tuple(given)[:_MOST_CHANGES]
        environment = dict(self.environment)
        environment.update(
            (name, UNKNOWN if nested else value)
            for name, value in kept
            if name != "PATH" and (exported or name in environment)
        )
        found = self._changed(environment=environment)
        path = dict(kept).get("PATH")
        return found if path is None else found._with_path(path, nested=nested)  # noqa: SLF001 - of its own kind

    def _with_path(self, value: str, *, nested: bool) -> Surroundings:
        """Return the same with another ``PATH``; where that cannot be told, the old one still counts, but last."""
        entries = [entry or "." for entry in value.split(":")]
        path = tuple(dict.fromkeys(entry for entry in entries if UNKNOWN not in entry))
        doubtful = nested or any(UNKNOWN in entry for entry in entries)
        if doubtful:
            path = tuple(dict.fromkeys((*path, *self.shell.path)))
        return self._changed(
            shell=replace(self.shell, path=path),
            environment={**self.environment, "PATH": ":".join(path)},
            located=self.located and not doubtful,
        )

    def _inside(self, directory: str, *, nested: bool) -> Surroundings:
        if nested or UNKNOWN in directory or directory.startswith("-"):
            return self._replace(located=False)
        return self._changed(shell=replace(self.shell, directory=normpath(join(self.shell.directory, directory))))

    def _changed(
        self,
        *,
        shell: Shell | None = None,
        environment: Mapping[str, str] | None = None,
        located: bool | None = None,
    ) -> Surroundings:
        return Surroundings(
            shell or self.shell,
            self.environment if environment is None else environment,
            self.located if located is None else located,
            self.changes + 1,
        )


def with_prefix(shell: Shell, prefix: str | None) -> Shell:
    """Return `shell` with the programs of an environment before all others."""
    if not prefix or not prefix.startswith("/") or UNKNOWN in prefix:
        return shell
    return replace(shell, path=tuple(dict.fromkeys((join(prefix, "bin"), *shell.path))))


def _activated(words: tuple[str, ...], directory: str, environment: Mapping[str, str]) -> str | None:
    """Return the environment that a command activates, if it does."""
    first, second, third = (*words, "", "", "")[:3]
    if second == "activate" and basename(first) in _CONDAS:
        return conda_prefix(third or "base", environment)
    if first in _SOURCES and basename(second) == "activate" and UNKNOWN not in second:
        return conda_prefix(third, environment) if third else dirname(dirname(normpath(join(directory, second))))
    return None
