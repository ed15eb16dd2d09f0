"""What the certificate of a server says, read without trusting it: for messages, and for nothing else.

Python shows only certificates that it has verified, and those that people ask about are the others. Source: RFC 5280,
section 4.1; X.690 for the encoding.
"""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_NAMES: Final = 100
_SEQUENCE, _UTC_TIME = 0x30, 0x17
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_DNS_NAME, _ADDRESS = 0x82, 0x87
_COMMON_NAME, _ORGANISATION, _UNIT = b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x04\x0b"
_ALTERNATIVE_NAMES: Final = b"\x55\x1d\x11"


class Peer(NamedTuple):
    """The certificate of a server, as it says; all of it is a stranger's text."""

    issuer: str
    subject: str
    names: tuple[str, ...]
    begins: datetime
    ends: datetime

    @classmethod
    def from_der(cls, der: bytes) -> Peer | None:
        """Return what a certificate says, None if it is none."""
        try:
            return _parse(der)
        except (ValueError, IndexError, OverflowError):
            return None


def _parse(der: bytes) -> Peer:
    fields = list(_items(_content(_content(der))))
    if fields[0][0] == _VERSION:
        del fields[0]
    _, _, (_, issuer), (_, validity), (_, subject), _, *others = fields
    begins, ends = (_time(*item) for item in _items(validity))
    extensions = next((content for tag, content in others if tag == _EXTENSIONS), b"")
    names = tuple(_alternatives(extensions)) if extensions else ()
    return Peer(_name(issuer), _name(subject), names[:_MOST_NAMES], begins, ends)


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tags and the contents of values that stand one after another."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 0 < size <= 4:  # noqa: PLR2004 - bytes; nothing here is larger
                raise ValueError("a length that is none")
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise ValueError("a value that is cut short")
        yield tag, data[at : at + length]
        at += length


def _content(data: bytes) -> bytes:
    """Return what is in the first value, a sequence."""
    tag, content = next(_items(data), (0, b""))
    if tag != _SEQUENCE:
        raise ValueError("no sequence")
    return content


def _name(data: bytes) -> str:
    """Return by which name people know someone: the common name, else the organisation."""
    found: dict[bytes, str] = {}
    for _, members in _items(data):
        for _, pair in _items(members):
            (_, kind), (_, value) = _items(pair)
            found.setdefault(kind, value.decode("utf-8", "replace"))
    return next((found[kind] for kind in (_COMMON_NAME, _ORGANISATION, _UNIT) if kind in found), "")


def _time(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = f"{'20' if text < '50' else '19'}{text}"
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _alternatives(extensions: bytes) -> Iterator[str]:
    for _, extension in _items(_content(extensions)):
        (_, kind), *_, (_, value) = _items(extension)
        if kind == _ALTERNATIVE_NAMES:
            for tag, content in _items(_content(value)):
                if tag == _DNS_NAME:
                    yield content.decode("ascii", "replace")
                elif tag == _ADDRESS:
                    yield str(ip_address(content))
