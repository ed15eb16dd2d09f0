"""Tars in which something is wrong: in a header, with its checksum put right most often, or in their order."""

from random import Random
from typing import Final

from tests.hostile.mutations import mutated_bytes
from tests.support.headers import BLOCK, END, header, long_name, member, pax

NAMES: Final = (
    *(
        b"",
        b".",
        b"..",
        b"/",
        b"./",
        b"../../x",
        b"a",
        b"a/b",
        b"a/b/c",
        b"./a//b",
        b"a/",
        b"a/.wh.b",
        b".wh.a",
        b".wh.",
        b".wh..wh..opq",
    ),
    *(
        b"a/.wh..wh..opq",
        b".wh..wh.plnk/1",
        b".wh.. ",
        b"usr",
        b"usr/local",
        b"etc/passwd",
        b"bin/sh",
        b"bin/../etc/passwd",
        b"\xff\xfe",
    ),
    *(
        b"n" * 255,
        b"n" * 256,
        b"d/" * 400 + b"x",
        b"new\nline",
        b"\x1b[2J",
        b"proc/1/x",
        b"dev/null",
        b"tmp/.hidden",
        b"\xe2\x80\xae",
    ),
)
LINKS: Final = (*NAMES, b"/a", b"/usr/local/bin", b"nowhere", b"a/../../..", b"/" + b"../" * 300)
_FLAGS: Final = (
    b"0",
    b"\0",
    b"1",
    b"2",
    b"3",
    b"4",
    b"5",
    b"6",
    b"7",
    b"x",
    b"g",
    b"L",
    b"K",
    b"S",
    b"V",
    b"M",
    b"D",
    b"A",
    b"X",
    b" ",
    b"\xff",
)
_NUMBERS: Final = (
    *(
        b"",
        b"0",
        b"7777777\0",
        b"77777777777\0",
        b"-1\0",
        b"8",
        b"  12 \0",
        b"0x10",
        b"\x80" + bytes(7),
        b"\xff" * 8,
        b"\x80\xff",
    ),
    *(b"\x80" + b"\xff" * 11, b"\xff" * 12, b"\x80\0\0\0\x7f" + b"\xff" * 7, b"\xc0" + bytes(11)),
)
_NUMBER_FIELDS: Final = ((100, 8), (108, 8), (116, 8), (124, 12), (136, 12), (329, 8), (337, 8))
_KEYS: Final = (
    *(
        b"path",
        b"linkpath",
        b"size",
        b"mtime",
        b"uid",
        b"gid",
        b"hdrcharset",
        b"SCHILY.xattr.user.a",
        b"SCHILY.xattr.security.capability",
    ),
    *(
        b"SCHILY.xattr.trusted.overlay.opaque",
        b"LIBARCHIVE.xattr.a",
        b"GNU.sparse.major",
        b"GNU.sparse.minor",
        b"GNU.sparse.name",
    ),
    *(
        b"GNU.sparse.realsize",
        b"GNU.sparse.size",
        b"GNU.sparse.map",
        b"GNU.sparse.numblocks",
        b"GNU.sparse.offset",
        b"comment",
        b"a=b",
        b"",
    ),
)
_VALUES: Final = (
    *(
        b"",
        b"0",
        b"1",
        b"-1",
        b"0.5",
        b"1e9",
        b"9223372036854775807",
        b"9223372036854775808",
        b"99999999999999999999",
        b"0,1,5,3",
        b"1,",
    ),
    *(b"nan", b" 7", b"7 ", b"+7", b"\0", b"a\0b", b"\xff", b"y", *NAMES),
)
_SPARSE: Final = (
    b"2\n0\n1\n5\n3\n",
    b"1\n0\n512\n",
    b"0\n",
    b"99999999999\n",
    b"-1\n0\n1\n",
    b"1\n5\n",
    b"x\n",
    b"1\n9223372036854775807\n1\n",
)


def any_tar(rng: Random) -> bytes:
    """Return a tar of a few entries that contradict each other, and perhaps the format."""
    parts = [_any_entry(rng) for _ in range(rng.choice((1, 2, 2, 3, 8)))]
    return b"".join(parts) + END[: rng.choice((0, BLOCK, len(END), len(END)))]


def mutated_tar(rng: Random, tar: bytes) -> bytes:
    """Return a tar with some of its blocks changed, moved, repeated or left out."""
    blocks = [tar[at : at + BLOCK] for at in range(0, len(tar), BLOCK)]
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(blocks))
        match rng.randrange(8):
            case 0:
                del blocks[at]
            case 1:
                blocks.insert(rng.randrange(len(blocks) + 1), blocks[at])
            case 2:
                blocks[at] = mutated_bytes(rng, blocks[at])[:BLOCK].ljust(BLOCK, b"\0")
            case 3:
                blocks.insert(at, bytes(BLOCK))
            case _:
                blocks[at] = _mutated_header(rng, blocks[at].ljust(BLOCK, b"\0"))
        if not blocks:
            break
    joined = b"".join(blocks)
    return joined[: rng.randrange(len(joined) + 1)] if rng.random() < 0.1 else joined


def _any_entry(rng: Random) -> bytes:
    name, link, flag = rng.choice(NAMES), rng.choice(LINKS), rng.choice(_FLAGS)
    before = b""
    match rng.randrange(8):
        case 0:
            before = pax(
                {rng.choice(_KEYS): rng.choice(_VALUES) for _ in range(rng.randint(1, 4))},
                flag=rng.choice((b"x", b"x", b"g")),
            )
        case 1:
            before = long_name(rng.choice(NAMES), flag=rng.choice((b"L", b"K")))
        case 2:
            sparse = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": rng.choice(_VALUES)}
            return pax(sparse) + member(
                name[:100], rng.choice(_SPARSE).ljust(BLOCK, b"\0") + bytes(rng.choice((0, 3, BLOCK)))
            )
    content = rng.choice((b"", b"", b"x", b'#!/bin/sh\nexec "$@"\n', bytes(BLOCK), b"y" * 700))
    if len(name) > 100:
        before += long_name(name)
    if flag in b"12":
        content = b""
    entry = member(name[:100], content, flag=flag, link=link[:100])
    return before + (_mutated_header(rng, entry[:BLOCK]) + entry[BLOCK:] if rng.random() < 0.15 else entry)


def _mutated_header(rng: Random, block: bytes) -> bytes:
    """Return a header with one field changed, and a checksum that is right most often."""
    changed = bytearray(block)
    match rng.randrange(6):
        case 0:
            _put(changed, 0, 100, rng.choice(NAMES))
        case 1:
            _put(changed, 157, 100, rng.choice(LINKS))
        case 2:
            changed[156:157] = rng.choice(_FLAGS)
        case 3:
            _put(changed, 257, 8, rng.choice((b"ustar\x0000", b"ustar  \0", b"", b"ustar", b"USTAR")))
        case 4:
            _put(changed, 345, 155, rng.choice(NAMES))
        case _:
            start, width = rng.choice(_NUMBER_FIELDS)
            _put(changed, start, width, rng.choice(_NUMBERS))
    if rng.random() < 0.9:
        changed[148:156] = b" " * 8
        changed[148:156] = b"%06o\0 " % sum(changed)
    return bytes(changed)


def _put(block: bytearray, start: int, width: int, value: bytes) -> None:
    block[start : start + width] = value[:width].ljust(width, b"\0")


__all__ = ["NAMES", "any_tar", "header", "mutated_tar"]
