"""The variables of a shell: what the container starts with, what SageMaker may add, and what scripts make of them.

Sources: POSIX.1-2024, "Shell Command Language", 2.5.3 (shell variables); bash(1), Shell Variables; AWS, "Custom image
specifications" of the newer Studio, "Environment variables".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Self

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell.values import LOST, Store, Variable, joined_variable

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_RUN_TIME: Final = ("AWS_", "SAGEMAKER_", "ECS_", "DATAZONE_")
_NAMES_AT_RUN_TIME: Final = frozenset(
    {
        *("HOSTNAME", "REGION_NAME", "TRUSTED_IDENTITY_PROPOGATION_ENABLED", "container"),
        *("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "TERM"),
    }
)


def is_set_at_run_time(name: str) -> bool:
    """Tell whether SageMaker or the container runtime may set a variable that nothing in the image does."""
    return name.startswith(_AT_RUN_TIME) or name in _NAMES_AT_RUN_TIME


class Variables(Store[Variable]):
    """The variables of a shell, on top of its environment, which is only ever asked for what somebody wants."""

    __slots__ = ("environment", "lost")

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__()
        self.environment = environment
        self.lost = False
        """True once something unknown may have changed any of them."""

    def below(self, name: str) -> Variable | None:
        """Return what the environment says of a variable."""
        if self.lost:
            return LOST
        if isinstance(self.environment, Environment):
            return self.environment.variable(name)
        value = self.environment.get(name)
        if value is not None:
            return Variable(value, exported=True)
        return Variable(UNKNOWN, exported=True, doubtful=True) if is_set_at_run_time(name) else None

    def _empty(self) -> Self:
        new = type(self)(self.environment)
        new.lost = self.lost
        return new

    def lose(self) -> None:
        """Note that any of them may have been changed, or set."""
        self.clear()
        self.lost = True

    def join(self, other: Variables, *, only_theirs: bool = False) -> int:
        """Become what holds if the variables are either these or the `other` ones, copies of the same.

        If `only_theirs`, what was changed here alone stays. Returns how many were looked at.
        """
        if self.lost or other.lost:
            self.lose()
            return 0
        names = list(self.changed(other, only_theirs=only_theirs))
        for name in names:
            one, two = self.get(name), other.get(name)
            if one is not two:
                self.set(name, joined_variable(one, two, name))
        return len(names)

    def exported(self, extra: Mapping[str, str] | None = None) -> Environment:
        """Return what programs get of them, and of `extra`."""
        return Environment(self.copy(), extra or {})


class Environment(Mapping[str, str]):
    """The environment of a program, without a copy of it; `UNKNOWN` in a value is what cannot be told."""

    def __init__(self, variables: Variables, extra: Mapping[str, str]) -> None:
        self._variables = variables
        self._extra = extra

    def variable(self, name: str) -> Variable | None:
        """Return a variable, if it is one of the environment."""
        if name in self._extra:
            return Variable(self._extra[name], exported=True)
        found = self._variables.get(name)
        if found is None or found.value is None or isinstance(found.value, tuple) or found.mapping:
            return None
        return found._replace(exported=True) if found.exported or found is LOST else None

    def changed(self) -> Iterator[str]:
        """Yield the names that the container may not have started with, or not with these values."""
        if isinstance(self._variables.environment, Environment):
            yield from self._variables.environment.changed()
        yield from self._variables.names()
        yield from self._extra

    def __getitem__(self, name: str) -> str:
        """Return a value."""
        found = self.variable(name)
        if found is None or not isinstance(found.value, str):
            raise KeyError(name)
        return found.value

    def __iter__(self) -> Iterator[str]:
        """Yield the names that are known to be there."""
        for name in dict.fromkeys((*self._variables.environment, *self._variables.names(), *self._extra)):
            if self.variable(name) is not None:
                yield name

    def __len__(self) -> int:
        """Count the names that are known to be there."""
        return sum(1 for _ in self)

    __eq__ = object.__eq__
    __hash__ = object.__hash__
