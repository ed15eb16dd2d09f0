"""The values of a shell's variables, as far as they can be told, and stores of them that are cheap to copy.

What only a running shell knows stands as `UNKNOWN` in a text, and as `SOME` in a list of words. A store is a stack of
layers, of which only the uppermost is ever written to: so a copy costs nothing, and the environment of the container,
however large, is never copied at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NamedTuple, Self, TypeAlias, TypeVar

from ocianalyze.facts.programs.scripts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

SOME: Final = UNKNOWN * 2
"""Stands in a list of words for any number of words, none included."""

LONGEST_VALUE: Final = 128 * 1024
"""How long a value may be; as long as an argument may be for Linux (``MAX_ARG_STRLEN``)."""

MOST_WORDS: Final = 10_000
"""How many words a list may have."""

_MOST_LAYERS: Final = 8

Words: TypeAlias = "tuple[str, ...]"


class Variable(NamedTuple):
    """A variable.

    Attributes:
        value: a text, or the elements of an indexed array; None if it is not set.
        exported: whether programs get it.
        doubtful: whether it may just as well not be set.
        readonly: whether it stays as it is.
        mapping: whether it is an associative array, of which nothing is known but that.
    """

    value: str | Words | None = None
    exported: bool = False
    doubtful: bool = False
    readonly: bool = False
    mapping: bool = False

    @property
    def text(self) -> str | None:
        """The value where one text is asked for: of an array, its first element."""
        if not isinstance(self.value, tuple):
            return self.value
        if not self.value:
            return None
        return UNKNOWN if self.value[0] == SOME else self.value[0]

    @property
    def words(self) -> Words:
        """All elements."""
        if isinstance(self.value, tuple):
            return self.value
        return () if self.value is None else (self.value,)


UNSET: Final = Variable()
LOST: Final = Variable(UNKNOWN, doubtful=True)
"""A variable of which is not even known whether it is set."""

V = TypeVar("V")


class Store(Generic[V]):
    """Values by name, in layers."""

    __slots__ = ("_layers", "_top")

    def __init__(self) -> None:
        self._layers: tuple[dict[str, V | None], ...] = ()
        self._top: dict[str, V | None] = {}

    def get(self, name: str) -> V | None:
        """Return what is stored under a name."""
        if name in self._top:
            return self._top[name]
        for layer in reversed(self._layers):
            if name in layer:
                return layer[name]
        return self.below(name)

    def below(self, _name: str) -> V | None:
        """Return what a name stands for of which nothing was ever stored."""
        return None

    def set(self, name: str, value: V | None) -> None:
        """Store a value; None if there shall be none."""
        self._top[name] = value

    def copy(self) -> Self:
        """Return a store that is the same now, and on its own from now on."""
        if self._top:
            layers = [*self._layers, self._top]
            # Layers are put together as they grow, so that there are few, and none is copied often.
            while len(layers) > 1 and (len(layers) > _MOST_LAYERS or len(layers[-2]) <= 2 * len(layers[-1])):
                above = layers.pop()
                layers[-1] = {**layers[-1], **above}
            self._layers, self._top = tuple(layers), {}
        new = self._empty()
        new._layers = self._layers  # noqa: SLF001 - a store of the same kind
        return new

    def _empty(self) -> Self:
        return type(self)()

    def clear(self) -> None:
        """Forget everything that was stored."""
        self._layers, self._top = (), {}

    def changed(self, other: Self, *, only_theirs: bool = False) -> Iterator[str]:
        """Yield the names under which something else may be stored in `other`, a copy of the same store.

        If `only_theirs`, what was stored here since does not count.
        """
        shared = 0
        for mine, theirs in zip(self._layers, other._layers, strict=False):
            if mine is not theirs:
                break
            shared += 1
        mine_since = () if only_theirs else (*self._layers[shared:], self._top)
        stacks = (*mine_since, *other._layers[shared:], other._top)
        yield from dict.fromkeys(name for layer in stacks for name in layer)

    def names(self) -> Iterator[str]:
        """Yield the names under which something was stored."""
        yield from dict.fromkeys(name for layer in (*self._layers, self._top) for name in layer)


def is_known(words: str | Words | None) -> bool:
    """Tell whether there is nothing unknown in a text, or in any of some words."""
    if words is None:
        return True
    return UNKNOWN not in words if isinstance(words, str) else all(UNKNOWN not in word for word in words)


def shortened(text: str) -> str:
    """Return a text with no two `UNKNOWN` side by side."""
    if SOME not in text:
        return text
    return UNKNOWN.join(piece for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    pieces = text.split(UNKNOWN)
    yield pieces[0]
    yield from (piece for piece in pieces[1:-1] if piece)
    if len(pieces) > 1:
        yield pieces[-1]


def joined_variable(one: Variable | None, other: Variable | None, name: str = "") -> Variable:
    """Return what a variable comes to that is the one or the other."""
    first, second = one or UNSET, other or UNSET
    if first == second:
        return first
    value: str | Words | None
    if first.value == second.value:
        value = first.value
    elif isinstance(first.value, tuple) or isinstance(second.value, tuple):
        value = (SOME,)
    elif name == "PATH" and first.value is not None and second.value is not None:
        value = joined_path(first.value, second.value)
    else:
        value = UNKNOWN
    return Variable(
        value,
        exported=first.exported or second.exported,
        doubtful=first.doubtful or second.doubtful or (first.value is None) != (second.value is None),
        readonly=first.readonly and second.readonly,
        mapping=first.mapping or second.mapping,
    )


def joined_path(one: str, other: str) -> str:
    """Return what a list of directories comes to that is the one or the other: what both end in is known."""
    first, second = one.split(":"), other.split(":")
    count = 0
    while count < min(len(first), len(second)) and first[-1 - count] == second[-1 - count]:
        count += 1
    return ":".join((UNKNOWN, *first[len(first) - count :]))
