"""Spans whose checkpoints are fetched as they are needed are those of the whole ztoc, and few of them are fetched."""

import random
import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.indexes import ztoc as reading
from ocianalyze.layers.indexes.checkpoints import WIDTH, read_spans
from ocianalyze.layers.indexes.fetched_spans import FetchedSpans
from ocianalyze.layers.indexes.flatbuffers import Flatbuffer
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.spans import ZtocContents
from ocianalyze.layers.indexes.ztoc import Ztoc, read_ztoc, read_ztoc_in_parts
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS
from ocianalyze.oci.digest import Digest
from tests.support.forms import write_directory
from tests.support.images import ImageSpec
from tests.support.indexed_images import INDEX_LAYERS, index_image
from tests.support.indexed_layers import indexed_layers
from tests.support.tarballs import file
from tests.support.tools import requires
from tests.support.ztocs import Checkpoint, MemoryRanges, state_of

DIGEST = Digest("sha256:" + "0" * 64)
BEFORE = b"what is before them"
STRIDE = 5000
MOST = 64 << 20


def points_of(steps: Sequence[int]) -> list[Checkpoint]:
    """Return checkpoints that lie so many plain bytes behind each other."""
    begins = [0]
    for step in steps:
        begins.append(begins[-1] + step)
    return [Checkpoint(100 + 40 * number, begin, number % 8) for number, begin in enumerate(begins)]


def spans_in(
    points: Sequence[Checkpoint], size: int, *, is_old: bool = False, state: bytes | None = None
) -> tuple[FetchedSpans, MemoryRanges]:
    """Return spans that are fetched from a ztoc, and what counts the requests."""
    windows = [struct.pack("<I", number) * (1 << 13) for number in range(len(points))]
    made = state_of(points, windows, is_old=is_old) if state is None else state
    ranges = MemoryRanges(BEFORE + made)
    sizes = {"layer_size": 100 + 40 * len(points), "size": size, "end": size - 600}
    digests = [DIGEST] * len(points)
    return FetchedSpans(ranges, len(BEFORE), digests, lacking=int(is_old), most=MOST, **sizes), ranges


@given(
    st.lists(st.one_of(st.just(STRIDE), st.integers(1, 20_000)), min_size=1, max_size=60),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 30_000)), min_size=1, max_size=4),
    st.sampled_from([True, False]),
    st.integers(0, 2),
)
def test_they_are_those_of_the_whole(
    steps: list[int],
    places: list[tuple[float, int]],
    is_old: bool,  # noqa: FBT001 - drawn
    padded: int,
) -> None:
    points = points_of(steps)
    if is_old:
        points[0] = Checkpoint(10, 0, 0)
    size = points[-1].begin + (STRIDE if padded < 2 else -min(steps[-1], 1) + 1)
    spans, ranges = spans_in(points, size, is_old=is_old)
    state = ranges.data[len(BEFORE) :]
    sizes = {"layer_size": 100 + 40 * len(points), "size": size, "end": size - 600}
    whole = read_spans(state, [DIGEST] * len(points), is_compressed=True, **sizes)
    pieces = [(int(place * size), min(length, size - int(place * size))) for place, length in places]
    spans.know(pieces)
    for piece in pieces:
        assert spans.covering(*piece) == whole.covering(*piece)
        for number in whole.covering(*piece):
            assert spans.span(number) == whole.span(number)
            assert spans.plain(number) == whole.plain(number)
            assert spans.window_behind(number) == whole.window_behind(number)
    assert all((start - len(BEFORE) - 12) % WIDTH == 0 for asked in ranges.asked for start, _ in asked)


def test_few_are_fetched_of_many() -> None:
    chance = random.Random(5)  # noqa: S311 - chance that can be repeated
    points = points_of([STRIDE + chance.randrange(STRIDE // 20) for _ in range(2000)])
    spans, ranges = spans_in(points, points[-1].begin + STRIDE)
    spans.know([(points[-1].begin // 3, 100), (points[-1].begin // 2, 3 * STRIDE)])
    assert len(ranges.asked) <= 3
    assert sum(map(len, ranges.asked)) < 30
    asked = len(ranges.asked)
    spans.know([(points[-1].begin // 2, STRIDE)])
    assert len(ranges.asked) == asked


def test_wherever_they_are_they_are_found_soon() -> None:
    """As where most of the tar compresses to nothing."""
    points = points_of([1] * 1000 + [1_000_000] * 10 + [1] * 1000)
    spans, ranges = spans_in(points, points[-1].begin + STRIDE)
    for place in (0, 500, 1000, 5_000_000, points[-1].begin - 700, points[-1].begin + 700):
        spans.know([(place, 1)])
        number = spans.covering(place, 1)[0]
        begin, end = spans.plain(number)
        assert begin <= place < end
    assert len(ranges.asked) < 6 * 16


def test_what_costs_nothing_is_not_asked_for() -> None:
    spans, ranges = spans_in(points_of([STRIDE] * 100), 101 * STRIDE)
    assert 0 < spans.cost(5 * STRIDE, 10) < spans.cost(5 * STRIDE, 50 * STRIDE)
    spans.know([(5, 0)])
    assert list(spans.covering(5, 0)) == []
    assert ranges.asked == []


@given(st.data())
def test_checkpoints_that_somebody_changed_are_refused_or_in_order(data: st.DataObject) -> None:
    points = points_of([STRIDE] * 40)
    size = points[-1].begin + STRIDE
    for _ in range(data.draw(st.integers(1, 5))):
        number = data.draw(st.integers(0, 40))
        values = st.integers(-5, 5), st.integers(0, 2000), st.integers(0, size), st.sampled_from([1 << 40, 1 << 62])
        changed = {
            "start": data.draw(st.one_of(*values)),
            "begin": data.draw(st.one_of(*values)),
            "bits": data.draw(st.integers(0, 255)),
        }
        points[number] = Checkpoint(**changed)
    spans, ranges = spans_in(points, size)
    offset = data.draw(st.integers(0, size - 1))
    piece = offset, data.draw(st.integers(1, size - offset))
    try:
        spans.know([piece])
    except IndexUnusableError:
        return
    found = [spans.span(number) for number in spans.covering(*piece)]
    assert found[0].begin <= offset
    assert all(0 <= one.start < one.end <= 100 + 40 * 41 and one.bits < 8 for one in found)
    assert all(one.begin <= other.begin and one.start < other.end for one, other in pairwise(found))
    assert len(ranges.asked) < 60


def test_spans_outside_of_the_layer_are_refused() -> None:
    points = points_of([STRIDE] * 9)
    points[5], points[6] = Checkpoint(9000, 25_000, 0), Checkpoint(9500, 30_000, 0)
    spans, _ = spans_in(points, 50_000)
    with pytest.raises(IndexUnusableError, match="outside of the layer"):
        spans.know([(26_000, 10)])


def test_a_file_in_far_too_many_spans_is_refused_before_they_are_fetched() -> None:
    count = 1 + MOST // WIDTH
    spans, ranges = spans_in(points_of([1] * count), count + 1 + STRIDE)
    with pytest.raises(IndexUnusableError, match="memory"):
        spans.know([(0, count)])
    assert sum(map(len, ranges.asked)) < 100


# Real ztocs


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, bytes]:
    """Return a layer with many spans, its tar, and its ztoc, as those who devised it write it."""
    directory = tmp_path_factory.mktemp("ztoc")
    chance = random.Random(1)  # noqa: S311 - chance that can be repeated
    text = [chance.randbytes(20) + b"\n" for _ in range(1000)]
    files = [file(f"lib/{n}", b"".join(chance.choices(text, k=chance.randrange(2000)))) for n in range(400)]
    plain = write_directory(directory / "plain", ImageSpec(layers=[files]), "oci", compression="gzip")
    layout = index_image(plain, "soci-v2", directory / "indexed", span_size=1 << 16, smallest=1)
    with indexed_layers(layout) as layers:
        one = max(layers, key=lambda layer: len(layer.tar))
        assert one.layer.ztoc is not None
        assert one.layer.ztoc.blob is not None
        return one.stored, one.tar, b"".join(one.layer.ztoc.blob.chunks())


def parts(content: bytes, layer: bytes) -> tuple[Ztoc | None, MemoryRanges]:
    ranges = MemoryRanges(content)
    return read_ztoc_in_parts(ranges, layer_size=len(layer), limits=DEFAULT_LIMITS), ranges


@requires(INDEX_LAYERS)
def test_a_real_ztoc_is_read_in_parts(real: tuple[bytes, bytes, bytes]) -> None:
    layer, tar, content = real
    found, ranges = parts(content, layer)
    assert found is not None
    whole = read_ztoc(content, layer_size=len(layer), limits=DEFAULT_LIMITS)
    assert list(found.entries) == list(whole.entries)
    assert (found.size, found.end, found.headers, found.odd) == (whole.size, whole.end, whole.headers, whole.odd)
    contents = ZtocContents(found, MemoryRanges(layer))
    for entry in random.Random(2).sample([entry for entry in found.entries if entry[7]], 5):  # noqa: S311 - chance that can be repeated
        assert contents.read_at(entry[6], entry[7]) == tar[entry[6] : entry[6] + entry[7]]
    assert sum(end - start for asked in ranges.asked for start, end in asked) < len(content) / 2
    pieces = [(entry[6], entry[7]) for entry in found.entries if entry[7]]
    fresh, _ = parts(content, layer)
    assert fresh is not None
    contents = ZtocContents(fresh, MemoryRanges(layer))
    headers = contents.prepare(pieces, contents.stretches)
    assert headers == [tar[begin:end] for begin, end, _, _ in fresh.headers]
    assert [contents.read_at(*piece) for piece in pieces] == [tar[at : at + size] for at, size in pieces]


@requires(INDEX_LAYERS)
def test_a_small_one_is_not(real: tuple[bytes, bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    layer, _, content = real
    monkeypatch.setattr(reading, "WORTH_PARTS", len(content))
    found, ranges = parts(content, layer)
    assert found is None
    assert ranges.asked == []


@requires(INDEX_LAYERS)
@pytest.mark.parametrize("before", [-30_000, -12, -11, -1, 0, 1])
def test_one_that_begins_with_more_than_usual_is_not(
    real: tuple[bytes, bytes, bytes], monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    layer, _, content = real
    buffer = Flatbuffer(content)
    prefix_end = buffer.tables("bi@@").read(buffer.tables("@ qq@@").read(buffer.root())[4])[3] + 4 + 12
    monkeypatch.setattr(reading, "_PER_SPAN", 0)
    monkeypatch.setattr(reading, "_BEFORE_DIGESTS", max(8, prefix_end + before))
    found, _ = parts(content, layer)
    assert (found is not None) == (before >= 0)


@requires(INDEX_LAYERS)
def test_parts_that_were_changed_are_refused_or_lie(real: tuple[bytes, bytes, bytes]) -> None:
    layer, _, content = real
    chance = random.Random(3)  # noqa: S311 - chance that can be repeated
    outcomes = set()
    for _ in range(300):
        changed = bytearray(content)
        for _ in range(chance.randrange(1, 4)):
            place = chance.choice([chance.randrange(200), chance.randrange(len(content) - 3000, len(content)), 88])
            changed[place] = chance.choice([0, 1, 255, chance.randrange(256)])
        try:
            found, _ = parts(bytes(changed), layer)
            outcomes.add("whole" if found is None else "parts")
            if found is not None:
                contents = ZtocContents(found, MemoryRanges(layer))
                pieces = [(entry[6], entry[7]) for entry in found.entries if entry[7]]
                contents.prepare(chance.sample(pieces, 3))
        except (IndexUnusableError, CorruptLayerError) as error:
            outcomes.add(type(error).__name__)
    assert outcomes >= {"parts", "whole", "IndexUnusableError"}
