"""Makes the images: `python -m benchmarks.make --scale 0.01` makes small ones.

They are made once and kept, and made again when their recipe changes. Each layer is kept as soon as it is done, so that
an interrupted run goes on where it was.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from benchmarks.forms import StoredLayer, write_docker_archive, write_layout
from benchmarks.images import DIRECTORY, SHAPES, home_of, load, read_record, shape_name, write_record
from benchmarks.real import Source, choose_layers, pack
from benchmarks.recipe import plain_image
from benchmarks.sparse import write_layer


def make(name: str, directory: Path, scale: float) -> None:
    """Make a shape in `directory`, unless it is there already."""
    if load(name, directory, scale) is not None:
        return
    start = time.monotonic()
    print(f"making {name} at scale {scale:g}", file=sys.stderr)
    home = home_of(name, directory, scale)
    parts = home / "layers"
    parts.mkdir(parents=True, exist_ok=True)
    layout, archive = home / "layout", home / "docker-archive.tar"
    shutil.rmtree(layout, ignore_errors=True)
    if name == "plain-35gb":
        layers = list(_plain_layers(parts, scale))
        write_docker_archive(layers, archive)
    else:
        layers = list(_gzip_layers(parts, directory / "wheels", scale))
    write_layout(layers, layout)
    write_record(home / "image.json", {"layers": [{**asdict(layer), "path": layer.path.name} for layer in layers]})
    shutil.rmtree(parts)
    print(f"made {name} in {time.monotonic() - start:.0f} s", file=sys.stderr)


def _plain_layers(directory: Path, scale: float) -> Iterator[StoredLayer]:
    for position, step in enumerate(plain_image(scale=scale)):
        path = directory / f"{position}.tar"
        layer = _kept(path)
        if layer is None:
            digest, size = write_layer(step.items, path)
            layer = StoredLayer(path, step.line, digest, digest, size, size, len(step.items), "none")
            _keep(layer)
        yield layer


def _gzip_layers(directory: Path, wheels: Path, scale: float) -> Iterator[StoredLayer]:
    paths = [directory / f"{position}.tar.gz" for position in range(2)]
    kept = [_kept(path) for path in paths]
    if None in kept:
        chosen = choose_layers(wheels, scale=scale)
        with ProcessPoolExecutor(max_workers=2) as pool:
            kept = list(pool.map(_gzip_layer, paths, *zip(*chosen, strict=True)))
    yield from (layer for layer in kept if layer is not None)


def _gzip_layer(path: Path, line: str, sources: Sequence[Source]) -> StoredLayer:
    layer = _kept(path)
    if layer is None:
        packed = pack(sources, path)
        layer = StoredLayer(path, line, **asdict(packed), compression="gzip")
        _keep(layer)
    return layer


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
