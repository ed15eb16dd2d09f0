"""What the same bytes cost at least: the limit of each shape, and what else reads them and does less than we do."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.images import SAME_IMAGE, Shape
from benchmarks.measure import Command

TAR: Final = "tar -t"
_GZIP: Final = "igzip -dc; openssl dgst -sha256"
_ZSTD: Final = "zstd -dc; openssl dgst -sha256"
NOTHING: Final = "Python, doing nothing"
_TOO_MUCH_TO_HASH: Final = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """What a tool that has to know what is in an image cannot be faster than.

    Attributes:
        name: of the command that measures it.
        script: for sh; its arguments are the layers' files.
        programs: that it needs.
        words: why it is the limit.
    """

    name: str
    script: str
    programs: tuple[str, ...]
    words: str


LIMITS: Final[Mapping[str, Limit]] = {
    "none": Limit(
        TAR,
        'for blob do tar -tf "$blob" || exit; done',
        ("tar",),
        "a visit to every header: GNU tar, written in C, one process for each layer",
    ),
    "gzip": Limit(
        _GZIP,
        'igzip -dc "$@" > /dev/null && openssl dgst -sha256 "$@"',
        ("igzip", "openssl"),
        "the fastest single-threaded inflate that we know of, and the fastest hash of the compressed bytes",
    ),
    "zstd": Limit(
        _ZSTD,
        'zstd -dcq -- "$@" > /dev/null && openssl dgst -sha256 "$@"',
        ("zstd", "openssl"),
        "the reference decompressor, and the hash of the compressed bytes",
    ),
}

HASHED_BESIDE: Final = Limit(
    "igzip -dc beside openssl dgst -sha256",
    'openssl dgst -sha256 "$@" & igzip -dc "$@" > /dev/null && wait',
    ("igzip", "openssl"),
    "the same, one beside the other: a single layer cannot be read in less time",
)

_LISTINGS: Final[Mapping[str, Limit]] = {
    "none": LIMITS["none"],
    "gzip": Limit("igzip -dc | tar -t", 'for blob do igzip -dc "$blob" | tar -t || exit; done', ("igzip", "tar"), ""),
    "zstd": Limit("zstd -dc | tar -t", 'for blob do zstd -dcq -- "$blob" | tar -t || exit; done', ("zstd", "tar"), ""),
}


def limit_of(shape: Shape) -> Limit | None:
    """Return the limit of a shape; the small one has none but the start of an interpreter."""
    return LIMITS[shape.compression] if shape.blobs else None


def limit(shape: Shape) -> Command:
    """Return the command that is the limit of a shape."""
    found = limit_of(shape)
    if found is None:
        return Command(name=NOTHING, argv=(sys.executable, "-c", "pass"), shown="python -c pass")
    return _command(found, shape)


def beside(shape: Shape) -> Command:
    """Return what inflates gzip layers while it hashes them, on two processors."""
    return _command(HASHED_BESIDE, shape)


def listing(shape: Shape) -> Command | None:
    """Return what prints a line for each entry of all layers, if the programs are here."""
    if not shape.blobs or shape.name in SAME_IMAGE:  # whose image was listed where it came from
        return None
    command = _LISTINGS[shape.compression]
    return _command(command, shape)


def floors(shape: Shape) -> Iterator[Command]:
    """Yield what reads the same bytes and does less than we have to, once each."""
    if not shape.blobs or shape.name in SAME_IMAGE:
        return
    yield _on_blobs("cat", shape)
    if shape.stored < _TOO_MUCH_TO_HASH:
        yield _on_blobs("openssl dgst -sha256", shape)
    if shape.name == "gzip-4gb":
        yield _on_blobs("igzip -dc", shape)
        yield _on_blobs("gzip -dc", shape)
    if shape.name == "zstd-4gb":
        yield _on_blobs("zstd -dcq", shape)


def _on_blobs(words: str, shape: Shape) -> Command:
    return Command(name=words, argv=(*words.split(), *map(str, shape.blobs)), shown=f"{words} BLOB...", once=True)


def _command(found: Limit, shape: Shape) -> Command:
    shown = found.script.replace('"$blob"', "BLOB").replace('"$@"', "BLOB...")
    argv = ("sh", "-c", found.script, "sh", *map(str, shape.blobs))
    return Command(name=found.name, argv=argv, shown=shown, needs=found.programs)
