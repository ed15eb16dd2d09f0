"""Facts that are found out when somebody asks for them, and once only; also that one cannot be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from ocianalyze.errors import UndecidedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

_Value = TypeVar("_Value")


class fact(Generic[_Value]):  # noqa: N801 - it is written as a decorator, like `property`
    """A property that is worked out once.

    If it cannot be told, everybody who asks gets the same `UndecidedError`: what does not need it is not concerned.
    """

    def __init__(self, find: Callable[[Any], _Value]) -> None:
        self._find = find
        self._name = find.__name__
        self.__doc__ = find.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...

    @overload
    def __get__(self, owner: object, kind: type) -> _Value: ...

    def __get__(self, owner: object | None, kind: type) -> _Value | Self:
        """Return the value, from the first time on from the owner's own attributes.

        Raises:
            UndecidedError: it cannot be told.
        """
        if owner is None:
            return self
        attributes = vars(owner)
        failures: dict[str, UndecidedError] = attributes.setdefault("_undecided", {})
        if self._name in failures:
            raise failures[self._name].with_traceback(None)
        try:
            value = attributes[self._name] = self._find(owner)
        except UndecidedError as error:
            failures[self._name] = error
            raise
        return value
