"""Ztocs of any layer, and gzip layers whose spans begin where a test wants them to.

`flatbuffer` writes tables, `files_of` states the entries of a tar as soci-snapshotter does, and `Draft` puts both
together; a test may change any of it before it is packed. `Deflater` writes deflate streams bit by bit.
"""

import io
import json
import struct
import tarfile
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from ocianalyze.layers.indexes.checkpoints import Span, SpanList
from ocianalyze.layers.indexes.spans import ZtocContents
from ocianalyze.layers.indexes.ztoc import Ztoc
from ocianalyze.layers.metering.limits import Limits
from tests.support.listed import ztoc_in_both_ways

Value: TypeAlias = "tuple[str, int] | bytes | Sequence[Any] | Mapping[int, Any]"
"""A number with its letter of `struct`, a string, a vector of strings or tables, or a table by its slots."""

WINDOW: Final = 1 << 15
GZIP: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
TYPES: Final = {
    tarfile.REGTYPE: b"reg",
    tarfile.DIRTYPE: b"dir",
    tarfile.SYMTYPE: b"symlink",
    tarfile.LNKTYPE: b"hardlink",
    tarfile.CHRTYPE: b"char",
    tarfile.BLKTYPE: b"block",
    tarfile.FIFOTYPE: b"fifo",
}


def flatbuffer(root: Mapping[int, Any], *, is_shared: bool = False) -> bytes:
    """Return a flatbuffer; with `is_shared`, equal strings are written once, and so are vectors and tables."""
    buffer = bytearray(4)
    vtables: dict[bytes, int] = {}
    written: dict[bytes | int, int] = {}
    waiting: deque[tuple[int, Value]] = deque([(0, root)])

    def place(value: Value) -> int:
        buffer.extend(bytes(-len(buffer) % 8))
        if isinstance(value, Mapping):
            return _table(buffer, value, vtables, waiting)
        at = len(buffer)
        buffer.extend(struct.pack("<I", len(value)))
        if isinstance(value, bytes):
            buffer.extend(value + b"\0")
        else:
            waiting.extend((at + 4 + 4 * number, item) for number, item in enumerate(value))
            buffer.extend(bytes(4 * len(value)))
        return at

    while waiting:
        reference, value = waiting.popleft()
        key = value if isinstance(value, bytes) else id(value)
        at = written.get(key, 0) if is_shared else 0
        if at <= reference:  # references lead forward only
            at = written[key] = place(value)
        struct.pack_into("<I", buffer, reference, at - reference)
    return bytes(buffer)


def _table(
    buffer: bytearray, fields: Mapping[int, Any], vtables: dict[bytes, int], waiting: deque[tuple[int, Value]]
) -> int:
    inline = bytearray(4)
    places = [0] * (max(fields, default=-1) + 1)
    references: list[tuple[int, Value]] = []
    for slot, value in fields.items():
        form, number = value if isinstance(value, tuple) else ("I", 0)
        inline.extend(bytes(-len(inline) % struct.calcsize(form)))
        places[slot] = len(inline)
        if not isinstance(value, tuple):
            references.append((len(inline), value))
        inline.extend(struct.pack(f"<{form}", number))
    vtable = struct.pack(f"<{2 + len(places)}H", 4 + 2 * len(places), len(inline), *places)
    if vtable not in vtables:
        vtables[vtable] = len(buffer)
        buffer.extend(vtable + bytes(-len(vtable) % 8))
    at = len(buffer)
    struct.pack_into("<i", inline, 0, at - vtables[vtable])
    buffer.extend(inline)
    waiting.extend((at + place, value) for place, value in references)
    return at


# ---- entries ---------------------------------------------------------------------------------------------------------


def files_of(tar: bytes, *, zone: int = 0) -> list[dict[int, Any]]:
    """Return the entries of a tar that `tests.support.tarballs` wrote; their times are `zone` minutes ahead."""
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:", encoding="utf-8", errors="surrogateescape") as archive:
        return [_file(info, zone) for info in archive]


def _file(info: tarfile.TarInfo, zone: int) -> dict[int, Any]:
    numbers = {
        2: ("q", info.offset_data),
        3: ("q", info.size if info.isreg() else 0),
        5: ("q", info.mode),
        6: ("I", info.uid & 0xFFFFFFFF),
        7: ("I", info.gid & 0xFFFFFFFF),
        11: ("q", info.devmajor),
        12: ("q", info.devminor),
    }
    return {
        0: _raw(info.name) + b"/" * info.isdir(),
        1: TYPES[info.type],
        4: _raw(info.linkname),
        8: _raw(info.uname),
        9: _raw(info.gname),
        10: go_time(info.pax_headers.get("mtime", str(info.mtime)), zone),
        13: [{0: _raw(key), 1: _raw(value)} for key, value in sorted(info.pax_headers.items())],
        **{slot: number for slot, number in numbers.items() if number[1]},
    }


def go_time(seconds: str, zone: int = 0) -> bytes:
    """Return a time as Go writes it, in a time zone that is so many minutes ahead."""
    whole, rest = divmod(int(Decimal(seconds) * 10**9), 10**9)
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole, minutes=zone)
    fraction = f".{rest:09}".rstrip("0") if rest else ""
    sign = "+" if zone >= 0 else "-"
    shown = f"{sign}{abs(zone) // 60:02}:{abs(zone) % 60:02}" if zone else "Z"
    return f"{local:%Y-%m-%dT%H:%M:%S}{fraction}{shown}".encode()


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# ---- layers ----------------------------------------------------------------------------------------------------------


class Checkpoint(NamedTuple):
    """Where inflating can begin: the first whole byte, the place in the tar, and how many bits are before that byte."""

    start: int
    begin: int
    bits: int = 0


class Packed(NamedTuple):
    """A gzip layer, what it inflates to, and where that can begin."""

    layer: bytes
    plain: bytes
    points: Sequence[Checkpoint]


def pack(plain: bytes, cuts: Sequence[int], *, level: int = 6) -> Packed:
    """Return a gzip layer of one member that can be inflated from each of the `cuts`, which are places in the tar."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
    layer = bytearray(GZIP)
    points = [Checkpoint(len(layer), 0)]
    last = 0
    for cut in sorted(cuts):
        layer += compressor.compress(plain[last:cut]) + compressor.flush(zlib.Z_SYNC_FLUSH)
        points.append(Checkpoint(len(layer), cut))
        last = cut
    layer += compressor.compress(plain[last:]) + compressor.flush() + _trailer(plain)
    return Packed(bytes(layer), plain, points)


def pack_members(plain: bytes, cuts: Sequence[int], *, padding: int = 0) -> Packed:
    """Return a gzip layer with a member from each of the `cuts` on, followed by so many zeros."""
    layer = bytearray()
    points = []
    places = [0, *sorted(cuts), len(plain)]
    for begin, end in pairwise(places):
        points.append(Checkpoint(len(layer) + len(GZIP), begin))
        compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
        piece = plain[begin:end]
        layer += GZIP + compressor.compress(piece) + compressor.flush() + _trailer(piece) + bytes(padding)
    return Packed(bytes(layer), plain, points)


def _trailer(plain: bytes) -> bytes:
    return struct.pack("<II", zlib.crc32(plain), len(plain) & 0xFFFFFFFF)


class Deflater:
    """Writes a gzip layer block by block; inflating can begin at each block, wherever its first bit is."""

    def __init__(self) -> None:
        self._bits = 0
        self._count = 0
        self._packed = bytearray(GZIP)
        self.plain = bytearray()
        self.points: list[Checkpoint] = []

    def literals(self, data: bytes) -> None:
        """Add a block with fixed codes and no matches."""
        self._begin(1)
        for byte in data:
            self._symbol(byte)
        self.plain += data
        self._symbol(256)

    def match(self, length: int, distance: int) -> None:
        """Add a block with fixed codes that repeats 3 to 10 bytes of what is before it."""
        self._begin(1)
        self._symbol(254 + length)
        extra = max(0, (distance - 1).bit_length() - 2)
        self._code(2 * extra + ((distance - 1) >> extra), 5)
        self._add((distance - 1) & ((1 << extra) - 1), extra)
        for _ in range(length):
            self.plain.append(self.plain[-distance])
        self._symbol(256)

    def stored(self, data: bytes) -> None:
        """Add a block that is stored."""
        self._begin(0)
        self._add(0, -self._count % 8)
        self._flush()
        self._packed += struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data
        self.plain += data

    def packed(self) -> Packed:
        """End the layer, and return it."""
        points = self.points[:]
        self._add(0b011, 10)
        self._add(0, -self._count % 8)
        self._flush()
        plain = bytes(self.plain)
        return Packed(bytes(self._packed) + _trailer(plain), plain, points)

    def _begin(self, kind: int) -> None:
        self._flush()
        self.points.append(
            Checkpoint(len(self._packed) + (self._count > 0), len(self.plain), -self._count % 8),
        )
        self._add(kind << 1, 3)

    def _symbol(self, symbol: int) -> None:
        if symbol < 144:
            self._code(0x30 + symbol, 8)
        elif symbol < 256:
            self._code(0x190 + symbol - 144, 9)
        else:
            self._code(symbol - 256, 7)

    def _code(self, value: int, width: int) -> None:
        """Add a Huffman code, whose highest bit comes first."""
        self._add(int(f"{value:0{width}b}"[::-1], 2), width)

    def _add(self, value: int, width: int) -> None:
        self._bits |= value << self._count
        self._count += width

    def _flush(self) -> None:
        whole = self._count // 8
        self._packed += (self._bits & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
        self._bits >>= 8 * whole
        self._count -= 8 * whole


# ---- ztocs -----------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Draft:
    """What a ztoc states, before it is packed."""

    layer_size: int
    size: int
    files: list[dict[int, Any]]
    digests: list[bytes]
    state: bytes
    last_span: int
    version: bytes = b"0.9"
    algorithm: int | None = None

    def packed(self, *, is_shared: bool = False) -> bytes:
        """Return the ztoc."""
        info: dict[int, Any] = {1: ("i", self.last_span), 2: self.digests, 3: self.state}
        if self.algorithm is not None:
            info[0] = ("b", self.algorithm)
        root = {
            0: self.version,
            1: b"a test",
            2: ("q", self.layer_size),
            3: ("q", self.size),
            4: {0: self.files},
            5: info,
        }
        return flatbuffer(root, is_shared=is_shared)


def end_of(files: Sequence[Mapping[int, Any]]) -> int:
    """Return where the last of some entries ends in the tar."""
    if not files:
        return 0
    return -(-int(files[-1][2][1] + files[-1].get(3, ("q", 0))[1]) // 512) * 512


def draft(packed: Packed, *, files: list[dict[int, Any]] | None = None, is_old: bool = False) -> Draft:
    """Return the ztoc of a gzip layer; an old one leaves out the first checkpoint."""
    layer, plain, points = packed
    files = files_of(plain) if files is None else files
    starts = [point.start - (point.bits > 0) for point in points]
    ends = [*(point.start for point in points[1:]), len(layer)]
    return Draft(
        layer_size=len(layer),
        size=min(len(plain), end_of(files) + 1024),
        files=files,
        digests=[_digest(layer[start:end]) for start, end in zip(starts, ends, strict=True)],
        state=state_of(points, [window(plain, point.begin) for point in points], is_old=is_old),
        last_span=len(points) - 1,
    )


def plain_draft(plain: bytes, span_size: int) -> Draft:
    """Return the ztoc of a layer that is not compressed."""
    files = files_of(plain)
    pieces = [plain[start : start + span_size] for start in range(0, len(plain), span_size)]
    return Draft(
        layer_size=len(plain),
        size=end_of(files) + 1024,
        files=files,
        digests=list(map(_digest, pieces)),
        state=flatbuffer({0: ("i", 2), 1: ("q", span_size), 2: ("q", len(plain))}),
        last_span=len(pieces) - 1,
        algorithm=2,
    )


def state_of(
    points: Sequence[Checkpoint], windows: Sequence[bytes], *, is_old: bool = False, span_size: int = 1 << 22
) -> bytes:
    """Return checkpoints as they are stored."""
    written = list(zip(points, windows, strict=True))[is_old:]
    return struct.pack("<iq", len(points), span_size) + b"".join(
        struct.pack("<qqB", *point) + before for point, before in written
    )


def window(plain: bytes, begin: int) -> bytes:
    """Return the window before a place."""
    return (bytes(WINDOW) + plain[max(0, begin - WINDOW) : begin])[-WINDOW:]


def _digest(data: bytes) -> bytes:
    return f"sha256:{sha256(data).hexdigest()}".encode()


class MemoryRanges:
    """A layer in memory that counts what is asked of it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.asked: list[list[tuple[int, int]]] = []

    def read(self, pieces: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return pieces."""
        assert all(0 <= start <= end <= self.size for start, end in pieces)
        self.asked.append(list(pieces))
        return [self.data[start:end] for start, end in pieces]


def read(draft: Draft, limits: Limits = Limits()) -> Ztoc:  # noqa: B008 - a constant
    """Return what a ztoc says."""
    return ztoc_in_both_ways(draft.packed(), layer_size=draft.layer_size, limits=limits)


def spans_of(ztoc: Ztoc) -> list[Span]:
    """Return the spans that a ztoc lists."""
    assert isinstance(ztoc.spans, SpanList)
    return list(ztoc.spans.spans)


def contents(draft: Draft, layer: bytes) -> tuple[ZtocContents, MemoryRanges]:
    """Return the contents of a layer through its ztoc, and what counts the requests."""
    ranges = MemoryRanges(layer)
    return ZtocContents(read(draft), ranges), ranges


def real_ztocs(archive: Path) -> list[tuple[bytes, bytes]]:
    """Return the layers of an OCI layout in a tar, and the ztocs that somebody else made of them."""
    with tarfile.open(archive) as members:
        blobs = {
            Path(info.name).name: file.read() for info in members if (file := members.extractfile(info)) is not None
        }
    pairs = []
    for blob in blobs.values():
        document = json.loads(blob) if blob[:1] == b"{" else {}
        for listed in document.get("layers", ()):
            layer = listed.get("annotations", {}).get("com.amazon.soci.image-layer-digest", "")
            if layer:
                pairs.append((blobs[layer.partition(":")[2]], blobs[listed["digest"].partition(":")[2]]))
    return pairs
