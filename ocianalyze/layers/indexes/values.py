"""The values of a table of contents, which nobody has checked; what is none raises IndexUnusableError."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.times import whole_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

INT64: Final = 1 << 63
_REPLACEMENT: Final = "\ufffd"
"""What producers write for bytes of a name that are not UTF-8, which are lost then."""


def number_of(item: Mapping[str, Any], key: str) -> int:
    """Return a number of 63 bits; 0 if it is left out."""
    value = item.get(key, 0)
    if type(value) is not int or not 0 <= value < INT64:
        raise IndexUnusableError(f"the table of contents has the invalid number {key}: {value!r:.30}")
    return value


def text_of(item: Mapping[str, Any], key: str) -> str:
    """Return a text whose bytes are all there; an empty one if it is left out."""
    value = item.get(key, "")
    if not isinstance(value, str) or "\0" in value:
        raise IndexUnusableError(f"the table of contents has the invalid text {key}: {value!r:.30}")
    if _REPLACEMENT in value:
        raise IndexUnusableError("the table of contents has lost bytes of names that are not UTF-8")
    return value


def seconds_of(said: object) -> int:
    """Return a time in whole seconds since 1970; a time that is left out is 1970 itself."""
    if not isinstance(said, str):
        raise IndexUnusableError(f"the index has the invalid time {said!r:.40}")
    return whole_seconds(said) if said else 0


def xattrs_of(item: Mapping[str, Any]) -> dict[str, bytes] | None:
    """Return the extended attributes, None if there are none."""
    said = item.get("xattrs")
    if not said:
        return None
    if not isinstance(said, dict):
        raise IndexUnusableError("the table of contents has invalid extended attributes")
    try:
        return {_name(key): base64.b64decode(value or "", validate=True) for key, value in said.items()}
    except (TypeError, ValueError, binascii.Error) as error:
        raise IndexUnusableError("the table of contents has invalid extended attributes") from error


def _name(key: str) -> str:
    return text_of({"xattrs": key}, "xattrs")
