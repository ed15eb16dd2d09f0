"""``echo`` and ``printf``, where somebody asks for what they write.

Source: POSIX.1-2024, ``echo`` and ``printf``; bash(1) and dash(1), whose ``echo`` differ.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.values import SOME
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.state import State
    from ocianalyze.facts.shell.syntax import Assignment
    from ocianalyze.facts.shell.values import Words

_ESCAPE: Final = regex(r"\\([\\abefnrtv]|0[0-7]{0,3}|x[0-9A-Fa-f]{1,2}|c)")
_ESCAPES: Final = {
    "\\": "\\",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_DIRECTIVE: Final = regex(r"%(?:%|([-0 +]*)(\d{0,3})(?:\.(\d{0,3}))?([sdiqb]))|%")
_MOST_ROUNDS: Final = 1000


def echo(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    """Write words."""
    state.status = 0
    if state.output is None:
        return state
    rest = list(words[1:])
    extended = state.process.dialect.has("source")
    newline, escapes = True, not extended
    while rest and rest[0].startswith("-") and len(rest[0]) > 1 and set(rest[0][1:]) <= set("neE" if extended else "n"):
        option = rest.pop(0)
        newline = newline and "n" not in option
        escapes = escapes or "e" in option
    text = UNKNOWN if SOME in rest else " ".join(rest)
    if escapes and "\\" in text:
        text, stopped = _unescaped(text)
        newline = newline and not stopped
    run.budget.text(len(text))
    state.write(text + ("\n" if newline else ""))
    return state


def _unescaped(text: str) -> tuple[str, bool]:
    r"""Return a text with what its escapes stand for, and whether ``\c`` ends it."""
    pieces: list[str] = []
    at = 0
    for match in _ESCAPE.finditer(text):
        pieces.append(text[at : match.start()])
        at = match.end()
        code = match[1]
        if code == "c":
            return "".join(pieces), True
        if code[0] == "0":
            pieces.append(chr(int(code, 8)) if int(code, 8) else UNKNOWN)
        elif code[0] == "x":
            pieces.append(chr(int(code[1:], 16)) if int(code[1:], 16) else UNKNOWN)
        else:
            pieces.append(_ESCAPES[code])
    return "".join(pieces) + text[at:], False


def printf(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    """Write words in a format."""
    state.status = 0
    rest = words[1:]
    name = None
    if rest[:1] == ("-v",) and state.process.dialect.has("arrays"):
        name, rest = (rest[1] if len(rest) > 1 else None), rest[2:]
    rest = rest[1:] if rest[:1] == ("--",) else rest
    if name is None and state.output is None:
        return state
    text = _formatted(rest)
    run.budget.text(len(text))
    if name is None:
        state.write(text)
    elif name.isidentifier():
        run.assign(name, text, state)
    else:
        state.variables.lose()
    return state


def _formatted(words: Words) -> str:
    """Return what ``printf`` writes; `UNKNOWN` if that is not followed."""
    if not words or SOME in words or UNKNOWN in words[0]:
        return UNKNOWN
    template, arguments = words[0], list(words[1:])
    pieces: list[str] = []
    for _ in range(_MOST_ROUNDS):
        before = len(arguments)
        at = 0
        for match in _DIRECTIVE.finditer(template):
            pieces.append(_unescaped(template[at : match.start()])[0])
            at = match.end()
            if match[0] == "%%":
                pieces.append("%")
                continue
            if match[4] is None:
                return UNKNOWN
            value = _directive(match, arguments.pop(0) if arguments else "")
            if value is None:
                return UNKNOWN
            pieces.append(value)
        pieces.append(_unescaped(template[at:])[0])
        if not arguments or len(arguments) == before:
            return "".join(pieces)
    return UNKNOWN


def _directive(match: re.Match[str], argument: str) -> str | None:
    flags, width, precision, kind = match[1], match[2], match[3], match[4]
    if kind in "di":
        bare = argument.strip() or "0"
        if not re.fullmatch(r"[-+]?(?:0|[1-9]\d{0,17})", bare, re.ASCII):
            return UNKNOWN
        argument = str(int(bare))
    elif kind == "q":
        if not re.fullmatch(r"[\w/.:=@%+,-]+", argument, re.ASCII):
            return UNKNOWN
    elif kind == "b":
        argument = _unescaped(argument)[0]
    if not (flags or width or precision):
        return argument
    if UNKNOWN in argument or (kind in "di" and (precision or flags.strip("-0"))):
        return None
    if precision is not None and kind == "s":
        argument = argument[: int(precision or 0)]
    size = int(width or 0)
    if "-" in flags:
        return argument.ljust(size)
    return argument.zfill(size) if "0" in flags and kind in "di" else argument.rjust(size)
