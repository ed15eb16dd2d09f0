"""A layer with one of everything that is odd, and what a changeset is made of, for comparing."""

from ocianalyze.layers.changeset.building import build_changeset
from ocianalyze.layers.changeset.changeset import Changeset
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.tar.tarstream import read_entries
from tests.support.blobs import range_window
from tests.support.headers import pax
from tests.support.tarballs import Item, directory, file, layer, symlink

ODD = pax({b"SCHILY.xattr.user.\xfe": b"v\0\xff", b"SCHILY.xattr.security.capability": b"\xff\x01="}) + layer(
    [
        file("x", b"x"),
        directory("d\udcff", mode=0o2755, uid=1 << 40, gid=-5),
        Item(path="d\udcff/f", content=b"x", mtime=-7),
        symlink("\udc80", "\udc81/☃"),
        Item(path="deep/" * 40 + "f", size=5000),
        file("a/../../x"),
    ]
)


def changeset_of(data: bytes) -> Changeset:
    """Return the changeset of a tar."""
    return build_changeset(list(read_entries(range_window(data), what="x")), what="x", budget=Budget(Limits()))


def columns(changeset: Changeset) -> dict[str, object]:
    """Return all that a changeset holds."""
    held = {name: getattr(changeset, name) for name in Changeset.__slots__ if not name.startswith("_")}
    return {**held, "obstacles": changeset.obstacles.pack()}
