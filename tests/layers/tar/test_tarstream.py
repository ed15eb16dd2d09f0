"""The tar parser: each format, each odd and hostile header, and what it must never do."""

import contextlib
import tarfile
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError, CutShortError, OcianalyzeError
from ocianalyze.layers.tar.entry import Entry, Kind
from ocianalyze.layers.tar.obstacles import EVERYONE, Cause
from ocianalyze.layers.tar.tarstream import begins_tar
from tests.layers.odd_tars import entries, odd_tars
from tests.support.blobs import range_window, stream_window
from tests.support.headers import BLOCK, END, header, long_name, member, pax, record, with_content
from tests.support.tarballs import Item, directory, file, hardlink, layer, symlink
from tests.support.tools import requires, run

LONG = "d" * 90 + "/" + "n" * 150
ITEMS = [
    directory("etc", mode=0o2755, uid=5, gid=6),
    file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n" * 30, mode=0o4711, uid=1000, gid=100),
    file(LONG, b"x" * 1025),
    symlink("l", "etc/passwd"),
    symlink("long-link", LONG),
    hardlink("h", "etc/passwd"),
    Item(path="fifo", kind="fifo", mode=0o600),
    Item(path="null", kind="char", device=(1, 3)),
    Item(path="sda", kind="block", device=(8, 0)),
    file("name \udcff\udc80", b"not UTF-8"),
    file("empty"),
]


def _only(data: bytes) -> Entry:
    (entry,) = _read(data)
    return entry


def _read(data: bytes) -> list[Entry]:
    """Read a tar through both windows, which must agree."""
    streamed, walked = entries(stream_window(data)), entries(range_window(data))
    assert streamed == walked
    return streamed


def _refused(data: bytes) -> CorruptLayerError:
    """Return the error with which both windows refuse a tar."""
    with pytest.raises(CorruptLayerError) as walked:
        entries(range_window(data))
    with pytest.raises(CorruptLayerError) as streamed:
        entries(stream_window(data))
    assert streamed.value.offset == walked.value.offset
    assert streamed.value.offset is not None
    assert "layer 0" in streamed.value.message
    return streamed.value


# --- formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tar_format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_every_kind_of_entry_in_both_long_formats(tar_format: int) -> None:
    found = _read(layer(ITEMS, tar_format=tar_format))
    assert [(entry.path.rstrip("/"), entry.link) for entry in found] == [(item.path, item.target) for item in ITEMS]
    assert [Kind(entry.kind) for entry in found] == [
        Kind.DIRECTORY,
        Kind.FILE,
        Kind.FILE,
        Kind.SYMLINK,
        Kind.SYMLINK,
        Kind.HARDLINK,
        Kind.FIFO,
        Kind.CHARACTER_DEVICE,
        Kind.BLOCK_DEVICE,
        Kind.FILE,
        Kind.FILE,
    ]
    assert [entry.attributes for entry in found] == [(item.mode, item.uid, item.gid) for item in ITEMS]
    assert [entry.size for entry in found] == [len(item.content) for item in ITEMS if isinstance(item.content, bytes)]
    assert {entry.mtime for entry in found} == {1_700_000_000}


@pytest.mark.parametrize("tar_format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_offsets_lead_to_the_contents(tar_format: int) -> None:
    data = layer(ITEMS, tar_format=tar_format)
    contents = {item.path: item.content for item in ITEMS if item.kind == "file"}
    for entry in _read(data):
        if entry.kind == Kind.FILE:
            assert data[entry.offset : entry.offset + entry.stored] == contents[entry.path]


@pytest.mark.parametrize("size", [1, 7, 511, 512, 513, 4096])
def test_chunk_sizes_do_not_matter(size: int) -> None:
    data = layer(ITEMS)
    assert entries(stream_window(data, size)) == entries(range_window(data))


def test_v7_has_no_magic_and_marks_directories_by_a_slash() -> None:
    data = header(b"dir/", flag=b"\0", magic=b"") + header(b"file", flag=b"\0", magic=b"") + END
    assert [(entry.path, entry.kind) for entry in _read(data)] == [("dir/", Kind.DIRECTORY), ("file", Kind.FILE)]


def test_ustar_prefix_and_the_prefix_of_star() -> None:
    assert _only(header(b"name", prefix=b"some/where") + END).path == "some/where/name"
    assert _only(header(b"name", prefix=b"some/where", magic=b"ustar\x00xx") + END).path == "some/where/name"
    star = b"p" * 131 + b"00000000000 00000000000 \0\0\0\0\0\0\0\0tar\0"
    assert _only(header(b"name", prefix=star[:155].ljust(163, b"\0") + b"tar\0") + END).path == "p" * 131 + "/name"


def test_gnu_headers_have_times_where_others_have_a_prefix() -> None:
    times = b"12574544345\x0012574544345\0"
    assert _only(header(b"name", prefix=times, magic=b"ustar  \0") + END).path == "name"
    assert _only(header(b"name", prefix=times[:12], magic=b"ustar  \0") + END).path == "name"  # one of the two only
    assert (
        _only(header(b"name", prefix=b"old/go/wrote/this", magic=b"ustar  \0") + END).path == "old/go/wrote/this/name"
    )
    assert _only(header(b"name", prefix=b"no/magic", magic=b"") + END).path == "name"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"00000001000\0", 512),
        (b"       1000 ", 512),
        (b"1000\0\0\0\0\0\0\0\0", 512),
        (b"000000001000", 512),
        (b"\0\0\0\0\0001000\0\0\0", 512),
        (b"\x80" + bytes(9) + b"\x02\x00", 512),
        (b" " * 12, 0),
        (bytes(12), 0),
    ],
)
def test_numbers(field: bytes, value: int) -> None:
    assert _only(header(b"a", size=field) + bytes(value) + END).size == value


@pytest.mark.parametrize("field", [b"0000000100x\0", b"00000000019\0", b"10 00\0\0\0\0\0\0\0", b"\x80" + b"\xff" * 11])
def test_numbers_that_are_none_are_refused(field: bytes) -> None:
    assert _refused(header(b"a", size=field) + bytes(1024) + END).offset == 0


def test_large_ids_and_sizes_in_base_256() -> None:
    entry = _only(header(b"a", uid=b"\x80\0\0\0\x80\0\0\x01", gid=b"\xff" * 8, mtime=b"\xff" * 12) + END)
    assert entry.attributes == (0o644, 0x80000001, -1)
    assert entry.mtime == -1


def test_signed_checksums() -> None:
    block = header(b"\xff\xfe", checksum=b" " * 8)
    signed = sum(block) - 256 * sum(byte > 127 for byte in block)
    assert _only(block[:148] + b"%06o\0 " % signed + block[156:] + END).path == "\udcff\udcfe"


@pytest.mark.parametrize("flag", [b"1", b"2", b"3", b"4", b"5", b"6"])
def test_links_devices_and_directories_have_no_content_whatever_their_size(flag: bytes) -> None:
    data = header(b"a", flag=flag, size=5000, link=b"t") + member(b"b") + END
    assert [(entry.path, entry.size) for entry in _read(data)] == [("a", 0), ("b", 0)]


def test_contiguous_and_unknown_types_are_files() -> None:
    data = member(b"a", b"x", flag=b"7") + member(b"b", b"yy", flag=b"Z") + END
    assert [(entry.kind, entry.size) for entry in _read(data)] == [(Kind.FILE, 1), (Kind.FILE, 2)]


def test_labels_and_access_control_lists_are_no_files_and_have_content() -> None:
    data = b"".join(member(b"x", b"c" * 600, flag=flag) for flag in (b"V", b"N", b"A", b"X")) + member(b"b") + END
    *others, last = _read(data)
    assert [(entry.kind, entry.size, entry.refusals[0].detail) for entry in others] == [
        (Kind.ABSENT, 0, flag) for flag in "VNAX"
    ]
    assert (last.path, last.kind, last.refusals) == ("b", Kind.FILE, ())


@pytest.mark.parametrize("flag", [bytes([number]) for number in range(256)])
def test_each_type_flag_is_read_or_refused_and_never_loses_the_next_header(flag: bytes) -> None:
    *before, last = _read(
        member(b"x", b"c" * 600 if flag not in b"xgLK123456" else b"", flag=flag) + member(b"b") + END
    )
    assert (last.path, last.kind) == ("b", Kind.FILE)
    known = flag in b"\x000123456xgLK"
    assert [bool(entry.refusals) for entry in before] == ([] if flag in b"xLK" else [not known or flag == b"2"])


# --- extended headers -------------------------------------------------------------------------------------------------


def test_pax_records_replace_fields() -> None:
    records = {
        b"path": "ä/ö".encode(),
        b"linkpath": b"t" * 200,
        b"uid": b"4000000000",
        b"gid": b"-7",
        b"mtime": b"1700000001.999",
        b"SCHILY.xattr.security.capability": b"\x01\x00=\n\xff",
        b"SCHILY.xattr.user.empty": b"",
        b"comment": b"whatever",
    }
    entry = _only(pax(records) + header(b"short", flag=b"2", uid=1, gid=2) + END)
    assert (entry.path, entry.link, entry.mtime) == ("ä/ö", "t" * 200, 1_700_000_001)
    assert entry.attributes == (0o644, 4_000_000_000, -7)
    assert entry.xattrs == {"security.capability": b"\x01\x00=\n\xff", "user.empty": b""}


def test_an_empty_pax_value_leaves_the_field_alone() -> None:
    records = {b"path": b"", b"size": b"", b"uid": b"", b"mtime": b"", b"linkpath": b""}
    data = pax(records) + with_content(header(b"a", size=3, uid=7, mtime=9), b"abc") + END
    entry = _only(data)
    assert (entry.path, entry.size, entry.attributes.uid, entry.mtime) == ("a", 3, 7, 9)


def test_extended_headers_describe_the_next_entry_only() -> None:
    data = pax({b"path": b"one", b"uid": b"9"}) + member(b"x") + member(b"two") + END
    assert [(entry.path, entry.attributes.uid) for entry in _read(data)] == [("one", 9), ("two", 0)]


def test_the_last_of_several_extended_headers_counts_and_gnu_names_win() -> None:
    assert _only(pax({b"path": b"one", b"uid": b"9"}) + pax({b"path": b"two"}) + member(b"x") + END)[:3] == (
        "two",
        Kind.FILE,
        (0o644, 0, 0),
    )
    assert _only(long_name(b"gnu") + pax({b"path": b"pax"}) + member(b"x") + END).path == "gnu"
    assert _only(long_name(b"one") + long_name(b"two") + member(b"x") + END).path == "two"
    assert _only(long_name(b"") + member(b"x") + END).path == "x"
    assert _only(long_name(b"a\0b") + member(b"x") + END).path == "a"
    assert _only(long_name(b"target", flag=b"K") + header(b"x", flag=b"2", link=b"y") + END).link == "target"


def test_global_headers_change_nothing_as_in_go() -> None:
    everything = {b"path": b"p", b"size": b"512", b"uid": b"9", b"mtime": b"9", b"SCHILY.xattr.user.a": b"b"}
    plain = member(b"a", b"abc") + END
    header_itself, *others = _read(pax(everything, flag=b"g") + plain)
    assert (header_itself.path, header_itself.kind) == ("PaxHeaders/x", Kind.GLOBAL_HEADER)
    assert [e[:6] for e in others] == [e[:6] for e in _read(plain)]
    assert _read(pax({b"path": b"lost"}) + pax({}, flag=b"g") + member(b"a") + END)[1].path == "a"
    assert len(_read(pax({b"comment": b"at the end"}, flag=b"g") + END)) == 1


@pytest.mark.parametrize(("stated", "meant"), [(0, 1536), (1536, 512), (512, 1536)])
def test_the_pax_size_wins_over_the_header_s(stated: int, meant: int) -> None:
    """TARmageddon (CVE-2025-62518): who believes the header reads the content as entries, or entries as content."""
    hidden = (member(b"hidden") * 3)[:meant]
    data = pax({b"size": b"%d" % meant}) + header(b"outer", size=stated) + hidden + member(b"next") + END
    assert [(entry.path, entry.size) for entry in _read(data)] == [("outer", meant), ("next", 0)]


def test_a_pax_size_may_have_leading_zeros_but_must_be_a_number() -> None:
    for text in (b"0" * 5000 + b"3", b"+3", b"+003"):
        assert _only(pax({b"size": text}) + with_content(header(b"a"), b"abc") + END).size == 3
    for text in (b"+", b"+-3", b"0x3", b"3.0", b"9" * 19, b"9" * 5000, b"-1", b" 3", b"1_0"):
        _refused(pax({b"size": text}) + header(b"a") + END)


def test_a_long_name_decides_whether_an_old_entry_is_a_directory() -> None:
    """CVE-2025-13462: the type must be told from the name that holds, not from the header's."""
    long = b"d" * 120
    data = long_name(long + b"/") + header(long[:100], flag=b"\0", size=512, magic=b"ustar  \0") + member(b"a") + END
    assert [(entry.kind, entry.size) for entry in _read(data)] == [(Kind.DIRECTORY, 0), (Kind.FILE, 0)]
    data = long_name(b"file") + header(b"x/", flag=b"\0", size=512, magic=b"ustar  \0") + bytes(512) + END
    assert _only(data)[:2] == ("file", Kind.FILE)


@pytest.mark.parametrize(
    "body",
    [
        b"x path=a\n",
        b"99 path=a\n",
        b"9 path=a ",
        b"5 a\n",
        b"5 =a\n",
        b"11 path=a\n",
        b"1 ",
        b"0 a=b\n",
        b"-9 path=a\n",
        b"9path=a\n",
        record(b"path", b"a\0b"),
        record(b"linkpath", b"\0"),
        record(b"a\0b", b"c"),
    ],
)
def test_damaged_pax_records_are_refused(body: bytes) -> None:
    assert _refused(member(b"pax", body, flag=b"x") + member(b"a") + END).offset in range(512, 1024)


@pytest.mark.parametrize("flag", [b"x", b"g", b"L", b"K"])
def test_an_extended_header_that_no_runtime_reads_refuses_the_entry_that_it_is_for(flag: bytes) -> None:
    long = member(b"pax", bytes((1 << 20) + 1), flag=flag)
    refused, last = (
        _read(long + member(b"a") + END)[-2:] if flag == b"g" else _read(long + member(b"a") + member(b"b") + END)
    )
    assert refused.refusals == ((Cause.EXTENDED_HEADER, EVERYONE, "1,048,577 bytes"),)
    assert last.refusals == ()
    if flag != b"g":
        _refused(member(b"b") + long + END)


def test_a_header_that_claims_much_costs_nothing() -> None:
    tracemalloc.start()
    with pytest.raises(CorruptLayerError):
        entries(stream_window(header(b"pax", flag=b"x", size=1 << 35) + END))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("flag", [b"0", b"x", b"g", b"L", b"K", b"V", b"S", b"D", b"Z"])
def test_negative_sizes_are_refused(flag: bytes) -> None:
    for size in (b"\xff" * 12, b"\xff" * 10 + b"\x00\x00", b"\xff\xff\xff\xff\x80" + bytes(7)):
        assert _refused(member(b"a") + header(b"b", flag=flag, size=size) + END).offset == 512


# --- sparse files -----------------------------------------------------------------------------------------------------


@requires("tar")
@pytest.mark.parametrize(
    "arguments", [["--format=gnu"], *(["--format=pax", f"--sparse-version={v}"] for v in ("0.0", "0.1", "1.0"))]
)
@pytest.mark.parametrize("extents", [0, 1, 3, 40])
def test_sparse_files_have_their_real_size(arguments: Sequence[str], extents: int, tmp_path: Path) -> None:
    real = 50 * (1 << 20) + 17
    with (tmp_path / "sparse").open("wb") as body:
        for extent in range(extents):
            body.seek(extent << 20)
            body.write(b"data" * 1024)
        body.truncate(real)
    (tmp_path / "after").write_bytes(b"plain")
    data = run("tar", "-C", str(tmp_path), *arguments, "-S", "-cf", "-", "sparse", "after")
    sparse, after = _read(data)
    assert (sparse.path, sparse.kind, sparse.size, sparse.offset) == ("sparse", Kind.FILE, real, -1)
    assert sparse.stored < 1 << 20
    assert data[after.offset : after.offset + after.size] == b"plain"


def test_a_sparse_file_of_exabytes_is_as_large_as_it_says() -> None:
    """A kilobyte states them, and a few of those are more than 64 bits hold."""
    records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": b"%d" % ((1 << 63) - 1)}
    hole = (b"1\n%d\n0\n" % ((1 << 63) - 1)).ljust(BLOCK, b"\0")
    assert _only(pax(records) + member(b"s", hole) + END).size == (1 << 63) - 1
    records[b"GNU.sparse.map"] = b"1,2,3"
    wrong = _only(pax({**records, b"GNU.sparse.major": b"0"}) + member(b"s", b"0\n") + END)
    assert (wrong.size, wrong.refusals[0].cause) == (2, Cause.SPARSE_MAP)


def test_an_unknown_sparse_version_or_a_stray_name_is_not_sparse_as_in_go() -> None:
    stray = {b"GNU.sparse.name": b"other", b"GNU.sparse.realsize": b"99", b"SCHILY.realsize": b"99"}
    for records in (stray, stray | {b"GNU.sparse.major": b"2", b"GNU.sparse.minor": b"0"}):
        entry = _only(pax(records) + member(b"a", b"abc") + END)
        assert (entry.path, entry.size) == ("a", 3)
        assert entry.offset > 0


def test_a_sparse_file_whose_map_is_as_large_as_its_holes_is_not_read_as_plain() -> None:
    records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": b"1024"}
    entry = _only(pax(records) + member(b"a", b"1\n512\n512\n".ljust(512, b"\0") + b"d" * 512) + END)
    assert (entry.size, entry.stored, entry.offset) == (1024, 1024, -1)


@pytest.mark.parametrize("length", [0, 1, 512, 1000])
def test_a_sparse_map_that_is_cut_off_is_an_error(length: int) -> None:
    """The map says that it has four numbers, of which the tar has none or one."""
    records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": b"5000"}
    whole = pax(records) + member(b"s", b"2\n0\n".ljust(4096, b"x"))
    with pytest.raises(CutShortError):
        _read(whole[: whole.index(b"2\n0\n") + length])


def test_an_old_sparse_map_that_goes_on_is_followed_and_bounded() -> None:
    def sparse(blocks: int) -> bytes:
        head = bytearray(header(b"s", flag=b"S", size=512, magic=b"ustar  \0"))
        head[482] = 1
        head[483:495] = b"%011o\0" % 4096
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        return bytes(head) + (bytes(504) + b"\1" + bytes(7)) * (blocks - 1) + bytes(512) + b"d" * 512

    assert [(e.path, e.size, e.stored) for e in _read(sparse(3) + member(b"a") + END)] == [
        ("s", 4096, 512),
        ("a", 0, 0),
    ]
    _refused(sparse(3)[: 512 + 700])
    assert "longer than 1,048,576 bytes" in _refused(sparse(2050) + END).message


# --- ends and damage --------------------------------------------------------------------------------------------------


def test_ends_that_are_none() -> None:
    """No trailer, half a trailer, padding that is missing: an end all the same, as in Go."""
    whole = member(b"a", b"abc")
    for data in (
        b"",
        whole,
        whole[:515],
        whole[:600],
        whole + bytes(512),
        whole + END + b"junk" * 999,
    ):
        assert [entry.path for entry in _read(data)] == (["a"] if data else [])


def test_a_lone_block_of_zeros_before_more_is_a_lost_header() -> None:
    assert _refused(member(b"a") + bytes(512) + member(b"b") + END).offset == 512
    assert _refused(member(b"a") + bytes(512) + member(b"b")).offset == 512
    assert _refused(member(b"a") + bytes(700)).offset == 512 + 700


def test_every_cut_is_noticed_with_its_offset() -> None:
    """Cut at each byte: the tar either ends with a whole entry or extended header, or is refused at the cut."""
    data = layer(ITEMS[:5])
    starts = [0]
    ends = {0}
    for start in range(0, len(data), BLOCK):
        if data[start + 156 : start + 157] == b"x" and data[start + 257 : start + 262] == b"ustar":
            end = start + BLOCK + int(data[start + 124 : start + 135], 8)
            ends.update(range(end, end + -end % BLOCK + 1))
    for entry in _read(data):
        ends.update(range(entry.offset + entry.stored, entry.offset + entry.stored + -entry.stored % 512 + 1))
        starts.append(entry.offset + entry.stored + -entry.stored % 512)
    last = starts[-1]
    for cut in [*range(0, last, 97), *(start + step for start in starts for step in (-513, -512, -1, 0, 1, 511, 512))]:
        if not 0 <= cut <= last:
            continue
        if cut in ends:
            _read(data[:cut])
        else:
            assert _refused(data[:cut]).offset == cut


def test_each_altered_header_byte_is_noticed() -> None:
    data = layer(ITEMS[:3])
    for offset in (0, 101, 125, 140, 150, 156, 300, 511):
        altered = bytearray(data)
        altered[offset] ^= 1
        assert _refused(bytes(altered)).offset == 0


def test_what_begins_a_tar() -> None:
    assert begins_tar(header(b"{"))
    assert begins_tar(bytes(512))
    assert not begins_tar(b"")
    assert not begins_tar(header(b"a")[:511])
    assert not begins_tar(b'{"schemaVersion": 2}'.ljust(512))


# --- any bytes --------------------------------------------------------------------------------------------------------

_seeds = st.sampled_from([*(data for data in odd_tars().values() if len(data) < 12_000), layer(ITEMS)])


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """Draw a tar with some bytes changed, most of them where headers are, and with checksums that hold."""
    data = bytearray(draw(_seeds))
    for _ in range(draw(st.integers(0, 6))):
        if not data:
            break
        block = draw(st.integers(0, (len(data) - 1) // BLOCK)) * BLOCK
        offset = block + draw(st.sampled_from([*range(0, 160, 3), 156, 157, 257, 345, 482, 483, 508]))
        data[offset : offset + 1] = draw(
            st.sampled_from([b"\0", b"\xff", b"\x80", b"7", b"9", b"S", b"x", b"g", b"L", b" ", b""])
        )
        head = data[block : block + BLOCK]
        if draw(st.integers(0, 4)) and len(head) == BLOCK:
            head[148:156] = b" " * 8
            data[block + 148 : block + 156] = b"%06o\0 " % sum(head)
    return bytes(data[: draw(st.integers(0, len(data)))]) if draw(st.booleans()) else bytes(data)


@settings(max_examples=200)
@given(st.one_of(_mutated(), st.binary(max_size=3000)), st.sampled_from([1, 100, 512, 513, 10_000]))
def test_any_bytes_give_entries_or_our_errors_and_the_same_ones_through_each_window(data: bytes, chunk: int) -> None:
    results: list[list[Entry] | str] = []
    for window in (range_window(data), stream_window(data, chunk)):
        try:
            results.append(entries(window))
        except OcianalyzeError as error:
            results.append(error.message)
    assert results[0] == results[1] or all(isinstance(result, str) for result in results)


def test_time_is_linear_in_the_size_of_hostile_tars() -> None:
    many_records = b"".join(record(b"k%d" % number, b"") for number in range(90_000))
    hostile = [
        member(b"pax", many_records, flag=b"x") + member(b"a"),
        pax({b"k%d" % n: b"v" for n in range(5000)}, flag=b"g") + member(b"a") * 5000,
        member(b"pax", b"1" * 1_000_000, flag=b"x"),
        header(b"a" * 100) * 20_000,
        (long_name(b"n") * 3 + pax({b"path": b"p"})) * 5000 + member(b"a"),
        b"".join(header(b"%d" % number, mtime=number, uid=number) for number in range(20_000)),
    ]
    for data in hostile:
        started = time.process_time()
        with contextlib.suppress(OcianalyzeError):
            entries(stream_window(data + END))
        assert time.process_time() - started < 2
