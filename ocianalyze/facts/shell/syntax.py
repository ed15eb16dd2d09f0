"""What a shell script is, once it is taken apart: words, and the commands that are made of them.

Source: POSIX.1-2024, "Shell Command Language", 2.10 (the grammar), and bash(1) for what bash adds to it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable


class Text(NamedTuple):
    """A run of characters as written; in what is quoted, none has a meaning of its own."""

    text: str
    quoted: bool = False


class Parameter(NamedTuple):
    """``$name`` or ``${name...}``.

    Attributes:
        name: the variable, or one of ``@*#?$!-``, or the number of an argument.
        quoted: whether it stands in double quotes.
        operator: what is done with it, such as ``:-``, ``##``, ``//``, ``^^``, ``:``; empty if nothing.
        operands: the words behind the operator.
        subscript: what stands in brackets behind the name; ``@`` and ``*`` are all elements.
        length: whether its length is asked for.
        indirect: whether it names another one (``${!name}``), or its keys are asked for.
    """

    name: str
    quoted: bool
    operator: str = ""
    operands: tuple[Word, ...] = ()
    subscript: Word | None = None
    length: bool = False
    indirect: bool = False


class Substitution(NamedTuple):
    """``$(...)`` or backticks; `process` is the ``<`` or ``>`` of a process substitution."""

    body: tuple[Item, ...]
    quoted: bool
    line: int
    process: str = ""


class Arithmetic(NamedTuple):
    """``$((...))``."""

    expression: Word
    quoted: bool


Part: TypeAlias = "Text | Parameter | Substitution | Arithmetic"


class Word(NamedTuple):
    """A word: its parts, and the line that it begins in."""

    parts: tuple[Part, ...]
    line: int = 0

    @property
    def plain(self) -> str | None:
        """The word if it is nothing but unquoted characters, as reserved words are; else None."""
        if len(self.parts) != 1:
            return None
        part = self.parts[0]
        return part.text if isinstance(part, Text) and not part.quoted else None


class Assignment(NamedTuple):
    """``name=value``, ``name+=value``, ``name[index]=value`` or ``name=(values)``; `listed` are values with indices."""

    name: str
    value: Word
    appends: bool = False
    subscript: Word | None = None
    listed: tuple[tuple[Word | None, Word], ...] | None = None


class Redirection(NamedTuple):
    """A redirection: its descriptor as written, its operator, and its word; of a here-document, the text."""

    descriptor: str
    operator: str
    target: Word
    document: list[Word] | None = None


class Simple(NamedTuple):
    """A simple command; words such as ``export NAME=value`` has behind it are assignments as well."""

    line: int
    assignments: tuple[Assignment, ...]
    words: tuple[Word | Assignment, ...]
    redirections: tuple[Redirection, ...] = ()


class Pipeline(NamedTuple):
    """Commands with ``|`` between them; `negated` by ``!``."""

    commands: tuple[Command, ...]
    negated: bool = False


class Chain(NamedTuple):
    """Pipelines with ``&&`` and ``||`` between them."""

    first: Pipeline
    rest: tuple[tuple[Literal["&&", "||"], Pipeline], ...] = ()


class Item(NamedTuple):
    """One command of a list, and whether ``&`` stands behind it."""

    chain: Chain
    background: bool = False


class Group(NamedTuple):
    """``{ ...; }`` or ``( ... )``."""

    body: tuple[Item, ...]
    subshell: bool


class If(NamedTuple):
    """``if``: conditions with what is done if they hold, and what is done otherwise."""

    line: int
    branches: tuple[tuple[tuple[Item, ...], tuple[Item, ...]], ...]
    otherwise: tuple[Item, ...]


class Loop(NamedTuple):
    """``while``, or ``until`` if `inverted`."""

    line: int
    condition: tuple[Item, ...]
    body: tuple[Item, ...]
    inverted: bool


class For(NamedTuple):
    """``for name in words``; without words, over the arguments."""

    line: int
    name: str
    words: tuple[Word, ...] | None
    body: tuple[Item, ...]


class Counting(NamedTuple):
    """bash's ``for ((start; condition; step))``."""

    line: int
    start: Word
    condition: Word
    step: Word
    body: tuple[Item, ...]


class Clause(NamedTuple):
    """The patterns of a ``case``, what is done, and how it ends: ``;;``, ``;&`` or ``;;&``."""

    patterns: tuple[Word, ...]
    body: tuple[Item, ...]
    end: str


class Case(NamedTuple):
    """``case word in ... esac``."""

    line: int
    word: Word
    clauses: tuple[Clause, ...]


class Function(NamedTuple):
    """The definition of a function."""

    name: str
    body: Command


class Test(NamedTuple):
    """``[[ ... ]]``: an operator and its operands, which are words or tests."""

    line: int
    operator: str
    operands: tuple[Word | Test, ...]


class Condition(NamedTuple):
    """``[[ ... ]]`` as a command."""

    test: Test


class Calculation(NamedTuple):
    """``(( ... ))`` as a command."""

    line: int
    expression: Word


class Redirected(NamedTuple):
    """A compound command with redirections behind it, which stand in `line`."""

    command: Command
    redirections: tuple[Redirection, ...]
    line: int


Command: TypeAlias = (
    "Simple | Group | If | Loop | For | Counting | Case | Function | Condition | Calculation | Redirected"
)


def merged(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts with neighbouring texts of one kind put together."""
    found: list[Part] = []
    for kind, group in groupby(parts, lambda part: (type(part), part.quoted) if isinstance(part, Text) else None):
        if kind is None:
            found.extend(group)
        else:
            found.append(Text("".join(part.text for part in group if isinstance(part, Text)), kind[1]))
    return tuple(found)
