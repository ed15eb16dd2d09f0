"""The images of a fleet, written where a registry keeps its own: bases that teams build upon, and what they add.

Each base has the layers of a small image that works in Studio and some with many files; each image adds layers to a
base, and some images do what breaks them. Files are pieces of the machine's own programs and libraries, so that they
compress as real ones do.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from isal import isal_zlib

from benchmarks.registry_files import data_of, link_image, store_blob
from tests.support.fit import BASE, CONFIG, IPYKERNEL, PYTHON
from tests.support.tarballs import Item, directory, file, layer, symlink

_GZIP: Final = 31
_LEVEL: Final = 2
_POOL: Final = 256 << 20
"""How many bytes files are cut out of."""
_PIECE: Final = 1 << 20
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"


class Sizes(NamedTuple):
    """How many images and layers there are, and how large the layers of bases and of images are, in bytes of tar."""

    images: int
    bases: int
    layers_of_base: int
    layers_of_image: int
    base_layer: int
    image_layer: int


FULL: Final = Sizes(300, 40, 5, 6, 60_000_000, 6_000_000)
"""40 x 5 + 300 x 6 = 2,000 distinct layers."""

BREAKING: Final[Sequence[tuple[str, Sequence[Item], dict[str, Any]]]] = (
    ("user", (), {"User": "1001"}),
    ("driver", (file("usr/lib/x86_64-linux-gnu/libcuda.so.535.104.05", b"\x7fELF" + bytes(60)),), {}),
    ("kernel", (symlink("usr/local/bin/python3.11", "/nowhere/python"),), {}),
    ("reserved", (directory("opt/ml"), file("opt/ml/model.bin", bytes(5000))), {}),
)
"""What breaks one image in ten."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A layer in the registry."""

    digest: str
    diff_id: str
    size: int


def make_fleet(home: Path, sizes: Sizes = FULL) -> list[str]:
    """Write all images below `home`, where docker-registry finds them; return their names with their tags."""
    data = data_of(home)
    with ProcessPoolExecutor() as pool:
        bases = list(pool.map(_base, [data] * sizes.bases, range(sizes.bases), [sizes] * sizes.bases))
        chosen = [(number, bases[number % sizes.bases]) for number in range(sizes.images)]
        return list(pool.map(_image, [data] * sizes.images, chosen, [sizes] * sizes.images))


def _base(data: Path, number: int, sizes: Sizes) -> list[Stored]:
    """Write the layers of a base, and return them."""
    first = [*BASE, *_files(f"usr/share/base{number}", f"base {number} 0", sizes.base_layer)]
    layers: list[Sequence[Item]] = [first, PYTHON, IPYKERNEL]
    layers += (
        _files(f"opt/base{number}/{position}", f"base {number} {position}", sizes.base_layer)
        for position in range(len(layers), sizes.layers_of_base)
    )
    marked = [[file(f"usr/share/marks/{number}.{position}"), *items] for position, items in enumerate(layers)]
    return [_store_layer(data, items) for items in marked]


def _image(data: Path, chosen: tuple[int, list[Stored]], sizes: Sizes) -> str:
    """Write an image on a base, and return its name with its tag."""
    number, base = chosen
    contents = [
        _files(f"opt/team/{number}/{position}", f"image {number} {position}", sizes.image_layer)
        for position in range(sizes.layers_of_image)
    ]
    config: dict[str, Any] = dict(CONFIG)
    if number % 10 == 0:
        _, items, changes = BREAKING[number // 10 % len(BREAKING)]
        contents[-1] = [*contents[-1], *items]
        config |= changes
    layers = [*base, *(_store_layer(data, items) for items in contents)]
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [one.diff_id for one in layers]},
        "history": [{"created_by": f"RUN step {position}"} for position in range(len(layers))],
    }
    raw = json.dumps(document).encode()
    stored = store_blob(data, raw)
    described = {"mediaType": _CONFIG, "digest": stored, "size": len(raw)}
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": described,
            "layers": [{"mediaType": _LAYER, "digest": one.digest, "size": one.size} for one in layers],
        }
    ).encode()
    name = f"team/app{number % 60:02}"
    digest = store_blob(data, manifest)
    link_image(data, name, [digest], {f"v{number}": digest}, [stored, *(one.digest for one in layers)])
    return f"{name}:v{number}"


def _files(where: str, seed: str, size: int) -> list[Item]:
    """Return files of about `size` bytes in all below a directory: most are small, and a few hold most bytes."""
    chance, items = random.Random(seed), list[Item]()  # noqa: S311 - nothing to be kept secret
    left = round(size * chance.uniform(0.2, 1.8))
    while left > 0:
        length = min(left, max(200, round(chance.lognormvariate(8.5, 2))), _PIECE * 4)
        items.append(file(f"{where}/d{len(items) // 50}/f{len(items)}.py", cut_piece(chance, length)))
        left -= length
    return items


def cut_piece(chance: random.Random, length: int) -> bytes:
    """Return so many bytes of the machine's own programs and libraries, or fewer if it has fewer."""
    pool = _pool()
    start = chance.randrange(max(1, len(pool) - length))
    return pool[start : start + length]


@cache
def _pool() -> bytes:
    """Return bytes of the machine's own programs and libraries, always the same on one machine."""
    found = bytearray()
    for path in _own_files():
        with path.open("rb") as source:
            found += source.read(_PIECE)
        if len(found) >= _POOL:
            break
    return bytes(found)


def _own_files() -> Iterator[Path]:
    for root in (Path("/usr/lib"), Path("/usr/bin"), Path("/usr/share")):
        yield from (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())


def _store_layer(data: Path, items: Sequence[Item]) -> Stored:
    tar = layer(items)
    encoder = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
    raw = encoder.compress(tar) + encoder.flush()
    return Stored(store_blob(data, raw), f"sha256:{hashlib.sha256(tar).hexdigest()}", len(raw))
