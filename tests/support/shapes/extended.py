"""Extended headers: PAX records well and badly formed, long names, sparse files; and the formats of headers."""

from tests.support.headers import END, header, long_name, member, pax, record, with_content
from tests.support.shapes.pieces import Shapes, alone, directory, entry, file, hardlink, symlink, tar

GNU = b"ustar  \0"
V7 = bytes(8)


def shapes() -> Shapes:
    """Return them by name."""
    return {**_records(), **_combined(), **_sparse(), **_formats(), **_checksums()}


def _raw(records: bytes) -> bytes:
    return member(b"PaxHeaders/x", records, flag=b"x")


def _records() -> Shapes:
    b = file(b"b")
    texts = {
        "twice": record(b"path", b"p") + record(b"path", b"q"),
        "twice-one-empty": record(b"path", b"p") + record(b"path", b""),
        "empty-path": record(b"path", b""),
        "no-newline": record(b"path", b"p")[:-1] + b"x",
        "no-equals": b"7 path\n",
        "no-key": b"5 =p\n",
        "no-length": b"path=p\n",
        "length-too-long": b"99 path=p\n",
        "length-too-short": b"5 path=p\n",
        "length-zero": b"0 path=p\n",
        "length-negative": b"-9 path=p\n",
        "length-plus": b"+10 path=p\n",
        "length-leading-zeros": b"0011 path=p\n",
        "length-spaces": b" 10 path=p\n",
        "length-huge": b"9" * 25 + b" path=p\n",
        "length-four": b"4 =\n",
        "length-five": b"5 a=\n",
        "key-nul": record(b"a\0b", b"p"),
        "key-equals": record(b"a=b", b"p"),
        "key-space": record(b"a b", b"p"),
        "key-not-utf-8": record(b"\xff", b"p"),
        "trailing-nuls": record(b"path", b"p") + bytes(5),
        "trailing-text": record(b"path", b"p") + b"x",
        "none": b"",
        "only-nuls": bytes(20),
        "value-nul": record(b"comment", b"\0"),
        "path-nul": record(b"path", b"a\0b"),
        "gname-nul": record(b"gname", b"a\0b"),
        "newline-in-value": record(b"path", b"a\nb"),
    }
    made = {f"records-{name}": alone(_raw(text), b) for name, text in texts.items()}
    made["records-of-1-mib"] = alone(_raw(record(b"comment", b"c" * ((1 << 20) - 20))), b)
    made["records-over-1-mib"] = alone(_raw(record(b"comment", b"c" * (1 << 20))), b)
    made["records-of-3-mib"] = alone(_raw(record(b"comment", b"c" * (3 << 20))), b)
    made["records-global-over-1-mib"] = alone(member(b"g", record(b"comment", b"c" * (1 << 20)), flag=b"g"), b)
    made["long-name-over-1-mib"] = alone(member(b"x", b"n" * (1 << 20) + b"x\0", flag=b"L"), b)
    made["long-name-padded-over-1-mib"] = alone(member(b"x", b"n" + bytes(1 << 20), flag=b"L"), b)
    return made


def _combined() -> Shapes:
    b = file(b"b")
    return {
        "extended-twice": alone(pax({b"path": b"p"}), pax({b"path": b"q"}), b),
        "extended-twice-other-keys": alone(pax({b"path": b"p"}), pax({b"mtime": b"5"}), b),
        "extended-then-long-name": alone(pax({b"path": b"p"}), long_name(b"q"), b),
        "long-name-then-extended": alone(long_name(b"q"), pax({b"path": b"p"}), b),
        "long-name-twice": alone(long_name(b"p"), long_name(b"q"), b),
        "long-name-and-long-link": alone(long_name(b"p"), long_name(b"q", flag=b"K"), symlink(b"b", b"c")),
        "long-name-with-slash-for-nul-type": alone(long_name(b"p/"), entry(b"x", b"\0")),
        "extended-then-global": alone(pax({b"path": b"p"}), member(b"g", b"13 comment=x\n", flag=b"g"), b),
        "global-then-extended": alone(member(b"g", b"13 comment=x\n", flag=b"g"), pax({b"path": b"p"}), b),
        "long-name-then-global": alone(long_name(b"p"), member(b"g", b"13 comment=x\n", flag=b"g"), b),
        "extended-for-whiteout": [tar(file(b"b")), tar(pax({b"path": b".wh.b"}), entry(b"x"))],
        "extended-with-linkpath-for-file": alone(file(b"a", records={b"linkpath": b"c"})),
        "extended-before-the-end": [tar(b, pax({b"path": b"p"}))],
        "extended-before-one-zero-block": [tar(b, pax({b"path": b"p"}), end=END[:512])],
        "extended-before-nothing": [tar(b, pax({b"path": b"p"}), end=b"")],
        "solaris-extended-and-file": alone(member(b"x", record(b"path", b"p"), flag=b"X"), b),
    }


def _sparse_1_0(name: bytes, real: bytes, listed: bytes, content: bytes, **records: bytes) -> bytes:
    stored = listed + bytes(-len(listed) % 512) + content
    named = {b"GNU.sparse." + key.encode(): value for key, value in records.items()}
    return pax(
        {
            b"GNU.sparse.major": b"1",
            b"GNU.sparse.minor": b"0",
            b"GNU.sparse.name": name,
            b"GNU.sparse.realsize": real,
            **named,
        }
    ) + with_content(header(b"GNUSparseFile.0/x", size=len(stored)), stored)


def _sparse_0(records: dict[bytes, bytes], content: bytes) -> bytes:
    return pax(records) + with_content(header(b"a", size=len(content)), content)


def _sparse_0_0(real: bytes, *numbers: bytes, content: bytes = b"x" * 512, blocks: bytes = b"2") -> bytes:
    keys = (b"GNU.sparse.offset", b"GNU.sparse.numbytes")
    body = record(b"GNU.sparse.size", real) + record(b"GNU.sparse.numblocks", blocks)
    body += b"".join(record(keys[position % 2], number) for position, number in enumerate(numbers))
    return _raw(body) + with_content(header(b"a", size=len(content)), content)


def _map(listed: bytes, real: bytes = b"2048", content: bytes = b"x" * 512, blocks: bytes = b"2") -> bytes:
    return _sparse_0(
        {
            b"GNU.sparse.size": real,
            b"GNU.sparse.numblocks": blocks,
            b"GNU.sparse.name": b"a",
            b"GNU.sparse.map": listed,
        },
        content,
    )


def _sparse() -> Shapes:
    b = file(b"b")
    x = b"x" * 512
    good = b"2\n0\n512\n2048\n0\n"
    made = {
        "1.0": _sparse_1_0(b"a", b"2048", good, x),
        "1.0-all-hole": _sparse_1_0(b"a", b"2048", b"1\n2048\n0\n", b""),
        "1.0-no-hole": _sparse_1_0(b"a", b"512", b"1\n0\n512\n", x),
        "1.0-no-entries": _sparse_1_0(b"a", b"0", b"0\n", b""),
        "1.0-no-entries-but-size": _sparse_1_0(b"a", b"2048", b"0\n", b""),
        "1.0-no-name": _sparse_1_0(b"", b"2048", good, x),
        "1.0-bad-count": _sparse_1_0(b"a", b"2048", b"x\n0\n512\n", x),
        "1.0-negative-count": _sparse_1_0(b"a", b"2048", b"-1\n", x),
        "1.0-huge-count": _sparse_1_0(b"a", b"2048", b"9999999\n0\n512\n", x),
        "1.0-bad-number": _sparse_1_0(b"a", b"2048", b"1\n0\nx\n", x),
        "1.0-negative-number": _sparse_1_0(b"a", b"2048", b"1\n-5\n512\n", x),
        "1.0-out-of-order": _sparse_1_0(b"a", b"2048", b"2\n1024\n256\n0\n256\n", x),
        "1.0-overlapping": _sparse_1_0(b"a", b"2048", b"2\n0\n256\n100\n256\n", x),
        "1.0-beyond-the-size": _sparse_1_0(b"a", b"100", b"1\n0\n512\n", x),
        "1.0-too-little-data": _sparse_1_0(b"a", b"2048", b"2\n0\n1024\n2048\n0\n", x),
        "1.0-too-much-data": _sparse_1_0(b"a", b"2048", b"2\n0\n256\n2048\n0\n", x),
        "1.0-cut-map": _sparse_1_0(b"a", b"2048", b"2\n0\n512", b""),
        "1.0-no-size": _sparse_1_0(b"a", b"", good, x),
        "1.0-bad-size": _sparse_1_0(b"a", b"x", good, x),
        "1.0-negative-size": _sparse_1_0(b"a", b"-1", good, x),
        "1.0-size-record": _sparse_1_0(b"a", b"2048", good, x, size=b"4096"),
        "1.0-plus-number": _sparse_1_0(b"a", b"2048", b"1\n+0\n+512\n", x),
        "1.0-leading-zeros": _sparse_1_0(b"a", b"2048", b"02\n00\n0512\n2048\n0\n", x),
        "1.0-minor-1": _sparse_1_0(b"a", b"2048", good, x, minor=b"1"),
        "2.0": _sparse_1_0(b"a", b"2048", good, x, major=b"2"),
        "1.0-long-map": _sparse_1_0(
            b"a", b"200000", b"200\n" + b"".join(b"%d\n1\n" % (n * 1000) for n in range(200)), b"y" * 200
        ),
        "0.1": _map(b"0,512,2048,0"),
        "0.1-bad-number": _map(b"0,x,2048,0"),
        "0.1-odd-count": _map(b"0,512,2048"),
        "0.1-wrong-blocks": _map(b"0,512,2048,0", blocks=b"3"),
        "0.1-no-blocks": _map(b"0,512,2048,0", blocks=b""),
        "0.1-overlapping": _map(b"0,256,100,256"),
        "0.1-too-much-data": _map(b"0,256,2048,0"),
        "0.1-too-little-data": _map(b"0,1024,2048,0"),
        "0.1-empty-map-versioned": _sparse_0(
            {b"GNU.sparse.major": b"0", b"GNU.sparse.minor": b"1", b"GNU.sparse.size": b"2048"}, b""
        ),
        "0.1-empty-map-and-blocks": _sparse_0(
            {
                b"GNU.sparse.major": b"0",
                b"GNU.sparse.minor": b"1",
                b"GNU.sparse.size": b"2048",
                b"GNU.sparse.numblocks": b"0",
            },
            b"",
        ),
        "0.1-negative-size": _map(b"0,512,2048,0", real=b"-5"),
        "0.0": _sparse_0_0(b"2048", b"0", b"512", b"2048", b"0"),
        "0.0-odd": _sparse_0_0(b"2048", b"0", b"512", b"2048"),
        "0.0-comma": _sparse_0_0(b"2048", b"0,5", b"512"),
        "0.0-wrong-blocks": _sparse_0_0(b"2048", b"0", b"512", blocks=b"2"),
        "0.0-wrong-order": _raw(record(b"GNU.sparse.numbytes", b"0") + record(b"GNU.sparse.offset", b"0"))
        + with_content(header(b"a", size=512), x),
        "size-only": _sparse_0({b"GNU.sparse.size": b"2048"}, x),
        "realsize-only": _sparse_0({b"GNU.sparse.realsize": b"2048"}, x),
        "name-only": _sparse_0({b"GNU.sparse.name": b"q"}, x),
        "on-directory": pax({b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0"}) + directory(b"a"),
        "map-on-directory": pax({b"GNU.sparse.map": b"0,0", b"GNU.sparse.numblocks": b"1", b"GNU.sparse.size": b"0"})
        + directory(b"a"),
        "map-on-symlink": pax({b"GNU.sparse.map": b"0,0", b"GNU.sparse.numblocks": b"1"}) + symlink(b"a", b"x"),
    }
    return {f"sparse-{name}": alone(entries, b) for name, entries in made.items()}


def _formats() -> Shapes:
    star = bytes(131) + b"%011o\0%011o\0" % (5, 6) + bytes(8) + b"tar\0"
    return {
        "format-v7": alone(entry(b"a", content=b"x", magic=V7)),
        "format-v7-hardlink": alone(entry(b"a", content=b"x", magic=V7), entry(b"h", b"1", link=b"a", magic=V7)),
        "format-v7-with-prefix": alone(entry(b"a", content=b"x", magic=V7, prefix=b"p")),
        "format-gnu": alone(entry(b"a", content=b"x", magic=GNU)),
        "format-gnu-with-times": alone(entry(b"a", content=b"x", magic=GNU, prefix=b"%011o\0%011o\0" % (5, 6))),
        "format-gnu-with-prefix": alone(entry(b"a", content=b"x", magic=GNU, prefix=b"p/q")),
        "format-gnu-with-odd-prefix": alone(entry(b"a", content=b"x", magic=GNU, prefix=b"\xff\xfe/q")),
        "format-star": alone(entry(b"a", content=b"x", prefix=star)),
        "format-star-with-prefix": alone(entry(b"a", content=b"x", prefix=b"p" + star[1:])),
        "format-star-bad-times": alone(entry(b"a", content=b"x", prefix=bytes(131) + b"yesterday!!\0" + star[143:])),
        "format-star-bad-ctime": alone(entry(b"a", content=b"x", prefix=bytes(143) + b"yesterday!!\0" + star[155:])),
        "format-ustar-other-version": alone(entry(b"a", content=b"x", magic=b"ustar\x0011")),
        "format-ustar-no-version": alone(entry(b"a", content=b"x", magic=b"ustar\0\0\0")),
        "format-unknown-magic": alone(entry(b"a", content=b"x", magic=b"USTAR\x0000")),
        "format-gnu-half-magic": alone(entry(b"a", content=b"x", magic=b"ustar 00", prefix=b"p")),
        "format-mixed": alone(
            entry(b"a", content=b"x", magic=V7), entry(b"b", magic=GNU), file(b"c"), hardlink(b"h", b"a")
        ),
    }


def _checksums() -> Shapes:
    def summed(name: bytes, checksum: bytes) -> bytes:
        return header(name, checksum=checksum)

    high = bytes([0xE9]) * 3
    plain = header(high)
    unsigned = int(plain[148:154], 8)
    return {
        "checksum-unsigned": alone(summed(high, b"%06o\0 " % unsigned)),
        "checksum-signed": alone(summed(high, b"%06o\0 " % (unsigned - 3 * 256))),
        "checksum-spaces": alone(summed(high, b" %05o \0" % unsigned)),
        "checksum-seven-digits": alone(summed(high, b"%07o\0" % unsigned)),
        "checksum-eight-digits": alone(summed(high, b"%08o" % unsigned)),
        "checksum-wrong": alone(summed(high, b"%06o\0 " % (unsigned + 1))),
        "checksum-empty": alone(summed(high, bytes(8))),
        "checksum-text": alone(summed(high, b"checksum")),
        "checksum-binary": alone(summed(high, b"\x80" + unsigned.to_bytes(7, "big"))),
        "checksum-wrong-later": alone(file(b"a"), summed(b"b", b"%06o\0 " % 1), file(b"c")),
    }
