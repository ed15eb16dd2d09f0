"""Tables of contents that contradict themselves, exceed what is reasonable, or were made to deceive."""

import base64
import gzip
import hashlib
import json
import struct
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError, OcianalyzeError
from ocianalyze.layers.blob import pieces
from ocianalyze.layers.blob.pieces import Codec
from ocianalyze.layers.indexes import chunks as contents_of_chunks
from ocianalyze.layers.indexes.chunks import ChunkedContents
from ocianalyze.layers.indexes.finding import ESTARGZ, find_table, read_index
from ocianalyze.layers.indexes.index import IndexUnusableError, OpenIndex
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS
from ocianalyze.layers.tar.entry import Kind
from tests.support.indexed_layers import SAMPLES, TABLES, indexed_layers
from tests.support.listed import table_in_both_ways
from tests.support.ztocs import MemoryRanges

PODMAN, STARGZ = "io.github.containers.zstd-chunked.", "io.containers.zstd-chunked."
END = 100_000
DIGEST = "sha256:" + "0" * 64


def regular(name: str = "a", size: object = 5, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"name": name, "type": "reg", "size": size, "digest": DIGEST, "offset": 512, **more}


def table(*entries: object, version: object = 1) -> bytes:
    return json.dumps({"version": version, "entries": entries}).encode()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


# What a table says


def test_entries_of_all_types() -> None:
    raw = table(
        {"name": "d/", "type": "dir", "mode": 0o40755, "uid": 7, "gid": 8, "modtime": "2026-01-02T03:04:05.9Z"},
        regular("d/f", chunkSize=0),
        {"name": "d/s", "type": "symlink", "linkName": "f", "modtime": "1969-12-31T23:59:59.5Z"},
        {"name": "d/empty", "type": "symlink"},
        {"name": "d/h", "type": "hardlink", "linkName": "d/f", "size": 5},
        {"name": "d/c", "type": "char", "devMajor": 1, "devMinor": 3},
        {"name": "d/gone", "type": "char"},
        {"name": "d/b", "type": "block", "devMajor": 8},
        {"name": "d/p", "type": "fifo", "xattrs": {"user.a": base64.b64encode(b"x").decode()}},
    )
    entries = table_in_both_ways(raw, end=END).entries
    kinds = [entry[1] for entry in entries]
    assert kinds == [
        *(Kind.DIRECTORY, Kind.FILE, Kind.SYMLINK, Kind.SYMLINK, Kind.HARDLINK),
        *(Kind.CHARACTER_DEVICE, Kind.ABSENT, Kind.BLOCK_DEVICE, Kind.FIFO),
    ]
    assert entries[0][2:5] == ((0o755, 7, 8), 0, 1767323045)
    assert entries[2][4:6] == (0, "f")  # as the tar reader cuts times
    assert [str(refusal.cause) for refusal in entries[3][9]] != []
    assert entries[4][3:6] == (0, 0, "d/f")
    assert entries[8][8] == {"user.a": b"x"}
    assert entries[8][9]


def test_a_table_of_nothing() -> None:
    assert table_in_both_ways(b'{"version": 1, "entries": null}', end=END).entries == []


CHUNKS: dict[str, Any] = {"chunkSize": 3, "chunkDigest": DIGEST}
UNUSABLE: dict[str, bytes] = {
    "no JSON": b"{",
    "no object": b"[]",
    "no entries": b'{"version": 1}',
    "entries that are none": b'{"version": 1, "entries": [1]}',
    "another version": table(version=2),
    "a version that is true": table(version=True),
    "deep": b'{"version": 1, "entries": [' + b"[" * 5000 + b"]" * 5000 + b"]}",
    "an unknown type": table({"name": "a", "type": "door"}),
    "a type that is none": table({"name": "a", "type": ["reg"]}),
    "a name that is none": table({"name": 5, "type": "dir"}),
    "a name with a zero": table({"name": "a\0b", "type": "dir"}),
    "bytes of a name that are lost": table({"name": "caf\ufffd", "type": "dir"}),
    "bytes of a link that are lost": table({"name": "a", "type": "symlink", "linkName": "\ufffd"}),
    "bytes of an attribute that are lost": table({"name": "a", "type": "dir", "xattrs": {"user.\ufffd": ""}}),
    "attributes that are none": table({"name": "a", "type": "dir", "xattrs": [1]}),
    "attributes in no base64": table({"name": "a", "type": "dir", "xattrs": {"user.a": "!"}}),
    "attributes that are numbers": table({"name": "a", "type": "dir", "xattrs": {"user.a": 5}}),
    "a negative size": table(regular(size=-1)),
    "a size that is true": table(regular(size=True)),
    "a size with a fraction": table(regular(size=1.5)),
    "a huge size": table(regular(size=1 << 63)),
    "a huge number": table(regular(size=10**30)),
    "a negative user": table({"name": "a", "type": "dir", "uid": -1}),
    "a bad time": table({"name": "a", "type": "dir", "modtime": "yesterday"}),
    "a time that is none": table({"name": "a", "type": "dir", "modtime": 5}),
    "a month that is none": table({"name": "a", "type": "dir", "modtime": "2026-13-01T00:00:00Z"}),
    "a chunk of no file": table({"name": "a", "type": "chunk"}),
    "a chunk of a directory": table({"name": "a", "type": "dir"}, {"name": "a", "type": "chunk", **CHUNKS}),
    "a gap between chunks": table(regular(**CHUNKS), {"type": "chunk", "offset": 600, "chunkOffset": 4, **CHUNKS}),
    "too few chunks": table(regular(size=9, **CHUNKS), {"type": "chunk", "offset": 600, "chunkOffset": 3, **CHUNKS}),
    "too large a chunk": table(regular(size=4, chunkSize=5)),
    "backward chunks": table(
        regular(**CHUNKS), {"type": "chunk", "offset": 500, "chunkOffset": 3, "chunkDigest": DIGEST}
    ),
    "a chunk twice": table(
        regular(**CHUNKS), {"type": "chunk", "offset": 512, "chunkOffset": 3, "chunkDigest": DIGEST}
    ),
    "backward files": table(regular(offset=600), regular("b")),
    "files in one place": table(regular(), regular("b")),
    "files that overlap in a member": table(regular(innerOffset=100), regular("b", innerOffset=102)),
    "a file at the beginning": table(regular(offset=0)),
    "a file behind the end": table(regular(offset=END)),
    "a file that ends before it begins": table(regular(endOffset=512)),
    "a chunk without a digest": table(regular(digest="")),
    "a chunk with half a digest": table(regular(digest="sha256:00")),
    "chunks with the digest of the file": table(
        regular(size=6, chunkSize=3), {"type": "chunk", "offset": 600, "chunkOffset": 3, "chunkDigest": DIGEST}
    ),
    "a huge chunk": table(regular(size=1 << 40)),
    "a huge distance in a member": table(regular(innerOffset=1 << 40)),
    "the farthest place in a member": table(regular(innerOffset=(1 << 63) - 1), regular("b", offset=600)),
    "too large together": table(*(regular(str(n), 1 << 62, chunkType="zeros") for n in range(3))),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_table_that_cannot_be_right_is_not_used(case: str) -> None:
    with pytest.raises(IndexUnusableError) as error:
        table_in_both_ways(UNUSABLE[case], end=END)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 150


def test_a_chunk_that_is_stored_in_too_many_bytes_is_not_used() -> None:
    with pytest.raises(IndexUnusableError, match="takes"):
        table_in_both_ways(table(regular()), end=1 << 40)


_numbers = st.one_of(st.integers(-2, 3), st.integers(0, 2000), st.sampled_from([1 << 62, 1 << 63, 512, 513]))
_values = st.one_of(_numbers, st.none(), st.text(max_size=3), st.booleans(), st.just(DIGEST), st.just("zeros"))
_keys = ["size", "offset", "innerOffset", "chunkOffset", "chunkSize", "chunkDigest", "digest", "endOffset", "chunkType"]
_entries = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b/", ".wh.a", ""]), "type": st.sampled_from(["reg", "chunk", "dir", "symlink"])},
    optional={
        **{key: st.one_of(_numbers, _values) for key in _keys},
        **dict.fromkeys(("mode", "uid", "linkName", "modtime", "xattrs", "devMajor"), _values),
    },
)


@given(
    st.lists(st.one_of(_entries, st.just(regular()), st.builds(regular, offset=_numbers, size=_numbers)), max_size=6)
)
def test_any_table_is_read_or_refused(entries: list[dict[str, Any]]) -> None:
    try:
        found = table_in_both_ways(table(*entries), end=END)
    except IndexUnusableError:
        return
    chunks = found.chunks
    places = [chunks.place(number) for number in range(len(chunks)) if not chunks.is_hole(number)]
    assert all(0 <= start < end <= END for start, end in places)
    assert sum(chunks.sizes) == sum(entry[3] for entry in found.entries)
    contents = ChunkedContents(found, MemoryRanges(b""), "gzip")
    headers = [contents.header_place(stretch.number) for stretch in contents.stretches]
    assert all(0 <= place.start < place.end <= END for place in headers)


# Where it is


def sample(form: str) -> tuple[dict[str, str], bytes]:
    with indexed_layers(Path(SAMPLES, f"{form}.tar")) as layers:
        return dict(layers[0].layer.annotations), layers[0].stored


def read(annotations: dict[str, str], stored: bytes) -> OpenIndex:
    found = find_table(annotations)
    assert found is not None
    return read_index(found, MemoryRanges(stored), DEFAULT_LIMITS)


def test_a_layer_without_annotations_has_none() -> None:
    assert find_table({}) is None
    assert find_table({"org.example": "1"}) is None


CHECKSUMS = {
    "estargz": ESTARGZ,
    "zstd-chunked": f"{PODMAN}manifest-checksum",
    "zstd-chunked-stargz": f"{STARGZ}manifest-checksum",
}


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize("stated", [DIGEST, "md5:5", ""])
def test_a_table_that_does_not_match_its_digest_is_not_used(form: str, stated: str) -> None:
    annotations, stored = sample(form)
    with pytest.raises(IndexUnusableError, match="digest"):
        read({**annotations, CHECKSUMS[form]: stated}, stored)


@pytest.mark.parametrize("form", TABLES)
def test_a_layer_that_was_cut_is_not_used(form: str) -> None:
    annotations, stored = sample(form)
    with pytest.raises(IndexUnusableError):
        read(annotations, stored[: len(stored) // 2])


@pytest.mark.parametrize("form", ["zstd-chunked", "zstd-chunked-stargz"])
@pytest.mark.parametrize(
    "position", ["", "1:2", "1:2:3:2", "0:500:600:1", "-1:500:600:1", "40000:999999:600:1", f"{'9' * 30}:5:6:1"]
)
def test_a_position_that_cannot_be_right_is_not_used(form: str, position: str) -> None:
    annotations, stored = sample(form)
    with pytest.raises(IndexUnusableError):
        read({**annotations, CHECKSUMS[form].replace("checksum", "position"): position}, stored)


@pytest.mark.parametrize("form", ["zstd-chunked", "zstd-chunked-stargz"])
def test_a_size_that_is_not_that_of_the_table_is_not_used(form: str) -> None:
    annotations, stored = sample(form)
    key = CHECKSUMS[form].replace("checksum", "position")
    start, length, size, kind = annotations[key].split(":")
    for other in (int(size) - 1, int(size) + 1, 1 << 40):
        with pytest.raises(IndexUnusableError):
            read({**annotations, key: f"{start}:{length}:{other}:{kind}"}, stored)


def test_several_tables_are_ambiguous() -> None:
    annotations, _ = sample("zstd-chunked")
    with pytest.raises(IndexUnusableError, match="several"):
        find_table({**annotations, ESTARGZ: DIGEST})


def estargz(toc: bytes, *, header: bytes | None = None, offset: int | None = None) -> tuple[dict[str, str], bytes]:
    """Return the annotations and the bytes of a layer that is a table and nothing else."""
    head = b"x" * 100
    if header is None:
        header = b"stargz.index.json".ljust(100, b"\0") + bytes(24) + b"%011o\0" % len(toc)
    member = gzip.compress(header.ljust(512, b"\0") + toc, mtime=0)
    place = len(head) if offset is None else offset
    footer = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0%016xSTARGZ\x01\0\0\xff\xff" % place + bytes(8)
    return {ESTARGZ: digest(toc)}, head + member + footer


def test_a_table_alone_can_be_read() -> None:
    assert read(*estargz(table({"name": "a", "type": "dir"}))).entries[0][0] == "a"


@pytest.mark.parametrize("offset", [0, 10**6, 101])
def test_a_footer_that_leads_elsewhere(offset: int) -> None:
    with pytest.raises(IndexUnusableError):
        read(*estargz(table(), offset=offset))


@pytest.mark.parametrize(
    "header", [b"", b"other".ljust(124, b"\0") + b"%011o\0" % 5, b"stargz.index.json".ljust(124, b"\0") + b"x"]
)
def test_a_table_without_a_header(header: bytes) -> None:
    with pytest.raises(IndexUnusableError, match="header"):
        read(*estargz(table(), header=header))


def test_a_size_that_is_no_octal_number() -> None:
    header = b"stargz.index.json".ljust(124, b"\0") + b"00000000088\0"
    with pytest.raises(IndexUnusableError, match="header"):
        read(*estargz(table(), header=header))


def test_a_table_of_very_many_values_is_not_parsed() -> None:
    raw = b'{"version": 1, "entries": [' + b"[],".join([b""] * 6_000_000) + b"[]]}"
    tracemalloc.start()
    with pytest.raises(IndexUnusableError, match="memory"):
        table_in_both_ways(raw, end=END)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_small_files_of_one_member_are_inflated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = bytes(range(250)) * 4
    member = gzip.compress(plain, mtime=0)
    files = [
        regular(str(n), 10, offset=100, innerOffset=100 * n, digest=digest(plain[100 * n : 100 * n + 10]))
        for n in range(10)
    ]
    annotations, stored = estargz(table(*files), offset=100 + len(member))
    index = read(annotations, stored[:100] + member + stored[100:])
    calls: list[int] = []

    def inflate(stored: bytes, codec: Codec, *, most: int, at: int) -> bytes:
        calls.append(at)
        return pieces.inflate(stored, codec, most=most, at=at)

    monkeypatch.setattr(contents_of_chunks, "inflate", inflate)
    found = [index.contents.read_at(10 * n, 10) for n in range(10)]
    assert found == [plain[100 * n : 100 * n + 10] for n in range(10)]
    assert calls == [100]


def test_many_members_that_inflate_beyond_proportion_are_not_used() -> None:
    files = [regular(str(n), 1, offset=512 + 100 * n, innerOffset=60 << 20) for n in range(100)]
    with pytest.raises(IndexUnusableError, match="far more than expected"):
        table_in_both_ways(table(*files), end=512 + 100 * 100)


def test_a_table_that_inflates_without_end_takes_little_memory() -> None:
    bomb = table({"name": "a", "type": "dir"}) + b" " * (1 << 30)
    annotations, stored = estargz(b"")
    packed = zstandard.ZstdCompressor(level=1).compress(bomb)
    skippable = struct.pack("<II", 0x184D2A50, len(packed)) + packed
    del bomb
    stored = b"x" * 100 + skippable + b"y" * 64
    annotations = {
        f"{PODMAN}manifest-checksum": digest(packed),
        f"{PODMAN}manifest-position": f"108:{len(packed)}:1000:1",
    }
    tracemalloc.start()
    with pytest.raises(IndexUnusableError, match="size"):
        read(annotations, stored)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 << 20


def test_frames_may_ask_for_large_windows() -> None:
    """As those of skopeo do, whatever they hold."""
    compressor = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=25, write_content_size=False)
    ).compressobj()
    packed = compressor.compress(table({"name": "a", "type": "dir"})) + compressor.flush()
    assert zstandard.get_frame_parameters(packed).window_size == 1 << 25
    size = len(table({"name": "a", "type": "dir"}))
    stored = b"x" * 100 + struct.pack("<II", 0x184D2A50, len(packed)) + packed
    annotations = {
        f"{PODMAN}manifest-checksum": digest(packed),
        f"{PODMAN}manifest-position": f"108:{len(packed)}:{size}:1",
    }
    assert read(annotations, stored).entries[0][0] == "a"


# What is read through it


def file_of(content: bytes, stated: int | None = None) -> tuple[dict[str, str], bytes]:
    """Return a layer with one file, whose table states this size."""
    toc = table(regular(size=len(content) if stated is None else stated, offset=100, digest=digest(content)))
    member = gzip.compress(content, mtime=0)
    annotations, stored = estargz(toc, offset=100 + len(member))
    return annotations, stored[:100] + member + stored[100:]


def test_a_file_is_checked_against_its_digest() -> None:
    index = read(*file_of(b"content"))
    assert index.contents.read_at(0, 7) == b"content"
    index = read(*file_of(b"content", stated=6))
    with pytest.raises(CorruptLayerError, match="does not match the digest"):
        index.contents.read_at(0, 6)


def test_a_file_that_is_shorter_than_stated() -> None:
    index = read(*file_of(b"content", stated=60))
    with pytest.raises(CorruptLayerError):
        index.contents.read_at(0, 60)


def test_a_file_that_inflates_without_end_takes_little_memory() -> None:
    bomb = gzip.compress(bytes(1 << 28), mtime=0)
    toc = table(regular(size=1000, offset=100))
    annotations, stored = estargz(toc, offset=100 + len(bomb))
    index = read(annotations, stored[:100] + bomb + stored[100:])
    tracemalloc.start()
    with pytest.raises(CorruptLayerError):
        index.contents.read_at(0, 1000)
    with pytest.raises(OcianalyzeError):
        index.contents.prepare((), index.contents.stretches)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20


def test_a_large_table_is_read_soon() -> None:
    entries = [regular(f"opt/dir{n % 500}/file{n}", 10, offset=512 + 600 * n) for n in range(100_000)]
    raw = table(*entries)
    start = time.process_time()
    found = table_in_both_ways(raw, end=600 * 100_001 + 512)
    assert len(found.entries) == len(found.headers) == 100_000
    assert time.process_time() - start < 20  # a bound against what is not linear, not a measurement
