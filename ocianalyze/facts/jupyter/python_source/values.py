"""What an expression of Python comes to, as far as that is decided by variables, files and what was assigned before.

Whatever is not among the few forms that configuration files use comes to `OPEN`.

Source: The Python Language Reference, 6 (expressions); the Python Standard Library, ``os``, ``os.path``.
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.facts.jupyter.python_source.text import split
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell import is_set_at_run_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocianalyze.facts.jupyter.python_source.text import Token

_DEEPEST: Final = 10
"""How deep expressions may stand within each other."""

_LONGEST_NUMBER: Final = 18
_LONGEST_TEXT: Final = 64 * 1024
RESOLVED: Final = frozenset({"os", "environ", "getenv", "getuid", "geteuid", "join", "int", "bool", "str", "len"})
"""Names that stand for what they usually do unless something else is assigned to them."""

_NOT_FOLLOWED: Final = frozenset({"lambda", "for", "yield", "await", ":=", "async"})
_COMPARISONS: Final = ("==", "!=", "<", ">", "<=", ">=", "in", "not", "is")
_WORDS: Final = {"True": True, "False": False, "None": None}
ENVIRONMENTS: Final = ("os.environ", "environ")
ANY: Final = UNKNOWN
"""Stands among the variables that were written for all others, if any may have been."""


class Open:
    """Stands for a value that cannot be told."""

    def __repr__(self) -> str:
        """Return what stands for it."""
        return "OPEN"


OPEN: Final = Open()


class RaisesError(Exception):
    """Python would raise an exception here."""


class ExitsError(RaisesError):
    """Python would end the program here."""


class World(NamedTuple):
    """What the values of expressions depend on.

    Attributes:
        environment: the variables of the process.
        written: those that the program itself has set, or removed (None).
        names: what the program has assigned to names, as far as that is known.
        test: says whether a path exists (``e``), is a file (``f``) or a directory (``d``), if that can be told.
        uid: the user's number, if known.
    """

    environment: Mapping[str, str]
    written: dict[str, Any]
    names: dict[str, Any]
    test: Callable[[str, str], bool | None]
    uid: int | None


def evaluate(tokens: tuple[Token, ...], world: World) -> Any:  # noqa: ANN401 - whatever values Python has
    """Return what an expression comes to, or `OPEN`.

    Raises:
        RaisesError: an exception instead.
    """
    return _evaluate(tokens, world, 0)


def truth(value: object) -> bool | None:
    """Return whether a value counts as true, or None if that cannot be told."""
    if value is OPEN:
        return None
    if isinstance(value, str) and UNKNOWN in value:
        return True if value.strip(UNKNOWN) else None
    return bool(value)


def variable(name: str, world: World) -> Any:  # noqa: ANN401
    """Return a variable of the environment; None if it is not there, `OPEN` if that cannot be told."""
    if name in world.written:
        return world.written[name]
    if ANY in world.written:
        return OPEN
    value = world.environment.get(name)
    if value is None:
        return OPEN if is_set_at_run_time(name) else None
    return OPEN if UNKNOWN in value else value


def _evaluate(tokens: tuple[Token, ...], world: World, depth: int) -> Any:  # noqa: ANN401, PLR0911 - one after another
    if not tokens or depth > _DEEPEST:
        return OPEN
    if any(True for _ in split(tokens, *_NOT_FOLLOWED)):
        return OPEN
    choice = _choice(tokens, world, depth)
    if choice is not None:
        return choice[0]
    for word in ("or", "and"):
        parts = _parts(tokens, word)
        if len(parts) > 1:
            return _any_of(parts, world, depth, wanted=word == "or")
    if tokens[0].text == "not" and tokens[0].kind == "name":
        holds = truth(_evaluate(tokens[1:], world, depth + 1))
        return OPEN if holds is None else not holds
    compared = [item for item in split(tokens, *_COMPARISONS) if item[1].kind in ("operator", "name")]
    if compared:
        return _comparison(tokens, compared, world, depth)
    parts = _parts(tokens, "+")
    if len(parts) > 1:
        return _sum([_evaluate(part, world, depth + 1) for part in parts])
    return _primary(tokens, world, depth)


def _parts(tokens: tuple[Token, ...], text: str) -> list[tuple[Token, ...]]:
    parts: list[tuple[Token, ...]] = []
    begin = 0
    for position, _ in split(tokens, text):
        parts.append(tokens[begin:position])
        begin = position + 1
    return [*parts, tokens[begin:]]


def _choice(tokens: tuple[Token, ...], world: World, depth: int) -> tuple[Any] | None:
    """Return what ``A if B else C`` comes to, if an expression is that."""
    places = [position for position, _ in split(tokens, "if", "else")]
    if not places:
        return None
    if len(places) != 2 or tokens[places[0]].text != "if":  # noqa: PLR2004 - one of each
        return (OPEN,)
    holds = truth(_evaluate(tokens[places[0] + 1 : places[1]], world, depth + 1))
    if holds is None:
        return (OPEN,)
    return (_evaluate(tokens[: places[0]] if holds else tokens[places[1] + 1 :], world, depth + 1),)


def _any_of(parts: list[tuple[Token, ...]], world: World, depth: int, *, wanted: bool) -> Any:  # noqa: ANN401
    value: Any = OPEN
    for part in parts:
        value = _evaluate(part, world, depth + 1)
        holds = truth(value)
        if holds is None:
            return OPEN
        if holds is wanted:
            return value
    return value


def _comparison(tokens: tuple[Token, ...], places: list[tuple[int, Token]], world: World, depth: int) -> Any:  # noqa: ANN401
    words = " ".join(token.text for _, token in places)
    first, last = places[0][0], places[-1][0]
    if last - first != len(places) - 1:
        return OPEN
    one = _evaluate(tokens[:first], world, depth + 1)
    other_tokens = tokens[last + 1 :]
    if words in ("in", "not in") and _is_environment(other_tokens, world) and isinstance(one, str):
        value = variable(one, world) if UNKNOWN not in one else OPEN
        return OPEN if value is OPEN and _may_be_unset(one, world) else (value is not None) is (words == "in")
    other = _evaluate(other_tokens, world, depth + 1)
    if one is OPEN or other is OPEN or any(isinstance(item, str) and UNKNOWN in item for item in (one, other)):
        return OPEN
    compare = _COMPARE.get(words)
    try:
        return OPEN if compare is None else compare(one, other)
    except TypeError as error:
        raise RaisesError from error


def _is_environment(tokens: tuple[Token, ...], world: World) -> bool:
    name = "".join(token.text for token in tokens)
    return name in ENVIRONMENTS and name.partition(".")[0] not in world.names


def _may_be_unset(name: str, world: World) -> bool:
    """Tell whether a variable whose value is open may not be there at all."""
    return name in world.written or ANY in world.written or name not in world.environment


_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
    "is": lambda one, other: one is other or (one == other and type(one) is type(other)),
    "is not": lambda one, other: not (one is other or (one == other and type(one) is type(other))),
    "in": lambda one, other: one in other,
    "not in": lambda one, other: one not in other,
}


def _sum(values: list[Any]) -> Any:  # noqa: ANN401
    total = values[0]
    for value in values[1:]:
        if isinstance(total, str) and isinstance(value, str):
            total += value
            if len(total) > _LONGEST_TEXT:
                return OPEN
        elif type(total) is int and type(value) is int:
            total += value
        elif isinstance(total, str) and value is OPEN:
            total += UNKNOWN
        elif total is OPEN and isinstance(value, str):
            total = UNKNOWN + value
        else:
            return OPEN
    return total


def _primary(tokens: tuple[Token, ...], world: World, depth: int) -> Any:  # noqa: ANN401, PLR0911
    first = tokens[0]
    if first.kind == "text":
        count = next((number for number, token in enumerate(tokens) if token.kind != "text"), len(tokens))
        values = [token.value for token in tokens[:count]]
        known = all(value is not None for value in values)
        text: Any = "".join(value or "" for value in values) if known else OPEN
        return _methods(text, tokens[count:], world, depth)
    if first.kind == "number" or first.text == "-":
        return _number(tokens)
    if first.text in _WORDS and len(tokens) == 1:
        return _WORDS[first.text]
    if first.text in _ENDS:
        end = _end(tokens)
        return _methods(_inside(first.text, tokens[1:end], world, depth), tokens[end + 1 :], world, depth)
    if first.kind != "name":
        return OPEN
    dotted = _dotted(tokens)
    length = 2 * dotted.count(".") + 1
    rest = tokens[length:]
    if dotted in world.names and length == 1:
        return _methods(world.names[dotted], rest, world, depth)
    name, _, method = dotted.rpartition(".")
    if name in world.names and method in _METHODS:
        return _methods(world.names[name], tokens[length - 2 :], world, depth)
    if not rest or rest[0].text not in ("(", "["):
        return OPEN
    end = _end(rest)
    arguments = [_evaluate(part, world, depth + 1) for part in _parts(rest[1:end], ",") if part]
    return _methods(_called(dotted, rest[0].text, arguments, world), rest[end + 1 :], world, depth)


_ENDS: Final = {"(": ")", "[": "]", "{": "}"}


def _end(tokens: tuple[Token, ...]) -> int:
    """Return where the bracket closes that an expression begins with."""
    depth = 0
    for position, token in enumerate(tokens):
        if token.kind == "operator":
            depth += (token.text in "([{") - (token.text in ")]}")
            if not depth:
                return position
    return len(tokens) - 1


def _inside(bracket: str, tokens: tuple[Token, ...], world: World, depth: int) -> Any:  # noqa: ANN401
    parts = _parts(tokens, ",")
    if bracket == "(" and len(parts) == 1 and parts[0]:
        return _evaluate(parts[0], world, depth + 1)
    if bracket == "{" and (not tokens or any(True for _ in split(tokens, ":", "**"))):
        return OPEN
    values = [_evaluate(part, world, depth + 1) for part in parts if part]
    return OPEN if OPEN in values else tuple(values)


def _number(tokens: tuple[Token, ...]) -> Any:  # noqa: ANN401
    negative = tokens[0].text == "-"
    if len(tokens) != 1 + negative:
        return OPEN
    digits = tokens[-1].text.replace("_", "")
    known = digits.isascii() and digits.isdigit() and len(digits) < _LONGEST_NUMBER
    return (-int(digits) if negative else int(digits)) if known else OPEN


def _dotted(tokens: tuple[Token, ...]) -> str:
    """Return the name, with others behind dots, that an expression begins with."""
    words: list[str] = []
    for position, token in enumerate(tokens):
        if position % 2 == 0 and token.kind == "name":
            words.append(token.text)
        elif position % 2 == 0 or token.text != ".":
            break
    return ".".join(words)


def _called(name: str, bracket: str, arguments: list[Any], world: World) -> Any:  # noqa: ANN401, PLR0911
    if any(isinstance(item, str) and UNKNOWN in item for item in arguments) or not arguments:
        return (world.uid if world.uid is not None else OPEN) if name in _USERS and not arguments else OPEN
    if name.partition(".")[0] in world.names or arguments[0] is OPEN:
        return OPEN
    first = arguments[0]
    if name in ENVIRONMENTS and bracket == "[":
        value = variable(first, world) if isinstance(first, str) else OPEN
        if value is None:
            raise RaisesError
        return value
    if bracket == "[":
        return OPEN
    if name in _GETTERS and isinstance(first, str):
        value = variable(first, world)
        return value if value is not None else (arguments[1] if len(arguments) > 1 else None)
    if name in _TESTS and isinstance(first, str):
        answer = world.test(_TESTS[name], first)
        return OPEN if answer is None else answer
    if name in ("os.path.join", "join") and all(isinstance(item, str) for item in arguments):
        return join(*arguments)
    convert = _CONVERSIONS.get(name)
    return OPEN if convert is None or len(arguments) > 1 else convert(first)


def _integer(value: object) -> Any:  # noqa: ANN401
    if isinstance(value, int):
        return int(value)
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER:
        return OPEN
    try:
        return int(value)
    except ValueError as error:
        raise RaisesError from error


_USERS: Final = frozenset({"os.getuid", "os.geteuid", "getuid", "geteuid"})
_GETTERS: Final = frozenset({"os.getenv", "getenv", *(f"{name}.get" for name in ENVIRONMENTS)})
_TESTS: Final = {"os.path.exists": "e", "os.path.isfile": "f", "os.path.isdir": "d"}
_CONVERSIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "int": _integer,
    "bool": bool,
    "str": lambda value: OPEN if isinstance(value, tuple) else str(value),
    "len": lambda value: len(value) if isinstance(value, str | tuple) else OPEN,
}
_METHODS: Final[dict[str, Callable[..., Any]]] = {
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "removeprefix": str.removeprefix,
    "removesuffix": str.removesuffix,
    "isdigit": str.isdigit,
}


def _methods(value: Any, tokens: tuple[Token, ...], world: World, depth: int) -> Any:  # noqa: ANN401
    """Return what methods of a text make of it, one after the other."""
    while tokens:
        texts = [token.text for token in tokens[:3]]
        if len(texts) < 3 or texts[0] != "." or texts[2] != "(" or texts[1] not in _METHODS:  # noqa: PLR2004
            return OPEN
        end = 2 + _end(tokens[2:])
        arguments = [_evaluate(part, world, depth + 1) for part in _parts(tokens[3:end], ",") if part]
        if value is None or type(value) in (bool, int):
            raise RaisesError
        if not isinstance(value, str) or UNKNOWN in value:
            return OPEN
        if any(not isinstance(item, str) or UNKNOWN in item for item in arguments):
            return OPEN
        try:
            value = _METHODS[texts[1]](value, *arguments)
        except TypeError as error:
            raise RaisesError from error
        tokens = tokens[end + 1 :]
    return value
