"""Tar headers byte by byte, for what no library writes."""

BLOCK = 512
END = bytes(2 * BLOCK)

Field = bytes | int


def header(
    name: bytes,
    *,
    flag: bytes = b"0",
    size: Field = 0,
    mode: Field = 0o644,
    uid: Field = 0,
    gid: Field = 0,
    mtime: Field = 0,
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
    device: tuple[Field, Field] = (b"", b""),
    prefix: bytes = b"",
    checksum: bytes | None = None,
) -> bytes:
    """Return one header; a number becomes octal digits, bytes stand as they are."""
    block = bytearray(BLOCK)
    for offset, width, value in (
        (0, 100, name),
        (100, 8, mode),
        (108, 8, uid),
        (116, 8, gid),
        (124, 12, size),
        (136, 12, mtime),
        (156, 1, flag),
        (157, 100, link),
        (257, 8, magic),
        (329, 8, device[0]),
        (337, 8, device[1]),
        (345, 167, prefix),
    ):
        field = b"%0*o\0" % (width - 1, value) if isinstance(value, int) else value
        block[offset : offset + len(field)] = field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block) if checksum is None else checksum
    return bytes(block)


def binary(value: int, width: int = 8) -> bytes:
    """Return a number in base 256, as a field of that many bytes has it."""
    return bytes([(value >> 8 * (width - 1)) & 0xFF | 0x80]) + (value % (1 << 8 * (width - 1))).to_bytes(
        width - 1, "big"
    )


def with_content(head: bytes, content: bytes) -> bytes:
    """Return a header and its content, padded to whole blocks."""
    return head + content + bytes(-len(content) % BLOCK)


def member(name: bytes, content: bytes = b"", *, flag: bytes = b"0", link: bytes = b"") -> bytes:
    """Return an entry with its content."""
    return with_content(header(name, flag=flag, size=len(content), link=link), content)


def pax(records: dict[bytes, bytes], *, flag: bytes = b"x") -> bytes:
    """Return a PAX extended header."""
    return member(b"PaxHeaders/x", b"".join(record(key, value) for key, value in records.items()), flag=flag)


def record(key: bytes, value: bytes) -> bytes:
    """Return one PAX record, with its own length."""
    rest = b" %s=%s\n" % (key, value)
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return b"%d%s" % (length, rest)


def long_name(name: bytes, *, flag: bytes = b"L") -> bytes:
    """Return GNU tar's long name, or its long link with the flag `K`."""
    return member(b"././@LongLink", name + b"\0", flag=flag)
