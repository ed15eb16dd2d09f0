"""Where the bytes of an image are, against a slow and obvious count."""

import posixpath
from collections import Counter
from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.facts.size.breakdown import MOST, Piece, find_largest
from tests.rules.subjects import found_in, make_image, make_subject
from tests.support.tarballs import Item, hardlink, whiteout

MB = 1_000_000


def sized(path: str, size: int) -> Item:
    """Make a file of so many zero bytes."""
    return Item(path=path, size=size)


def test_the_largest_files_of_all_layers() -> None:
    layers = [[sized("a", 3 * MB), sized("b", MB - 1), sized("d/c", 2 * MB)], [whiteout("a"), sized("e", 4 * MB)]]
    found = find_largest(make_image(*layers)[1])
    assert found.files == (Piece("/e", 1, 4 * MB), Piece("/a", 0, 3 * MB, 1), Piece("/d/c", 0, 2 * MB))


def test_directories_are_named_where_they_branch() -> None:
    layer = [sized("usr/lib/python/torch/a", 5 * MB), sized("usr/lib/python/numpy/a", 3 * MB), sized("usr/bin/x", MB)]
    found = find_largest(make_image(layer)[1])
    assert [(piece.path, piece.bytes) for piece in found.directories] == [
        ("/usr", 9 * MB),
        ("/usr/lib/python", 8 * MB),
        ("/usr/lib/python/torch", 5 * MB),
        ("/usr/lib/python/numpy", 3 * MB),
        ("/usr/bin", MB),
    ]


def test_a_file_with_two_names_is_counted_once() -> None:
    found = find_largest(make_image([sized("d/a", 2 * MB), hardlink("e/b", "d/a")])[1])
    assert [piece.path for piece in found.files] == ["/d/a"]
    assert [piece.path for piece in found.directories] == ["/d"]


_names = st.sampled_from("abc")
_paths = st.lists(_names, min_size=1, max_size=4).map("/".join)


@given(st.dictionaries(_paths, st.integers(0, 4).map(lambda n: n * MB // 2), max_size=12))
def test_directories_hold_what_is_in_them(sizes: dict[str, int]) -> None:
    inner = {path for path in sizes if not any(other.startswith(f"{path}/") for other in sizes)}
    totals: Counter[str] = Counter()
    for path in inner:
        parts = f"/{path}".split("/")
        for depth in range(1, len(parts)):
            totals["/".join(parts[:depth]) or "/"] += sizes[path]
    inside = {
        top: max((size for path, size in totals.items() if path != top and posixpath.dirname(path) == top), default=0)
        for top in totals
    }
    expected = {path: size for path, size in totals.items() if size - inside[path] >= MB}
    found = find_largest(make_image([sized(path, sizes[path]) for path in sorted(inner)])[1]).directories
    assert {piece.path: piece.bytes for piece in found}.items() <= expected.items()
    assert len(found) == min(len(expected), MOST)


def test_much_is_named_in_time_and_no_more_than_anybody_reads() -> None:
    deep = "/".join("d" * 900)
    items = [sized(f"{deep}/f{n}", MB) for n in range(30)] + [sized(f"w{n}/f", MB) for n in range(300)]
    filesystem = make_image(items, [whiteout("d"), *(whiteout(f"w{n}") for n in range(300))])[1]
    start = perf_counter()
    found = find_largest(filesystem)
    assert perf_counter() - start < 1
    assert len(found.files) == MOST
    assert len(found.directories) <= MOST


def test_the_report_of_the_rules_names_what_to_cut() -> None:
    layers = [[sized("cache/a", 2 * MB), sized("b", MB)], [whiteout("cache")]]
    ((_, wasted),) = found_in("SIZ003", make_subject(*layers))
    assert [place["path"] for place in wasted.data["places"]] == ["/cache/a"]
    ((_, large),) = found_in("SIZ001", make_subject(*layers, size_limit=MB))
    assert (large.data["wasted"], large.data["largest"][0]) == (2 * MB, {"path": "/", "layer": 0, "bytes": 3 * MB})
