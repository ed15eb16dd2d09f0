"""Text from an image, made safe to print.

Names, build steps and file contents come from whoever made the image. They must not move the cursor, colour the
terminal, reverse the reading direction or break the encoding of the output.
"""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # invisible and bidirectional ones
    "\ud800-\udfff]"  # bytes that are not UTF-8, and other lone surrogates
)
_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_ROUNDS_UP: Final = 999.5
_FIRST_UTF8_BYTE: Final = 0xDC00


def printable(text: str) -> str:
    """Return `text` on one line, without characters that do something else than show themselves."""
    return _UNSAFE.sub(_escaped, text)


def encodable(text: str) -> str:
    r"""Return `text` with bytes that are not UTF-8 as ``\xNN``, and otherwise as it is."""
    return re.sub("[\ud800-\udfff]", _escaped, text)


def human_size(size: float) -> str:
    """Return a number of bytes as docker shows it: decimal units, three digits (go-units, ``HumanSize``)."""
    unit = 0
    while size >= _ROUNDS_UP and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g}{_UNITS[unit]}"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if _FIRST_UTF8_BYTE <= code < _FIRST_UTF8_BYTE + 0x100:
        code -= _FIRST_UTF8_BYTE
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004
