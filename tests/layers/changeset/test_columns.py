"""What compiled code says of all rows is what Python says of them, one by one."""

import os
from array import array
from collections.abc import Callable, Sequence
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.layers.changeset import columns
from ocianalyze.layers.changeset.changeset import Changeset
from ocianalyze.layers.tar.entry import Attributes, Kind
from tests.support.tools import REQUIRE_TOOLS

COMPILED = columns.compiled
if COMPILED is None and os.environ.get(REQUIRE_TOOLS) == "1":
    pytest.fail("ocianalyze.layers.changeset._columns was not compiled")

_INT64 = (1 << 63) - 1
WAYS = [
    pytest.param(COMPILED, marks=pytest.mark.skipif(COMPILED is None, reason="nothing was compiled"), id="compiled"),
    pytest.param(None, id="python"),
]
ways = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def using(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType | None], None]:
    return lambda way: monkeypatch.setattr(columns, "compiled", way)


def changeset(*rows: tuple[str, int, Kind, int], attributes: int = 1, identities: list[int] | None = None) -> Changeset:
    """Return the changeset of rows, each a name, a parent, a kind and a size."""
    made = Changeset()
    for name, parent, kind, size in rows:
        made.names.append(name)
        made.parents.append(parent)
        made.kinds.append(int(kind))
        made.sizes.append(size)
    made.identities = array("I", identities or [0] * len(made.names))
    made.attributes = [Attributes(0, 0, 0)] * attributes
    return made


@st.composite
def changesets(draw: st.DrawFn) -> Changeset:
    count = draw(st.integers(0, 30))
    rows = [
        (
            draw(st.sampled_from("abc\udcff☃")),
            draw(st.integers(0, number)),
            draw(st.sampled_from([Kind.FILE, Kind.DIRECTORY, Kind.WHITEOUT, Kind.OPAQUE, Kind.IMPLICIT_DIRECTORY])),
            draw(st.integers(0, 3) | st.integers(_INT64 // 2, _INT64) | st.integers(4000, 9000)),
        )
        for number in range(count)
    ]
    return changeset(*rows)


def _all(made: Changeset) -> list[object]:
    return [
        list(map(list, columns.rows_by_directory(made))),
        columns.find_repeats(made),
        columns.are_sound(made),
        columns.count_bytes(made),
        columns.count_blocks(made, 4096),
        list(columns.sum_subtrees(made)),
        list(columns.rows_from(made, 2)),
    ]


@pytest.mark.skipif(COMPILED is None, reason="nothing was compiled")
@given(changesets())
def test_both_say_the_same(made: Changeset) -> None:
    expected = _all(made)
    columns.compiled = None
    try:
        assert _all(made) == expected
    finally:
        columns.compiled = COMPILED


@ways
def test_rows_of_a_directory_are_beside_each_other(
    using: Callable[[ModuleType | None], None], way: ModuleType | None
) -> None:
    using(way)
    d, f = Kind.DIRECTORY, Kind.FILE
    made = changeset(("a", 0, d, 0), ("b", 0, d, 0), ("x", 2, f, 1), ("y", 1, f, 1), ("c", 0, f, 1), ("z", 1, f, 1))
    ordered, ends = columns.rows_by_directory(made)
    assert list(ordered) == [1, 2, 5, 4, 6, 3]
    assert list(ends) == [3, 5, 6, 6, 6, 6, 6]


@ways
def test_repeats(using: Callable[[ModuleType | None], None], way: ModuleType | None) -> None:
    using(way)
    d, f = Kind.DIRECTORY, Kind.FILE
    once = [("a", 0, d, 0), ("a", 1, d, 0), ("b", 1, f, 0), ("b", 2, f, 0), ("c", 2, Kind.WHITEOUT, 0)]
    assert columns.find_repeats(changeset(*once)) == []
    for again, first in (
        (("b", 2, f, 0), 4),
        (("a", 0, Kind.IMPLICIT_DIRECTORY, 0), 1),
        (("a", 1, Kind.SYMLINK, 0), 2),
        (("b", 2, Kind.WHITEOUT, 0), 4),
        (("c", 2, Kind.ABSENT, 0), 5),
        (("c", 2, Kind.GLOBAL_HEADER, 0), 5),
    ):
        assert columns.find_repeats(changeset(*once, again)) == [(6, first)]
        assert columns.find_repeats(changeset(*once, again, again)) == [(6, first), (7, first)]
    assert columns.find_repeats(changeset(*once, *[(".wh..wh..opq", 0, Kind.OPAQUE, 0)] * 2)) == []


@ways
def test_what_lies_in_a_directory_that_is_stated_again_repeats(
    using: Callable[[ModuleType | None], None], way: ModuleType | None
) -> None:
    using(way)
    d, f = Kind.DIRECTORY, Kind.FILE
    rows = [("a", 0, d, 0), ("b", 1, d, 0), ("x", 2, f, 0), ("a", 0, d, 0), ("b", 4, d, 0), ("x", 5, f, 0)]
    assert columns.find_repeats(changeset(*rows)) == [(4, 1), (5, 2), (6, 3)]
    rows[0] = ("a", 0, f, 0)  # a file is no directory, whatever lies in it
    assert columns.find_repeats(changeset(*rows)) == [(4, 1)]


@ways
@pytest.mark.parametrize(
    ("row", "column", "value"),
    [(2, "parents", 2), (2, "parents", 3), (1, "parents", -1), (0, "parents", 1), (3, "parents", 2), (1, "sizes", -1)],
)
def test_what_cannot_be_is_not_sound(
    using: Callable[[ModuleType | None], None], way: ModuleType | None, row: int, column: str, value: int
) -> None:
    using(way)
    rows = [("a", 0, Kind.DIRECTORY, 0), ("b", 1, Kind.FILE, 9), ("c", 1, Kind.FILE, 0)]
    made = changeset(*rows)
    assert columns.are_sound(made)
    getattr(made, column)[row] = value
    assert not columns.are_sound(made)
    assert not columns.are_sound(changeset(*rows, identities=[0, 0, 1, 0]))
    assert columns.are_sound(changeset(*rows, identities=[0, 0, 1, 0], attributes=2))


@ways
def test_sums_that_do_not_fit_64_bits(using: Callable[[ModuleType | None], None], way: ModuleType | None) -> None:
    using(way)
    made = changeset(("d", 0, Kind.DIRECTORY, 0), ("a", 1, Kind.FILE, _INT64), ("b", 1, Kind.FILE, _INT64))
    assert columns.count_bytes(made) == 2 * _INT64
    assert list(columns.sum_subtrees(made))[:2] == [2 * _INT64, 2 * _INT64]
    assert columns.count_blocks(made, 4096) == 1 << 52


@pytest.mark.skipif(COMPILED is None, reason="nothing was compiled")
def test_columns_that_are_none_are_refused() -> None:
    parents, kinds, sizes = array("i", [0, 0]), bytearray(2), array("q", [0, 0])
    short = array("i", [0])
    bad: Sequence[Callable[[], object]] = (
        lambda: COMPILED.by_directory(short, 2),
        lambda: COMPILED.by_directory(array("i", [0, 1]), 2),
        lambda: COMPILED.by_directory(array("i"), 0),
        lambda: COMPILED.find_repeats(["", "a"], short, kinds, 8, b"12"),
        lambda: COMPILED.find_repeats(["", "a"], parents, kinds[:1], 8, b"12"),
        lambda: COMPILED.find_repeats(["", "a"], array("i", [0, 1]), kinds, 8, b"12"),
        lambda: COMPILED.find_repeats(["", "a"], parents, kinds, 8, b"1"),
        lambda: COMPILED.are_sound(short, kinds, parents, sizes, 1, b"12"),
        lambda: COMPILED.are_sound(parents, kinds, parents, sizes[:1], 1, b"12"),
        lambda: COMPILED.are_sound(parents, kinds, parents, sizes, 1, b""),
        lambda: COMPILED.count_blocks(sizes, 0, 2),
        lambda: COMPILED.count_blocks(sizes, 1, 3),
        lambda: COMPILED.sum_subtrees(array("i", [0, 2]), sizes, 2),
        lambda: COMPILED.rows_from(sizes, 1, -1),
    )
    for call in bad:
        with pytest.raises(ValueError, match=r"differ|before|kinds|byte"):
            call()
    bad = (
        lambda: COMPILED.find_repeats(["", 1], parents, kinds, 8, b"12"),
        lambda: COMPILED.find_repeats(("", "a"), parents, kinds, 8, b"12"),
        lambda: COMPILED.rows_from([0, 1], 1, 2),
        lambda: COMPILED.are_sound(parents, 2, parents, sizes, 1, b"12"),
    )
    for call in bad:
        with pytest.raises(TypeError):
            call()
