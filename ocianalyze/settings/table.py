"""What all tables of the file have in common, and how values in them may be written."""

# Annotations are not postponed: pydantic would have to compile each of them from text at every start.

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ocianalyze.errors import UsageError

_Item = TypeVar("_Item")


class Table(BaseModel):
    """A table of the file; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid", strict=True)


class _WrongError(ValueError):
    """An invalid value, and a hint at the right one."""

    def __init__(self, error: UsageError) -> None:
        super().__init__(error.message)
        self.hint = error.hint


def checked(check: Callable[[str], str]) -> AfterValidator:
    """Return a validator that replaces a value by the result of `check`, which may raise UsageError."""

    def validate(value: str) -> str:
        try:
            return check(value)
        except UsageError as error:
            raise _WrongError(error) from error

    return AfterValidator(validate)


def approved(check: Callable[[str], object]) -> AfterValidator:
    """Return a validator that leaves a value as it is, unless `check` raises UsageError."""

    def kept(value: str) -> str:
        check(value)
        return value

    return checked(kept)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Several = Annotated[list[_Item], BeforeValidator(_listed)]
"""A list, or its only item."""
File = Annotated[Path, Field(strict=False)]
"""The path of a file or directory; relative to the file with the settings."""
