"""An image of 10 GB in 20 gzip layers, with the files of plain-35gb but with contents that compress as real ones do."""

import io
import random
import tarfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.compressed import CompressedWriter
from benchmarks.fleet_images import cut_piece
from benchmarks.forms import StoredLayer, write_layout
from benchmarks.recipe import plain_image
from tests.support.tarballs import Item, tar_info

SCALE: Final = 10 / 34.8
"""How much smaller it is than plain-35gb."""
_PIECE: Final = 4 << 20


def make_layout(home: Path, scale: float = SCALE) -> Path:
    """Write the image as an OCI layout below `home`, unless it is there, and return that."""
    layout = home / "gzip"
    if not (layout / "index.json").exists():
        parts = home / "layers"
        parts.mkdir(parents=True, exist_ok=True)
        count = len(plain_image(scale=scale))
        with ProcessPoolExecutor() as pool:
            layers = list(pool.map(_write_layer, range(count), [parts] * count, [scale] * count))
        write_layout(layers, layout)
        for layer in layers:
            layer.path.unlink()
        parts.rmdir()
    return layout


def _write_layer(position: int, parts: Path, scale: float) -> StoredLayer:
    step = plain_image(scale=scale)[position]
    path = parts / f"{position}.tar.gz"
    chance = random.Random(position)  # noqa: S311 - nothing to be kept secret
    with path.open("wb") as file:
        sink = CompressedWriter(file, "gzip")
        with tarfile.open(mode="w|", fileobj=sink, format=tarfile.PAX_FORMAT) as tar:
            for item in step.items:
                info = tar_info(item)
                info.size = max(info.size, item.size)  # a large file begins with its own content
                tar.addfile(info, _content(item, info.size, chance) if info.size else None)
        sink.finish()
    entries = len(step.items)
    return StoredLayer(path, step.line, sink.diff_id, sink.digest, sink.stored_size, sink.size, entries, "gzip")


def _content(item: Item, size: int, chance: random.Random) -> IO[bytes]:
    """Return the content of a file: its own, if it has some, and pieces of the machine's own files."""
    own = item.content if isinstance(item.content, bytes) else item.content.read_bytes()
    return io.BufferedReader(_Pieces(own, size, chance), _PIECE)


class _Pieces(io.RawIOBase):
    def __init__(self, own: bytes, size: int, chance: random.Random) -> None:
        self._ready = own
        self._left = size - len(own)
        self._chance = chance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - as io has it
        if not self._ready and self._left:
            self._ready = cut_piece(self._chance, min(self._left, _PIECE))
            self._left -= len(self._ready)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
