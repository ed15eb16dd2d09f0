"""Sparse files in tars: their content is what the tools that wrote them read back, and hostile maps are refused."""

import io
import random
import tarfile
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.blob.windows import Window
from ocianalyze.layers.tar.sparse import SparseFile, SparseMap, pieces, read_at, read_map
from ocianalyze.layers.tar.tarstream import read_entries
from tests.layers.odd_tars import odd_tars
from tests.support.blobs import range_window, stream_window
from tests.support.sparse_tars import FORMATS, sparse_tar, write_with_holes
from tests.support.tools import skip_or_fail

BLOCK = 4096
SMALL = 4_000_000
"""What is larger takes Python's tarfile long."""
CONTENTS = {
    "plain": b"no holes at all",
    "empty": b"",
    "hole": bytes(40 * BLOCK),
    "begins": b"x" * BLOCK + bytes(20 * BLOCK),
    "ends": bytes(20 * BLOCK) + b"x" * 17,
    "many": b"".join(bytes(BLOCK) + bytes([n % 255 + 1]) * BLOCK for n in range(300)) + bytes(BLOCK),
    "odd": bytes(3 * BLOCK) + b"y" * 5000 + bytes(3 * BLOCK) + b"z",
}


def expanded(window: Window) -> dict[str, bytes]:
    """Return the content of all files of a tar, each read in two ways that must agree."""
    found: dict[str, bytes] = {}
    told: list[SparseFile] = []

    def read(position: int, size: int) -> bytes:
        data, start = window.view(position, size)
        return data[position - start : position - start + size]

    for path, kind, _, size, _, _, offset, *_ in read_entries(window, what="tar", sparse=told.append):
        if kind == 0 and offset >= 0:
            found[path.removeprefix("./")] = read(offset, size)
        elif kind == 0:
            sparse = read_map(told.pop(), read, what=path)
            stored = read(sparse.offset, sparse.stored)
            content = b"".join(pieces(sparse, iter([stored[:700], stored[700:]])))
            _compare_ranges(sparse, stored, content)
            found[path.removeprefix("./")] = content
    assert told == []
    return found


def _compare_ranges(sparse: SparseMap, stored: bytes, content: bytes) -> None:
    choose = random.Random(len(content))  # noqa: S311 - the same each time
    places = [(0, len(content) + 10), *((choose.randint(0, len(content)), choose.randint(0, 9000)) for _ in range(50))]
    for offset, size in places:
        found = read_at(sparse, offset, size, lambda at, length: stored[at : at + length])
        assert found == content[offset : offset + size]


@pytest.mark.parametrize("form", FORMATS)
def test_what_tar_and_bsdtar_write(form: str, tmp_path: Path) -> None:
    skip_or_fail(("tar", "bsdtar"))
    for name, content in CONTENTS.items():
        write_with_holes(tmp_path / name, content)
    data = sparse_tar(tmp_path, form)
    assert len(data) < sum(map(len, CONTENTS.values())), "there are holes"
    windows: list[Window] = [range_window(data), *(stream_window(data, chunk=size) for size in (511, 513, 100_000))]
    for window in windows:
        assert expanded(window) == CONTENTS


def test_what_other_projects_keep() -> None:
    """Python's own tarfile reads all formats of GNU tar; where it can, it sees the same."""
    seen = 0
    for name, data in odd_tars().items():
        if "sparse" not in name or any(word in name for word in ("nil", "big", "modified")):
            continue
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            theirs = {}
            for member in archive:
                body = archive.extractfile(member) if member.size < SMALL else None
                if member.isreg() and body is not None:
                    theirs[member.name.removeprefix("./")] = body.read()
        ours = {path: content for path, content in expanded(range_window(data)).items() if len(content) < SMALL}
        assert ours == theirs, name
        seen += 1
    assert seen >= 5


SEGMENTS = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=12)


@given(SEGMENTS, st.integers(0, 900))
def test_any_map(parts: list[tuple[int, int]], tail: int) -> None:
    """Gaps and lengths in any order make a file; it reads as it was made."""
    content, numbers, stored = b"", [], b""
    for gap, length in parts:
        content += bytes(gap)
        piece = bytes(n % 255 + 1 for n in range(length))
        numbers += [len(content), length]
        content, stored = content + piece, stored + piece
    content += bytes(tail)
    text = b",".join(b"%d" % number for number in numbers)
    file = SparseFile(text, old=False, size=len(content), offset=0, stored=len(stored))
    sparse = read_map(file, lambda *_: b"", what="x")
    assert b"".join(pieces(sparse, iter([stored]))) == content
    _compare_ranges(sparse, stored, content)


HUGE = 1 << 62


@pytest.mark.parametrize(
    ("numbers", "size", "stored"),
    [
        (b"0", 10, 0),
        (b"0,5", 10, 4),
        (b"0,4", 10, 5),
        (b"0,11", 10, 11),
        (b"5,3,4,1", 10, 4),
        (b"5,3,6,1", 10, 4),
        (b"0,%d,0,%d" % (HUGE, HUGE), 10, 10),
        (b"9223372036854775807,9223372036854775807", 10, 0),
        (b"9223372036854775808,0", 10, 0),
        (b"-1,1", 10, 1),
        (b"0, 5", 10, 5),
        (b"0,5,", 10, 5),
        (b"x,y", 10, 0),
        (b"1" * 5000 + b",0", 10, 0),
    ],
)
def test_maps_that_contradict_themselves(numbers: bytes, size: int, stored: int) -> None:
    file = SparseFile(numbers, old=False, size=size, offset=0, stored=stored)
    with pytest.raises(CorruptLayerError, match="x: its sparse map"):
        read_map(file, lambda *_: b"", what="x")


@pytest.mark.parametrize(
    "content", [b"", b"1\n", b"x\n", b"2\n0\n1\n", b"1" * 512, b"99999999999\n", b"1\n0\n-1\n", b"\n" * 512]
)
def test_maps_in_the_content_that_are_none(content: bytes) -> None:
    data = content.ljust(512, b"\0") if content else b""
    file = SparseFile(None, old=False, size=10, offset=0, stored=len(data))
    with pytest.raises(CorruptLayerError, match="x: its sparse map"):
        read_map(file, lambda at, size: data[at : at + size], what="x")


def test_a_map_is_as_long_as_readers_allow() -> None:
    """Go's archive/tar reads a map before the content up to one MiB."""

    def sparse_file(pieces: int) -> tuple[SparseFile, bytes]:
        lines = b"%d\n" % pieces + b"0\n" * 2 * pieces
        data = lines + bytes(-len(lines) % 512)
        return SparseFile(None, old=False, size=0, offset=0, stored=len(data)), data

    file, data = sparse_file(260_000)
    assert len(read_map(file, lambda at, size: data[at : at + size], what="x").starts) == 0
    file, longer = sparse_file(270_000)
    with pytest.raises(CorruptLayerError, match="longer than 1,048,576 bytes"):
        read_map(file, lambda at, size: longer[at : at + size], what="x")


def test_a_large_hole_costs_no_more_than_its_zeros() -> None:
    """A file of terabytes is read in parts without making more of it than is asked for."""
    file = SparseFile(b"%d,3" % HUGE, old=False, size=HUGE + 4, offset=0, stored=3)
    sparse = read_map(file, lambda *_: b"", what="x")
    assert read_at(sparse, HUGE - 2, 100, lambda at, size: b"abc"[at : at + size]) == b"\0\0abc\0"
    assert read_at(sparse, 1 << 40, 10, lambda *_: b"") == bytes(10)
    first = list(chain.from_iterable(zip(pieces(sparse, iter([b"abc"])), range(3), strict=False)))
    assert [len(piece) for piece in first[::2]] == [1 << 17] * 3  # type: ignore[arg-type]


def test_content_that_ends_early_ends_the_file_early() -> None:
    file = SparseFile(b"0,10,20,10", old=False, size=40, offset=0, stored=20)
    sparse = read_map(file, lambda *_: b"", what="x")
    assert b"".join(pieces(sparse, iter([b"a" * 15]))) == b"a" * 10 + bytes(10) + b"a" * 5
