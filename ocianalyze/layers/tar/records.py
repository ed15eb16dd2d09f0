"""The records of PAX extended headers, read as Go's archive/tar reads them (POSIX.1-2017 pax(1), "Extended Header")."""

from __future__ import annotations

from typing import Final

from ocianalyze.regex import regex

_INT64: Final = 1 << 63
_SHORTEST: Final = 5
_NEWLINE: Final = 0x0A
_INTEGER: Final = regex(rb"[+-]?[0-9]+").fullmatch
_NAMES: Final = frozenset((b"path", b"linkpath", b"uname", b"gname", b"GNU.sparse.name"))
"""Records in which a zero byte would end the value for some readers only."""
_OFFSET, _LENGTH, _MAP = b"GNU.sparse.offset", b"GNU.sparse.numbytes", "GNU.sparse.map"


class RecordError(ValueError):
    """Invalid records; `at` is the offset from the first record, in bytes."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at


def parse_records(body: bytes) -> dict[str, bytes]:
    """Return the records of a PAX header: lines of ``length key=value``; of a key that repeats, the last.

    The offsets and lengths of a sparse file that repeat (GNU's format 0.0) become the list of them (format 0.1).

    Raises:
        RecordError: they are damaged.
    """
    records: dict[str, bytes] = {}
    numbers: list[bytes] = []
    at = 0
    while at < len(body):
        space = body.find(b" ", at)
        length = parse_int(body[at:space]) if 0 < space <= at + 20 else None
        if length is None:
            raise RecordError("PAX record has no length", at)
        after = at + length
        if length < _SHORTEST or after <= space + 1:
            raise RecordError("PAX record is shorter than its length", at)
        key, equals, value = body[space + 1 : after - 1].partition(b"=")
        if not equals or not key or b"\0" in key or after > len(body) or body[after - 1] != _NEWLINE:
            raise RecordError("PAX record is invalid", at)
        if key in _NAMES and b"\0" in value:
            raise RecordError(f"PAX record {key.decode()} contains a null byte", at)
        if key in (_OFFSET, _LENGTH):
            if (key == _OFFSET) == bool(len(numbers) % 2) or b"," in value:
                raise RecordError("PAX records of a sparse file are out of order", at)
            numbers.append(value)
        else:
            records[key.decode("utf-8", "surrogateescape")] = value
        at = after
    if numbers:
        records[_MAP] = b",".join(numbers)
    return records


def parse_int(text: bytes) -> int | None:
    """Return a decimal number of 64 bits, or None if it is none."""
    digits = text.lstrip(b"+-0") or b"0"
    if not _INTEGER(text) or len(digits) > len(str(_INT64)):
        return None
    value = -int(digits) if text.startswith(b"-") else int(digits)
    return value if -_INT64 <= value < _INT64 else None


def parse_time(text: bytes) -> int | None:
    """Return the whole seconds of a time, or None if it is none."""
    seconds, _, fraction = text.partition(b".")
    return None if fraction and not fraction.isdigit() else parse_int(seconds)


def parse_number(field: bytes) -> int | None:
    """Return a numeric field of a tar header, or None if it is none.

    It has octal digits among zero bytes and spaces or, where the first bit is set, a number to the base 256.
    """
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & 0x40:
            value -= 1 << (8 * len(field) - 1)
    else:
        digits = field.strip(b" \0").partition(b"\0")[0]
        if digits and not (digits.isdigit() and b"8" not in digits and b"9" not in digits):
            return None
        value = int(digits, 8) if digits else 0
    return value if -_INT64 <= value < _INT64 else None
