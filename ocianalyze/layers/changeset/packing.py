"""What was learned of a layer, as bytes: for another process, and for the cache.

The bytes may have lain in a file that somebody altered, so unpacking runs nothing, takes nothing for granted that would
let a loop go on for ever, and says so where they are not what `pack` makes.
"""

from __future__ import annotations

import json
from array import array
from itertools import accumulate, chain, pairwise
from typing import Any, Final, NamedTuple

from ocianalyze.layers.changeset.changeset import ROOT, Changeset, Diagnostic
from ocianalyze.layers.changeset.columns import are_sound
from ocianalyze.layers.tar.entry import Attributes, Kind
from ocianalyze.layers.tar.obstacles import Obstacles

FORMAT: Final = 5
"""To be raised when what is packed, or what it means, changes."""

_COLUMNS: Final = ("parents", "kinds", "identities", "sizes", "mtimes", "offsets")
_LENGTH: Final = 4
_KINDS: Final = bytes(Kind)
_LINKS: Final = bytes((Kind.SYMLINK, Kind.HARDLINK))
_COMPRESSIONS: Final = frozenset(("none", "gzip", "zstd"))
_INT64: Final = 1 << 63


class Packed(NamedTuple):
    """What is packed of a layer; sizes in bytes.

    `captured` are the contents that were kept, by row, and `dropped` says whether some scripts were not (see
    `ocianalyze.layers.contents.contents.Contents`). `seconds` is how long the reading took.
    """

    changeset: Changeset
    compression: str
    size: int
    uncompressed_size: int
    bytes_read: int
    seconds: float
    captured: dict[int, bytes]
    dropped: bool = False


class DamagedPackError(ValueError):
    """Bytes that are not those of a layer."""


def pack(layer: Packed) -> bytes:
    """Return what was learned of a layer as bytes, in the byte order of this machine."""
    changeset = layer.changeset
    captured = layer.captured
    repeats = changeset.repeats
    sections = [
        changeset.joined_names(),
        *(bytes(getattr(changeset, name)) for name in _COLUMNS),
        bytes(array("i", changeset.links)),
        _joined(changeset.links.values()),
        bytes(array("i", chain.from_iterable(repeats or ()))),
        bytes(changeset.linked or b""),
        *(bytes(rows) for rows in changeset.searches.values()),
        bytes(array("i", captured)),
        bytes(array("q", map(len, captured.values()))),
        *captured.values(),
    ]
    head = {
        "layer": [layer.compression, layer.size, layer.uncompressed_size, layer.bytes_read, layer.seconds],
        "dropped": layer.dropped,
        "entries": changeset.entries,
        "attributes": changeset.attributes,
        "xattrs": [
            [row, key, value.decode("latin-1")]
            for row, items in changeset.xattrs.items()
            for key, value in items.items()
        ],
        "diagnostics": changeset.diagnostics,
        "obstacles": changeset.obstacles.pack(),
        "answered": [repeats is not None, changeset.linked is not None],
        "searches": list(changeset.searches),
        "sections": [len(section) for section in sections[: len(sections) - len(captured)]],
    }
    packed = json.dumps(head).encode()
    return b"".join((len(packed).to_bytes(_LENGTH, "little"), packed, *sections))


def unpack(data: bytes | memoryview) -> Packed:
    """Return the layer that `pack` turned into these bytes.

    Raises:
        DamagedPackError: they are damaged, or not from `pack`.
    """
    try:
        return _unpack(memoryview(data))
    except DamagedPackError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
        raise DamagedPackError(f"not a packed layer: {error}") from error


def _unpack(data: memoryview) -> Packed:
    start = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
    head: dict[str, Any] = json.loads(bytes(data[_LENGTH:start]))
    bounds = list(accumulate(head["sections"], initial=start))
    sections = [data[begin:end] for begin, end in pairwise(bounds)]
    names, *sections = sections
    columns, sections = sections[: len(_COLUMNS)], sections[len(_COLUMNS) :]
    link_rows, targets, repeats, linked, *searches, captured_rows, captured_sizes = sections
    changeset = Changeset()
    if bytes(names[-1:]) != b"\0":
        raise DamagedPackError("names of the packed layer do not end")
    changeset.set_names(bytes(names))
    for name, section in zip(_COLUMNS, columns, strict=True):
        empty = getattr(changeset, name)[:0]
        column = bytearray(section) if isinstance(empty, bytearray) else _array(empty.typecode, section)
        setattr(changeset, name, column)
    changeset.attributes = [Attributes(*map(int, item)) for item in head["attributes"]]
    changeset.links = dict(zip(_array("i", link_rows), _split(targets) if link_rows else (), strict=True))
    for row, key, value in head["xattrs"]:
        changeset.xattrs.setdefault(row, {})[key] = value.encode("latin-1")
    changeset.diagnostics = [Diagnostic(*item) for item in head["diagnostics"]]
    changeset.obstacles = Obstacles.unpack(head["obstacles"])
    changeset.entries = int(head["entries"])
    pairs = _array("i", repeats)
    are_repeats_known, is_linked_known = (known is True for known in head["answered"])
    changeset.repeats = list(zip(pairs[::2], pairs[1::2], strict=True)) if are_repeats_known else None
    changeset.linked = _array("i", linked) if is_linked_known else None
    changeset.searches = {
        str(beginning): _array("i", rows) for beginning, rows in zip(head["searches"], searches, strict=True)
    }
    compression, *numbers, seconds = head["layer"]
    size, uncompressed_size, bytes_read = map(int, numbers)
    lengths = _array("q", captured_sizes)
    ends = list(accumulate(lengths, initial=bounds[-1]))
    if ends[-1] != len(data) or min(lengths, default=0) < 0:
        raise DamagedPackError("packed layer is cut short or has trailing data")
    contents = (bytes(data[begin:end]) for begin, end in pairwise(ends))
    captured = dict(zip(_array("i", captured_rows), contents, strict=True))
    packed = Packed(
        changeset,
        str(compression),
        size,
        uncompressed_size,
        bytes_read,
        float(seconds),
        captured,
        dropped=head["dropped"] is True,
    )
    _check(packed)
    return packed


def _check(packed: Packed) -> None:
    """Raise DamagedPackError unless the columns fit together, every path starts at the root, and all is in range."""
    changeset = packed.changeset
    rows, kinds = len(changeset), changeset.kinds
    if any(len(getattr(changeset, name)) != rows for name in _COLUMNS):
        raise DamagedPackError("columns of the packed layer differ in length")
    if not are_sound(changeset):
        raise DamagedPackError("packed layer contains a row with an invalid parent, size or attributes")
    links = changeset.links
    if kinds.translate(None, _KINDS) or len(links) != sum(map(kinds.count, _LINKS)):
        raise DamagedPackError("packed layer contains unknown kinds or links without a target")
    if min(links, default=ROOT) < ROOT or bytes(map(kinds.__getitem__, links)).translate(None, _LINKS):
        raise DamagedPackError("packed layer contains targets of rows that are not links")
    names = changeset.names
    if not all(ROOT < first < row < rows and names[first] == names[row] for row, first in changeset.repeats or ()):
        raise DamagedPackError("packed layer contains repeats of rows that are none")
    if not all(ROOT < row < rows and kinds[row] == Kind.FILE for row in changeset.linked or ()):
        raise DamagedPackError("packed layer contains links to rows that are no files")
    found = chain(changeset.xattrs, packed.captured, *changeset.searches.values())
    if not all(ROOT <= row < rows for row in found):
        raise DamagedPackError("packed layer contains data of rows that do not exist")
    numbers = (changeset.entries, packed.size, packed.uncompressed_size, packed.bytes_read)
    if packed.compression not in _COMPRESSIONS or not all(0 <= number < _INT64 for number in numbers):
        raise DamagedPackError("packed layer has invalid sizes or an unknown compression")
    if not all(-_INT64 <= value < _INT64 for value in chain.from_iterable(changeset.attributes)):
        raise DamagedPackError("packed layer contains invalid attributes")


def _array(typecode: str, section: memoryview) -> array[int]:
    column: array[int] = array(typecode)
    column.frombytes(section)
    return column


def _joined(texts: Any) -> bytes:  # noqa: ANN401 - any texts
    return "\0".join(texts).encode("utf-8", "surrogateescape")


def _split(section: memoryview) -> list[str]:
    return str(section, "utf-8", "surrogateescape").split("\0")
