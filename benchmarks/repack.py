"""The same files in other layers: otherwise compressed, all in one layer, or in many."""

import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

from isal import igzip

from benchmarks.compressed import CompressedWriter, Compression
from benchmarks.forms import StoredLayer
from tests.support.tarballs import MTIME

_PIECE: Final = 1 << 20


def transcode(layer: StoredLayer, target: Path, compression: Compression) -> StoredLayer:
    """Write a gzip layer's tar, byte for byte, with another compression."""
    with _inflated(layer.path) as source, target.open("wb") as file:
        sink = CompressedWriter(file, compression)
        while data := source.read(_PIECE):
            sink.write(data)
        sink.finish()
    return _stored(target, layer.line, sink, layer.entries, compression)


def rearrange(
    layers: Sequence[StoredLayer], targets: Sequence[Path], *, weights: Sequence[float] | None = None
) -> Iterator[StoredLayer]:
    """Yield gzip layers with the files of other gzip layers, in their order.

    They have about the same number of bytes each, or as many as their `weights` say. Each new layer brings the
    directories that its files lie in, as builders write them. A file is in one of the old layers only.
    """
    left = sum(layer.uncompressed_size for layer in layers)
    members = _members(layers)
    pending = next(members, None)
    weights = weights or [1.0] * len(targets)
    for number, target in enumerate(targets):
        share = left * weights[number] / sum(weights[number:])
        with target.open("wb") as file:
            sink = CompressedWriter(file, "gzip")
            known: set[str] = set()
            entries = 0
            with tarfile.open(mode="w|", fileobj=sink, format=tarfile.PAX_FORMAT) as tar:
                while pending is not None and (sink.size < share or number == len(targets) - 1):
                    info, source = pending
                    entries += _add_parents(tar, info.name, known) + 1
                    tar.addfile(info, source.extractfile(info) if info.isreg() else None)
                    pending = next(members, None)
            sink.finish()
        left -= sink.size
        yield _stored(target, f"COPY part-{number + 1:02}-of-{len(targets):02} /", sink, entries, "gzip")


def _inflated(path: Path) -> IO[bytes]:
    opened: IO[bytes] = igzip.open(path)  # type: ignore[no-untyped-call]  # its hints are incomplete
    return opened


def _members(layers: Sequence[StoredLayer]) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """Yield what is no directory; a body can be read until the next member is asked for."""
    for layer in layers:
        with ExitStack() as stack:
            stream = stack.enter_context(_inflated(layer.path))
            tar = stack.enter_context(tarfile.open(fileobj=stream, mode="r|"))
            for info in tar:
                if not info.isdir():
                    yield info, tar


def _add_parents(tar: tarfile.TarFile, path: str, known: set[str]) -> int:
    """Write the directories above a path that the layer does not have yet, and return how many there were."""
    parents = []
    parent = path.rpartition("/")[0]
    while parent and parent not in known:
        known.add(parent)
        parents.append(parent)
        parent = parent.rpartition("/")[0]
    for name in reversed(parents):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, MTIME
        tar.addfile(info)
    return len(parents)


def _stored(target: Path, line: str, sink: CompressedWriter, entries: int, compression: Compression) -> StoredLayer:
    return StoredLayer(target, line, sink.diff_id, sink.digest, sink.stored_size, sink.size, entries, compression)
