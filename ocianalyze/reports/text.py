"""Text from an image, made safe to print.

Names, build steps and file contents come from whoever made the image. They must not move the cursor, colour the
terminal, reverse the reading direction or break the encoding of the output; and what they print into the log of a
pipeline must be no command to the service that runs it.
"""

from __future__ import annotations

import json
import re
from typing import Final

from ocianalyze.regex import regex

_UNUSUAL: Final = regex(r"[^ -~]")
_UNUSUAL_IN_JSON: Final = regex(r"[^\0-~]")
_COMMAND: Final = regex(r"#(?=#(?:\[|vso\[|teamcity\[))")
"""Where Azure Pipelines, GitHub Actions (``##[``) and TeamCity see a command, anywhere in a line."""
_COMMAND_LINE: Final = regex(r"(?m)^((?:\s|\x1b\[[0-9;]*m)*):(?=:)")
"""Where GitHub Actions sees a command: at the beginning of a line, after white space too."""
_DELETE: Final = b"\x7f"
_LONGEST: Final = 2000
_FIRST_UTF8_BYTE: Final = 0xDC00


def printable(text: str) -> str:
    """Return `text` on one line, cut if it is very long, without what does more than show itself.

    That is what Unicode has as control, format and private characters, as separators other than the space, as
    surrogates, which stand for bytes that are not UTF-8, or as nothing yet; and the beginning of a command to a service
    that runs pipelines.
    """
    text = visible(text)
    return _COMMAND.sub(_escaped, text) if "##" in text else text


def visible(text: str) -> str:
    """Return `text` as `printable` does, but with commands to services: for forms that break those in their own way."""
    text = cut(text, _LONGEST)
    return text if text.isprintable() else _UNUSUAL.sub(_shown, text)


def plain(text: str) -> str:
    """Return `text` if it is safe to print as it is.

    Raises:
        ValueError: it is not.
    """
    if printable(text) != text:
        raise ValueError("contains characters that are not safe to print")
    return text


def unheeded(text: str) -> str:
    """Return text that was laid out in lines, none of which is a command to a service that runs pipelines.

    Only now it is known where lines begin.
    """
    return _COMMAND_LINE.sub(lambda match: f"{match[1]}\\x3a", text) if "::" in text else text


def cut(text: str, most: int) -> str:
    """Return at most the first `most` characters of `text`, with ``...`` at the end if there were more."""
    return text if len(text) <= most else text[: most - 3] + "..."


def encodable(text: str) -> str:
    r"""Return `text` with bytes that are not UTF-8 as ``\xNN``, and otherwise as it is."""
    return re.sub("[\ud800-\udfff]", _escaped, text)


def to_json(value: object, *, indent: bool = False) -> bytes:
    """Return a value as JSON that is safe to print, on lines of its own if with `indent`.

    Integers may have any size: what an image states may add up to more than 64 bits, where orjson ends.
    """
    import orjson

    try:
        raw = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0)
    except orjson.JSONEncodeError:
        raw = json.dumps(value, indent=2 if indent else None, separators=None if indent else (",", ":")).encode()
    return escaped_json(raw)


def escaped_json(raw: bytes) -> bytes:
    """Return a JSON document with that escaped in its texts which `printable` escapes."""
    if not raw.isascii() or _DELETE in raw:
        raw = _UNUSUAL_IN_JSON.sub(_json_escape, raw.decode()).encode()
    return _COMMAND.sub(_json_escape, raw.decode()).encode() if b"##" in raw else raw


def _shown(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else _escaped(match)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if _FIRST_UTF8_BYTE <= code < _FIRST_UTF8_BYTE + 0x100:
        code -= _FIRST_UTF8_BYTE
    if code < 0x100:  # noqa: PLR2004
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


def _json_escape(match: re.Match[str]) -> str:
    if match[0].isprintable() and not match[0].isascii():
        return match[0]
    units = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
