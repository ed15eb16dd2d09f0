"""Root file systems, made once from real packages: the images that mutations start from.

They are kept in `build/truth/`, below a digest of what makes them. A base is a directory and the layer that was written
of it, so that the tree that is started and the image that is scanned are the same.
"""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.real.truth import dockerfile
from tests.real.truth.layers import write_layer
from tests.real.truth.mounts import overlay
from tests.real.truth.recipes import BASES, Base
from tests.support.real_images import RealImages, images_directory
from tests.support.tools import run

_HERE = Path(__file__)
_ROOT = _HERE.resolve().parents[3]
_SOURCES = (
    *(_HERE.with_name(name) for name in ("bases.py", "recipes.py", "layers.py", "dockerfile.py")),
    *(_ROOT / "tests" / "support" / name for name in ("debian.py", "recipes.py")),
)
_VERSION = hashlib.sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()[:12]
BUILD = _ROOT / "build"


class Made(NamedTuple):
    """A base that exists: its configuration, its trees (the topmost first), and its blobs (the lowest first)."""

    config: Mapping[str, Any]
    trees: tuple[Path, ...]
    blobs: tuple["Blob", ...]


class Blob(NamedTuple):
    """A layer as it is stored."""

    path: Path
    digest: str
    diff_id: str
    size: int


def make(name: str) -> Made:
    """Return a base, which is made if it is not there; needs root and a mount namespace of one's own."""
    with _locked():
        return _made(name)


def _made(name: str) -> Made:
    base, directory = BASES[name], _directory() / name
    parent = None if base.parent is None else _made(base.parent)
    if not (directory / "done.json").exists():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        config = _make(base, parent, directory)
        (directory / "done.json").write_text(json.dumps({"config": config, "blob": _write_blob(directory)}))
    done = json.loads((directory / "done.json").read_text())
    blob = Blob(**done["blob"], path=directory / "layer.tar.gz")
    trees, blobs = (parent.trees, parent.blobs) if parent else ((), ())
    return Made(done["config"], (directory / "tree", *trees), (*blobs, blob))


def _make(base: Base, parent: Made | None, directory: Path) -> dict[str, Any]:
    tree = directory / "tree"
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=directory)))
        if parent is None:
            tree.mkdir()
            run("tar", "--extract", "--file", _debian(), "--directory", tree, "--numeric-owner")
            root = tree
        else:
            root = stack.enter_context(overlay(parent.trees, tree))
        base.make(root, scratch)
        return dockerfile.carry_out(base.lines, root, parent.config if parent else {})


def _write_blob(directory: Path) -> dict[str, Any]:
    plain = directory / "layer.tar"
    with plain.open("wb") as sink:
        write_layer(directory / "tree", sink)
    stored = directory / "layer.tar.gz"
    with plain.open("rb") as source, gzip.GzipFile(stored, "wb", compresslevel=1, mtime=0) as packed:
        shutil.copyfileobj(source, packed, 1 << 20)
    blob = {"diff_id": _digest(plain), "digest": _digest(stored), "size": stored.stat().st_size}
    plain.unlink()
    return blob


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _debian() -> Path:
    """Return the tar of the Debian that the other real images start from too."""
    with ExitStack() as stack:
        return RealImages(images_directory(BUILD / "real-images"), stack)._root()


def _directory() -> Path:
    directory = BUILD / "truth" / _VERSION
    if not directory.exists():
        for old in (BUILD / "truth").glob("????????????"):
            shutil.rmtree(old)
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@contextmanager
def _locked() -> Iterator[None]:
    """Let only one process make bases."""
    (BUILD / "truth").mkdir(parents=True, exist_ok=True)
    descriptor = os.open(BUILD / "truth" / "lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
