"""Names that are long, odd or lead elsewhere, and the root."""

from tests.support.headers import END, header
from tests.support.shapes.pieces import Shapes, alone, device, directory, entry, file, hardlink, symlink, tar, upon

_DEEP = b"kaniko/0/"


def shapes() -> Shapes:
    """Return them by name."""
    return {**_long(), **_odd(), **_roots()}


def _path(length: int) -> bytes:
    """Return a path of that many bytes, its components of 99."""
    return ((b"n" * 99 + b"/") * (length // 100 + 1))[: length - 1] + b"x"


def _long() -> Shapes:
    return {
        **{f"name-of-{size}": alone(file(b"p/" + b"n" * size)) for size in (100, 101, 255, 256, 5000)},
        **{f"directory-of-{size}": alone(file(b"n" * size + b"/x")) for size in (255, 256)},
        "name-of-255-two-byte-letters": alone(file("é".encode() * 127 + b"n")),
        "name-of-256-two-byte-letters": alone(file("é".encode() * 128)),
        "name-of-256-whiteout": upon(file(b".wh." + b"n" * 252)),
        "name-of-255-whiteout": upon(file(b".wh." + b"n" * 251)),
        "name-of-256-hidden": upon(file(b".wh." + b"n" * 256)),
        "name-of-255-hidden": upon(file(b".wh." + b"n" * 255)),
        "name-of-256-symlink": alone(symlink(b"n" * 256, b"x")),
        "name-of-256-directory": alone(directory(b"n" * 256)),
        "name-of-256-hardlink": alone(file(b"a"), hardlink(b"n" * 256, b"a")),
        "name-of-256-climbed-out-of": alone(file(b"n" * 256 + b"/../b")),
        **{
            f"path-of-{size}": alone(file(_path(size)))
            for size in (3000, 4000, 4019, 4020, 4094, 4095, 4097, 4200, 9000)
        },
        "path-of-4050-deep": alone(file(_DEEP * 449 + b"x")),
        "path-of-4500-deep": alone(file(_DEEP * 500 + b"x")),
        "path-of-4500-stated": alone(
            *(directory(_path(4500)[: 100 * number]) for number in range(1, 45)), file(_path(4500))
        ),
        "path-of-4500-directory": alone(directory(_DEEP * 500)),
        "path-of-4500-symlink": alone(symlink(_DEEP * 500 + b"l", b"x")),
        "path-of-4500-whiteout": upon(file(_DEEP * 500 + b".wh.x")),
        "path-of-4500-opaque": upon(file(_DEEP * 500 + b".wh..wh..opq")),
        "path-of-6000-normalised-short": alone(file(b"./" * 3000 + b"a")),
        "path-of-6000-slashes": alone(file(b"/" * 6000 + b"a")),
        "path-of-6000-climbing": alone(directory(b"x"), file(b"x/../" * 1200 + b"a")),
        "path-long-through-symlink": alone(
            directory(_DEEP * 300), symlink(b"l", _DEEP * 300), file(b"l/" + _DEEP * 200 + b"x")
        ),
        "path-short-by-symlink": alone(directory(_DEEP * 400), symlink(b"l", _DEEP * 400), file(b"l/x")),
        "long-name-of-5000": alone(entry(b"././@LongLink", b"L", b"a/" * 2500 + b"x\0"), entry(b"short")),
    }


def _odd() -> Shapes:
    return {
        "name-empty": alone(file(b""), file(b"b")),
        "name-empty-directory": alone(directory(b""), file(b"b")),
        "name-slash": alone(file(b"/"), file(b"b")),
        "name-slashes": alone(file(b"//"), file(b"b")),
        "name-dot": alone(file(b"."), file(b"b")),
        "name-dot-slash": alone(file(b"./"), file(b"b")),
        "name-dotdot": alone(file(b".."), file(b"b")),
        "name-dotdot-directory": alone(directory(b"../"), file(b"b")),
        "name-dotdot-x": alone(file(b"../x"), file(b"b")),
        "name-dotdot-dotdot-x": alone(file(b"../../x")),
        "name-dotdot-directory-x": alone(directory(b"../x"), file(b"../x/y")),
        "name-absolute-dotdot-x": alone(file(b"/../x")),
        "name-dot-dotdot-x": alone(file(b"./../x")),
        "name-a-dotdot-dotdot-x": alone(file(b"a/../../x")),
        "name-a-dotdot-x": alone(file(b"a/../x")),
        "name-a-dotdot": alone(file(b"a/.."), file(b"b")),
        "name-a-dotdot-directory": alone(directory(b"a/../"), file(b"b")),
        "name-dotdot-whiteout": upon(file(b"../.wh.f")),
        "name-dotdot-opaque": upon(file(b"../.wh..wh..opq")),
        "name-dotdot-symlink": alone(symlink(b"../l", b"x")),
        "name-dotdot-hardlink": alone(file(b"a"), hardlink(b"../h", b"a")),
        "name-ends-in-dotdot": alone(file(b"a/b/..")),
        "name-ends-in-dot": alone(file(b"a/.")),
        "name-ends-in-slash": alone(file(b"a/")),
        "name-ends-in-slashes": alone(file(b"a///")),
        "name-doubled-slashes": alone(file(b"a//b")),
        "name-absolute": alone(file(b"/a/b")),
        "name-absolute-twice": alone(file(b"//a/b")),
        "name-three-dots": alone(file(b".../x"), file(b"..a")),
        "name-nul-in-header": alone(file(b"a\0b")),
        "name-nul-in-record": alone(file(b"x", records={b"path": b"a\0b"})),
        "name-nul-in-long-name": alone(entry(b"././@LongLink", b"L", b"a\0b\0"), file(b"x")),
        "name-newline": alone(file(b"a\nb")),
        "name-control-characters": alone(file(b"a\x01\x1b[31m\x7f")),
        "name-not-utf-8": alone(file(b"\xff\xfe")),
        "name-not-utf-8-record": alone(file(b"x", records={b"path": b"\xff/\xfe"})),
        "name-backslash": alone(file(b"a\\b")),
        "name-colon": alone(file(b"c:x")),
        "name-space": alone(file(b" ")),
        "name-of-device": alone(file(b"NUL")),
        "name-prefix": alone(entry(b"x", content=b"y", prefix=b"p/q")),
        "name-prefix-empty-name": alone(entry(b"", b"5", prefix=b"p/q")),
        "name-unicode-twins": alone(file("é".encode()), file("e\u0301".encode())),
        "name-case-twins": alone(file(b"a"), file(b"A", b"upper")),
        "name-proc-and-sys": alone(file(b"proc/x"), file(b"sys/y"), file(b"dev/null")),
    }


def _roots() -> Shapes:
    b = file(b"b")
    return {
        "root-0700": alone(directory(b"./", mode=0o700), b),
        "root-owner": alone(entry(b"./", b"5", mode=0o755, uid=1000, gid=100), b),
        "root-xattr": alone(entry(b"./", b"5", records={b"SCHILY.xattr.user.x": b"y"}), b),
        "root-bad-xattr": alone(entry(b"./", b"5", records={b"SCHILY.xattr.hello": b"y"}), b),
        "root-as-file": alone(file(b"./"), b),
        "root-as-file-by-slash": alone(file(b"/"), b),
        "root-as-symlink": alone(symlink(b"./", b"x"), b),
        "root-as-symlink-dot": alone(symlink(b".", b"/etc"), b),
        "root-as-hardlink": alone(directory(b"."), entry(b"/", b"1", link=b"."), b),
        "root-as-device": alone(device(b"/"), b),
        "root-as-zero-device": alone(device(b"/", 0, 0), b),
        "root-as-dotdot": alone(directory(b".."), b),
        "root-as-absolute-dotdot": alone(directory(b"/.."), b),
        "root-as-climbing": alone(directory(b"a/.."), b),
        "root-twice": alone(directory(b"./", mode=0o700), b, directory(b"/", mode=0o711)),
        "root-in-upper": upon(directory(b"./", mode=0o700), b),
        "root-only": alone(directory(b"./")),
        "no-entries": [tar()],
        "no-bytes": [b""],
        "lone-zero-block": [bytes(512)],
        "lone-zero-block-then-data": [tar(b, bytes(512), file(b"c"))],
        "zero-blocks-then-data": [tar(b, END, file(b"c"))],
        "garbage-behind-the-end": [tar(b) + b"garbage" * 100],
        "garbage-instead-of-the-end": [tar(b, end=b"garbage" * 100)],
        "cut-in-a-header": [tar(b, end=header(b"c")[:300])],
        "cut-in-content": [tar(b, end=header(b"c", size=5000) + bytes(600))],
        "cut-in-padding": [tar(b, end=header(b"c", size=5) + b"hello")],
    }
