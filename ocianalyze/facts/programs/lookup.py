"""Where a command leads: ``PATH``, symlinks, permissions, ``#!`` lines, down to the file that is executed.

Sources: execve(2), path_resolution(7), env(1) of GNU coreutils, and CPython's ``subprocess``, which takes the first
directory of ``PATH`` in which the program can be executed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.linking import find_obstacle
from ocianalyze.facts.programs.program import Problem, Program, search_path, shown
from ocianalyze.facts.programs.shebangs import ShebangError, env_command, parse_shebang
from ocianalyze.facts.user.permissions import may_execute, may_read, protection
from ocianalyze.filesystem.resolver import MAX_HOPS
from ocianalyze.layers.contents import filetype

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.user.accounts import User
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

_MAX_INTERPRETERS: Final = 5
"""How many interpreters may be scripts themselves, one behind the other, for Linux (``fs/exec.c``)."""


@dataclass(slots=True)
class _Lookup:
    """The state of one look-up: what is known already, and the scripts on the way, the outermost first."""

    known: dict[str, Program] = field(default_factory=dict)
    scripts: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shell:
    """The circumstances under which a command is looked up: who looks, in which directories, from where.

    What `mounts` hides is found through ``PATH`` only where nothing else is.
    """

    filesystem: Filesystem
    user: User
    path: tuple[str, ...]
    directory: str = "/"
    mounts: Mounts | None = None
    _directories: dict[str, Node | None] = field(default_factory=dict, repr=False, compare=False)
    _loadable: set[tuple[Node, User]] = field(default_factory=set, repr=False, compare=False)

    def with_environment(self, environment: Mapping[str, str]) -> Shell:
        """Return the same circumstances with the ``PATH`` of `environment`, if it has one."""
        return replace(self, path=search_path(environment)) if "PATH" in environment else self

    def find(self, word: str) -> Program:
        """Return where the command `word` leads.

        Raises:
            ContentUnavailableError: the first bytes of an executable were not kept.
        """
        return self._find(word, _Lookup())

    def examine(self, path: str) -> Program:
        """Return what lies at the absolute `path` as a program; raises as `find`."""
        return self._examine(path, _Lookup())

    def _find(self, word: str, lookup: _Lookup) -> Program:
        if word == "~" or word.startswith("~/"):
            return self._examine(normpath(self.user.home + word[1:]), lookup)._replace(word=word)
        if "/" in word:
            return self._examine(normpath(join(self.directory, word)), lookup)._replace(word=word)
        hidden: Program | None = None
        first: Program | None = None
        for directory in dict.fromkeys(self.path):
            place = normpath(join(self.directory, directory))
            if not self._may_hold(place, word):
                continue
            found = self._examine(join(place, word), lookup)
            if found.problem is None:
                if self.mounts is None or self.mounts.hides_any(found.visited) is None:
                    return found._replace(word=word)
                hidden = hidden or found
            elif first is None and found.problem.code != "missing":
                first = found
        best = hidden or first
        if best is not None:
            return best._replace(word=word)
        text = f"{word!r} is not on PATH ({shown(self.path, ':')})"
        return Program(word, problem=Problem("not-on-path", text))

    def _may_hold(self, directory: str, name: str) -> bool:
        """Tell whether a directory has a name; where it leads is found out once, however often it is asked."""
        if directory not in self._directories:
            self._directories[directory] = self.filesystem.lookup(directory)
        node = self._directories[directory]
        return node is not None and node.is_directory and self.filesystem.child(node, name) is not None

    def _examine(self, path: str, lookup: _Lookup) -> Program:
        if path not in lookup.known:
            lookup.known[path] = self._look_at(path, lookup)
        return lookup.known[path]

    def _look_at(self, path: str, lookup: _Lookup) -> Program:
        chain, visited, node, problem = self._follow(path)
        program = Program(path, path, chain, visited, node)
        if node is None or problem is not None:
            return program._replace(problem=problem)
        problem = self._permission(node, chain)
        if problem is not None:
            return program._replace(problem=problem)
        head = node.head()
        program = program._replace(kind=filetype.describe(head), machine=filetype.elf_machine(head))
        if program.machine is not None:
            return program._replace(problem=self._obstacle(node, chain))
        if not head:
            return program._replace(problem=Problem("empty", f"{_arrows(chain)} is an empty file", node.path))
        if not head.startswith(b"#!"):
            text = f"{_arrows(chain)} is neither an ELF file nor a script with a '#!' line ({program.kind})"
            return program._replace(problem=Problem("not-runnable", text, node.path))
        return self._interpret(program, node, head, lookup)

    def _obstacle(self, node: Node, chain: tuple[str, ...]) -> Problem | None:
        """Return why an ELF program cannot be loaded; one that can is examined once."""
        if (node, self.user) in self._loadable:
            return None
        problem = find_obstacle(self.filesystem, node, self.user, _arrows(chain))
        if problem is None:
            self._loadable.add((node, self.user))
        return problem

    def _interpret(self, program: Program, node: Node, head: bytes, lookup: _Lookup) -> Program:
        where = _arrows(program.chain)
        if node in lookup.scripts:
            return program._replace(
                problem=Problem("loop", f"{where} is a script that names itself as its interpreter", node.path)
            )
        if len(lookup.scripts) >= _MAX_INTERPRETERS:
            return program._replace(
                problem=Problem("loop", f"{where} is a script with too many nested interpreters", node.path)
            )
        if not may_read(node, self.user):
            text = f"{_who(self.user)} cannot read the script {where} ({protection(node)})"
            return program._replace(problem=Problem("no-permission", text, node.path))
        lookup.scripts.append(node)
        try:
            interpreter, argument = parse_shebang(head)
            found = self._examine(normpath(join(self.directory, interpreter)), lookup)._replace(word=interpreter)
            command = env_command(interpreter, argument)
            if found.problem is None and command is not None:
                behind = self._find(command, lookup)
                found = behind._replace(visited=found.visited + behind.visited)
        except ShebangError as error:
            return program._replace(problem=Problem("interpreter", f"{where}: {error}", node.path))
        finally:
            lookup.scripts.pop()
        program = program._replace(interpreter=found, visited=program.visited + found.visited)
        if found.problem is None:
            return program
        text = f"{where} uses the interpreter {interpreter!r}: {found.problem.text}"
        return program._replace(problem=Problem("interpreter", text, found.problem.culprit))

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
            return (
                tuple(chain),
                tuple(visited),
                None,
                Problem("not-a-file", f"{_arrows(tuple(chain))} is {what}", chain[-1]),
            )
        return tuple(chain), tuple(visited), step.node, None

    def _permission(self, node: Node, chain: tuple[str, ...]) -> Problem | None:
        where = _arrows(chain)
        if not node.mode & 0o111:
            return Problem("not-executable", f"{where} is not executable (mode {node.mode & 0o777:04o})", node.path)
        if not may_execute(node, self.user):
            text = f"{_who(self.user)} cannot execute {where} ({protection(node)})"
            return Problem("no-permission", text, node.path)
        for path in chain:
            closed = self._closed_directory(path)
            if closed is not None:
                text = f"{_who(self.user)} cannot reach {where}: {closed.path} has {protection(closed)}"
                return Problem("no-permission", text, closed.path)
        return None

    def _closed_directory(self, path: str) -> Node | None:
        while path != "/":
            path = dirname(path)
            node = self.filesystem.lookup(path)
            if node is not None and not may_execute(node, self.user):
                return node
        return None


def _target(link: Node) -> str:
    return normpath(join(dirname(link.path), link.target)) if link.target else link.path


def _absence(chain: list[str], reason: str) -> Problem:
    where = _arrows(tuple(chain))
    if reason == "loop":
        return Problem("loop", f"{where} is a symlink loop", chain[0])
    if reason == "not-a-directory":
        return Problem(
            "missing" if len(chain) == 1 else "dangling",
            f"{where} does not exist, because a parent directory is a file",
            chain[-1],
        )
    if len(chain) == 1:
        return Problem("missing", f"{where} does not exist", chain[-1])
    return Problem("dangling", f"{where} is a broken symlink", chain[-1])


def _arrows(chain: tuple[str, ...]) -> str:
    shown = chain if len(chain) <= MAX_HOPS else (*chain[:3], "...", chain[-1])
    return " -> ".join(shown)


def _who(user: User) -> str:
    return f"user {user.uid}:{user.gid}"
