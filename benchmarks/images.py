"""The images that are measured, as `make.py` left them on disk.

Nothing heavy is imported here: a process that measures should be small.
"""

import json
from argparse import ArgumentTypeError
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DIRECTORY = ROOT / "build" / "benchmarks"
SHAPES = (
    "plain-35gb",
    "plain-4gb",
    "million",
    "fractional-times",
    "repeated-paths",
    "gzip-4gb",
    "zstd-4gb",
    "one-huge-layer",
    "big-layer-last",
    "forty-layer",
    "registry",
    "registry-50ms",
    "small",
)
SAME_IMAGE = {"registry": "gzip-4gb", "registry-50ms": "gzip-4gb"}
"""The shapes that are another shape's image, come by another way: all of them from a registry."""
LATENCY = {"registry-50ms": 0.05}
"""Seconds to the registry and back, where it is not the same machine that is measured."""
_VERSION = 1
"""Of the recipes: a new number makes all images anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An image in the forms that it is measured in.

    Attributes:
        name: one of `SHAPES`.
        compression: of its layers.
        layers: how many there are.
        entries: of the tars of all layers together, None where nobody counted.
        uncompressed: size of these tars in bytes.
        stored: size of the blobs in bytes.
        archive: the docker archive.
        plain_archive: the docker archive for tools that read none that is compressed as a whole, if that is another.
        layout: the OCI layout, if the shape has one.
        reference: its name in a registry, while one runs.
        blobs: the layers' files, bottom first.
    """

    name: str
    compression: str = "none"
    layers: int = 0
    entries: int | None = None
    uncompressed: int = 0
    stored: int = 0
    archive: Path
    plain_archive: Path | None = None
    layout: Path | None = None
    reference: str | None = None
    blobs: tuple[Path, ...] = ()

    @property
    def for_peers(self) -> Path:
        """The docker archive that every tool can read."""
        return self.plain_archive or self.archive


def shape_name(text: str) -> str:
    """Return the name of a shape, as argparse wants it: ArgumentTypeError if there is none such."""
    if text not in SHAPES:
        raise ArgumentTypeError(f"no image {text!r}; there are {', '.join(SHAPES)}")
    return text


def load(name: str, directory: Path, scale: float) -> Shape | None:
    """Return a shape that was made before, or None."""
    home = home_of(name, directory, scale)
    record = read_record(home / "image.json")
    archive = home / "docker-archive.tar"
    if record is None or not archive.exists():
        return None
    if name == "small":
        return Shape(name=name, archive=ROOT / "testdata" / "demo.tar.gz", plain_archive=archive)
    layout = home / "layout"
    return Shape(
        name=name,
        compression=record["layers"][0]["compression"],
        layers=len(record["layers"]),
        entries=sum(layer["entries"] for layer in record["layers"]),
        uncompressed=sum(layer["uncompressed_size"] for layer in record["layers"]),
        stored=sum(layer["size"] for layer in record["layers"]),
        archive=archive,
        layout=layout,
        blobs=tuple(layout / "blobs" / layer["digest"].replace(":", "/") for layer in record["layers"]),
    )


def home_of(name: str, directory: Path, scale: float) -> Path:
    """Return the directory of a shape at a scale."""
    return directory / f"{SAME_IMAGE.get(name, name)}-{scale:g}"


def read_record(path: Path) -> dict[str, Any] | None:
    """Return what `write_record` wrote, or None if that was never, or for another version of the recipes."""
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return record if record["version"] == _VERSION else None


def write_record(path: Path, values: Mapping[str, Any]) -> None:
    """Write a record, all or nothing."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({"version": _VERSION, **values}, indent=1))
    unfinished.replace(path)
