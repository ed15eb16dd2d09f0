"""Entries below what is no directory, through symbolic links, and several for one path."""

from tests.support.shapes.pieces import (
    BELOW,
    Shape,
    Shapes,
    alone,
    device,
    directory,
    entry,
    fifo,
    file,
    hardlink,
    symlink,
    tar,
    upon,
)


def shapes() -> Shapes:
    """Return them by name."""
    return {**_below_others(), **_through_links(), **_repeated(), **_replaced_directories(), **_parents()}


def _below_others() -> Shapes:
    a = file(b"a")
    return {
        "below-file": alone(a, file(b"a/b")),
        "below-file-deep": alone(a, file(b"a/b/c/d")),
        "below-file-directory": alone(a, directory(b"a/b")),
        "below-file-whiteout": upon(a, file(b"a/.wh.b")),
        "below-file-opaque": upon(a, file(b"a/.wh..wh..opq")),
        "below-file-symlink": alone(a, symlink(b"a/l", b"x")),
        "below-file-hardlink": alone(a, file(b"b"), hardlink(b"a/h", b"b")),
        "below-file-then-directory": alone(a, directory(b"a"), file(b"a/b")),
        "below-file-of-lower": upon(file(b"f/b")),
        "below-file-of-lower-deep": upon(file(b"f/b/c")),
        "below-file-of-lower-stated": upon(directory(b"f"), file(b"f/b/c")),
        "below-file-of-lower-all-stated": upon(directory(b"f"), directory(b"f/b"), file(b"f/b/c")),
        "below-file-of-lower-two-down": [BELOW, tar(directory(b"other")), tar(file(b"f/b/c"))],
        "below-file-of-lower-whited-out": [BELOW, tar(file(b".wh.f")), tar(file(b"f/b/c"))],
        "below-directory-of-lower-whited-out": [BELOW, tar(file(b".wh.d")), tar(file(b"d/sub/new"))],
        "below-directory-of-lower-whited-out-one": [BELOW, tar(file(b".wh.d")), tar(file(b"d/new"))],
        "below-directory-of-lower-whited-out-stated": [
            BELOW,
            tar(file(b".wh.d")),
            tar(directory(b"d"), directory(b"d/sub"), file(b"d/sub/new")),
        ],
        "below-device-of-lower-deep": [tar(device(b"a")), tar(file(b"a/b/c"))],
        "below-symlink-to-file-of-lower-deep": upon(file(b"to-f/b/c")),
        "below-dangling-symlink-of-lower-deep": upon(file(b"to-nothing/b/c")),
        "below-symlink-loop-of-lower": [tar(symlink(b"l", b"l")), tar(file(b"l/b"))],
        "below-symlink-loop-of-lower-deep": [tar(symlink(b"l", b"l")), tar(file(b"l/b/c"))],
        "below-device": alone(device(b"a"), file(b"a/b")),
        "below-zero-device": alone(device(b"a", 0, 0), file(b"a/b")),
        "below-fifo": alone(fifo(b"a"), file(b"a/b")),
        "below-hardlink": alone(a, hardlink(b"h", b"a"), file(b"h/b")),
        "below-symlink-to-file": alone(a, symlink(b"l", b"a"), file(b"l/b")),
        "below-symlink-to-file-deep": alone(a, symlink(b"l", b"a"), file(b"l/b/c")),
        "below-refused": alone(entry(b"a", b"E"), file(b"a/b")),
        "below-whiteout": upon(file(b".wh.d"), file(b"d/new")),
        "below-whiteout-deep": upon(file(b".wh.d"), file(b"d/new/deep")),
        "below-whiteout-stated": upon(file(b".wh.d"), directory(b"d"), file(b"d/new")),
        "below-whiteout-marker": upon(file(b".wh.d"), file(b"d/.wh.x")),
        "below-whiteout-marker-deep": upon(file(b".wh.d"), file(b"d/sub/.wh.z")),
        "below-whiteout-opaque": upon(file(b".wh.d"), file(b"d/.wh..wh..opq")),
        "below-whiteout-marker-before": upon(file(b"d/.wh.x"), file(b".wh.d")),
    }


def _through_links() -> Shapes:
    a = file(b"a")
    return {
        "through-symlink": alone(directory(b"p"), symlink(b"l", b"p"), file(b"l/b")),
        "through-symlink-directory": alone(directory(b"p"), symlink(b"l", b"p"), directory(b"l/b", mode=0o700)),
        "through-symlink-over": alone(file(b"p/b", b"old"), symlink(b"l", b"p"), file(b"l/b")),
        "through-symlink-whiteout": [BELOW, tar(directory(b"d"), symlink(b"l", b"d"), file(b"l/.wh.x"))],
        "through-symlink-opaque": [BELOW, tar(directory(b"d"), symlink(b"l", b"d"), file(b"l/.wh..wh..opq"))],
        "through-symlink-deep": alone(directory(b"p"), symlink(b"l", b"p"), file(b"l/b/c/d")),
        "through-symlink-twice": alone(directory(b"p"), symlink(b"l", b"m"), symlink(b"m", b"p"), file(b"l/b")),
        "through-symlink-absolute": alone(directory(b"p"), symlink(b"l", b"/p"), file(b"l/b")),
        "through-symlink-absolute-to-nothing": alone(symlink(b"l", b"/p/q"), file(b"l/b")),
        "through-symlink-relative-up": alone(directory(b"p"), symlink(b"q/l", b"../p"), file(b"q/l/b")),
        "through-symlink-out": alone(symlink(b"l", b"../x"), file(b"l/b")),
        "through-symlink-out-to-there": alone(directory(b"x"), symlink(b"l", b"../x"), file(b"l/b")),
        "through-symlink-out-deep": alone(directory(b"x"), symlink(b"p/l", b"../../x"), file(b"p/l/b")),
        "through-symlink-out-by-absolute": alone(directory(b"x"), symlink(b"l", b"/../x"), file(b"l/b")),
        "through-symlink-to-root": alone(symlink(b"l", b"/"), file(b"l/b")),
        "through-symlink-to-dot": alone(symlink(b"l", b"."), file(b"l/b")),
        "through-symlink-to-dotdot": alone(symlink(b"p/l", b".."), file(b"p/l/b")),
        "through-symlink-dangling": alone(symlink(b"l", b"p"), file(b"l/b")),
        "through-symlink-dangling-deep": alone(symlink(b"l", b"p/q/r"), file(b"l/b")),
        "through-symlink-dangling-up": alone(symlink(b"l", b"p/../q"), file(b"l/b")),
        "through-symlink-dangling-later": alone(symlink(b"l", b"p"), file(b"l/b"), file(b"p/c")),
        "through-symlink-dangling-with-file-later": alone(symlink(b"l", b"p"), file(b"l/b"), file(b"p")),
        "through-symlink-dangling-whiteout": upon(symlink(b"l", b"d"), file(b"l/.wh.x")),
        "through-symlink-dangling-to-lower": upon(symlink(b"l", b"d"), file(b"l/b")),
        "through-symlink-dangling-two": alone(symlink(b"l", b"m"), symlink(b"m", b"p"), file(b"l/b")),
        "through-symlink-loop": alone(symlink(b"l", b"l"), file(b"l/b")),
        "through-symlink-loop-of-two": alone(symlink(b"l", b"m"), symlink(b"m", b"l"), file(b"l/b")),
        "through-symlink-loop-deep": alone(symlink(b"l", b"l/x"), file(b"l/b")),
        "through-symlink-loop-whiteout": upon(symlink(b"l", b"l"), file(b"l/.wh.b")),
        **{f"through-{links}-symlinks": _chain(links) for links in (8, 9, 40, 41, 255, 256)},
        **{f"through-{links}-absolute-symlinks": _chain(links, b"/") for links in (9, 41)},
        "through-symlink-dotdot": alone(file(b"p/q/x"), symlink(b"l", b"p/q"), file(b"l/../b")),
        "through-lower-symlink": upon(file(b"to-d/new")),
        "through-lower-symlink-deep": upon(file(b"to-d/sub/new")),
        "through-lower-symlink-whiteout": upon(file(b"to-d/.wh.x")),
        "through-lower-symlink-whiteout-deep": upon(file(b"to-d/sub/.wh.z")),
        "through-lower-symlink-opaque": upon(file(b"to-d/.wh..wh..opq")),
        "through-lower-symlink-stated": upon(directory(b"to-d"), file(b"to-d/new")),
        "through-hardlink-to-symlink": alone(directory(b"p"), symlink(b"l", b"p"), hardlink(b"m", b"l"), file(b"m/b")),
        "through-symlink-replaced": alone(
            directory(b"p"), symlink(b"l", b"p"), file(b"l/b"), directory(b"l"), file(b"l/c")
        ),
        "through-symlink-to-symlink-to-file": alone(a, symlink(b"m", b"a"), symlink(b"l", b"m"), file(b"l/b")),
    }


def _repeated() -> Shapes:
    a, b = file(b"a"), file(b"a", b"newer")
    return {
        "twice-file": alone(a, b),
        "twice-file-smaller": alone(b, file(b"a", b"")),
        "twice-file-spelled-otherwise": alone(file(b"p/a"), file(b"./p//a", b"newer")),
        "twice-directory": alone(directory(b"p"), file(b"p/x"), directory(b"p", mode=0o700)),
        "twice-directory-implied-first": alone(file(b"p/x"), directory(b"p", mode=0o700)),
        "twice-directory-then-file": alone(file(b"p/x"), file(b"p")),
        "twice-directory-then-file-then-directory": alone(file(b"p/x"), file(b"p"), directory(b"p"), file(b"p/y")),
        "twice-file-then-directory": alone(a, directory(b"a")),
        "twice-symlink-then-directory": alone(directory(b"p"), symlink(b"l", b"p"), directory(b"l"), file(b"l/x")),
        "twice-directory-then-symlink": alone(file(b"p/x"), symlink(b"p", b"q"), file(b"p/y")),
        "twice-fifo-then-file": alone(fifo(b"a"), a),
        "twice-file-then-device": alone(a, device(b"a")),
        "twice-file-then-zero-device": upon(a, device(b"a", 0, 0)),
        "twice-zero-device-then-file": upon(device(b"f", 0, 0), file(b"f", b"newer")),
        "twice-zero-device-then-directory": upon(device(b"d", 0, 0), directory(b"d")),
        "twice-directory-then-zero-device": upon(file(b"d/new"), device(b"d", 0, 0)),
        "twice-symlink-then-file": alone(symlink(b"a", b"b"), a),
        "twice-in-upper": upon(file(b"f", b"1"), file(b"f", b"22")),
        "twice-directory-then-file-over-lower": upon(file(b"d/new"), file(b"d")),
        "twice-file-then-directory-over-lower": upon(file(b"d"), directory(b"d")),
        "twice-whiteout-then-gone": upon(file(b"d/.wh.x"), file(b"d"), directory(b"d")),
        "twice-opaque-then-gone": upon(file(b"d/.wh..wh..opq"), file(b"d"), directory(b"d")),
        "twice-hardlink": alone(a, file(b"b"), hardlink(b"h", b"a"), hardlink(b"h", b"b")),
        "twice-directory-in-upper-over-symlink": upon(directory(b"to-d"), file(b"to-d/x", b"newer")),
    }


def _chain(links: int, slash: bytes = b"") -> Shape:
    """Return a layer with that many symlinks from one to the next, and an entry behind them."""
    chain = (symlink(b"s%d" % number, slash + b"s%d" % (number + 1)) for number in range(links))
    return alone(directory(b"s%d" % links), *chain, file(b"s0/b"))


def _replaced_directories() -> Shapes:
    p, a = directory(b"p"), file(b"a")
    return {
        "replaced-by-file": alone(p, file(b"p/x"), file(b"p")),
        "replaced-by-file-with-one-inside": alone(p, directory(b"p/q"), file(b"p")),
        "replaced-by-file-then-again": alone(p, directory(b"p/q"), file(b"p"), p, directory(b"p/q")),
        "replaced-by-file-then-again-in-part": alone(p, directory(b"p/q"), file(b"p"), p),
        "replaced-by-file-then-below": alone(p, directory(b"p/q"), file(b"p"), directory(b"p/q")),
        "replaced-by-symlink": alone(p, directory(b"q"), symlink(b"p", b"q")),
        "replaced-by-absolute-symlink": alone(p, directory(b"q"), symlink(b"p", b"/q")),
        "replaced-by-symlink-to-file": alone(p, a, symlink(b"p", b"a")),
        "replaced-by-dangling-symlink": alone(p, symlink(b"p", b"q")),
        "replaced-by-symlink-to-itself": alone(p, symlink(b"p", b"p")),
        "replaced-by-symlink-out": alone(p, directory(b"q"), symlink(b"p", b"../q")),
        "replaced-by-symlink-out-and-in": alone(directory(b"o"), directory(b"o/p"), symlink(b"o/p", b"../o")),
        "replaced-by-symlink-then-again": alone(p, symlink(b"p", b"q"), p),
        "replaced-by-fifo": alone(p, fifo(b"p")),
        "replaced-by-zero-device": alone(p, device(b"p", 0, 0)),
        "replaced-by-hardlink": alone(p, a, hardlink(b"p", b"a")),
        "replaced-by-refused": alone(p, entry(b"p", b"E")),
    }


def _parents() -> Shapes:
    return {
        "parent-unstated": alone(directory(b"p/q")),
        "parent-unstated-deep": alone(directory(b"p/q/r")),
        "parent-unstated-of-file": alone(file(b"p/q")),
        "parent-implied-before": alone(file(b"p/a"), directory(b"p/q")),
        "parent-stated-after": alone(directory(b"p/q"), directory(b"p", mode=0o700)),
        "parent-unstated-in-upper": upon(directory(b"d/new")),
        "parent-implied-in-upper": upon(file(b"d/new")),
        "parent-implied-in-upper-deep": upon(file(b"d/sub/new")),
        "parent-implied-twice": [BELOW, tar(file(b"d/new")), tar(file(b"d/newer"))],
        "parent-restated-then-implied": [BELOW, tar(directory(b"d", mode=0o711)), tar(file(b"d/new"))],
        "parent-emptied-then-implied": [BELOW, tar(file(b"d/.wh..wh..opq")), tar(file(b"d/sub/new"))],
        "parent-of-whiteout-implied": upon(file(b"d/.wh.x")),
        "parent-through-symlink-unstated": alone(directory(b"p"), symlink(b"l", b"p"), directory(b"l/a/b")),
        "parent-unstated-of-symlink": alone(symlink(b"p/l", b"x")),
        "parent-unstated-of-unknown-type": alone(entry(b"p/a", b"E")),
    }
