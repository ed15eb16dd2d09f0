"""Commands on files that surely fail, because of what the image says of the files that they are given.

What an option that is not known may change is open.

Sources: chmod(2), chown(2); the manuals of GNU coreutils, sed and shadow.
"""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.facts.directories.mounts import within
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.refusals import is_missing, node_at, refusal_to_change, refusal_to_read, refusal_to_write
from ocianalyze.facts.shell.values import SOME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ocianalyze.facts.shell.files import Files
    from ocianalyze.facts.shell.values import Words


class _Call(NamedTuple):
    """The operands of a command, the letters of its options, and all that it is given."""

    operands: tuple[str, ...]
    letters: frozenset[str]
    files: Files
    words: Words

    def has(self, letters: str) -> bool:
        """Tell whether one of these options is given."""
        return not self.letters.isdisjoint(letters)


_Check: TypeAlias = "Callable[[_Call], Iterator[str | None]]"
"""Yields, one after the other, reasons why a command fails; None for what does not make it fail."""


class _Command(NamedTuple):
    """How a command is checked, and the options that the check allows for: all of them if `flags` is None."""

    check: _Check
    flags: str | None
    valued: str = ""


_LONG: Final[Mapping[str, str]] = {
    "--archive": "a",
    "--defaults": "D?",
    "--force": "f",
    "--help": "h?",
    "--no-clobber": "n",
    "--no-create": "c",
    "--no-dereference": "n",
    "--parents": "p",
    "--prefix": "P?",
    "--quiet": "q",
    "--recursive": "R",
    "--root": "R?",
    "--silent": "q",
    "--symbolic": "s",
    "--verbose": "v",
}


def refusal_of(words: Words, files: Files) -> str | None:
    """Return why a command surely fails because of the files that it is given; None if that is not known."""
    command = _COMMANDS.get(basename(words[0]))
    if command is None or any(word == SOME or word.startswith(UNKNOWN) for word in words):
        return None
    call = _parsed(words[1:], command, files)
    return None if call is None else next((reason for reason in command.check(call) if reason is not None), None)


def _parsed(words: Words, command: _Command, files: Files) -> _Call | None:
    """Return operands and options; None if an option may change what the command does."""
    operands: list[str] = []
    letters: set[str] = set()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            operands += rest
            break
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        given = _LONG.get(word, "?") if word.startswith("--") else word[1:]
        for position, letter in enumerate(given):
            letters.add(letter)
            if letter in command.valued:
                if position == len(given) - 1:
                    del rest[:1]
                break
            if command.flags is not None and letter not in command.flags:
                return None
    return _Call(tuple(operands), frozenset(letters), files, words)


def _touch(call: _Call) -> Iterator[str | None]:
    for path in call.operands:
        node = node_at(path, call.files)
        if path == "-":
            continue  # its output
        if node is not None:
            denied = call.files.test("w", path) is False and call.files.test("O", path) is False
            yield f"{node.path} is not writable" if denied else None
        elif "c" not in call.letters and is_missing(path, call.files):
            yield refusal_to_write(path, call.files)


def _mkdir(call: _Call) -> Iterator[str | None]:
    made: list[str] = []
    for path in call.operands:
        full, seen = call.files.place(path), call.files.look(path)
        link = node_at(path, call.files, follow=False)
        if seen.exists is None or (link is not None and link.is_symlink) or any(within(full, item) for item in made):
            continue
        if seen.exists:
            is_directory = seen.mounted or (seen.node is not None and seen.node.is_directory)
            if "p" not in call.letters or not is_directory:
                yield f"{full} already exists"
            continue
        made.append(full)
        while "p" in call.letters and dirname(full) != "/" and is_missing(dirname(full), call.files, follow=False):
            full = dirname(full)
        yield refusal_to_change(full, call.files)


def _cp(call: _Call) -> Iterator[str | None]:
    *sources, target = call.operands or ("",)
    follows = not call.has("arRdP") or call.has("L")
    for source in sources:
        node = node_at(source, call.files, follow=follows)
        if is_missing(source, call.files, follow=follows):
            yield f"{call.files.full(source)} does not exist"
        elif node is not None and node.is_file and not call.has("nu"):
            yield refusal_to_read(source, call.files)
        elif node is not None and node.is_directory and not call.has("arR"):
            yield f"{node.path} is a directory"
    for source, path in _targets(sources, target, call.files):
        node = node_at(source, call.files, follow=False)
        if is_missing(path, call.files, follow=False):
            yield refusal_to_change(path, call.files)
        elif node is not None and node.is_file and not call.has("fnu"):
            yield refusal_to_write(path, call.files)
    yield _several(sources, target, call.files)


def _mv(call: _Call) -> Iterator[str | None]:
    *sources, target = call.operands or ("",)
    stays = call.has("nu")  # what is there already, and what would have replaced it
    for source in sources:
        if is_missing(source, call.files, follow=False):
            yield f"{call.files.full(source)} does not exist"
        yield None if stays else refusal_to_change(call.files.place(source), call.files)
    for _, path in _targets(sources, target, call.files) if not stays else ():
        yield refusal_to_change(path, call.files)
    yield _several(sources, target, call.files)


def _targets(sources: list[str], target: str, files: Files) -> Iterator[tuple[str, str]]:
    """Yield each source with the path that it gets."""
    seen, full = files.look(target), files.place(target)
    if not seen.sure or seen.mounted or UNKNOWN in full:
        return
    is_directory = seen.node is not None and seen.node.is_directory
    for source in sources:
        name = basename(source.rstrip("/"))
        if not is_directory and len(sources) == 1:
            yield source, full
        elif is_directory and name not in ("", ".", "..") and UNKNOWN not in name:
            yield source, join(full, name)


def _several(sources: list[str], target: str, files: Files) -> str | None:
    seen = files.look(target)
    is_directory = seen.mounted or (seen.node is not None and seen.node.is_directory)
    return f"{files.full(target)} is not a directory" if len(sources) > 1 and seen.sure and not is_directory else None


def _rm(call: _Call) -> Iterator[str | None]:
    for path in call.operands:
        full = call.files.place(path)
        if is_missing(path, call.files, follow=False):
            yield f"{full} does not exist" if "f" not in call.letters else None
            continue
        node = node_at(path, call.files, follow=False)
        if node is not None:
            refused = node.is_directory and call.letters.isdisjoint("rRd")
            yield f"{full} is a directory" if refused else refusal_to_change(full, call.files)


def _ln(call: _Call) -> Iterator[str | None]:
    if len(call.operands) != 2:  # noqa: PLR2004 - what, and where
        return
    target, link = call.operands
    if "s" not in call.letters and is_missing(target, call.files, follow=False):
        yield f"{call.files.full(target)} does not exist"
    inside, itself = call.files.look(link), node_at(link, call.files, follow=False)
    if not inside.sure or inside.mounted:
        return
    path = call.files.place(link)
    replaces = call.has("T") or (call.has("n") and itself is not None and itself.is_symlink)
    if inside.node is not None and inside.node.is_directory and not replaces:
        path = join(path, basename(target.rstrip("/")))
    if basename(path) in ("", ".", ".."):
        return
    if node_at(path, call.files, follow=False) is not None and "f" not in call.letters:
        yield f"{path} already exists"
    yield refusal_to_change(path, call.files)


def _change_modes(call: _Call) -> Iterator[str | None]:
    for path in call.operands[1:]:
        link = node_at(path, call.files, follow=False)
        if call.has("Rh") and link is not None and link.is_symlink:
            continue  # the link itself is changed, or what it leads to, or neither
        if is_missing(path, call.files):
            yield f"{call.files.full(path)} does not exist"
        node = node_at(path, call.files)
        if node is not None and not call.files.for_root and call.files.test("O", path) is False:
            yield f"{node.path} belongs to user {node.uid}"


def _change_owner(call: _Call) -> Iterator[str | None]:
    unchanged = call.operands[:1] in (("",), (":",))  # such as "$NB_UID:$NB_GID" if neither is set
    yield from _change_modes(call) if not unchanged else ()


def _tee(call: _Call) -> Iterator[str | None]:
    for path in call.operands:
        yield refusal_to_write(path, call.files)


def _sed(call: _Call) -> Iterator[str | None]:
    paths = call.operands if call.has("ef") else call.operands[1:]
    stops = call.has("f") or any("q" in word.lower() for word in call.words if word not in paths)
    for path in paths[:1] if stops else paths:
        if path == "-":
            continue
        yield refusal_to_read(path, call.files)
        if "i" in call.letters:
            yield refusal_to_change(call.files.place(path), call.files)


def _accounts(call: _Call) -> Iterator[str | None]:
    yield refusal_to_change("/etc/passwd", call.files) if call.operands and not call.has("DRPh") else None


_OF_ACCOUNTS: Final = ("groupadd", "groupdel", "groupmod", "useradd", "userdel", "usermod")
_COMMANDS: Final[Mapping[str, _Command]] = {
    **dict.fromkeys(("chgrp", "chown"), _Command(_change_owner, "RcfvqhHLP")),
    "chmod": _Command(_change_modes, "RcfvqhHLP"),
    "cp": _Command(_cp, "aRrdfLnPpuvx"),
    "ln": _Command(_ln, "fnsTvr"),
    "mkdir": _Command(_mkdir, "pv", "m"),
    "mv": _Command(_mv, "fnuv"),
    "rm": _Command(_rm, "dfrRv"),
    "sed": _Command(_sed, "nrEsuzi", "ef"),
    "tee": _Command(_tee, "ai"),
    "touch": _Command(_touch, "acfm", "drt"),
    **dict.fromkeys(_OF_ACCOUNTS, _Command(_accounts, None)),
}
