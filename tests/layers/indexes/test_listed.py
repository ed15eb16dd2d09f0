"""What the compiled modules take becomes what Python would have made of it, and they take most of what there is."""

import json
import os
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocianalyze.layers.indexes import listed, tables, ztoc_entries
from ocianalyze.layers.indexes.chunk_list import ChunkList
from ocianalyze.layers.indexes.index import IndexUnusableError
from tests.support.indexed_images import FORMS, IndexedForm
from tests.support.indexed_layers import SAMPLES, indexed_layers
from tests.support.listed import COMPILED, table_in_both_ways
from tests.support.tarballs import Item, directory, file, hardlink, layer, symlink
from tests.support.tools import REQUIRE_TOOLS
from tests.support.ztocs import draft, pack, read

TABLE, ZTOC = COMPILED
if None in COMPILED and os.environ.get(REQUIRE_TOOLS) == "1":
    pytest.fail("ocianalyze.layers.indexes._table or _ztoc was not compiled")
pytestmark = pytest.mark.skipif(None in COMPILED, reason="nothing was compiled: there is no C compiler")

DIGEST = "sha256:" + "0f" * 32
END = 1 << 20
TIMES = (
    *("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.5Z", "2026-12-31T23:59:59.999999999+23:59", "2024-02-29T00:00:00Z"),
    *("2023-02-29T00:00:00Z", "1970-12-31T23:59:59-00:00", "1971-01-01T00:00:00+14:00", "2100-02-29T00:00:00Z"),
    *("2000-02-29T12:00:00Z", "9999-12-31T23:59:59Z", "2026-01-02T24:00:00Z", "2026-01-02T03:04:60Z", "", "2026"),
    *("2026-01-02T03:04:05", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234567890Z", "2026-01-02T03:04:05+24:00"),
    *(
        "2026-01-02T03:04:05z",
        "2026-00-02T03:04:05Z",
        "2026-13-02T03:04:05Z",
        "2026-01-00T03:04:05Z",
        "-026-01-02T03:04:05Z",
    ),
    *(
        "2026-01-02T03:04:05Z ",
        "2026-01-02T03:04:05+02:60",
        "2026-01-02 03:04:05Z",
        "1969-12-31T23:59:59.5Z",
        "0000-01-01T00:00:00Z",
    ),
)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that comes to have what is left to Python."""
    found: list[object] = []
    for reader in (ztoc_entries.EntryReader, tables._Listing):
        real = reader._read_one

        def noting(self: Any, *what: object, real: Any = real) -> None:  # noqa: ANN401
            found.append(len(self.entries))
            real(self, *what)

        monkeypatch.setattr(reader, "_read_one", noting)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_most_of_a_real_layer_is_ordinary(form: IndexedForm, left: list[object]) -> None:
    with indexed_layers(SAMPLES / f"{form}.tar") as layers:
        entries = sum(len(one.read().entries) for one in layers)
    assert len(left) < entries / 2


@pytest.mark.parametrize("form", FORMS)
def test_real_layers_are_the_same(form: IndexedForm, monkeypatch: pytest.MonkeyPatch) -> None:
    with indexed_layers(SAMPLES / f"{form}.tar") as layers:
        found = [one.read() for one in layers]
        monkeypatch.setattr(listed, "compiled_table", None)
        monkeypatch.setattr(listed, "compiled_ztoc", None)
        expected = [one.read() for one in layers]
        for one, other in zip(found, expected, strict=True):
            assert list(one.entries) == list(other.entries)
            assert list(one.contents.stretches) == list(other.contents.stretches)


ORDINARY: list[Item] = [
    directory("usr", mode=0o2755, uid=1000, gid=100),
    *(file(f"usr/{number}", bytes(number * 37 % 2000), mode=0o755) for number in range(100)),
    file("usr/ü☃", b"x"),
    file("usr/\udcff", b"x"),
    symlink("usr/link", "ü☃/\udcff"),
    hardlink("usr/hard", "usr/7"),
    file("usr/" + "deep/" * 40 + "f", b"x"),
    symlink("usr/far", "t" * 200),
    hardlink("usr/" + "deep/" * 40 + "g", "usr/" + "deep/" * 40 + "f"),
    Item(path="usr/fraction", content=b"x", mtime=1_700_000_000.25),
    file("usr/last"),
]


def test_ordinary_entries_of_a_ztoc_are_taken(left: list[object]) -> None:
    found = read(draft(pack(layer(ORDINARY), [])))
    assert len(found.entries) == len(ORDINARY)
    vtables_and_records = 8
    assert len(left) - len(ORDINARY) <= vtables_and_records  # Python alone has read all of them, too


@pytest.mark.parametrize("said", TIMES)
def test_times_in_a_ztoc(said: str) -> None:
    made = draft(pack(layer([file("a", b"x"), file("b", b"x"), file("c", b"x")]), []))
    made.files[1][10] = said.encode()
    try:
        found = read(made)
    except IndexUnusableError:
        return
    assert len(found.entries) == 3


FIELDS = st.sampled_from(
    [
        *(b"", b"reg", b"dir", b"symlink", b"hardlink", b"x\0y", b"\xff", b"x" * 99, b"x" * 100, b"x" * 5000),
        *(("q", n) for n in (-1, 0, 511, 512, 1024, 1 << 62, -(1 << 63))),
        *(("I", 0), ("I", (1 << 32) - 1), [], [{0: b"mtime", 1: b"1.5"}], [{0: b"path", 1: b"b"}] * 9),
        *([{0: b"SCHILY.xattr.user.a", 1: b"x"}], [{0: b"GNU.sparse.x"}]),
    ]
)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 13), FIELDS), max_size=4))
def test_what_is_nearly_ordinary_in_a_ztoc(changes: list[tuple[int, int, Any]]) -> None:
    made = draft(pack(layer([file("a", b"x" * 513), symlink("b", "a"), directory("c")]), []))
    for number, slot, value in changes:
        if isinstance(value, tuple) == (slot in (2, 3, 5, 6, 7, 11, 12)) and isinstance(value, list) == (slot == 13):
            made.files[number][slot] = value
    try:
        read(made)
    except IndexUnusableError:
        return


def regular(name: str, offset: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"name": name, "type": "reg", "size": 5, "digest": DIGEST, "offset": offset, "mode": 0o644, **more}


def table(*entries: object) -> bytes:
    return json.dumps({"version": 1, "entries": entries}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def chunk(offset: int, at: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"type": "chunk", "offset": offset, "chunkOffset": at, "chunkSize": 5, "chunkDigest": DIGEST, **more}


def test_ordinary_entries_of_a_table_are_taken(left: list[object]) -> None:
    entries = [
        {"name": "d/", "type": "dir", "mode": 0o40755, "uid": 7, "modtime": "2026-01-02T03:04:05.9Z"},
        *(regular(f"d/{number}", 512 + 100 * number, endOffset=600 + 100 * number) for number in range(20)),
        regular("d/ü☃", 10_000, size=11, chunkSize=5, chunkDigest=DIGEST),
        chunk(10_100, 5),
        chunk(10_200, 10, chunkSize=0),
        regular("d/one", 11_000, innerOffset=0),
        regular("d/two", 11_000, innerOffset=512),
        {"name": "d/s", "type": "symlink", "linkName": "☃"},
        {"name": "d/h", "type": "hardlink", "linkName": "d/1", "size": 5},
        regular("d/empty", 0, size=0),
        {"name": "d/zeros", "type": "reg", "size": 5, "chunkType": "zeros"},
        regular("d/behind", 11_500),
        regular("d/holes", 12_000, size=15, chunkSize=5, chunkDigest=DIGEST),
        chunk(0, 5, chunkType="zeros"),
        chunk(12_100, 10),
        {"name": "d/more", "type": "reg", "size": 10, "chunkSize": 5, "chunkType": "zeros"},
        chunk(12_200, 5),
    ]
    found = table_in_both_ways(table(*entries), end=END)
    assert len(found.entries) == len(entries) - 5
    assert len(left) == len(found.entries)  # all of them by Python alone, and none before


@pytest.mark.parametrize("said", TIMES)
def test_times_in_a_table(said: str) -> None:
    try:
        table_in_both_ways(table({"name": "a", "type": "dir", "modtime": said}), end=END)
    except IndexUnusableError:
        return


KEYS = (
    *("type", "name", "linkName", "mode", "uid", "gid", "modtime", "xattrs", "size", "endOffset"),
    *("offset", "innerOffset", "chunkOffset", "chunkSize", "chunkType", "chunkDigest", "digest", "userName"),
)
ODD_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([None, True, 1.5, -1, 0, 5, 600, 1 << 60, (1 << 60) + 1, 1 << 63, 10**25, [], {}, {"user.a": ""}]),
    st.sampled_from(["", "zeros", "reg", "dir", "chunk", "symlink", "x\0", "\ufffd", "\uffef", "a\u0fff", "x" * 4096]),
    st.sampled_from([DIGEST, DIGEST.upper(), DIGEST[:-1], "sha512:" + "0" * 128, "sha256:" + "g" * 64]),
)


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(KEYS), ODD_VALUES), max_size=3))
@example([(0, "xattrs", {})])
@example([(2, "chunkType", "zeros"), (3, "chunkType", "zeros")])
def test_what_is_nearly_ordinary_in_a_table(changes: list[tuple[int, str, Any]]) -> None:
    entries: list[dict[str, Any]] = [
        {"name": "d/", "type": "dir"},
        regular("d/a", 512),
        regular("d/b", 600, size=10, chunkSize=5, chunkDigest=DIGEST),
        chunk(700, 5),
        {"name": "d/s", "type": "symlink", "linkName": "a"},
        regular("d/c", 800, innerOffset=5),
        regular("d/d", 800, innerOffset=700, endOffset=900),
    ]
    for number, key, value in changes:
        entries[number][key] = value
    try:
        table_in_both_ways(table(*entries), end=1000)
    except IndexUnusableError:
        return


def test_columns_of_different_lengths_are_refused() -> None:
    chunks = ChunkList(END)
    chunks.starts.append(5)
    with pytest.raises(ValueError, match="length"):
        chunks.check(0)


def test_what_cannot_be_is_refused() -> None:
    state = 10_000, 0, 0, 0
    buffer = bytes(8) + (4).to_bytes(4, "little") + bytes(100)
    with pytest.raises(ValueError, match="layouts"):
        ZTOC.take_entries(buffer, 100, [8], {4: b"short"}, {}, {}, [], [], state)
    for at in (-1, 3):
        with pytest.raises(ValueError, match="place"):
            TABLE.take_entries(b"[]", 5, {}, [], [], [], (at, 0, 0, 0, 0, 0, 0))
        assert TABLE.find_object(b"{}", at) is None


ENTRY = b'{"name": "a", "type": "dir"}'
OTHER = b'{"name": "b/", "type": "dir", "uid": 5}'


@pytest.mark.parametrize(
    "raw",
    [
        b'{"version":1,"entries":[]}',
        b'{"version":1,"entries":[ ]}\n',
        b'{"version":1,"entries":[%s,%s],"tarSplitDigest":"sha256:00"}' % (ENTRY, OTHER),
        b' {\t"version" : 1,\r\n"entries" : [ %s , %s ] } ' % (ENTRY, OTHER),
        b'{"version":1,"entries":[%s%s]}' % (ENTRY, OTHER),
        b'{"version":1,"entries":[%s,]}' % ENTRY,
        b'{"version":1,"entries":[,%s]}' % ENTRY,
        b'{"version":1,"entries":[%s' % ENTRY,
        b'{"version":1,"entries":[%s,' % ENTRY,
        b'{"version":1,"entries":[%s]' % ENTRY,
        b'{"version":1,"entries":[%s]]' % ENTRY,
        b'{"version":1,"entries":[%s]}}' % ENTRY,
        b'{"version":1,"entries":[%s],}' % ENTRY,
        b'{"version":1,"entries":[%s],"version":2}' % ENTRY,
        b'{"version":1,"entries":[%s],"entries":[%s]}' % (ENTRY, OTHER),
        b'{"version":1,"entries":[%s],"entr\\u0069es":[%s]}' % (ENTRY, OTHER),
        b'{"version":1,"entries":[%s],"more":{"a":[1,2]}}' % ENTRY,
        b'{"version":1,"entries":[{"name":"a","type":"bogus"}],"entries":[]}',
        b'{"version":1,"entries":[{"name":"a","type":"bogus"}],"version":2}',
        b'{"version":1,"entries":[{"name":"a","type":"bogus"}],}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","x":%s%s}]}' % (b"[" * 1021, b"]" * 1021),
        b'{"version":1,"entries":[{"name":"a","type":"dir","x":%s%s}]}' % (b"[" * 1022, b"]" * 1022),
        b'{"version":1.0,"entries":[%s]}' % ENTRY,
        b'{"entries":[%s],"version":1}' % ENTRY,
        b'{"version":1,"entries":[\x0b%s]}' % ENTRY,
        b'{"version":1,"entries":[%s, 5]}' % ENTRY,
        b'{"version":1,"entries":[%s, [1]]}' % ENTRY,
        b'{"version":1,"entries":[%s, {"name":"}]","type":"dir"}]}' % ENTRY,
        b'{"version":1,"entries":[%s, {"name":"\\"}]","type":"dir"}]}' % ENTRY,
        b'{"version":1,"entries":[{"name":"a","type":"dir","x":{"y":[{}]}},%s]}' % OTHER,
        b'{"version":1,"entries":[{"name":"a","type":"dir","x":{"y":[}]}},%s]}' % OTHER,
        b'{"version":1,"entries":[{"name":"a","name":"b","type":"dir"}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","uid":1,"uid":2}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir",}]}',
        b'{"version":1,"entries":[{"name":"a" "type":"dir"}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","mode":07}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","mode":0}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","mode":-0}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","mode":5.0}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","mode":5e0}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","mode":12345678901234567890}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","userName":null,"x":true}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","userName":"\x01"}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir","userName":"\xff"}]}',
        b'{"version":1,"entries":[{"name":"\xc3\xa9","type":"dir","userName":"\xc3\xa9"}]}',
        b'{"version":1,"entries":[{"name":"\\u00e9\\/","type":"dir"}]}',
        b'{"version":1,"entries":[{"name":"\\ud800","type":"dir"}]}',
        b'{"version":1,"entries":[{"name":"a","type":"dir"',
        b'{"version":1,"entries":[{"name":"a","type":"dir\\',
        b'{"version":1,"entries":[{',
        b'{"version":1,"entries":[{}]}',
        b'{"version":1,"entries":[',
        b'{"version":1,"entries":',
        b"",
    ],
)
def test_documents_that_are_nearly_plain(raw: bytes) -> None:
    try:
        table_in_both_ways(raw, end=END)
    except IndexUnusableError:
        return


@given(st.binary(max_size=6), st.integers(0, 400), st.integers(0, 6))
def test_documents_that_were_changed(inserted: bytes, place: int, cut: int) -> None:
    entries = [{"name": "d/", "type": "dir"}, regular("d/a", 512, size=10, chunkSize=5, chunkDigest=DIGEST)]
    raw = table(*entries, chunk(600, 5), {"name": "d/s", "type": "symlink", "linkName": "a"})
    try:
        table_in_both_ways(raw[:place] + inserted + raw[place + cut :], end=END)
    except IndexUnusableError:
        return
