"""Contents through the spans of a ztoc are those of the tar, wherever a span begins, or are found to be wrong."""

import random
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.blob import compression
from ocianalyze.layers.indexes import spans as inflating
from ocianalyze.layers.indexes.checking import spot_check
from ocianalyze.layers.indexes.index import OpenIndex
from ocianalyze.layers.indexes.spans import ZtocContents, inflate
from ocianalyze.layers.indexes.ztoc import Ztoc
from ocianalyze.layers.tar.tarstream import read_entries
from tests.support.blobs import stream_window
from tests.support.tarballs import directory, file, hardlink, layer, symlink
from tests.support.ztocs import (
    WINDOW,
    Deflater,
    Draft,
    MemoryRanges,
    Packed,
    contents,
    draft,
    end_of,
    files_of,
    pack,
    pack_members,
    plain_draft,
    read,
    spans_of,
    state_of,
    window,
)

RANDOM = random.Random(7)  # noqa: S311 - the same bytes each time
TEXT = b"".join(b"line %d of %d\n" % (number, RANDOM.randrange(1000)) for number in range(6000))
TAR = layer(
    [
        directory("etc"),
        file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"),
        file("etc/empty"),
        symlink("etc/link", "passwd"),
        file("large", RANDOM.randbytes(40_000) + TEXT + RANDOM.randbytes(40_000)),
        *(file(f"lib/{number}.py", TEXT[number * 900 :][: 600 + number * 37]) for number in range(40)),
        hardlink("hard", "large"),
    ]
)
CUTS = [1000, 40_000, 70_000, 70_001, 110_000, 150_000, len(TAR) - 9000]


@pytest.fixture(autouse=True, params=[zlib, compression.fastest_zlib], ids=["zlib", "fastest"])
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inflate with each of the libraries."""
    monkeypatch.setattr(compression, "fastest_zlib", request.param)


def assert_contents(ztoc: Ztoc, blob: bytes, tar: bytes) -> None:
    """Read all contents and headers of a layer in all ways, and compare with its tar."""
    entries = list(read_entries(stream_window(tar), what="x"))
    assert list(ztoc.entries) == entries
    pieces = [(entry[6], entry[7]) for entry in entries]
    one_by_one, prepared = ZtocContents(ztoc, MemoryRanges(blob)), ZtocContents(ztoc, MemoryRanges(blob))
    prepared.prepare(pieces)
    for offset, size in pieces:
        assert one_by_one.read_at(offset, size) == tar[offset : offset + size]
        assert prepared.read_at(offset, size) == tar[offset : offset + size]
        assert one_by_one.read_at(offset + size // 3, size // 2) == tar[offset + size // 3 :][: size // 2]
    found = one_by_one.prepare((), one_by_one.stretches)
    numbers = []
    for stretch, headers in zip(one_by_one.stretches, found, strict=True):
        listed = read_entries(stream_window(headers), what="x")
        for number in range(stretch.first, stretch.last + 1):
            entry, expected = next(listed), entries[number]
            assert (entry[:6], entry[7:]) == (expected[:6], expected[7:])
            numbers.append(number)
    assert numbers == list(range(len(entries)))


@pytest.mark.parametrize("level", [0, 1, 6, 9])
@pytest.mark.parametrize("is_old", [False, True])
def test_contents_are_those_of_the_tar(level: int, is_old: bool) -> None:  # noqa: FBT001
    packed = pack(TAR, CUTS, level=level)
    assert_contents(read(draft(packed, is_old=is_old)), packed.layer, TAR)


@pytest.mark.parametrize("padding", [0, 7, 20_000])
@pytest.mark.parametrize("every", [1, 2, 3, 100])
def test_spans_run_over_the_ends_of_members(every: int, padding: int) -> None:
    packed = pack_members(TAR, [*CUTS, *CUTS, 30, 31, 32], padding=padding)
    packed = packed._replace(points=packed.points[::every])
    assert_contents(read(draft(packed)), packed.layer, TAR)


def test_thousands_of_members_cost_little() -> None:
    packed = pack_members(TAR, [5] * 50_000)
    packed = packed._replace(points=packed.points[:1])
    found = contents(draft(packed), packed.layer)[0]
    assert found.read_at(0, 512) == TAR[:512]


@pytest.mark.parametrize("span_size", [512, 1000, 4096, 1 << 22])
def test_uncompressed_layers_have_spans(span_size: int) -> None:
    assert_contents(read(plain_draft(TAR, span_size)), TAR, TAR)


def deflated(tar: bytes, rng: random.Random) -> Packed:
    """Return a tar deflated in blocks of any kind, which begin at any bit."""
    deflater = Deflater()
    at = 0
    while at < len(tar):
        size = rng.choice([1, 2, 3, 50, 700, 5000])
        piece = tar[at : at + size]
        earlier = tar.rfind(piece[:10], max(0, at - WINDOW), at)
        if rng.random() < 0.2:
            deflater.stored(piece)
        elif rng.random() < 0.8 and len(piece) >= 3 and earlier >= 0:
            piece = piece[:10]
            deflater.match(len(piece), at - earlier)
        else:
            deflater.literals(piece)
        at += len(piece)
    packed = deflater.packed()
    assert zlib.decompress(packed.layer, 31) == packed.plain == tar
    return packed


def test_spans_begin_at_any_bit() -> None:
    packed = deflated(TAR[:90_000], random.Random(1))  # noqa: S311
    assert {point.bits for point in packed.points} == set(range(8))
    for number, (point, following) in enumerate(pairwise(packed.points)):
        if number % 3 and point.bits:
            continue
        stored = packed.layer[point.start - (point.bits > 0) : following.start]
        found = inflate(
            stored, bits=point.bits, window=window(packed.plain, point.begin), most=following.begin - point.begin + 1
        )
        assert found == packed.plain[point.begin : following.begin]


@pytest.mark.parametrize("bits", range(8))
def test_a_layer_is_read_from_spans_that_begin_at_one_bit(bits: int) -> None:
    noise = random.Random(3).randbytes(12_000)  # noqa: S311
    tar = layer([file("a", TEXT[:9000]), symlink("b", "a"), file("c", noise + TEXT[500:4000] + noise[:5000])])
    packed = deflated(tar, random.Random(bits))  # noqa: S311
    points = [point for point in packed.points if point.bits == bits or not point.begin]
    assert len(points) > 2
    assert_contents(read(draft(packed._replace(points=points))), packed.layer, tar)


@pytest.mark.parametrize("bits", range(1, 8))
def test_blocks_that_move_others_hold_nothing(bits: int) -> None:
    for byte in (0, 0b10101010, 0b01010101, 0xFF):
        aligned = inflating._aligned(byte, bits)
        inflater = zlib.decompressobj(-15)
        if byte != 0xFF or bits < 3:  # else a block of an unknown kind begins
            assert inflater.decompress(aligned) == b""
        assert aligned[-1] >> (8 - bits) == byte >> (8 - bits)


@given(
    st.lists(st.binary(max_size=3000), max_size=8),
    st.lists(st.integers(0, 30_000), max_size=6),
    st.integers(0, 9),
    st.booleans(),
)
@settings(deadline=None)
def test_contents_of_any_layer_are_those_of_its_tar(
    bodies: list[bytes],
    cuts: list[int],
    level: int,
    has_members: bool,  # noqa: FBT001
) -> None:
    tar = layer([file(f"{number}", body) for number, body in enumerate(bodies)])
    cuts = [cut % len(tar) for cut in cuts]
    packed = pack_members(tar, cuts) if has_members else pack(tar, cuts, level=level)
    assert_contents(read(draft(packed)), packed.layer, tar)
    assert_contents(read(plain_draft(tar, level * 100 + 600)), tar, tar)


# ---- what is fetched -------------------------------------------------------------------------------------------------


def test_only_the_spans_of_contents_are_fetched() -> None:
    packed = pack(TAR, CUTS)
    found, ranges = contents(draft(packed), packed.layer)
    offset, size = next((entry[6], entry[7]) for entry in read(draft(packed)).entries if entry[0] == "etc/passwd")
    assert found.read_at(offset, size).startswith(b"root:")
    assert ranges.asked == [[(packed.points[1].start, packed.points[2].start)]]
    found.read_at(offset, 1)
    assert len(ranges.asked) == 1


def test_what_is_prepared_is_fetched_together_and_once() -> None:
    packed = pack(TAR, CUTS)
    found, ranges = contents(draft(packed), packed.layer)
    ztoc = read(draft(packed))
    pieces = [(entry[6], entry[7]) for entry in ztoc.entries if entry[7]]
    found.prepare(pieces)
    assert len(ranges.asked) == 1
    assert len(set(ranges.asked[0])) == len(ranges.asked[0]) <= len(packed.points)
    for offset, size in pieces:
        assert found.read_at(offset, size) == TAR[offset : offset + size]
    assert len(ranges.asked) == 1


def test_headers_cost_the_spans_that_they_lie_in() -> None:
    packed = pack(TAR, [512, 1024, 3000])
    found, ranges = contents(draft(packed), packed.layer)
    starts = [*(point.start for point in packed.points), len(packed.layer)]
    assert found.stretches[0] == (starts[2] - starts[0], 0, 0, 1)
    assert found.prepare((), found.stretches[:1]) == [TAR[:1024]]
    assert ranges.asked == [[(starts[0], starts[1]), (starts[1], starts[2])]]
    assert list(found.odd_stretches) == []


def test_headers_beside_contents_cost_nothing() -> None:
    packed = pack(TAR, CUTS)
    found, ranges = contents(draft(packed), packed.layer)
    offset, size = next((entry[6], entry[7]) for entry in read(draft(packed)).entries if entry[0] == "lib/7.py")
    spans = read(draft(packed)).spans.covering(offset, size)
    beside = list(found.beside([(offset, size)]))
    assert [stretch for stretch in found.stretches if stretch in beside] == beside
    assert 0 < len(beside) < len(found.stretches)
    headers = found.prepare([(offset, size)], beside)
    assert len(headers) == len(beside)
    assert found.read_at(offset, size) == TAR[offset : offset + size]
    starts = [*(point.start for point in packed.points), len(packed.layer)]
    assert ranges.asked == [[(starts[number], starts[number + 1]) for number in spans]]
    assert list(found.beside([])) == []


def test_stretches_with_room_for_an_entry_are_odd() -> None:
    packed = pack(TAR, [512, 1024, 3000])
    files = files_of(TAR)
    del files[2]
    found, _ = contents(draft(packed, files=files), packed.layer)
    assert list(found.odd_stretches) == [found.stretches[1]]
    (headers,) = found.prepare((), found.odd_stretches)
    listed = read_entries(stream_window(headers), what="x")
    assert [next(listed)[0], next(listed)[0]] == ["etc/empty", "etc/link"]


def test_several_threads_may_read() -> None:
    packed = pack(TAR, CUTS)
    found, _ = contents(draft(packed), packed.layer)
    pieces = [(entry[6], entry[7]) for entry in read(draft(packed)).entries] * 5
    with ThreadPoolExecutor(8) as pool:
        for (offset, size), content in zip(pieces, pool.map(lambda piece: found.read_at(*piece), pieces), strict=True):
            assert content == TAR[offset : offset + size]


# ---- lies and damage -------------------------------------------------------------------------------------------------


def assert_corrupt(made: Draft, blob: bytes, reason: str, begin: int = 0) -> None:
    found, _ = contents(made, blob)
    with pytest.raises(CorruptLayerError, match=reason):
        found.read_at(begin, 1)


@pytest.mark.parametrize("is_compressed", [True, False])
def test_a_flipped_bit_is_noticed_before_it_is_inflated(is_compressed: bool) -> None:  # noqa: FBT001
    packed = pack(TAR, [512, 1024, 3000])
    made, blob = (draft(packed), packed.layer) if is_compressed else (plain_draft(TAR, 1000), TAR)
    for number, span in enumerate(spans_of(read(made))):
        damaged = bytearray(blob)
        damaged[span.end - 2] ^= 1
        assert_corrupt(made, bytes(damaged), f"span {number} of the layer.*digest", span.begin)


def test_spans_are_as_long_as_is_stated() -> None:
    packed = pack(TAR, [2000, 3000])
    points = list(packed.points)
    for begin, damaged in ((2001, 0), (1999, 0), (2001, 1), (1999, 1)):
        points[1] = points[1]._replace(begin=begin)
        lying = packed._replace(points=points)
        assert_corrupt(draft(lying), packed.layer, f"span {damaged} of the layer.*size", begin if damaged else 0)


def test_the_last_span_is_not_too_short() -> None:
    packed = pack(TAR[:-8000], [2000])
    made = draft(packed)
    assert_contents(read(made), packed.layer, TAR[:-8000])
    short = pack(TAR[: end_of(files_of(TAR)) + 700], [2000])
    made = draft(short, files=files_of(TAR))
    made.size = end_of(made.files) + 1024
    assert_corrupt(made, short.layer, "inflates to", 2000)


def test_damage_within_a_digest_is_corrupt_too() -> None:
    packed = pack(TAR, [2000])
    blob = packed.layer[:10] + b"\xff" * 40 + packed.layer[50:]
    assert_corrupt(draft(packed._replace(layer=blob)), blob, "span 0 of the layer.*cannot be inflated")


def test_a_wrong_window_is_noticed_with_the_span_before_it() -> None:
    packed = pack(TAR, [2000, 90_000])
    for number in (1, 2):
        windows = [window(TAR, point.begin) for point in packed.points]
        windows[number] = windows[number][:-1] + b"?"
        made = draft(packed)
        made.state = state_of(packed.points, windows)
        assert_corrupt(
            made, packed.layer, f"span {number - 1} of the layer.*before the next", packed.points[number - 1][1]
        )


def test_the_first_window_is_not_used() -> None:
    """Nothing is before the first span, whatever its window says."""
    deflater = Deflater()
    deflater.plain += b"?" * 10
    deflater.match(3, 3)
    packed = deflater.packed()
    with pytest.raises(compression.fastest_zlib.error):
        inflate(packed.layer[10:], bits=0, window=b"", most=100)
    assert inflate(packed.layer[10:], bits=0, window=b"??abc", most=100) == b"abc"
    made = draft(pack(TAR, []))
    made.state = state_of(pack(TAR, []).points, [b"?" * WINDOW])
    assert len(spans_of(read(made))[0].window) == 0


def test_entries_behind_the_last_one_are_noticed() -> None:
    files = files_of(TAR)
    for left_out in (1, 2, 5):
        for cuts in ([], [2000], [end_of(files) - 512 * left_out + 100]):
            packed = pack(TAR, cuts)
            found, _ = contents(draft(packed, files=files[:-left_out]), packed.layer)
            with pytest.raises(CorruptLayerError, match="more entries"):
                found.prepare([(0, end_of(files[:-left_out]) + 1024)])


def test_a_tar_that_goes_on_is_noticed_where_no_zeros_end_it() -> None:
    packed = pack(TAR, [2000])
    made = draft(packed, files=files_of(TAR)[:-2])
    made.size = end_of(made.files)
    assert_corrupt(made, packed.layer, "size", 2000)


def test_a_span_is_never_inflated_further_than_is_stated() -> None:
    bomb = layer([file("a", b"x"), file("zeros", bytes(50_000_000))])
    packed = pack(bomb, [1024])
    made = draft(packed, files=files_of(bomb)[:1])
    found, _ = contents(made, packed.layer)
    with pytest.raises(CorruptLayerError):
        found.read_at(1024, 1)
    assert len(inflate(packed.layer[10:], bits=0, window=b"", most=3000)) == 3000


# Spot checks


def test_at_least_one_place_is_looked_at() -> None:
    """A ztoc of another layer of the same size, whose spans are too large to be cheap."""
    names = [f"d/{number}" for number in range(40)]
    chances = random.Random(1), random.Random(2)  # noqa: S311 - chance that can be repeated
    one, other = (layer([file(name, chance.randbytes(3000)) for name in names]) for chance in chances)
    packed, wrong = pack(one, [], level=0), pack(other, [], level=0)
    assert len(packed.layer) == len(wrong.layer) > 1 << 14
    right = contents(draft(packed), packed.layer)[0]
    entries = read(draft(packed)).entries
    assert spot_check(OpenIndex(entries, right, "gzip", len(one), 0), what="layer") >= 1
    false = contents(draft(wrong), packed.layer)[0]
    with pytest.raises(CorruptLayerError, match="digest"):
        spot_check(OpenIndex(entries, false, "gzip", len(one), 0), what="layer")
