"""Where a command leads: ``PATH``, symlinks, permissions, ``#!`` lines, down to the file that is executed.

Sources: execve(2), path_resolution(7), env(1) of GNU coreutils, and CPython's ``subprocess``, which takes the first
directory of ``PATH`` in which the program can be executed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import Problem, Program, may_execute, search_path
from ocianalyze.facts.shebangs import ShebangError, env_command, parse_shebang
from ocianalyze.filesystem.tree import MAX_HOPS
from ocianalyze.layers import filetype

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.facts.accounts import User
    from ocianalyze.filesystem.tree import Filesystem, Node

_MAX_INTERPRETERS: Final = 5


@dataclass(frozen=True, slots=True)
class Shell:
    """The circumstances under which a command is looked up: who looks, in which directories, from where."""

    filesystem: Filesystem
    user: User
    path: tuple[str, ...]
    directory: str = "/"

    def with_environment(self, environment: Mapping[str, str]) -> Shell:
        """Return the same circumstances with the ``PATH`` of `environment`, if it has one."""
        return replace(self, path=search_path(environment)) if "PATH" in environment else self

    def find(self, word: str, *, depth: int = 0) -> Program:
        """Return where the command `word` leads.

        Raises:
            ContentUnavailableError: the first bytes of an executable were not kept.
        """
        if word == "~" or word.startswith("~/"):
            return replace(self.examine(normpath(self.user.home + word[1:]), depth=depth), word=word)
        if "/" in word:
            return replace(self.examine(normpath(join(self.directory, word)), depth=depth), word=word)
        first: Program | None = None
        for directory in self.path:
            found = self.examine(normpath(join(self.directory, directory, word)), depth=depth)
            if found.problem is None:
                return replace(found, word=word)
            if first is None and found.problem.code != "missing":
                first = found
        if first is not None:
            return replace(first, word=word)
        return Program(
            word, problem=Problem("not-on-path", f"{word!r} is in no directory of PATH ({':'.join(self.path)})")
        )

    def examine(self, path: str, *, depth: int = 0) -> Program:
        """Return what lies at the absolute `path` as a program; raises as `find`."""
        chain, visited, node, problem = self._follow(path)
        program = Program(path, path, chain, visited, node)
        if node is None or problem is not None:
            return replace(program, problem=problem)
        problem = self._permission(node, chain)
        if problem is not None:
            return replace(program, problem=problem)
        head = node.head()
        program = replace(program, kind=filetype.describe(head), machine=filetype.elf_machine(head))
        if program.machine is not None:
            return program
        if not head:
            return replace(program, problem=Problem("empty", f"{_arrows(chain)} is an empty file"))
        if not head.startswith(b"#!"):
            text = f"{_arrows(chain)} is neither an ELF file nor a script with a '#!' line ({program.kind})"
            return replace(program, problem=Problem("not-runnable", text))
        return self._interpret(program, head, depth)

    def _interpret(self, program: Program, head: bytes, depth: int) -> Program:
        where = _arrows(program.chain)
        if depth >= _MAX_INTERPRETERS:
            return replace(program, problem=Problem("loop", f"{where} is a script of scripts, too many deep"))
        try:
            interpreter, argument = parse_shebang(head)
            found = replace(
                self.examine(normpath(join(self.directory, interpreter)), depth=depth + 1), word=interpreter
            )
            command = env_command(interpreter, argument)
            if found.problem is None and command is not None:
                behind = self.find(command, depth=depth + 1)
                found = replace(behind, visited=found.visited + behind.visited)
        except ShebangError as error:
            return replace(program, problem=Problem("interpreter", f"{where}: {error}"))
        program = replace(program, interpreter=found, visited=program.visited + found.visited)
        if found.problem is None:
            return program
        return replace(
            program, problem=Problem("interpreter", f"{where} is run by {interpreter!r}: {found.problem.text}")
        )

    def _follow(self, path: str) -> tuple[tuple[str, ...], tuple[str, ...], Node | None, Problem | None]:
        """Return the chain of symlinks from `path`, all that was gone through, the end, and what is wrong with it."""
        chain, visited = [path], [path]
        while True:
            step = self.filesystem.resolve(chain[-1], follow=False)
            visited += [*(hop.path for hop in step.hops), step.path]
            if step.node is None:
                return tuple(chain), tuple(visited), None, _absence(chain, step.problem or "missing")
            if not step.node.is_symlink:
                break
            if len(chain) > MAX_HOPS:
                return tuple(chain), tuple(visited), None, _absence(chain, "loop")
            chain.append(_target(step.node))
        if not step.node.is_file:
            what = "a directory" if step.node.is_directory else "not a regular file"
            return tuple(chain), tuple(visited), None, Problem("not-a-file", f"{_arrows(tuple(chain))} is {what}")
        return tuple(chain), tuple(visited), step.node, None

    def _permission(self, node: Node, chain: tuple[str, ...]) -> Problem | None:
        where, mode = _arrows(chain), node.mode & 0o777
        if not mode & 0o111:
            return Problem("not-executable", f"{where} is not executable (mode {mode:04o})")
        if not may_execute(node, self.user):
            text = f"{where} may not be executed by {_who(self.user)} (mode {mode:04o}, owner {node.uid}:{node.gid})"
            return Problem("no-permission", text)
        for path in chain:
            closed = self._closed_directory(path)
            if closed is not None:
                mode = closed.mode & 0o777
                text = f"{where} cannot be reached by {_who(self.user)}: {closed.path} has mode {mode:04o}"
                return Problem("no-permission", f"{text}, owner {closed.uid}:{closed.gid}")
        return None

    def _closed_directory(self, path: str) -> Node | None:
        directory = dirname(path)
        node = self.filesystem.lookup(directory)
        if node is not None and not may_execute(node, self.user):
            return node
        return None if directory == "/" else self._closed_directory(directory)


def _target(link: Node) -> str:
    return normpath(join(dirname(link.path), link.target)) if link.target else link.path


def _absence(chain: list[str], reason: str) -> Problem:
    where = _arrows(tuple(chain))
    if reason == "loop":
        return Problem("loop", f"{where} leads in a circle")
    if reason == "not-a-directory":
        return Problem("missing" if len(chain) == 1 else "dangling", f"{where} leads through a file")
    if len(chain) == 1:
        return Problem("missing", f"{where} does not exist")
    return Problem("dangling", f"{where}, which does not exist")


def _arrows(chain: tuple[str, ...]) -> str:
    shown = chain if len(chain) <= MAX_HOPS else (*chain[:3], "...", chain[-1])
    return " -> ".join(shown)


def _who(user: User) -> str:
    return f"user {user.uid}:{user.gid}"
