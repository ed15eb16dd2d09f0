"""Makes the images: `python -m benchmarks.make --scale 0.01` makes small ones.

They are made once and kept, and made again when their recipe changes. Each layer is kept as soon as it is done, so that
an interrupted run goes on where it was. The shapes of real files are the files of gzip-4gb in other layers.
"""

import argparse
import gzip
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks.compressed import Compression
from benchmarks.counted import MILLION, Counts, layer_items, with_fractional_times, with_repeats
from benchmarks.forms import StoredLayer, write_docker_archive, write_layout
from benchmarks.images import DIRECTORY, ROOT, SHAPES, home_of, load, read_record, shape_name, write_record
from benchmarks.real import Source, choose_layers, pack
from benchmarks.recipe import plain_image
from benchmarks.repack import rearrange, transcode
from benchmarks.sparse import write_layer
from tests.support.tarballs import Item

Maker: TypeAlias = Callable[[Path, Path, float], Iterable[StoredLayer]]
"""Makes layers, given the directory for their files, the one of all images, and the scale."""

_GZIP: Final = "gzip-4gb"
_SOME: Final = 400_000
_BIG_LAST: Final = (*[5.0] * 8, 60.0)
"""The shares of the layers of big-layer-last, in percent."""


def make(name: str, directory: Path, scale: float) -> None:
    """Make a shape in `directory`, unless it is there already."""
    if load(name, directory, scale) is not None:
        return
    start = time.monotonic()
    print(f"making {name} at scale {scale:g}", file=sys.stderr)
    home = home_of(name, directory, scale)
    parts = home / "layers"
    parts.mkdir(parents=True, exist_ok=True)
    if name == "small":
        _unpack_demo(home)
    else:
        assemble(list(_MAKERS[name](parts, directory, scale)), home)
    shutil.rmtree(parts)
    print(f"made {name} in {time.monotonic() - start:.0f} s", file=sys.stderr)


def assemble(layers: Sequence[StoredLayer], home: Path) -> None:
    """Write the forms of an image into its directory, and at last the record that it is complete."""
    shutil.rmtree(home / "layout", ignore_errors=True)
    write_layout(layers, home / "layout")
    write_docker_archive(layers, home / "docker-archive.tar")
    write_record(home / "image.json", {"layers": [{**asdict(layer), "path": layer.path.name} for layer in layers]})


def sparse_layers(parts: Path, steps: Iterable[tuple[str, Callable[[], Iterable[Item]]]]) -> Iterator[StoredLayer]:
    """Yield plain layers whose bodies are holes, from a history line and what makes the entries of each."""
    for position, (line, items) in enumerate(steps):
        path = parts / f"{position}.tar"
        layer = _kept(path)
        if layer is None:
            digest, size, entries = write_layer(items(), path)
            layer = StoredLayer(path, line, digest, digest, size, size, entries, "none")
            _keep(layer)
        yield layer


def counted_layers(
    parts: Path, counts: Counts, altered: Callable[[Iterator[Item]], Iterator[Item]] = iter
) -> Iterator[StoredLayer]:
    """Yield the layers of an image of so many entries, layers and bytes; `altered` alters the entries of each."""

    def items(number: int) -> Iterable[Item]:
        return altered(layer_items(counts, number))

    return sparse_layers(parts, ((f"COPY part-{n:03} /srv", partial(items, n)) for n in range(counts.layers)))


def _plain_35gb(parts: Path, _: Path, scale: float) -> Iterable[StoredLayer]:
    return sparse_layers(parts, ((step.line, partial(iter, step.items)) for step in plain_image(scale=scale)))


def _million(parts: Path, _: Path, scale: float) -> Iterable[StoredLayer]:
    return counted_layers(parts, Counts(entries=round(MILLION * scale), layers=10))


def _fractional_times(parts: Path, _: Path, scale: float) -> Iterable[StoredLayer]:
    return counted_layers(parts, Counts(entries=round(_SOME * scale), layers=4), with_fractional_times)


def _repeated_paths(parts: Path, _: Path, scale: float) -> Iterable[StoredLayer]:
    return counted_layers(parts, Counts(entries=round(_SOME * scale), layers=4), with_repeats)


def _gzip_4gb(parts: Path, directory: Path, scale: float) -> Iterable[StoredLayer]:
    paths = [parts / f"{position}.tar.gz" for position in range(2)]
    kept = [_kept(path) for path in paths]
    if None in kept:
        chosen = choose_layers(directory / "wheels", scale=scale)
        with ProcessPoolExecutor(max_workers=2) as pool:
            kept = list(pool.map(_gzip_layer, paths, *zip(*chosen, strict=True)))
    return [layer for layer in kept if layer is not None]


def _gzip_layer(path: Path, line: str, sources: Sequence[Source]) -> StoredLayer:
    layer = _kept(path)
    if layer is None:
        packed = pack(sources, path)
        layer = StoredLayer(path, line, **asdict(packed), compression="gzip")
        _keep(layer)
    return layer


def _transcoded(compression: Compression, parts: Path, directory: Path, scale: float) -> Iterable[StoredLayer]:
    for layer in _gzip_layers(directory, scale):
        yield transcode(layer, parts / f"{layer.path.name}.{compression}", compression)


def _rearranged(weights: Sequence[float], parts: Path, directory: Path, scale: float) -> Iterable[StoredLayer]:
    targets = [parts / f"{position}.tar.gz" for position in range(len(weights))]
    return rearrange(_gzip_layers(directory, scale), targets, weights=weights)


def _gzip_layers(directory: Path, scale: float) -> list[StoredLayer]:
    """Return the layers of gzip-4gb as they lie in its layout."""
    make(_GZIP, directory, scale)
    home = home_of(_GZIP, directory, scale)
    layers = (read_record(home / "image.json") or {"layers": []})["layers"]
    blobs = home / "layout" / "blobs"
    return [StoredLayer(**{**layer, "path": blobs / layer["digest"].replace(":", "/")}) for layer in layers]


_MAKERS: Final[Mapping[str, Maker]] = {
    "plain-35gb": _plain_35gb,
    "plain-4gb": partial(_transcoded, "none"),
    "million": _million,
    "fractional-times": _fractional_times,
    "repeated-paths": _repeated_paths,
    _GZIP: _gzip_4gb,
    "registry": _gzip_4gb,
    "registry-50ms": _gzip_4gb,
    "zstd-4gb": partial(_transcoded, "zstd"),
    "one-huge-layer": partial(_rearranged, [1.0]),
    "big-layer-last": partial(_rearranged, _BIG_LAST),
    "forty-layer": partial(_rearranged, [1.0] * 40),
}


def _unpack_demo(home: Path) -> None:
    with gzip.open(ROOT / "testdata" / "demo.tar.gz") as source, (home / "docker-archive.tar").open("wb") as sink:
        shutil.copyfileobj(source, sink)
    write_record(home / "image.json", {"layers": []})


def _kept(path: Path) -> StoredLayer | None:
    record = read_record(path.with_suffix(".json"))
    return StoredLayer(**{**record["layer"], "path": path}) if record is not None and path.exists() else None


def _keep(layer: StoredLayer) -> None:
    write_record(layer.path.with_suffix(".json"), {"layer": {**asdict(layer), "path": layer.path.name}})


def main() -> None:
    """Make the images that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make", description="Make the images that are measured.")
    parser.add_argument(
        "shapes",
        nargs="*",
        type=shape_name,
        metavar="SHAPE",
        help=f"which of them: {', '.join(SHAPES)}; all by default",
    )
    parser.add_argument("--scale", type=float, default=1.0, help="how large: 0.01 is a hundredth (default 1)")
    parser.add_argument(
        "--directory", type=Path, default=DIRECTORY, help="where they are kept (default build/benchmarks)"
    )
    arguments = parser.parse_args()
    for name in arguments.shapes or SHAPES:
        make(name, arguments.directory, arguments.scale)


if __name__ == "__main__":
    main()
