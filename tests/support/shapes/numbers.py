"""Numbers that are large, negative or none: owners, modes, times, sizes, devices."""

from tests.support.headers import binary
from tests.support.shapes.pieces import Shapes, alone, device, directory, entry, fifo, file, hardlink, symlink

_LARGE = {
    "65536": 65536,
    "2-to-31-less-1": (1 << 31) - 1,
    "2-to-31": 1 << 31,
    "2-to-32-less-2": (1 << 32) - 2,
    "2-to-32-less-1": (1 << 32) - 1,
    "2-to-32": 1 << 32,
    "2-to-33": 1 << 33,
    "2-to-63-less-1": (1 << 63) - 1,
    "2-to-63": 1 << 63,
    "minus-1": -1,
    "minus-2": -2,
    "minus-2-to-32": -(1 << 32),
    "minus-2-to-63": -(1 << 63),
}
_TIMES = {
    "minus-1": -1,
    "minus-2-to-40": -(1 << 40),
    "2-to-32": 1 << 32,
    "2-to-33": 1 << 33,
    "2-to-34": 1 << 34,
    "2-to-62": 1 << 62,
    "2-to-63-less-1": (1 << 63) - 1,
    "minus-2-to-63": -(1 << 63),
}


def shapes() -> Shapes:
    """Return them by name."""
    return {**_owners(), **_modes(), **_times(), **_sizes(), **_devices()}


def _owners() -> Shapes:
    made: Shapes = {}
    for name, value in _LARGE.items():
        made[f"uid-{name}"] = alone(file(b"a", records={b"uid": b"%d" % value}))
    for name, value in (("2-to-33", 1 << 33), ("minus-2", -2), ("2-to-62-less-1", (1 << 62) - 1)):
        made[f"uid-{name}-binary"] = alone(entry(b"a", uid=binary(value)))
    for text in ("", "x", "1.5", " 1", "+1", "1_0", "0x10", "-", "007", "9" * 30):
        made[f"uid-text-{text or 'empty'}"] = alone(file(b"a", records={b"uid": text.encode()}))
    made["gid-2-to-33"] = alone(file(b"a", records={b"gid": b"8589934592"}))
    made["gid-text-x"] = alone(file(b"a", records={b"gid": b"x"}))
    made["uid-text-x-on-directory"] = alone(entry(b"a", b"5", records={b"uid": b"x"}))
    made["uid-octal-garbage"] = alone(entry(b"a", uid=b"xyz\0\0\0\0\0"))
    made["uid-octal-8"] = alone(entry(b"a", uid=b"0000008\0"))
    made["uid-octal-spaces"] = alone(entry(b"a", uid=b"     7 \0"))
    made["uid-octal-empty"] = alone(entry(b"a", uid=bytes(8)))
    made["uid-octal-leading-zero-byte"] = alone(entry(b"a", uid=b"\x000007\0\0\0"))
    made["uid-octal-space-inside"] = alone(entry(b"a", uid=b"00 0007\0"))
    made["uid-octal-zero-inside"] = alone(entry(b"a", uid=b"00\x000007\0"))
    made["uid-octal-tab"] = alone(entry(b"a", uid=b"\t000007\0"))
    made["uname-unknown"] = alone(file(b"a", records={b"uname": b"nobody-knows"}))
    made["uname-nul"] = alone(file(b"a", records={b"uname": b"a\0b"}))
    made["uid-2-to-33-directory"] = alone(entry(b"a", b"5", records={b"uid": b"8589934592"}), file(b"a/b"))
    made["uid-2-to-33-symlink"] = alone(entry(b"a", b"2", link=b"b", records={b"uid": b"8589934592"}))
    return made


def _modes() -> Shapes:
    return {
        "mode-0000": alone(entry(b"a", mode=0), file(b"b")),
        "mode-0000-directory": alone(entry(b"p", b"5", mode=0), file(b"p/b")),
        "mode-setuid": alone(entry(b"a", mode=0o4755, uid=5)),
        "mode-setgid": alone(entry(b"a", mode=0o2755, gid=5)),
        "mode-sticky": alone(directory(b"p", mode=0o1777)),
        "mode-all": alone(entry(b"a", mode=0o7777), entry(b"p", b"5", mode=0o7777)),
        "mode-type-bits-file": alone(entry(b"a", mode=0o100644)),
        "mode-type-bits-other": alone(entry(b"a", mode=0o040755), entry(b"p", b"5", mode=0o100644)),
        "mode-type-bits-device": alone(entry(b"a", mode=0o020644), entry(b"b", mode=0o140644)),
        "mode-negative": alone(entry(b"a", mode=binary(-1))),
        "mode-2-to-40": alone(entry(b"a", mode=binary(1 << 40 | 0o644))),
        "mode-garbage": alone(entry(b"a", mode=b"rw-r--r-")),
        "mode-empty": alone(entry(b"a", mode=bytes(8))),
        "mode-symlink-setuid": alone(entry(b"l", b"2", link=b"x", mode=0o7777)),
        "mode-directory-setgid": alone(directory(b"p", mode=0o2775), file(b"p/x")),
    }


def _times() -> Shapes:
    made: Shapes = {}
    for name, value in _TIMES.items():
        made[f"mtime-{name}"] = alone(
            entry(b"a", mtime=binary(value, 12)),
            entry(b"p", b"5", mode=0o755, mtime=binary(value, 12)),
            entry(b"l", b"2", link=b"x", mtime=binary(value, 12)),
            file(b"b", records={b"mtime": b"%d" % value}),
        )
    for text in ("1.5", "-1.5", "1.", ".5", "1.5x", "x", "", "1e9", "1.1234567890123", "9" * 30, "1.-5", "+1", "-.5"):
        made[f"mtime-text-{text or 'empty'}"] = alone(file(b"a", records={b"mtime": text.encode()}))
    for key in ("atime", "ctime", "LIBARCHIVE.creationtime"):
        for text in ("x", "1.5"):
            made[f"{key}-text-{text}"] = alone(file(b"a", records={key.encode(): text.encode()}))
    made["mtime-garbage"] = alone(entry(b"a", mtime=b"yesterday\0\0\0"))
    made["mtime-binary-overflow"] = alone(entry(b"a", mtime=b"\x80\x01" + bytes(10)))
    made["mtime-binary-overflow-negative"] = alone(entry(b"a", mtime=b"\xff\x00" + bytes(10)))
    return made


def _sizes() -> Shapes:
    a = file(b"a")
    return {
        "size-negative": alone(entry(b"b", size=binary(-1, 12)), a),
        "size-negative-directory": alone(entry(b"p", b"5", size=binary(-1, 12)), a),
        "size-negative-hardlink": alone(a, entry(b"h", b"1", link=b"a", size=binary(-1, 12))),
        "size-negative-symlink": alone(entry(b"l", b"2", link=b"a", size=binary(-1, 12)), a),
        "size-negative-device": alone(entry(b"c", b"3", device=(1, 3), size=binary(-1, 12)), a),
        "size-negative-refused": alone(entry(b"c", b"E", size=binary(-1, 12)), a),
        "size-negative-record": alone(file(b"b", records={b"size": b"-1"}), a),
        "size-negative-record-directory": alone(entry(b"p", b"5", records={b"size": b"-1"}), a),
        "size-text-x": alone(file(b"b", records={b"size": b"x"}), a),
        "size-text-x-directory": alone(entry(b"p", b"5", records={b"size": b"x"}), a),
        "size-record": alone(entry(b"b", content=b"x" * 600, size=0, records={b"size": b"600"}), a),
        "size-record-zero": alone(entry(b"b", content=b"x" * 600, records={b"size": b"0"}), a),
        "size-record-empty": alone(entry(b"b", content=b"x" * 600, records={b"size": b""}), a),
        "size-on-directory": alone(entry(b"p", b"5", size=600), a),
        "size-on-symlink": alone(entry(b"l", b"2", link=b"a", size=600), a),
        "size-on-device": alone(entry(b"c", b"3", device=(1, 3), size=600), a),
        "size-on-fifo": alone(entry(b"c", b"6", size=600), a),
        "size-huge-on-directory": alone(entry(b"p", b"5", size=binary(1 << 62, 12)), a),
        "size-huge-on-fifo": alone(entry(b"c", b"6", size=binary((1 << 63) - 1, 12)), a),
        "size-near-2-to-63": alone(entry(b"b", size=binary((1 << 63) - 5, 12)), a),
        "size-2-to-62": alone(entry(b"b", size=binary(1 << 62, 12)), a),
        "size-2-to-63": alone(entry(b"b", size=b"\x80\0\0\0\x80" + bytes(7)), a),
        "size-garbage": alone(entry(b"b", size=b"lots of it\0\0"), a),
        "size-hexadecimal": alone(entry(b"b", size=b"0000000000a\0"), a),
    }


def _devices() -> Shapes:
    made: Shapes = {}
    for name, value in {
        "4095": 4095,
        "2-to-20": 1 << 20,
        "2-to-32-less-1": (1 << 32) - 1,
        "2-to-32": 1 << 32,
        "minus-1": -1,
    }.items():
        made[f"device-major-{name}"] = alone(device(b"a", binary(value), 3))
        made[f"device-minor-{name}"] = alone(device(b"a", 1, binary(value)))
    made["device-block-minor-2-to-40"] = alone(device(b"a", 8, binary(1 << 40), b"4"))
    made["device-whose-bits-are-0-0"] = alone(device(b"a", 4096, 1 << 20), file(b"b"))
    made["device-both-2-to-32"] = alone(device(b"a", binary(1 << 32), binary(1 << 32)))
    made["device-major-garbage"] = alone(device(b"a", b"tty\0\0\0\0\0", 3))
    made["device-minor-garbage"] = alone(device(b"a", 1, b"tty\0\0\0\0\0"))
    made["device-garbage-on-file"] = alone(entry(b"a", content=b"x", device=(b"tty\0\0\0\0\0", b"")))
    made["device-garbage-on-directory"] = alone(entry(b"p", b"5", device=(b"", b"tty\0\0\0\0\0")))
    made["device-garbage-on-v7"] = alone(entry(b"a", content=b"x", magic=bytes(8), device=(b"tty\0\0\0\0\0", b"")))
    made["device-garbage-on-gnu"] = alone(entry(b"a", content=b"x", magic=b"ustar  \0", device=(b"tty\0\0\0\0\0", b"")))
    made["device-garbage-on-star"] = alone(
        entry(b"a", content=b"x", device=(b"tty\0\0\0\0\0", b""), prefix=bytes(163) + b"tar\0")
    )
    made["device-garbage-on-extended"] = alone(
        entry(b"x", b"x", b"10 path=c\n", device=(b"tty\0\0\0\0\0", b"")), file(b"a")
    )
    made["device-negative-on-file"] = alone(entry(b"a", content=b"x", device=(binary(-1), binary(-1))))
    made["device-negative-on-fifo"] = alone(entry(b"a", b"6", device=(binary(-1), 0)))
    made["device-huge-on-fifo"] = alone(entry(b"a", b"6", device=(binary(1 << 40), 0)))
    made["device-hardlink"] = alone(device(b"a"), hardlink(b"h", b"a"))
    made["device-symlink"] = alone(symlink(b"l", b"/dev/null"))
    made["device-fifo"] = alone(fifo(b"a"))
    return made
