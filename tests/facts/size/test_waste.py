"""Which layer hid what, and what it did to it, against a slow and obvious count."""

from collections import Counter
from time import perf_counter

from hypothesis import given

from ocianalyze.facts.size.waste import MOST, Change, Hidden, find_waste
from tests.rules.subjects import make_image
from tests.support.strategies import layer_stacks
from tests.support.tarballs import Item, hardlink, opaque, whiteout

MB = 1_000_000


def sized(path: str, size: int, *, mode: int = 0o644, uid: int = 0, mtime: int = 0) -> Item:
    """Make a file of so many zero bytes."""
    return Item(path=path, size=size, mode=mode, uid=uid, gid=uid, mtime=mtime)


def waste(*layers: list[Item]) -> tuple[Hidden, ...]:
    """Return the waste of an image."""
    return find_waste(make_image(*layers)[1])


def test_each_way_to_hide_a_file() -> None:
    layers = [
        [sized(f"{name}/f", size * MB) for size, name in enumerate(("gone", "new", "time", "own", "mode", "same"), 2)],
        [
            whiteout("gone"),
            sized("new/f", 9 * MB),
            sized("time/f", 4 * MB, mtime=7),
            sized("own/f", 5 * MB, uid=1000, mode=0o600),
            sized("mode/f", 6 * MB, mode=0o755),
            sized("same/f", 7 * MB),
        ],
    ]
    assert waste(*layers) == (
        Hidden("/same/f", 0, 7 * MB, 1, Change.AGAIN),
        Hidden("/mode/f", 0, 6 * MB, 1, Change.MODE, "755"),
        Hidden("/own/f", 0, 5 * MB, 1, Change.OWNER, "1000:1000"),
        Hidden("/time/f", 0, 4 * MB, 1, Change.REPLACED),
        Hidden("/new/f", 0, 3 * MB, 1, Change.REPLACED),
        Hidden("/gone/f", 0, 2 * MB, 1, Change.DELETED),
    )


def test_the_directory_with_most_of_it_is_named() -> None:
    many = [sized(f"opt/conda/lib/{n}", MB) for n in range(20)]
    assert waste([*many, sized("opt/other", MB)], [whiteout("opt")]) == (
        Hidden("/opt/conda/lib", 0, 20 * MB, 1, Change.DELETED),
    )
    assert waste(
        [*many[:2], sized("usr/x", 3 * MB), sized("y", MB)], [whiteout("opt"), whiteout("usr"), whiteout("y")]
    )[0] == Hidden("/usr/x", 0, 3 * MB, 1, Change.DELETED)


def test_an_opaque_directory_and_a_file_over_a_directory_delete() -> None:
    layer = [sized("a/x", 2 * MB), sized("b/x", 3 * MB)]
    assert waste(layer, [sized("a", 5), opaque("b")]) == (
        Hidden("/b/x", 0, 3 * MB, 1, Change.DELETED),
        Hidden("/a/x", 0, 2 * MB, 1, Change.DELETED),
    )


def test_each_layer_is_blamed_for_what_it_hid_itself() -> None:
    layers = [[sized("a", 2 * MB)], [sized("a", 2 * MB, uid=5)], [whiteout("a")]]
    assert set(waste(*layers)) == {
        Hidden("/a", 0, 2 * MB, 1, Change.OWNER, "5:5"),
        Hidden("/a", 1, 2 * MB, 2, Change.DELETED),
    }


def test_several_new_owners_are_not_one() -> None:
    lower = [sized("d/a", 2 * MB), sized("d/b", 3 * MB)]
    assert waste(lower, [sized("d/a", 2 * MB, uid=1), sized("d/b", 3 * MB, uid=2)]) == (
        Hidden("/d", 0, 5 * MB, 1, Change.OWNER),
    )
    assert waste(lower, [sized("d/a", 2 * MB, uid=1), sized("d/b", 3 * MB, uid=1), sized("empty", 0, uid=3)]) == (
        Hidden("/d", 0, 5 * MB, 1, Change.OWNER, "1:1"),
    )


def test_a_file_is_hidden_when_its_last_name_is() -> None:
    layer = [sized("a", 2 * MB), hardlink("b", "a"), hardlink("c", "a")]
    assert waste(layer, [whiteout("a"), whiteout("c")]) == ()
    assert waste(layer, [whiteout("a"), whiteout("c")], [sized("b", 2 * MB, uid=1)]) == (
        Hidden("/a", 0, 2 * MB, 2, Change.OWNER, "1:1"),
    )


def test_little_waste_is_not_named() -> None:
    assert waste([sized("a/b", 10)], [whiteout("a")]) == ()


def test_much_is_named_in_time_and_no_more_than_anybody_reads() -> None:
    deep = "/".join("d" * 900)
    items = [sized(f"{deep}/f{n}", MB) for n in range(30)] + [sized(f"w{n}/f", MB) for n in range(300)]
    filesystem = make_image(items, [whiteout("d"), *(whiteout(f"w{n}") for n in range(300))])[1]
    start = perf_counter()
    assert len(find_waste(filesystem)) == MOST
    assert perf_counter() - start < 1


@given(layer_stacks(disputed=True))
def test_layers_hide_what_is_hidden_of_others(layers: list[list[Item]]) -> None:
    bulk = [sized("zz/bulk", MB)]
    filesystem = make_image(bulk, *layers, [whiteout("zz")])[1]
    usage = filesystem.usage
    assert sum(layer.hides for layer in usage) == sum(layer.shadowed for layer in usage)
    found: Counter[int] = Counter()
    for place in find_waste(filesystem):
        found[place.hidden_by] += place.bytes
        assert place.layer < place.hidden_by
    assert found[len(layers) + 1] >= MB
    assert all(found[number] <= layer.hides for number, layer in enumerate(usage))
