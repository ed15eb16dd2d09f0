"""Whiteouts and opaque markers, and the devices that stand for them."""

from tests.support.shapes.pieces import (
    BELOW,
    Shapes,
    alone,
    device,
    directory,
    entry,
    file,
    hardlink,
    symlink,
    tar,
    upon,
)

OPAQUE = b".wh..wh..opq"


def shapes() -> Shapes:
    """Return them by name."""
    return {**_whiteouts(), **_opaque(), **_aufs(), **_devices()}


def _whiteouts() -> Shapes:
    return {
        "whiteout": upon(file(b".wh.f", b"")),
        "whiteout-deep": upon(file(b"d/.wh.x", b"")),
        "whiteout-of-directory": upon(file(b".wh.d", b"")),
        "whiteout-of-nothing": upon(file(b".wh.nothing", b"")),
        "whiteout-of-nothing-deep": upon(file(b"no/.wh.thing", b"")),
        "whiteout-in-base": alone(file(b".wh.f", b""), file(b"b")),
        "whiteout-in-base-beside": alone(file(b"p/.wh.f", b""), file(b"p/b")),
        "whiteout-twice": upon(file(b".wh.f", b""), file(b".wh.f", b"")),
        "whiteout-then-file": upon(file(b".wh.f", b""), file(b"f", b"newer")),
        "whiteout-then-directory": upon(file(b".wh.d", b""), directory(b"d")),
        "whiteout-then-directory-then-file": upon(file(b".wh.d", b""), directory(b"d"), file(b"d/new")),
        "whiteout-then-symlink": upon(file(b".wh.d", b""), symlink(b"d", b"f")),
        "whiteout-then-hardlink": upon(file(b"a"), file(b".wh.f", b""), hardlink(b"f", b"a")),
        "file-then-whiteout": upon(file(b"f", b"newer"), file(b".wh.f", b"")),
        "directory-then-whiteout": upon(directory(b"d"), file(b".wh.d", b"")),
        "implied-directory-then-whiteout": upon(file(b"d/new"), file(b".wh.d", b"")),
        "symlink-then-whiteout": upon(symlink(b"l", b"f"), file(b".wh.l", b"")),
        "zero-device-then-whiteout": upon(device(b"f", 0, 0), file(b".wh.f", b"")),
        "whiteout-then-zero-device": upon(file(b".wh.f", b""), device(b"f", 0, 0)),
        "file-then-whiteout-then-file": upon(file(b"a"), file(b".wh.a", b""), file(b"a", b"2")),
        "whiteout-name-only": upon(file(b".wh.", b"")),
        "whiteout-name-only-deep": upon(file(b"d/.wh.", b"")),
        "whiteout-dot": upon(file(b".wh..", b"")),
        "whiteout-dotdot": upon(file(b".wh...", b"")),
        "whiteout-dot-deep": upon(file(b"d/.wh..", b"")),
        "whiteout-dotdot-deep": upon(file(b"d/.wh...", b"")),
        "whiteout-three-dots": upon(file(b".wh....", b"")),
        "whiteout-of-whiteout": upon(file(b".wh..wh.f", b"")),
        "whiteout-of-whiteout-deep": upon(file(b"d/.wh..wh.f", b"")),
        "whiteout-with-content": upon(file(b".wh.f", b"content")),
        "whiteout-directory": upon(directory(b".wh.f")),
        "whiteout-directory-with-entries": upon(directory(b".wh.f"), file(b".wh.f/a")),
        "whiteout-symlink": upon(symlink(b".wh.f", b"x")),
        "whiteout-hardlink": upon(hardlink(b".wh.f", b"nothing")),
        "whiteout-device": upon(device(b".wh.f")),
        "whiteout-refused-type": upon(entry(b".wh.f", b"S")),
        "whiteout-owner": upon(entry(b".wh.f", uid=1000, gid=100)),
        "whiteout-owner-2-to-33": upon(entry(b".wh.f", records={b"uid": b"8589934592"})),
        "whiteout-xattr": upon(entry(b".wh.f", records={b"SCHILY.xattr.hello": b"y"})),
        "whiteout-below-whiteout-directory": upon(file(b"a/.wh.b/c")),
        "whiteout-spelled-otherwise": upon(file(b"./d//.wh.x", b"")),
        "whiteout-with-slash": upon(file(b"d/.wh.x/", b"")),
        "whiteout-not-utf-8": upon(file(b".wh.\xff", b"")),
        "whiteout-case": upon(file(b".WH.f", b"")),
        "whiteout-of-symlink": upon(file(b".wh.to-d", b"")),
        "whiteout-of-hardlinked": [tar(file(b"a"), hardlink(b"h", b"a")), tar(file(b".wh.a", b""))],
        "whiteout-then-lower-again": [BELOW, tar(file(b".wh.d")), tar(directory(b"d"))],
        "whiteout-then-lower-again-implied": [BELOW, tar(file(b".wh.d")), tar(file(b"d/new"))],
        "file-over-directory-then-directory": [BELOW, tar(file(b"d")), tar(directory(b"d"), file(b"d/new"))],
        "whiteout-and-sibling": upon(file(b"d/.wh.x"), file(b"d/new")),
        "whiteout-in-replaced-directory": [BELOW, tar(file(b".wh.d")), tar(file(b"d/.wh.x"), file(b"d/new"))],
        "whiteout-below-lower-file": upon(file(b"f/.wh.x")),
    }


def _opaque() -> Shapes:
    return {
        "opaque": upon(directory(b"d"), file(b"d/" + OPAQUE, b"")),
        "opaque-implied": upon(file(b"d/" + OPAQUE, b"")),
        "opaque-first": upon(file(b"d/" + OPAQUE, b""), directory(b"d"), file(b"d/new")),
        "opaque-last": upon(directory(b"d"), file(b"d/new"), file(b"d/" + OPAQUE, b"")),
        "opaque-of-root": upon(file(OPAQUE, b""), file(b"b")),
        "opaque-of-root-only": upon(file(OPAQUE, b"")),
        "opaque-of-root-dot-slash": upon(directory(b"./"), file(b"./" + OPAQUE, b""), file(b"b")),
        "opaque-in-base": alone(file(b"p/" + OPAQUE, b""), file(b"p/b")),
        "opaque-of-nothing": upon(file(b"no/" + OPAQUE, b"")),
        "opaque-twice": upon(file(b"d/" + OPAQUE, b""), file(b"d/" + OPAQUE, b"")),
        "opaque-of-lower-file": upon(file(b"f/" + OPAQUE, b"")),
        "opaque-of-lower-symlink": upon(file(b"to-d/" + OPAQUE, b"")),
        "opaque-directory": upon(directory(b"d/" + OPAQUE)),
        "opaque-directory-with-entries": upon(file(b"d/" + OPAQUE + b"/x")),
        "opaque-with-whiteout-beneath": upon(file(b"d/" + OPAQUE, b""), file(b"d/.wh.x", b"")),
        "opaque-then-whiteout": upon(file(b"d/" + OPAQUE, b""), file(b".wh.d", b"")),
        "whiteout-then-opaque": upon(file(b".wh.d", b""), file(b"d/" + OPAQUE, b"")),
        "opaque-then-middle": [BELOW, tar(file(b"d/" + OPAQUE, b"")), tar(file(b"d/new"))],
        "opaque-sub": upon(file(b"d/sub/" + OPAQUE, b"")),
        "opaque-refused-type": upon(entry(b"d/" + OPAQUE, b"V")),
        "opaque-suffix": upon(file(b"d/" + OPAQUE + b"x", b"")),
        "opaque-then-replaced-by-file": upon(file(b"d/" + OPAQUE, b""), file(b"d")),
        "opaque-xattr": upon(entry(b"d", b"5", mode=0o755, records={b"SCHILY.xattr.trusted.overlay.opaque": b"y"})),
        "opaque-xattr-x": upon(entry(b"d", b"5", mode=0o755, records={b"SCHILY.xattr.trusted.overlay.opaque": b"x"})),
        "opaque-xattr-n": upon(entry(b"d", b"5", mode=0o755, records={b"SCHILY.xattr.trusted.overlay.opaque": b"n"})),
        "opaque-xattr-user": upon(entry(b"d", b"5", mode=0o755, records={b"SCHILY.xattr.user.overlay.opaque": b"y"})),
        "opaque-xattr-on-file": upon(entry(b"f", records={b"SCHILY.xattr.trusted.overlay.opaque": b"y"})),
        "overlay-whiteout-xattr": upon(entry(b"f", records={b"SCHILY.xattr.trusted.overlay.whiteout": b"y"})),
        "overlay-whiteout-xattr-in-x": upon(
            entry(b"d", b"5", mode=0o755, records={b"SCHILY.xattr.trusted.overlay.opaque": b"x"}),
            entry(b"d/x", records={b"SCHILY.xattr.trusted.overlay.whiteout": b"y"}),
        ),
        "overlay-redirect-xattr": upon(
            entry(b"e", b"5", mode=0o755, records={b"SCHILY.xattr.trusted.overlay.redirect": b"/d"})
        ),
        "overlay-metacopy-xattr": upon(entry(b"f", records={b"SCHILY.xattr.trusted.overlay.metacopy": b""})),
        "overlay-origin-xattr": upon(entry(b"f", records={b"SCHILY.xattr.trusted.overlay.origin": b"x"})),
        "overlay-impure-xattr": upon(
            entry(b"d", b"5", mode=0o755, records={b"SCHILY.xattr.trusted.overlay.impure": b"y"})
        ),
        "overlay-other-xattr": upon(entry(b"f", records={b"SCHILY.xattr.trusted.overlay.hello": b"y"})),
    }


def _aufs() -> Shapes:
    return {
        "aufs-plnk": alone(directory(b".wh..wh.plnk"), file(b"b")),
        "aufs-plnk-file": alone(file(b".wh..wh.plnk", b""), file(b"b")),
        "aufs-plnk-with-entries": alone(directory(b".wh..wh.plnk"), file(b".wh..wh.plnk/1.2"), file(b"b")),
        "aufs-plnk-entries-only": alone(file(b".wh..wh.plnk/1.2"), file(b"b")),
        "aufs-aufs": alone(file(b".wh..wh.aufs", b""), file(b"b")),
        "aufs-orph": alone(directory(b".wh..wh.orph"), file(b"b")),
        "aufs-all": alone(
            file(b".wh..wh.aufs", b""), directory(b".wh..wh.orph"), directory(b".wh..wh.plnk"), file(b"b")
        ),
        "aufs-nested": alone(file(b"p/.wh..wh.plnk", b""), file(b"p/b")),
        "aufs-nested-entries": alone(file(b"p/.wh..wh.plnk/x"), file(b"p/b")),
        "aufs-twice": alone(file(b".wh..wh.aufs", b""), file(b".wh..wh.aufs", b"")),
        "aufs-in-two-layers": [
            tar(file(b".wh..wh.aufs", b""), file(b"b")),
            tar(file(b".wh..wh.aufs", b""), file(b"c")),
        ],
    }


def _devices() -> Shapes:
    return {
        "zero-device": upon(device(b"f", 0, 0)),
        "zero-device-empty-fields": upon(entry(b"f", b"3")),
        "zero-device-v7": upon(entry(b"f", b"3", magic=bytes(8), device=(1, 3))),
        "zero-device-deep": upon(device(b"d/x", 0, 0)),
        "zero-device-over-directory": upon(device(b"d", 0, 0)),
        "zero-device-in-base": alone(device(b"a", 0, 0), file(b"b")),
        "zero-device-in-base-deep": alone(device(b"p/a", 0, 0), file(b"p/b")),
        "zero-device-in-base-directory-merged": [tar(device(b"p/a", 0, 0), file(b"p/b")), tar(file(b"p/c"))],
        "zero-device-of-nothing": upon(device(b"nothing", 0, 0)),
        "zero-device-mode": upon(entry(b"f", b"3", mode=0o666, uid=5, gid=6, device=(0, 0))),
        "zero-device-xattr": upon(entry(b"f", b"3", device=(0, 0), records={b"SCHILY.xattr.user.x": b"y"})),
        "zero-device-then-again": [BELOW, tar(device(b"d", 0, 0)), tar(file(b"d/new"))],
        "zero-device-as-whiteout-name": upon(device(b".wh.f", 0, 0)),
        "zero-block-device": upon(device(b"f", 0, 0, b"4")),
        "device-0-1": upon(device(b"f", 0, 1)),
        "device-null": alone(device(b"dev/null"), device(b"dev/sda", 8, 0, b"4")),
        "device-over-file": upon(device(b"f")),
    }
