"""What umoci leaves on disk, in the oracle's terms."""

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from tests.support.forms import write_directory
from tests.support.images import ImageSpec, LayerSource
from tests.support.oracle import Node, Tree
from tests.support.tools import run

_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
    stat.S_IFIFO: "fifo",
}


def unpack_with_umoci(layers: Sequence[LayerSource], directory: Path) -> Tree:
    """Unpack layers with umoci below `directory`, which is empty, and read back the tree; needs umoci and root.

    Nothing on disk says which layer wrote a path: each node's `layer` is -1.
    """
    layout = write_directory(directory / "layout", ImageSpec(layers=layers, tags=("image",)), "oci", compression="none")
    bundle = directory / "bundle"
    run("umoci", "unpack", "--image", f"{layout}:image", bundle)
    return read_directory(bundle / "rootfs")


def read_directory(root: Path) -> Tree:
    """Read a directory of the disk as a tree, without following links."""
    tree: Tree = {}
    for parent, directories, files in os.walk(root):
        for name in (*directories, *files):
            path = Path(parent, name)
            tree[f"/{path.relative_to(root)}"] = _read(path)
    return tree


def _read(path: Path) -> Node:
    status = path.lstat()
    kind = _KINDS[stat.S_IFMT(status.st_mode)]
    data, size = "", 0
    if kind == "file":
        data, size = hashlib.sha256(path.read_bytes()).hexdigest(), status.st_size
    elif kind == "symlink":
        data = str(path.readlink())
    elif kind in ("char", "block"):
        data = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    return Node(kind, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, size, data, -1)
