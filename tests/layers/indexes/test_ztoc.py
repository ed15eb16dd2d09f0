"""The entries in a ztoc are those of the tar, and a ztoc that contradicts itself is not used at all."""

import gzip
import struct
import tarfile
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.indexes import ztoc_entries as reading
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.indexes.spans import ZtocContents
from ocianalyze.layers.indexes.ztoc import read_ztoc
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.tar.entry import Kind, RawEntry
from ocianalyze.layers.tar.obstacles import Cause
from ocianalyze.layers.tar.tarstream import read_entries
from tests.support.blobs import stream_window
from tests.support.listed import ztoc_in_both_ways
from tests.support.strategies import disputed_layers, layer_stacks
from tests.support.tarballs import Item, directory, file, hardlink, layer, opaque, symlink, whiteout
from tests.support.ztocs import (
    Draft,
    MemoryRanges,
    Packed,
    draft,
    end_of,
    files_of,
    pack,
    plain_draft,
    read,
    real_ztocs,
    spans_of,
    state_of,
    window,
)

SAMPLES = Path(__file__).parents[3] / "testdata" / "indexed"
ALL_KINDS = [
    directory("usr"),
    directory("usr/lib", mode=0o2755, uid=1000, gid=100),
    file("usr/lib/empty"),
    file("usr/lib/full", bytes(512), mode=0o4755),
    file("usr/lib/odd size", b"x" * 513),
    symlink("usr/lib/link", "full"),
    symlink("usr/lib/nowhere", ""),
    symlink("usr/lib/far", "x" * 5000),
    hardlink("usr/lib/hard", "usr/lib/full"),
    Item(path="usr/fifo", kind="fifo"),
    Item(path="usr/null", kind="char", device=(1, 3)),
    Item(path="usr/gone", kind="char"),
    Item(path="usr/sda", kind="block", device=(8, 0)),
    whiteout("usr/old"),
    opaque("usr/lib"),
    file("deep/" * 60 + "file", b"deep"),
    file("ü☃", b"x"),
    file("\udcff/\udc80", b"x"),
    symlink("\udc80", "\udc81/☃"),
    hardlink("long link", "deep/" * 60 + "file"),
    file("../../outside", b"x"),
    file("//absolute", b"x"),
    Item(path="capable", content=b"x", xattrs={"security.capability": "\x01", "user.note": "a=b"}),
    Item(path="before 1970", mtime=-7),
    Item(path="just before 1970", content=b"x", mtime=-1.5),
    Item(path="fraction", mtime=1_700_000_000.25),
    directory("last"),
    symlink("last/link", "."),
]


def entries_of(tar: bytes) -> list[RawEntry]:
    return list(read_entries(stream_window(tar), what="x"))


@pytest.mark.parametrize("tar_format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_entries_are_those_of_the_tar(tar_format: int) -> None:
    items = ALL_KINDS if tar_format == tarfile.PAX_FORMAT else [item for item in ALL_KINDS if item.mtime >= 0]
    tar = layer(items, tar_format=tar_format)
    found = read(draft(pack(tar, [])))
    assert list(found.entries) == entries_of(tar)
    assert found.size == found.end + 1024
    assert list(found.odd) == []


@given(st.one_of(disputed_layers(), layer_stacks(max_layers=1).map(lambda layers: layers[0])), st.integers(-840, 840))
@settings(deadline=None)
def test_entries_of_any_layer_are_those_of_its_tar(items: list[Item], zone: int) -> None:
    tar = layer([item for item in items if item.kind != "contiguous"])  # soci-snapshotter refuses these
    packed = pack(tar, [])
    found = read(draft(packed, files=files_of(tar, zone=zone)))
    assert list(found.entries) == entries_of(tar)
    assert list(found.odd) == []


@pytest.mark.parametrize("form", ["soci-v1", "soci-v2"])
def test_entries_of_real_ztocs_are_those_of_their_tars(form: str) -> None:
    pairs = real_ztocs(SAMPLES / f"{form}.tar")
    assert pairs
    for blob, content in pairs:
        tar = gzip.decompress(blob)
        found = ztoc_in_both_ways(content, layer_size=len(blob), limits=Limits())
        assert list(found.entries) == entries_of(tar)
        assert list(found.odd) == []
        contents = ZtocContents(found, MemoryRanges(blob))
        for entry in found.entries:
            assert contents.read_at(entry[6], entry[7]) == tar[entry[6] :][: entry[7]]


def test_equal_strings_may_be_stored_once() -> None:
    tar = layer(ALL_KINDS)
    made = draft(pack(tar, []))
    content = made.packed(is_shared=True)
    assert len(content) < len(made.packed())
    found = ztoc_in_both_ways(content, layer_size=made.layer_size, limits=Limits())
    assert list(found.entries) == entries_of(tar)


def test_the_size_of_a_link_is_no_content() -> None:
    tar = layer([file("a", b"x"), hardlink("b", "a"), file("c", b"y")])
    made = draft(pack(tar, []))
    made.files[1][3] = "q", 5000
    assert list(read(made).entries) == entries_of(tar)


def test_numbers_of_devices_are_judged() -> None:
    tar = layer([Item(path="null", kind="char", device=(1, 3))])
    made = draft(pack(tar, []))
    made.files[0][11] = "q", 1 << 32
    (entry,) = read(made).entries
    assert entry[1] == Kind.CHARACTER_DEVICE
    assert [refusal.cause for refusal in entry[9]] == [Cause.DEVICE_NUMBER]


@pytest.mark.parametrize("is_old", [False, True])
def test_old_ztocs_lack_the_first_checkpoint(is_old: bool) -> None:  # noqa: FBT001
    packed = pack(layer(ALL_KINDS), [5000, 9000])
    spans = spans_of(read(draft(packed, is_old=is_old)))
    assert [(span.start, span.begin, span.length) for span in spans] == [
        (10, 0, 5000),
        (packed.points[1].start, 5000, 4000),
        (packed.points[2].start, 9000, None),
    ]
    assert [len(span.window) for span in spans] == [0, 1 << 15, 1 << 15]


def test_an_uncompressed_layer_is_cut_into_spans() -> None:
    tar = layer(ALL_KINDS)
    found = read(plain_draft(tar, 4096))
    assert list(found.entries) == entries_of(tar)
    assert [span.start for span in spans_of(found)] == list(range(0, found.size, 4096))
    assert [span.begin for span in spans_of(found)] == list(range(0, found.size, 4096))


def test_a_layer_may_have_no_entries() -> None:
    found = read(draft(pack(bytes(1024), [])))
    assert list(found.entries) == []
    assert list(found.headers) == []


# ---- headers ---------------------------------------------------------------------------------------------------------


def test_headers_lie_between_contents() -> None:
    tar = layer([directory("d"), file("d/empty"), file("a", b"x"), file("b", bytes(600)), symlink("c", "b")])
    assert [tuple(headers) for headers in read(draft(pack(tar, []))).headers] == [
        (0, 3 * 512, 0, 2),
        (4 * 512, 5 * 512, 3, 3),
        (7 * 512, 8 * 512, 4, 4),
    ]


@pytest.mark.parametrize("missing", range(6))
def test_where_an_entry_is_left_out_headers_are_odd(missing: int) -> None:
    """Whatever follows: with an extended header of its own, with a long name, or with nothing."""
    items = [
        file("first", b"x"),
        directory("d"),
        file("d/" + "n" * 150),
        Item(path="capable", content=b"x", xattrs={"user.note": "x"}),
        symlink("l", "t" * 200),
        file("last", b"x"),
    ]
    for tar_format in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        tar = layer(items, tar_format=tar_format)
        files = files_of(tar)
        assert list(read(draft(pack(tar, []), files=files)).odd) == []
        del files[missing]
        made = draft(pack(tar, []), files=files)
        if missing == len(items) - 1:
            made.size = len(tar)
            assert_unusable(made, "not the whole tar")
        else:
            found = read(made)
            following = next(n for n, headers in enumerate(found.headers) if headers[3] >= missing)
            assert list(found.odd) == [following]


def test_an_attribute_that_is_not_in_the_tar_is_odd() -> None:
    tar = layer([file("a", b"x"), file("b", b"x")])
    made = draft(pack(tar, []))
    made.files[1][13] = [{0: b"SCHILY.xattr.user.x", 1: b"x"}]
    assert list(read(made).odd) == [1]


@pytest.mark.parametrize("size", [1, 5, 6, 7, 80, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 985, 994, 995, 996, 997])
def test_pax_records_are_as_long_as_they_say(size: int) -> None:
    key = b"k" * size
    rest = b" %s=\n" % key
    length = next(number for number in range(len(rest), len(rest) + 9) if len(b"%d%s" % (number, rest)) == number)
    assert reading._record_size(size) == length


# ---- contradictions --------------------------------------------------------------------------------------------------

PACKED = pack(layer([directory("d"), file("a", b"x" * 3000), symlink("c", "b"), file("e", b"x")]), [1000, 2500])


def assert_unusable(made: Draft, reason: str) -> None:
    with pytest.raises(IndexUnusableError, match=reason) as caught:
        read(made)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def field(name: str, value: object) -> Callable[[Draft], None]:
    return lambda made: setattr(made, name, value)


def of_file(number: int, slot: int, value: object) -> Callable[[Draft], None]:
    def change(made: Draft) -> None:
        made.files[number][slot] = value

    return change


def state(**changes: Any) -> Callable[[Draft], None]:  # noqa: ANN401
    """Return what changes checkpoints, by the name of the field and the number of the checkpoint, or other things."""

    def change(made: Draft) -> None:
        points = list(PACKED.points)
        for name, value in changes.items():
            what, _, number = name.rpartition("_")
            if what in ("start", "begin", "bits"):
                points[int(number)] = points[int(number)]._replace(**{what: value})
        windows = [window(PACKED.plain, point.begin) for point in PACKED.points]
        packed = state_of(points, windows, span_size=changes.get("span_size", 4096))
        made.state = struct.pack("<i", changes.get("count", len(points))) + packed[4:]

    return change


def longer(made: Draft) -> None:
    made.state += b"x"


def shorter(made: Draft) -> None:
    made.state = made.state[: -2 * 32785]


def without_digest(made: Draft) -> None:
    made.digests = made.digests[:-1]


def huge_span(made: Draft) -> None:
    made.layer_size = 1 << 30


CONTRADICTIONS = {
    "version": (field("version", b"1.0"), "unknown version"),
    "no version": (field("version", b""), "unknown version"),
    "algorithm": (field("algorithm", 3), "unknown compression"),
    "algorithm 0": (field("algorithm", 0), "unknown compression"),
    "size": (field("size", len(PACKED.plain) + 512), "not the whole tar"),
    "small size": (field("size", 512), "no room"),
    "negative size": (field("size", -1), "no room"),
    "last span": (field("last_span", 3), "number of digests"),
    "no digest": (without_digest, "number of digests"),
    "no digests": (field("digests", []), "number of digests"),
    "bad digest": (field("digests", [b"sha256:" + b"0" * 63 + b"\xff"] * 3), "invalid digest"),
    "digest of another kind": (field("digests", [b"md5:" + b"0" * 32] * 3), "invalid digest"),
    "no checkpoints": (field("state", b""), "number of checkpoints"),
    "longer": (longer, "number of checkpoints"),
    "shorter": (shorter, "number of checkpoints"),
    "count": (state(count=2), "number of checkpoints"),
    "negative count": (state(count=-1), "number of checkpoints"),
    "span size": (state(span_size=(64 << 20) + 1), "span size"),
    "no span size": (state(span_size=0), "span size"),
    "bits": (state(bits_1=8), "not in order"),
    "bits before the layer": (state(start_0=0, bits_0=1), "not in order"),
    "negative start": (state(start_0=-5), "not in order"),
    "start behind": (state(start_1=1 << 40), "not in order"),
    "last start behind": (state(start_2=len(PACKED.layer)), "not in order"),
    "starts not rising": (state(start_1=PACKED.points[2].start), "not in order"),
    "begins late": (state(begin_0=1), "do not begin"),
    "begins not rising": (state(begin_1=2501), "not in order"),
    "begins too late": (state(begin_2=1 << 40), "too large"),
    "negative begin": (state(begin_2=-1), "not in order"),
    "type": (of_file(1, 1, b"contiguous"), "unknown type for 'a'"),
    "no type": (of_file(1, 1, b""), "unknown type for 'a'"),
    "name with a null byte": (of_file(1, 0, b"\x1b[2J\xff" * 100 + b"\0"), "null byte"),
    "hostile name": (lambda made: made.files[1].update({0: b"\x1b\xff" * 99, 1: b""}), "unknown type"),
    "link with a null byte": (of_file(2, 4, b"a\0b"), "null byte"),
    "attribute with a null byte": (of_file(2, 13, [{0: b"SCHILY.xattr.a\0b", 1: b""}]), "null byte"),
    "offset in a block": (of_file(1, 2, ("q", 1025)), "no room"),
    "offset too early": (of_file(1, 2, ("q", 512)), "no room"),
    "negative offset": (of_file(1, 2, ("q", -512)), "no room"),
    "offset behind the tar": (of_file(3, 2, ("q", 1 << 62)), "no room"),
    "negative file": (of_file(1, 3, ("q", -1)), "no room"),
    "negative link": (of_file(2, 3, ("q", -1)), "no room"),
    "file over the next": (of_file(1, 3, ("q", 3073)), "no room"),
    "file over the end": (of_file(3, 3, ("q", 3073)), "no room"),
    "file beyond 2**63": (of_file(3, 3, ("q", (1 << 63) - 1)), "no room"),
    "order": (lambda made: made.files.reverse(), "no room"),
    "listed twice": (lambda made: made.files.insert(1, made.files[0]), "no room"),
    "sparse": (of_file(1, 13, [{0: b"GNU.sparse.major", 1: b"1"}]), "sparse"),
    "no time": (of_file(1, 10, b""), "invalid time"),
    "time in words": (of_file(1, 10, b"yesterday"), "invalid time"),
    "time not in ASCII": (of_file(1, 10, "\uff12023-01-01T00:00:00Z".encode()), "invalid time"),
    "time that is none": (of_file(1, 10, b"2023-13-01T00:00:00Z"), "invalid time"),
    "year 0": (of_file(1, 10, b"0000-01-01T00:00:00Z"), "invalid time"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_are_noticed(name: str) -> None:
    change, reason = CONTRADICTIONS[name]
    made = draft(PACKED)
    read(made)
    change(made)
    assert_unusable(made, reason)


def test_another_layer_is_noticed() -> None:
    with pytest.raises(IndexUnusableError, match="is for a layer of"):
        ztoc_in_both_ways(draft(PACKED).packed(), layer_size=len(PACKED.layer) + 1, limits=Limits())


def test_stored_spans_are_not_too_large() -> None:
    made = draft(pack(layer([file("a", b"x")]), []))
    made.layer_size = (64 << 20) + 11
    assert_unusable(made, "too large")
    made.layer_size = (64 << 20) + 10
    read(made)


def test_spans_of_uncompressed_layers_are_checked() -> None:
    tar = layer(ALL_KINDS)
    for changed in (plain_draft(tar, 4096), plain_draft(tar, 8192)):
        made = plain_draft(tar, 4096)
        made.state = changed.state
        if changed.last_span == made.last_span:
            read(made)
        else:
            assert_unusable(made, "number of checkpoints")
    other = plain_draft(tar, 4096)
    other.state = plain_draft(tar + bytes(512), 4096).state
    assert_unusable(other, "another layer")
    other.state = b"\xff" * 20
    assert_unusable(other, "cannot be read")


def test_a_tar_without_an_end_ends_with_its_spans() -> None:
    """What inflates to more than such a tar has more entries."""
    tar = layer([file("a", b"x" * 600), file("b", b"x")])
    end = end_of(files_of(tar))
    for size in (0, 512, 1024):
        packed = pack(tar[: end + size], [1000])
        assert spans_of(read(draft(packed)))[-1].length == (None if size == 1024 else end + size - 1000)
    packed = pack(tar[:end], [end])
    made = draft(packed)
    assert [span.begin for span in spans_of(read(made))] == [0]
    made.files.pop()
    made.size = end_of(made.files)
    assert_unusable(made, "not in order")


def test_spans_that_pad_the_tar_are_not_needed() -> None:
    tar = layer([file("a", b"x" * 600)])
    found = read(draft(Packed(*pack(tar, [4000, 9000]))))
    assert found.size == 512 + 1024 + 1024
    assert [(span.begin, span.length) for span in spans_of(found)] == [(0, 4000)]


# ---- hostile ones ----------------------------------------------------------------------------------------------------


def test_entries_take_no_more_memory_than_is_allowed() -> None:
    made = draft(pack(layer([directory(f"d{number}") for number in range(200)]), []))
    read(made, Limits(max_memory=300_000))
    with pytest.raises(IndexUnusableError, match="200 items"):
        read(made, Limits(max_memory=200_000))


def test_an_entry_that_is_listed_very_often_costs_nothing() -> None:
    made = draft(PACKED)
    made.files = [made.files[0]] * 800_000
    assert_cheap(made, "no room")


@pytest.mark.parametrize("slot", [0, 4, 13])
def test_what_many_entries_share_is_read_as_often_as_it_is_stored(slot: int) -> None:
    """A thousand entries with a name of a megabyte would take a gigabyte, and attributes would take long."""
    made = draft(pack(layer([symlink(f"l{number}", "x") for number in range(1000)]), []))
    shared = [{0: b"k", 1: b"v"}] * 100_000 if slot == 13 else b"x" * 1_000_000
    for one in made.files:
        one[slot] = shared
    assert_cheap(made, "overlap")


def assert_cheap(made: Draft, reason: str) -> None:
    content = made.packed(is_shared=True)
    assert len(content) < 10_000_000
    tracemalloc.start()
    started = time.process_time()
    try:
        with pytest.raises(IndexUnusableError, match=reason):
            read_ztoc(content, layer_size=made.layer_size, limits=Limits())
        assert time.process_time() - started < 10
        assert tracemalloc.get_traced_memory()[1] < 20 * len(content)
    finally:
        tracemalloc.stop()


SMALL = draft(pack(layer(ALL_KINDS), [3000]))
SMALL_PACKED = pack(layer(ALL_KINDS), [3000])
CONTENT = SMALL.packed()
STATE_AT = CONTENT.index(SMALL.state)
MEANINGFUL = [*range(STATE_AT + 40), *range(STATE_AT + 32797, STATE_AT + 32840), *range(STATE_AT + 65582, len(CONTENT))]


@given(
    st.lists(
        st.tuples(st.sampled_from(MEANINGFUL), st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 255]))),
        min_size=1,
        max_size=4,
    ),
    st.one_of(st.none(), st.integers(0, len(CONTENT))),
)
@settings(deadline=2000, max_examples=300)
@example([(0, 0)], None)
def test_damaged_ztocs_are_unusable_or_lie(changes: list[tuple[int, int]], cut: int | None) -> None:
    content = bytearray(CONTENT)
    for place, byte in changes:
        content[place] = byte
    with suppress(IndexUnusableError, CorruptLayerError):
        found = ztoc_in_both_ways(bytes(content[:cut]), layer_size=SMALL.layer_size, limits=Limits())
        contents = ZtocContents(found, MemoryRanges(SMALL_PACKED.layer))
        for entry in found.entries:
            assert len(contents.read_at(entry[6], entry[7])) == entry[7]
        for stretch, headers in zip(contents.stretches, contents.prepare((), contents.stretches), strict=True):
            assert stretch.cost
            assert len(headers) >= 512 * (stretch.last - stretch.first + 1)
