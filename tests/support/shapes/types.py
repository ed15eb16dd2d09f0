"""Every type flag that some tar knows, and some that none does."""

from tests.support.headers import END, member
from tests.support.shapes.pieces import Shapes, alone, directory, entry, file, tar

GNU = b"ustar  \0"
V7 = bytes(8)
_FLAGS = {
    "nul": b"\0",
    "0": b"0",
    "contiguous-7": b"7",
    "reserved-8": b"8",
    "acl-A": b"A",
    "dump-directory-D": b"D",
    "solaris-extended-E": b"E",
    "inode-only-I": b"I",
    "multi-volume-M": b"M",
    "long-names-N": b"N",
    "volume-label-V": b"V",
    "vendor-B": b"B",
    "lower-case-a": b"a",
    "lower-case-s": b"s",
    "space": b" ",
    "high-byte": b"\xff",
}


def shapes() -> Shapes:
    """Return them by name."""
    made: Shapes = {}
    for name, flag in _FLAGS.items():
        made[f"type-{name}"] = alone(entry(b"a", flag, b"x" * 600), file(b"b"))
    made["type-unknown-without-content"] = alone(entry(b"a", b"E"), file(b"b"))
    made["type-contiguous-without-content"] = alone(entry(b"a", b"7"), file(b"b"))
    made["type-nul-with-slash"] = alone(entry(b"a/", b"\0"), file(b"b"))
    made["type-nul-with-slash-and-content"] = alone(entry(b"a/", b"\0", b"x" * 600), file(b"b"))
    made["type-nul-v7"] = alone(entry(b"a", b"\0", b"x", magic=V7), entry(b"d/", b"\0", magic=V7))
    made["type-contiguous-gnu"] = alone(entry(b"a", b"7", b"x", magic=GNU))
    made["type-file-with-slash"] = alone(file(b"a/"), file(b"b"))
    made["type-directory-with-size"] = alone(entry(b"a", b"5", size=600), file(b"b"))
    made["type-global-header"] = alone(member(b"g", b"13 comment=x\n", flag=b"g"), file(b"b"))
    made["type-global-header-with-path"] = alone(member(b"g", b"10 path=a\n", flag=b"g"), file(b"b"))
    made["type-global-header-with-uid"] = alone(member(b"g", b"9 uid=12\n", flag=b"g"), file(b"b"))
    made["type-global-header-damaged"] = alone(member(b"g", b"nonsense", flag=b"g"), file(b"b"))
    made["type-global-header-empty"] = alone(member(b"g", b"", flag=b"g"), file(b"b"))
    made["type-global-header-deep-name"] = alone(member(b"p/q/g", b"13 comment=x\n", flag=b"g"), file(b"b"))
    made["type-global-header-named-as-a-file"] = alone(
        file(b"a"), member(b"a", b"13 comment=x\n", flag=b"g"), file(b"b")
    )
    made["type-global-header-named-as-a-directory"] = alone(
        file(b"a/x"), member(b"a/", b"13 comment=x\n", flag=b"g"), file(b"b")
    )
    made["type-global-header-named-as-a-lower-file"] = [
        tar(file(b"a"), file(b"b")),
        tar(member(b"a", b"13 comment=x\n", flag=b"g"), file(b"c")),
    ]
    made["type-global-header-below-a-file"] = alone(file(b"a"), member(b"a/g", b"13 comment=x\n", flag=b"g"))
    made["type-global-header-as-root"] = alone(member(b"./", b"13 comment=x\n", flag=b"g"), file(b"b"))
    made["type-global-header-twice"] = alone(
        member(b"g", b"13 comment=x\n", flag=b"g"), file(b"a"), member(b"g", b"13 comment=x\n", flag=b"g")
    )
    made["type-global-header-then-its-file"] = alone(member(b"a", b"13 comment=x\n", flag=b"g"), file(b"a"))
    made["type-solaris-X"] = alone(member(b"x", b"10 path=c\n", flag=b"X"), file(b"b"))
    made["type-solaris-X-empty"] = alone(member(b"x", b"", flag=b"X"), file(b"b"))
    made["type-extended-last"] = [tar(file(b"b"), member(b"x", b"10 path=c\n", flag=b"x"))]
    made["type-long-name-last"] = [tar(file(b"b"), member(b"x", b"c\0", flag=b"L"))]
    made["type-long-name-empty"] = alone(member(b"x", b"", flag=b"L"), file(b"b"))
    made["type-long-link-empty"] = alone(member(b"x", b"", flag=b"K"), file(b"b"))
    made["type-long-link-for-a-file"] = alone(member(b"x", b"c\0", flag=b"K"), file(b"b"))
    made["type-sparse-S"] = alone(_sparse(b"a", 1024), file(b"b"))
    made["type-sparse-S-ustar"] = alone(entry(b"a", b"S", b"x" * 512), file(b"b"))
    made["type-sparse-S-star"] = alone(entry(b"a", b"S", b"x" * 512, prefix=bytes(163) + b"tar\0"), file(b"b"))
    made["type-sparse-S-negative"] = alone(_sparse(b"a", -1), file(b"b"))
    made["type-directory-twice-refused"] = alone(directory(b"a"), entry(b"a/b", b"D"), file(b"a/c"))
    made["type-unknown-in-upper"] = [tar(file(b"a"), file(b"b")), tar(entry(b"a", b"E"), file(b"c"))]
    made["type-unknown-as-root"] = alone(entry(b"./", b"E"), file(b"b"))
    made["type-unknown-whiteout"] = [tar(file(b"a"), file(b"b")), tar(entry(b".wh.a", b"E"))]
    made["type-end-missing"] = [tar(file(b"b"), end=b"")]
    made["type-end-one-block"] = [tar(file(b"b"), end=END[:512])]
    return made


def _sparse(name: bytes, size: int) -> bytes:
    """Return a sparse file as GNU tar wrote it before PAX: its first block is there, what follows is a hole."""
    number = b"%011o\0" % size if size >= 0 else b"\xff" * 12
    tail = bytes(41) + b"%011o\0%011o\0" % (0, 512) + bytes(72) + b"\0" + number
    return entry(name, b"S", b"x" * 512, magic=GNU, prefix=tail)
