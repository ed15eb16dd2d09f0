"""What is asked of all rows of a layer: what its hardlinks are other names of, and which names begin in some way."""

import pytest

from ocianalyze.layers.changeset.answers import linked_files, prepare, repeats_of, search_names
from tests.support.changesets import changeset_of
from tests.support.tarballs import Item, directory, file, hardlink, layer, symlink, whiteout

ITEMS = [directory("usr"), directory("usr/bin"), file("usr/bin/a"), file("f"), symlink("bin", "usr/bin")]


def _linked(*items: Item) -> list[str] | None:
    changeset = changeset_of(layer([*ITEMS, *items]))
    rows = linked_files(changeset)
    assert linked_files(changeset) == rows  # asked for the second time
    return None if rows is None else [changeset.path(row) for row in rows]


def test_hardlinks_that_lead_to_files() -> None:
    assert _linked() == []
    links = [hardlink("x", "usr/bin/a"), hardlink("usr/y", "f"), hardlink("z", "./usr/bin/a")]
    assert _linked(*links) == ["/usr/bin/a", "/f", "/usr/bin/a"]


@pytest.mark.parametrize(
    "odd",
    [
        hardlink("x", "nothing"),
        hardlink("x", "usr/nothing/a"),
        hardlink("x", "usr"),
        hardlink("x", "bin/a"),
        hardlink("x", "f/a"),
        hardlink("x", "bin"),
        hardlink("x", "l"),
        hardlink("x", "/usr/bin/a"),
        hardlink("x", "usr/../f"),
        hardlink("x", "usr//bin/a"),
        hardlink("x", "usr/bin/a/"),
        hardlink("x", "gone"),
        hardlink("x", "later"),
        hardlink("x", "f", mode=0o600),
        file("f"),
    ],
    ids=lambda item: item.target or "repeated",
)
def test_one_that_does_not_leaves_all_to_others(odd: Item) -> None:
    before = [hardlink("l", "f"), whiteout("gone")]
    assert _linked(*before) == ["/f"]
    assert _linked(*before, odd, file("later")) is None


def test_names_are_searched_for_by_their_beginning() -> None:
    changeset = changeset_of(layer([*ITEMS, file("usr/ab"), file("usr/ba"), file("usr/\udcffa")]))
    for beginning, expected in (("a", ["/usr/bin/a", "/usr/ab"]), (r"a(?=\0)", ["/usr/bin/a"]), ("[0-9]", [])):
        for _ in range(2):
            assert [changeset.path(row) for row in search_names(changeset, beginning)] == expected


def test_what_is_prepared_is_not_worked_out_again() -> None:
    changeset = changeset_of(layer([*ITEMS, hardlink("x", "f"), file("f")]))
    prepare(changeset, ["a"])
    changeset.names.clear()
    assert repeats_of(changeset) == [(7, 4)]
    assert linked_files(changeset) is None
    assert list(search_names(changeset, "a")) == [3]
