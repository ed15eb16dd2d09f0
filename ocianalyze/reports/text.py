"""Text from an image, made safe to print.

Names, build steps and file contents come from whoever made the image. They must not move the cursor, colour the
terminal, reverse the reading direction or break the encoding of the output.
"""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"  # invisible and bidirectional ones
    "\U000e0000-\U000e007f"  # tags, which are invisible too
    "\ud800-\udfff]"  # bytes that are not UTF-8, and other lone surrogates
)
_UNSAFE_IN_JSON: Final = (
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_LONGEST: Final = 2000
_FIRST_UTF8_BYTE: Final = 0xDC00


def printable(text: str) -> str:
    """Return `text` on one line, cut if it is very long, without characters that do more than show themselves."""
    return _UNSAFE.sub(_escaped, cut(text, _LONGEST))


def cut(text: str, most: int) -> str:
    """Return at most the first `most` characters of `text`, with ``...`` at the end if there were more."""
    return text if len(text) <= most else text[: most - 3] + "..."


def encodable(text: str) -> str:
    r"""Return `text` with bytes that are not UTF-8 as ``\xNN``, and otherwise as it is."""
    return re.sub("[\ud800-\udfff]", _escaped, text)


def escaped_json(raw: bytes) -> bytes:
    """Return a JSON document with the characters escaped that would do something to a terminal that shows it."""
    return re.sub(_UNSAFE_IN_JSON, _json_escape, raw.decode()).encode()


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if _FIRST_UTF8_BYTE <= code < _FIRST_UTF8_BYTE + 0x100:
        code -= _FIRST_UTF8_BYTE
    if code < 0x100:  # noqa: PLR2004
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


def _json_escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
