"""Which programs are scripts of a shell, which shell reads one, and what it knows beyond POSIX.

Sources: bash(1), dash(1), and busybox's ``ash``, by what they do with each feature.
"""

from __future__ import annotations

from posixpath import basename
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from ocianalyze.facts.programs.program import Program

Feature: TypeAlias = Literal[
    "&>",
    "((",
    "==",
    "[[",
    "ansi-quotes",
    "arrays",
    "brace-expansion",
    "case-change",
    "declare",
    "extended-globs",
    "function",
    "here-strings",
    "indirect",
    "pattern-substitution",
    "pipe-both",
    "process-substitution",
    "source",
    "substring",
]


class Dialect(NamedTuple):
    """A shell.

    Attributes:
        name: what it is called.
        features: what it knows beyond POSIX.
        strict: whether an error of a special builtin, such as ``.`` without its file, ends a script.
    """

    name: str
    features: frozenset[Feature]
    strict: bool = False

    def has(self, feature: Feature) -> bool:
        """Tell whether the shell knows a feature."""
        return feature in self.features


_ALL: Final[frozenset[Feature]] = frozenset(
    (
        *("&>", "((", "==", "[[", "ansi-quotes", "arrays", "brace-expansion", "case-change", "declare"),
        *("extended-globs", "function", "here-strings", "indirect", "pattern-substitution", "pipe-both"),
        *("process-substitution", "source", "substring"),
    )
)

BASH: Final = Dialect("bash", _ALL)
BASH_AS_SH: Final = Dialect("sh", _ALL, strict=True)
"""Also a ``sh`` that cannot be told: it follows POSIX, whichever it is, and is taken to know what bash knows."""
DASH: Final = Dialect("dash", frozenset(), strict=True)
BUSYBOX: Final = Dialect(
    "busybox",
    frozenset(("&>", "==", "[[", "ansi-quotes", "function", "pattern-substitution", "source", "substring")),
    strict=True,
)
OTHER: Final = Dialect("sh", _ALL)
"""A shell that is none of these: it is taken to know what bash knows."""

_NAMES: Final = {"dash": DASH, "bash": BASH, "rbash": BASH, "busybox": BUSYBOX, "ash": BUSYBOX}

SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "rbash", "busybox", "_dockerfile_shell.sh"})
"""The names of shells."""

_LIKE_SHELLS: Final = frozenset({"with-contenv", "python3-login"})
_TRAMPOLINE: Final = b"\n'''exec' "


def is_script(program: Program, *, changed: bool = False) -> bool:
    """Tell whether a program is a script of a shell; `changed` if something may have made it runnable meanwhile."""
    interpreter = program.interpreter
    if program.node is None or interpreter is None or (program.problem is not None and not changed):
        return False
    if _TRAMPOLINE in program.node.head():
        return False  # pip has made it because the path of its Python is too long for "#!"
    while interpreter is not None:
        names = {basename(interpreter.word), basename(interpreter.path or "")}
        if names & (SHELLS | _LIKE_SHELLS):
            return True
        interpreter = interpreter.interpreter
    return False


def dialect_of(word: str, program: Program | None) -> Dialect:
    """Return the shell that a command starts: `word` is its name, `program` what that leads to."""
    called = basename(word)
    real = basename(program.real) if program is not None and program.real is not None else called
    found = _NAMES.get(real) or _NAMES.get(called) or OTHER
    return BASH_AS_SH if found in (BASH, OTHER) and called == "sh" else found
