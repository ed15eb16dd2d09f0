"""What a Python interpreter is told to run.

Source: The Python manual, "Command line and environment": options of one letter may stand together, and one that wants
a value takes what is left of its word, or the next one.
"""

from __future__ import annotations

import ast
import codecs
import re
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

_WITH_VALUES: Final = "XW"
_PROGRAMS: Final = "cm"
_WITHOUT_ENVIRONMENT: Final = frozenset("EI")
_LETTERS: Final = frozenset("bBdEhiIOPqRsStuvVx?")
"""The options of CPython without values."""

_ENDING: Final = frozenset("hV?")
_LONG: Final = frozenset(
    {"--check-hash-based-pycs", "--help", "--help-all", "--help-env", "--help-xoptions", "--version"}
)
_LONGEST_CODE: Final = 4096
_ENCODING: Final = regex(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_PATH: Final = "path"
"""Part of the names by which code changes where modules are imported from, such as ``sys.path``."""


class PythonCall(NamedTuple):
    """The module of ``-m``, the script, or the code of ``-c``; none of them if it is given its program in another way.

    `isolated` tells whether the variables of Python do not count, `site` whether installed packages can be imported.
    `refused` is why a CPython would exit at once, if so; a clause.
    """

    module: str | None = None
    script: str | None = None
    isolated: bool = False
    code: str | None = None
    site: bool = True
    refused: str | None = None


def parse_python_call(argv: Sequence[str]) -> PythonCall:
    """Return what a command line of Python says; its first word is the interpreter."""
    words = iter(argv[1:])
    call = PythonCall()
    for word in words:
        if word == "-" or not word.startswith("-"):
            return call._replace(script=word if word != "-" else None)
        if word.startswith("--"):
            call = _with_refusal(call, word if word not in _LONG else None)
            if word == "--check-hash-based-pycs":
                next(words, "")
            continue
        for place, letter in enumerate(word[1:], start=2):
            if letter in _PROGRAMS:
                value = word[place:] or next(words, "")
                return call._replace(code=value) if letter == "c" else call._replace(module=value)
            if letter in _WITH_VALUES:
                if not word[place:]:
                    next(words, "")
                break
            call = _with_letter(call, letter)
    return call


def _with_letter(call: PythonCall, letter: str) -> PythonCall:
    """Return `call` with an option of one letter that has no value."""
    call = _with_refusal(call, f"-{letter}" if letter not in _LETTERS else None)
    if letter in _ENDING:
        call = call._replace(refused=call.refused or f"-{letter} makes it print something and exit")
    isolated = call.isolated or letter in _WITHOUT_ENVIRONMENT
    return call._replace(isolated=isolated, site=call.site and letter != "S")


def _with_refusal(call: PythonCall, option: str | None) -> PythonCall:
    if option is None or call.refused is not None:
        return call
    return call._replace(refused=f"{option} is not an option of Python")


def imported_modules(code: str) -> tuple[str, ...] | None:
    """Return the modules that code imports before it does anything else; None if that cannot be told.

    Those of the standard library are left out.
    """
    if len(code) > _LONGEST_CODE:
        return None
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: list[str] = []
    for statement in statements:
        if isinstance(statement, ast.Import):
            found += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module is not None:
            found.append(statement.module)
        elif _PATH in ast.unparse(statement):
            break  # what follows may be found elsewhere
    return tuple(name for name in dict.fromkeys(found) if not is_standard(name))


def is_encoding(name: str) -> bool:
    """Tell whether Python knows an encoding; of odd names it is taken to."""
    if _ENCODING.fullmatch(name) is None:
        return True
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def is_standard(module: str) -> bool:
    """Tell whether a module is one of the standard library."""
    return module.partition(".")[0] in sys.stdlib_module_names
