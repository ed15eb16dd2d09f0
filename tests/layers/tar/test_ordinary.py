"""What the compiled module takes becomes what Python would have made of it, to the last column and the last error."""

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocianalyze.errors import AnalysisError
from ocianalyze.layers.blob.windows import RangeWindow, StreamWindow, Window
from ocianalyze.layers.changeset import building
from ocianalyze.layers.changeset.building import build_changeset, read_changeset
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.metering.progress import SILENT
from ocianalyze.layers.tar import ordinary
from ocianalyze.layers.tar.entry import RawEntry
from ocianalyze.layers.tar.tarstream import read_entries
from ocianalyze.sources.files import OpenFile
from tests.layers.odd_tars import odd_tars
from tests.support.blobs import chunks, range_window, stream_window
from tests.support.changesets import ODD, columns
from tests.support.headers import binary, header, long_name, member, pax, record
from tests.support.strategies import disputed_layers
from tests.support.tarballs import Item, directory, file, hardlink, layer, symlink
from tests.support.tools import REQUIRE_TOOLS

COMPILED = ordinary.compiled
if COMPILED is None and os.environ.get(REQUIRE_TOOLS) == "1":
    pytest.fail("ocianalyze.layers.tar._ordinary was not compiled")
pytestmark = pytest.mark.skipif(COMPILED is None, reason="nothing was compiled: there is no C compiler")


def _outcome(window: Window, limits: Limits, *, compiled: bool) -> object:
    """Return the columns that a tar gives and the contents that were kept of it, or the error."""
    kept: list[tuple[object, ...]] = []

    def keep(*what: object) -> None:
        _, _, _, _, offset, stored = what
        assert isinstance(offset, int)
        assert isinstance(stored, int)
        data, start = window.view(offset, min(stored, 9))
        kept.append((*what, data[offset - start : offset - start + min(stored, 9)]))

    ordinary.compiled = COMPILED if compiled else None
    try:
        changeset = read_changeset(
            window, what="x", budget=Budget(limits), keep=keep if window.file() is None else None
        )
    except AnalysisError as error:
        return type(error), error.message
    finally:
        ordinary.compiled = COMPILED
    return columns(changeset), kept


def _file_window(data: bytes) -> RangeWindow:
    descriptor = os.memfd_create("layer")
    try:
        os.write(descriptor, b"before" + data + b"behind")
        return RangeWindow(OpenFile(Path(f"/proc/self/fd/{descriptor}")).range(6, len(data)))
    finally:
        os.close(descriptor)


def _close(window: Window) -> None:
    file_ = window.file()
    if file_ is not None:
        os.close(file_[0])


def assert_same(data: bytes, limits: Limits = Limits()) -> None:  # noqa: B008 - a constant
    """Read a tar in every way that there is, and compare."""
    expected = _outcome(range_window(data), limits, compiled=False)
    made: list[Window] = [_file_window(data), *(stream_window(data, size) for size in (512, 700, 4096, 1 << 18))]
    for window in made:
        found = _outcome(window, limits, compiled=True)
        if window.file() is None:
            assert found == _outcome(StreamWindow(chunks(data, 4096)), limits, compiled=False)
        else:
            assert found == (expected if isinstance(expected[0], type) else (expected[0], []))  # type: ignore[index]
        _close(window)
    assert_same_when_listed(data, limits)


def _listed_outcome(entries: list[RawEntry], limits: Limits, *, compiled: bool) -> object:
    """Return the columns that entries give which somebody else has read, or the error."""
    ordinary.compiled = COMPILED if compiled else None
    try:
        return columns(build_changeset(entries, what="x", budget=Budget(limits)))
    except AnalysisError as error:
        return type(error), error.message
    finally:
        ordinary.compiled = COMPILED


def assert_same_when_listed(data: bytes, limits: Limits) -> None:
    """Read the entries of a tar first, and compare what becomes of them."""
    entries: list[RawEntry] = []
    with suppress(AnalysisError):
        entries.extend(read_entries(range_window(data), what="x"))
    assert _listed_outcome(entries, limits, compiled=True) == _listed_outcome(entries, limits, compiled=False)


def deep(items: list[Item]) -> list[Item]:
    """Return the same items in a directory that is stated, where entries may be ordinary."""
    top = [directory("top"), directory("top/dir")]
    links = {"hardlink": lambda item: replace(item, path=f"top/dir/{item.path}", target=f"top/dir/{item.target}")}
    return top + [links.get(item.kind, lambda item: replace(item, path=f"top/dir/{item.path}"))(item) for item in items]


ORDINARY = layer(
    [
        directory("usr"),
        directory("usr/lib", mode=0o2755, uid=1000, gid=100),
        *(file(f"usr/lib/{number}", bytes(number * 37 % 2000), mode=0o755) for number in range(100)),
        directory("usr/lib/ü☃"),
        file("usr/lib/ü☃/\udcff", b"x"),
        symlink("usr/lib/link", "ü☃"),
        hardlink("usr/lib/hard", "usr/lib/7"),
        file("usr/lib/" + "deep/" * 40 + "f", b"x"),
        directory("usr/lib"),
        file("usr/lib/last", b"x"),
        file("usr/lib/.hidden", b"x"),
        file("usr/lib/..data", b"x"),
    ]
)


EXTENDED = header(b"d/", flag=b"5") + b"".join(
    before + member(b"d/%d" % number, b"12345")
    for number in range(20)
    for before in (
        pax({b"mtime": b"1700000000.25", b"atime": b"1.5", b"ctime": b"-1.5"}),
        long_name(b"t" * 150, flag=b"K") + long_name(b"d/" + b"n" * 120),
        pax({b"path": b"d/" + b"p" * 120, b"mtime": b"%d.5" % number}),
    )
)


def test_listed_entries_are_taken() -> None:
    entries = list(read_entries(range_window(ORDINARY), what="x"))
    tables = building._Builder("x", Budget(Limits())).tables(None)
    left = list(ordinary.left_of(entries, tables, lambda: None))
    assert len(left) == 2  # a name that is no UTF-8, and a directory that nobody stated
    assert COMPILED.add(tables, [("a",)], 0, 5) == 0
    assert COMPILED.add(tables, [5], 0, 5) == 0
    assert COMPILED.add(tables, entries, len(entries), 5) == len(entries)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[RawEntry]:
    """Return the list of the entries that are left to the parser."""
    entries: list[RawEntry] = []
    real = read_entries

    def noting(*args: Any, **how: Any) -> Iterator[RawEntry]:  # noqa: ANN401 - as it has them
        for entry in real(*args, **how):
            entries.append(entry)
            yield entry

    monkeypatch.setattr(building, "read_entries", noting)
    return entries


def test_most_of_a_real_layer_is_ordinary(left: list[RawEntry]) -> None:
    changeset = read_changeset(stream_window(ORDINARY), what="x", budget=Budget(Limits()))
    assert changeset.entries > 100
    assert len(left) < 10
    assert_same(ORDINARY)


@pytest.mark.parametrize("share", [1, 2, 5])
def test_where_most_is_odd_little_is_read_twice(share: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every entry is odd, or every second, or every fifth."""
    odd = pax({b"path": b"d/f", b"uid": b"5000000"})
    data = header(b"d/", flag=b"5") + b"".join(
        (odd if number % share == 0 else b"") + member(b"d/%d" % number, bytes(300)) for number in range(2000)
    )
    window = _file_window(data)
    read_changeset(window, what="x", budget=Budget(Limits()))
    with_it = window.bytes_read
    _close(window)
    monkeypatch.setattr(ordinary, "compiled", None)
    window = _file_window(data)
    read_changeset(window, what="x", budget=Budget(Limits()))
    assert with_it < 1.5 * window.bytes_read
    _close(window)
    monkeypatch.undo()
    assert_same(data)


def test_it_is_told_how_far_it_is_whoever_reads() -> None:
    class Told(type(SILENT)):  # type: ignore[misc]
        def __init__(self) -> None:
            self.entries: list[int] = []
            self.positions: list[int] = []

        def count(self, entries: int) -> None:
            self.entries.append(entries)

        def reach(self, position: int) -> None:
            self.positions.append(position)

    for body in (b"%d", b"d/%d"):
        data = header(b"d/", flag=b"5") + b"".join(member(body % number, bytes(300)) for number in range(5000))
        window, told = _file_window(data), Told()
        read_changeset(window, what="x", budget=Budget(Limits()), progress=told, walked=True)
        _close(window)
        assert told.entries == sorted(told.entries)
        assert 4400 < told.entries[-1] <= 5001
        assert len(data) * 0.85 < told.positions[-1] <= len(data)


LONG = b"t" * 150


@pytest.mark.parametrize(
    "records",
    [
        record(b"linkpath", LONG),
        record(b"linkpath", b"d/f"),
        record(b"linkpath", LONG) + record(b"path", b"d/x"),
        record(b"path", b"d/x") + record(b"linkpath", LONG),
        record(b"path", b"d/x") + record(b"path", b"d/y"),
        record(b"linkpath", LONG) + record(b"linkpath", b"d/f"),
        record(b"linkpath", b""),
        record(b"linkpath", b"\xff/\xe2\x98\x83"),
        record(b"linkpath", b"t\0"),
        record(b"linkpath", LONG) + bytes(3),
        record(b"linkpath", LONG)[:-1] + b"x",
        record(b"linkpath", LONG)[:-1],
        record(b"linkpath", LONG) + b"9",
        record(b"linkpath", LONG) + b" ",
        record(b"linkpath", LONG) + b"5 a=\n",
        record(b"mtime", b"1700000000.123456789"),
        record(b"mtime", b"-1.5") + record(b"atime", b"0") + record(b"ctime", b"1."),
        record(b"mtime", b"7") + record(b"path", b"d/x"),
        record(b"mtime", b"7") + record(b"mtime", b"8"),
        *(
            record(key, time)
            for key in (b"mtime", b"atime", b"ctime")
            for time in (
                b"",
                b".5",
                b"+5",
                b"1e3",
                b"1.x",
                b"x",
                b"-",
                b"1 ",
                b"9" * 18,
                b"9" * 19,
                b"1" * 90,
                b"1.5.5",
            )
        ),
        record(b"mtimes", b"1"),
        record(b"comment", b"1"),
        record(b"linkpaths", LONG),
        record(b"link", LONG),
        b"011 path=xy\n",
        b"000000000000000013 path=x\n",
        b"0000000000000000000021 path=x\n",
        b"99999999999999999999 path=x\n",
        b"2 \n",
        b"9 path=d\n",
        b"10 path=d\n",
        b"8 path=\n",
        b"-9 path=x\n",
        b"",
    ],
    ids=str,
)
@pytest.mark.parametrize("flag", [b"0", b"1", b"2", b"5"])
def test_records_of_extended_headers(records: bytes, flag: bytes) -> None:
    extended = member(b"PaxHeaders/x", records, flag=b"x")
    before = header(b"d/", flag=b"5") + member(b"d/f", b"x")
    assert_same(before + extended + header(b"d/short", flag=flag, link=b"d/f") + member(b"d/last", b"y"))


def test_links_with_long_targets_are_ordinary(left: list[RawEntry]) -> None:
    data = header(b"d/", flag=b"5") + b"".join(
        pax({b"linkpath": LONG, b"path": b"d/" + b"%d" % number * 60}) + header(b"d/x", flag=b"2")
        for number in range(50)
    )
    assert read_changeset(stream_window(data), what="x", budget=Budget(Limits())).entries == 51
    assert len(left) < 5  # those in two views at once


def test_fractional_times_are_ordinary(left: list[RawEntry]) -> None:
    times = {b"mtime": b"1700000000.25", b"atime": b"1700000001.5", b"ctime": b"1700000002.75"}
    data = header(b"d/", flag=b"5") + b"".join(pax(times) + member(b"d/%d" % number) for number in range(500))
    changeset = read_changeset(stream_window(data), what="x", budget=Budget(Limits()))
    assert changeset.entries == 501
    assert set(changeset.mtimes[2:]) == {1700000000}
    assert len(left) < 20  # those in two views at once


def test_long_names_of_gnu_are_ordinary(left: list[RawEntry]) -> None:
    name, target = b"d/" + b"n" * 150, b"t" * 700
    data = header(b"d/", flag=b"5") + b"".join(
        long_name(target, flag=b"K") + long_name(name + b"%d" % number) + header(name[:100], flag=b"2")
        for number in range(500)
    )
    window = _file_window(data)
    changeset = read_changeset(window, what="x", budget=Budget(Limits()))
    _close(window)
    assert changeset.names[2] == "n" * 150 + "0"
    assert set(changeset.links.values()) == {target.decode()}
    assert not left


def test_headers_before_large_bodies_are_seen_whole(left: list[RawEntry]) -> None:
    """Reads are small where bodies are large, and some headers take more than that."""
    data = header(b"d/", flag=b"5") + b"".join(
        pax({b"path": b"d/%d" % number + b"x" * 150, b"mtime": b"1.5"})
        + long_name(b"t" * 900, flag=b"K")
        + long_name(b"d/" + b"n" * 200 + b"%d" % number)
        + member(b"short", bytes(30_000))
        for number in range(100)
    )
    window = _file_window(data)
    assert read_changeset(window, what="x", budget=Budget(Limits())).entries == 101
    assert window.bytes_read < len(data) / 3
    _close(window)
    assert not left
    assert_same(data)


@pytest.mark.parametrize("name", sorted(odd_tars()))
def test_odd_tars(name: str) -> None:
    assert_same(odd_tars()[name])


@pytest.mark.parametrize(
    "data",
    [
        ODD,
        layer([directory("d"), file("d/f", b"x"), directory("d/f"), file("d/f/g")]),
        layer([directory("d"), symlink("d/l", "t"), directory("d/t"), file("d/l/through", b"x"), file("d/l", b"x")]),
        layer([directory("d"), symlink("d/l", "t"), hardlink("d/h", "d/l"), file("d/h/through", b"x")]),
        layer([directory("d"), symlink("d/l", ""), hardlink("d/h", "./d/l"), hardlink("d/i", "/d//l")]),
        layer([directory("d"), file("d/.wh.x"), file("d/.wh..wh..opq"), file("d/.wh."), file("d/y")]),
        layer([directory("./d"), file("./d/a", b"a"), file("d/b", b"b"), file("./d/./c"), file("d/../d/e", b"e")]),
        layer([directory("d/"), directory("d/e//"), file("d/e/f", b"x"), file("d//g", b"x"), file("d/h/", b"x")]),
        layer([directory("d"), directory("d/e"), file("d/e/x", b"1"), directory("d/e"), file("d/e/y", b"2")]),
        layer([directory("d")]) [:512] + pax({b"path": b"d/long"}) + member(b"short", b"content"),
        layer([directory("d")]) [:512] + pax({b"path": b"d/long", b"mtime": b"1.5"}) + member(b"short", b"content"),
        layer([directory("d")]) [:512] + pax({b"path": b""}) + member(b"d/short", b"content"),
        layer([directory("d")]) [:512] + pax({b"path": b"d/long"}) + long_name(b"d/longer") + member(b"d/short"),
        layer([directory("d")]) [:512] + long_name(b"d/longer") + pax({b"path": b"d/long"}) + member(b"d/short"),
        layer([directory("d")]) [:512] + pax({b"path": b"d/first"}) + pax({b"path": b"d/last"}) + member(b"d/short"),
        layer([directory("d")]) [:512] + pax({b"path": b"d/last"}),
        *(
            layer([directory("d")]) [:512] + b"".join(before) + header(b"d/short", flag=flag, link=b"d/x") + bytes(1024)
            for flag in (b"0", b"1", b"2", b"5")
            for before in (
                [long_name(b"d/longer"), long_name(b"target", flag=b"K")],
                [long_name(b"target", flag=b"K"), long_name(b"d/longer")],
                [long_name(b"target", flag=b"K"), pax({b"linkpath": b"other", b"mtime": b"5.5"})],
                [pax({b"linkpath": b"other", b"mtime": b"5.5"}), long_name(b"d/longer")],
                [long_name(b"d/one"), long_name(b"d/two")],
                [long_name(b""), long_name(b"d/two")],
                [long_name(b"d/one"), long_name(b"")],
                [long_name(b"d/one\0d/two")],
                [long_name(b"d/" + b"y" * 200)],
                [long_name(b"d/" + b"y" * 300)],
                [long_name(b"d/" + b"y/" * 600)],
                [long_name(b"d/" + b"y/" * 300 + b"z", flag=b"K")],
                [pax({b"mtime": b"5.5"}), pax({b"path": b"d/last"})],
            )
        ),
        layer([directory("d"), Item(path="d/f", content=b"x", mtime=-7), Item(path="d/g", uid=1 << 40)]),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_nearly_ordinary(data: bytes) -> None:
    assert_same(data)


@settings(max_examples=150)
@given(disputed_layers(), st.booleans())
def test_any_layer(items: list[Item], is_deep: bool) -> None:  # noqa: FBT001 - hypothesis
    assert_same(layer(deep(items) if is_deep else items))


@settings(max_examples=300)
@given(st.integers(0, 1 << 32))
@example(0)
def test_altered_layers(seed: int) -> None:
    """Alter some bytes, mostly of headers, cut the tar or double a part of it."""
    chance = random.Random(seed)  # noqa: S311 - to repeat a failure
    data = bytearray(chance.choice((ORDINARY, EXTENDED)))
    for _ in range(chance.randint(1, 3)):
        match chance.randrange(4):
            case 0:
                del data[chance.randrange(len(data)) :]
            case 1:
                block = chance.randrange(max(1, len(data) >> 9)) << 9
                data[block:block] = data[block : block + 512 * chance.randint(1, 3)]
            case _:
                for _ in range(chance.randint(1, 3)):
                    place = (chance.randrange(max(1, len(data) >> 9)) << 9) + chance.randrange(512)
                    if place < len(data):
                        data[place] = chance.choice(
                            (0, 0x20, 0x2F, 0x30, 0x37, 0x38, 0x78, 0xFF, chance.randrange(256))
                        )
        if chance.randrange(2):
            _mend_checksums(data)
    assert_same(bytes(data))


def _mend_checksums(data: bytearray) -> None:
    """Give each block that looks like a header the checksum that belongs to it, so that more than that is looked at."""
    for start in range(0, len(data) - 511, 512):
        if data[start + 257 : start + 262] == b"ustar":
            data[start + 148 : start + 156] = b" " * 8
            data[start + 148 : start + 156] = b"%06o\0 " % sum(data[start : start + 512])


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_memory=5_000),
        Limits(max_memory=20_000),
        Limits(max_steps=1),
        Limits(max_memory=1 << 70, max_steps=1 << 70),
    ],
)
def test_limits_are_kept(limits: Limits) -> None:
    assert_same(ORDINARY, limits)


@pytest.mark.parametrize("arguments", [(), ((), b"", 0, 0, 0, 0), ((1,) * 14, b"", 0, 0, 0, 0)])
def test_wrong_arguments_are_refused(arguments: tuple[object, ...]) -> None:
    assert COMPILED is not None
    with pytest.raises(TypeError):
        COMPILED.take(*arguments)


@pytest.mark.parametrize("flag", [b"0", b"g", b"x", b"L"])
@pytest.mark.parametrize("size", [(1 << 62) - 512, 1 << 62, (1 << 63) - 512, (1 << 63) - 1, 1 << 63, 1 << 85])
def test_positions_beyond_64_bits_are_the_same_in_both(flag: bytes, size: int) -> None:
    assert_same(ORDINARY[:-1024] + header(b"huge", flag=flag, size=binary(size, 12)) + bytes(1024))
