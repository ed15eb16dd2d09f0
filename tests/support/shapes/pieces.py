"""What the shapes are made of: entries byte by byte, and the layers beneath them."""

from typing import TypeAlias

from tests.support.headers import END, Field, header, pax, with_content

Shape: TypeAlias = list[bytes]
"""The layers of an image, bottom first."""
Shapes: TypeAlias = dict[str, Shape]

CONTENT = b"content"


def entry(
    name: bytes,
    flag: bytes = b"0",
    content: bytes = b"",
    *,
    link: bytes = b"",
    records: dict[bytes, bytes] | None = None,
    size: Field | None = None,
    mode: Field = 0o644,
    uid: Field = 0,
    gid: Field = 0,
    mtime: Field = 1_700_000_000,
    magic: bytes = b"ustar\x0000",
    device: tuple[Field, Field] = (b"", b""),
    prefix: bytes = b"",
) -> bytes:
    """Return an entry with any type flag; a name or a link that is long has a PAX record."""
    records = dict(records or {})
    if len(name) > 100:
        records[b"path"] = name
    if len(link) > 100:
        records[b"linkpath"] = link
    head = header(
        name[:100],
        flag=flag,
        size=len(content) if size is None else size,
        mode=mode,
        uid=uid,
        gid=gid,
        mtime=mtime,
        link=link[:100],
        magic=magic,
        device=device,
        prefix=prefix,
    )
    return (pax(records) if records else b"") + with_content(head, content)


def file(name: bytes, content: bytes = CONTENT, *, records: dict[bytes, bytes] | None = None) -> bytes:
    """Return a regular file."""
    return entry(name, b"0", content, records=records)


def directory(name: bytes, *, mode: Field = 0o755, uid: Field = 0) -> bytes:
    """Return a directory."""
    return entry(name, b"5", mode=mode, uid=uid)


def symlink(name: bytes, target: bytes) -> bytes:
    """Return a symbolic link."""
    return entry(name, b"2", link=target, mode=0o777)


def hardlink(name: bytes, target: bytes) -> bytes:
    """Return a hard link."""
    return entry(name, b"1", link=target)


def device(name: bytes, major: Field = 1, minor: Field = 3, flag: bytes = b"3") -> bytes:
    """Return a device, of characters if nothing else is said."""
    return entry(name, flag, device=(major, minor))


def fifo(name: bytes) -> bytes:
    """Return a named pipe."""
    return entry(name, b"6")


def tar(*entries: bytes, end: bytes = END) -> bytes:
    """Return a whole tar."""
    return b"".join(entries) + end


BELOW = tar(
    directory(b"d", mode=0o750, uid=5),
    file(b"d/x"),
    directory(b"d/sub"),
    file(b"d/sub/z"),
    file(b"f"),
    symlink(b"to-d", b"d/sub"),
    symlink(b"to-f", b"f"),
)
"""A layer beneath the one that is odd."""


def upon(*entries: bytes) -> Shape:
    """Return the entries as a layer upon an ordinary one."""
    return [BELOW, tar(*entries)]


def alone(*entries: bytes) -> Shape:
    """Return the entries as the only layer."""
    return [tar(*entries)]
