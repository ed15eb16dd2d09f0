"""What supervisors start: the programs of supervisord's configuration, and the services of s6-overlay.

Sources: Supervisor, "Configuration File"; s6-overlay, "Writing a service script", and its ``legacy-services``.
"""

from __future__ import annotations

import re
import shlex
from posixpath import dirname, join
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.programs.scripts import UNKNOWN, UnreadableError, text_of
from ocianalyze.layers.contents.globs import PathPattern
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ocianalyze.facts.shell import Launch
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

READS: Final = (
    *("/etc/supervisord.conf", "/etc/supervisor/*.conf", "/etc/supervisor/conf.d/*", "/etc/supervisord.d/*"),
)
"""Where supervisord's configuration is looked for; what lies elsewhere is not read in any form of an image."""

_PLACES: Final = tuple(map(PathPattern, READS))
_DEFAULTS: Final = ("/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")
_WITH_VALUES: Final = frozenset("cudljpeiqakzm")
_MOST_FILES: Final = 50
_MOST_PROGRAMS: Final = 50
_EXPANSION: Final = regex(r"%\(([A-Za-z_]\w*)\)s|%%")
_SERVICES: Final = ("/etc/services.d", "/etc/s6-overlay/s6-rc.d")
_BUNDLE: Final = "/etc/s6-overlay/s6-rc.d/user/contents.d"


class Program(NamedTuple):
    """A program that a supervisor starts."""

    words: tuple[str, ...]
    variables: Mapping[str, str]
    directory: str | None = None
    user: str | None = None


class UnknownProgramsError(Exception):
    """It cannot be told what a supervisor starts; the message is a clause."""


def programs_of_supervisord(launch: Launch) -> list[Program]:
    """Return the programs that supervisord starts by itself.

    Raises:
        UnknownProgramsError: its configuration is not where it is looked for, or is not understood.
    """
    filesystem = launch.shell.filesystem
    path = _configuration(launch)
    found: list[Program] = []
    todo, seen = [path], {path}
    while todo:
        here = todo.pop(0)
        node = filesystem.lookup(here)
        if node is None or not node.is_file:
            raise UnknownProgramsError(f"supervisord reads {here}, which does not exist")
        sections = list(_sections(_text(node, here)))
        for name, options in sections:
            if name == "include":
                more = [item for item in _included(options.get("files", ""), here, filesystem) if item not in seen]
                seen.update(more)
                todo += more
            elif name.startswith("program:") and options.get("autostart", "true").lower() not in (
                "false",
                "0",
                "off",
                "no",
            ):
                found.append(_program(name, options, here, launch))
        if len(seen) > _MOST_FILES or len(found) > _MOST_PROGRAMS:
            raise UnknownProgramsError("the configuration of supervisord has too many files or programs")
    return found


def _configuration(launch: Launch) -> str:
    words = list(launch.words[1:])
    while words:
        word = words.pop(0)
        if word.startswith("--configuration="):
            return join(launch.shell.directory, word.partition("=")[2])
        if word == "--configuration" or (word[:1] == "-" and word[1:2] == "c"):
            value = word[2:] if word[1:2] == "c" and word[2:] else words[0] if words else ""
            return join(launch.shell.directory, value)
        if len(word) == 2 and word[0] == "-" and word[1] in _WITH_VALUES and word[1] != "n":  # noqa: PLR2004
            del words[:1]
    for path in _DEFAULTS:
        if launch.shell.filesystem.lookup(path) is not None:
            return path
    return _DEFAULTS[0]


def _text(node: Node, path: str) -> str:
    if UNKNOWN in path or not any(pattern.matches(node.path) for pattern in _PLACES):
        raise UnknownProgramsError(f"supervisord reads {path.replace(UNKNOWN, '...')}, which is not analyzed")
    try:
        return text_of(node)
    except UnreadableError as error:
        raise UnknownProgramsError(str(error)) from error


def _sections(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the sections of a configuration, as Python's ``configparser`` reads them for Supervisor."""
    name, options, last = "", dict[str, str](), ""
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if line[0] in " \t" and last:
            options[last] += "\n" + _uncommented(bare)
            continue
        if bare[0] == "[" and "]" in bare:
            if name:
                yield name, options
            name, options, last = bare[1 : bare.index("]")].strip(), {}, ""
            continue
        match = re.match(r"([^:=\s][^:=]*?)\s*[:=]\s*(.*)", bare)
        if match is not None:
            last = match[1].strip().lower()
            options[last] = _uncommented(match[2])
    if name:
        yield name, options


def _uncommented(text: str) -> str:
    return re.split(r"\s;", text, maxsplit=1)[0].strip()


def _included(patterns: str, path: str, filesystem: Filesystem) -> list[str]:
    found: list[str] = []
    for pattern in patterns.split():
        if "%" in pattern:
            raise UnknownProgramsError(f"{path} includes {pattern}, which is only known at run time")
        full = join(dirname(path), pattern)
        found += sorted(node.path for node in filesystem.glob(full) if node.is_file) if "*" in full else [full]
    return found


def _program(name: str, options: Mapping[str, str], path: str, launch: Launch) -> Program:
    given = {
        "here": dirname(path),
        "program_name": name.partition(":")[2],
        "process_num": "0",
        "host_node_name": UNKNOWN,
    }

    def replaced(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%"
        if match[1].startswith("ENV_"):
            return launch.environment.get(match[1][4:], UNKNOWN)
        return given.get(match[1], UNKNOWN)

    values = {key: _EXPANSION.sub(replaced, value) for key, value in options.items()}
    try:
        words = shlex.split(values.get("command", ""))
        variables = _variables(values.get("environment", ""))
    except ValueError as error:
        raise UnknownProgramsError(f"the command of {name} in {path} cannot be parsed") from error
    if not words:
        raise UnknownProgramsError(f"{name} in {path} has no command")
    return Program(tuple(words), variables, values.get("directory"), values.get("user"))


def _variables(text: str) -> dict[str, str]:
    """Return ``KEY="value",KEY2=value2`` as variables."""
    lexer = shlex.shlex(text, posix=True)
    lexer.wordchars += "/.+-():*@%$~&?!#[]{}|^<>\0\\"
    lexer.whitespace = ", \t\n"
    lexer.commenters = ""
    tokens = list(lexer)
    names, equals, values = tokens[::3], tokens[1::3], tokens[2::3]
    if any(token != "=" for token in equals) or len(names) != len(values):  # noqa: S105 - no password
        raise ValueError(text[:40])
    return dict(zip(names, values, strict=True))


def services_of_s6(launch: Launch) -> list[Program]:
    """Return the services that s6-overlay starts; those of its newer kind only if they are in its bundle."""
    filesystem = launch.shell.filesystem
    found: list[Program] = []
    for directory in _SERVICES:
        top = filesystem.lookup(directory)
        for child in filesystem.children_of(top) if top is not None else ():
            run = join(directory, child.name, "run")
            node = filesystem.lookup(run)
            bundled = directory == _SERVICES[0] or filesystem.lookup(join(_BUNDLE, child.name)) is not None
            if node is not None and node.is_file and bundled and not _is_down(filesystem, join(directory, child.name)):
                found.append(Program((run,), {}, None))
    if len(found) > _MOST_PROGRAMS:
        raise UnknownProgramsError("s6-overlay starts too many services")
    return found


def _is_down(filesystem: Filesystem, directory: str) -> bool:
    return filesystem.lookup(join(directory, "down")) is not None


def is_s6(launch: Launch) -> bool:
    """Tell whether ``init`` is that of s6-overlay."""
    marks: Sequence[str] = ("/etc/s6-overlay", "/etc/services.d", "/package/admin", "/etc/cont-init.d", "/command")
    return any(launch.shell.filesystem.lookup(mark) is not None for mark in marks)
