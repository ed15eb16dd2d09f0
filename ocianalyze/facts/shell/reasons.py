"""What a condition that cannot be decided depends on, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.names import find_variable
from ocianalyze.facts.shell.syntax import (
    Arithmetic,
    Assignment,
    Chain,
    Condition,
    Item,
    Parameter,
    Pipeline,
    Simple,
    Substitution,
    Test,
    Text,
    Word,
)
from ocianalyze.facts.shell.variables import is_set_at_run_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.state import State

_LONGEST: Final = 60
_MOST: Final = 200
_INSIDE: Final[dict[type, tuple[str, ...]]] = {
    Item: ("chain",),
    Chain: ("first", "rest"),
    Pipeline: ("commands",),
    Simple: ("words", "assignments"),
    Condition: ("test",),
    Test: ("operands",),
    Assignment: ("value",),
    Word: ("parts",),
    Arithmetic: ("expression",),
    Substitution: ("body",),
    Parameter: ("operands",),
}


def reason_of(node: object, state: State, run: Host) -> str:
    """Return what a condition depends on: a variable that is unknown, or else what it says itself."""
    names = dict.fromkeys(part.name for part in _parameters(node))
    for name in names:
        variable = find_variable(name, state, run.calls)
        words = variable.words
        if variable.doubtful or variable.mapping or any(UNKNOWN in word for word in words):
            if not (name[0].isalpha() or name[0] == "_"):
                continue
            given = is_set_at_run_time(name) and state.variables.get(name) == state.variables.below(name)
            return f"${name}, which is {'set' if given else 'only known'} at run time"
    text = shown(node)
    return f"'{text}'" if text else "a value that is only known at run time"


def shown(node: object) -> str:
    """Return the beginning of a command as it may have been written."""
    text = _text(node, 0)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _parameters(node: object) -> Iterator[Parameter]:
    todo, count = [node], 0
    while todo and count < _MOST:
        item = todo.pop(0)
        count += 1
        if isinstance(item, Parameter):
            yield item
        todo += _children(item)


def _children(node: Any) -> list[object]:  # noqa: ANN401 - any part of a syntax tree
    fields = _INSIDE.get(type(node))
    if fields is not None:
        return [getattr(node, field) for field in fields]
    return list(node) if type(node) is tuple else []


def _text(node: object, depth: int) -> str:  # noqa: C901, PLR0911, PLR0912 - one for each kind
    if depth > 10:  # noqa: PLR2004 - deeper than anybody reads
        return "..."
    if isinstance(node, Text):
        return node.text
    if isinstance(node, Parameter):
        return f"${node.name}" if not node.operator else f"${{{node.name}{node.operator}...}}"
    if isinstance(node, Substitution):
        return f"$({_text(node.body, depth + 1)})"
    if isinstance(node, Arithmetic):
        return f"$(({_text(node.expression, depth + 1)}))"
    if isinstance(node, Word):
        return "".join(_text(part, depth + 1) for part in node.parts[:20])
    if isinstance(node, Condition):
        return f"[[ {_text(node.test, depth + 1)} ]]"
    if isinstance(node, Test):
        operands = [_text(operand, depth + 1) for operand in node.operands]
        return f"{node.operator} {operands[0]}" if len(operands) == 1 else f" {node.operator} ".join(operands)
    if isinstance(node, Simple):
        return " ".join(_text(word, depth + 1) for word in node.words[:20])
    if isinstance(node, Assignment):
        return f"{node.name}=..."
    if isinstance(node, Pipeline):
        return ("! " if node.negated else "") + " | ".join(_text(command, depth + 1) for command in node.commands[:5])
    if isinstance(node, Chain):
        return _text(node.first, depth + 1) + (" ..." if node.rest else "")
    if isinstance(node, Item):
        return _text(node.chain, depth + 1)
    return _text(node[0], depth + 1) if type(node) is tuple and node else ""
