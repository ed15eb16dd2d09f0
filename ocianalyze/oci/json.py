"""JSON documents from an image: capped, strict and unambiguous.

Two readers of one document must see the same thing, so duplicate keys are refused, as are numbers that do not fit
64 bits and documents deeper than any reader allows (CVE-2021-41190 and its kind).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from ocianalyze.errors import DuplicateKeyError, InvalidImageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError

_INT64 = 1 << 63
_REASONS = {
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_type": "must be a string",
    "int_type": "must be an integer",
    "bool_type": "must be true or false",
    "missing": "is missing",
}
"""What pydantic's types of errors mean for a JSON document."""


class _AmbiguousError(ValueError):
    """A document that two readers may understand differently."""


class _DuplicateError(_AmbiguousError):
    """A key stands twice."""


def decode(raw: bytes, *, what: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of the JSON document `raw`; `what` names it in errors.

    Raises:
        InvalidImageError: it is not strict JSON in UTF-8, is nested too deeply, repeats a key or holds an integer
            beyond 64 bits.
    """
    glance(raw, what=what)
    try:
        return json.loads(raw, object_pairs_hook=_unique, parse_int=_int64, parse_constant=_refuse)
    except _AmbiguousError as error:
        kind = DuplicateKeyError if isinstance(error, _DuplicateError) else InvalidImageError
        raise kind(f"{what}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidImageError(f"{what} is not valid JSON: {_first_line(error)}") from error


def glance(raw: bytes, *, what: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of the JSON document `raw` as Go would read it: of a key that stands twice, the last counts.

    It takes half the time of `decode`, for documents that are only asked which image is meant.

    Raises:
        InvalidImageError: it is not JSON in UTF-8, or is nested too deeply.
    """
    try:
        return orjson.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidImageError(f"{what} is not valid JSON: {_first_line(error)}") from error


def reason(error: ValidationError) -> str:
    """Return the first thing that is wrong with a document, with its place, in the words of JSON."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part)[:100] for part in first["loc"])
    said = _REASONS.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else said


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            raise _DuplicateError(f"duplicate key {key[:100]!r}")
        value[key] = item
    return value


def _int64(text: str) -> int:
    if len(text) > 20 or not -_INT64 <= (number := int(text)) < _INT64:  # noqa: PLR2004 - digits of 2**63 and a sign
        raise _AmbiguousError(f"the integer {text[:30]} does not fit in 64 bits")
    return number


def _refuse(text: str) -> NoReturn:
    raise _AmbiguousError(f"{text} is not a valid JSON number")


def _first_line(error: BaseException) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error).partition("\n")[0]
