"""The merge equals a slow and obvious one, and what umoci leaves on disk; and its sums are right."""

import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocianalyze.errors import LimitExceededError
from ocianalyze.filesystem import merge
from ocianalyze.filesystem.replay import rows_in_order
from ocianalyze.filesystem.tree import Filesystem
from ocianalyze.layers.changeset.columns import find_repeats
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.reading.reader import Reading
from ocianalyze.layers.tar.entry import Kind
from ocianalyze.layers.tar.obstacles import CONTAINERD, OLDER_DOCKER, Cause, Obstacles
from tests.support import oracle
from tests.support.extraction import unpack_with_umoci
from tests.support.filesystems import as_tree, drawn, merged, paths
from tests.support.strategies import layer_stacks
from tests.support.tarballs import Item, directory, file, hardlink, layer, opaque, symlink, whiteout
from tests.support.tools import requires

BASE = [
    directory("d", mode=0o700, uid=5),
    file("d/x", b"x" * 10),
    file("d/y", b"y" * 20),
    symlink("l", "d"),
    file("f", b"f"),
]


def _refused(filesystem: Filesystem) -> list[tuple[Cause, str]]:
    """Return what is refused, but for what only older Docker refuses: causes and paths."""
    groups = [group for obstacles in filesystem.obstacles for group in obstacles if group.by != OLDER_DOCKER]
    return [(group.cause, path) for group in groups for path, _ in group.shown]


def _codes(filesystem: Filesystem) -> list[str]:
    return [diagnostic.code for diagnostic in filesystem.diagnostics]


# --- against the oracle and umoci -------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(layer_stacks())
def test_settled_stacks_equal_the_oracle(layers: list[list[Item]]) -> None:
    filesystem = merged(*layers)
    assert as_tree(filesystem) == oracle.merge(map(layer, layers))
    assert set(_codes(filesystem)) <= {"directory-over-symlink"}


@settings(max_examples=500)
@given(layer_stacks(disputed=True))
def test_disputed_stacks_equal_the_oracle(layers: list[list[Item]]) -> None:
    """Once an entry is refused, there is nobody who makes anything of those behind it."""
    filesystem = merged(*layers)
    tree, trees = oracle.merge_with_layers(map(layer, layers))
    refused = [bool(tree.refused) for tree in trees]
    assert [_is_refused(obstacles) for obstacles in filesystem.obstacles] == refused
    if not any(refused):
        assert as_tree(filesystem) == tree


def _is_refused(obstacles: Obstacles) -> bool:
    """Tell whether containerd refuses a layer for what it says itself, or has it stop at the times of directories."""
    said_elsewhere = (Cause.BELOW_LOWER, Cause.DIRECTORY_GONE)
    return any(CONTAINERD in group.by and group.cause not in said_elsewhere for group in obstacles)


@settings(max_examples=120)
@given(layer_stacks(disputed=True))
def test_sums_equal_what_is_counted_slowly(layers: list[list[Item]]) -> None:
    tree, trees = oracle.merge_with_layers(map(layer, layers))
    if not any(tree.refused for tree in trees):
        filesystem = merged(*layers)
        _assert_sums(filesystem, tree, [tree.nodes for tree in trees])
        _assert_blame(filesystem, layers)


def _assert_sums(filesystem: Filesystem, tree: oracle.Tree, trees: Sequence[oracle.Tree]) -> None:
    visible = {node.inode: node.weight for node in tree.values()}
    assert filesystem.entries == len(tree) == len(paths(filesystem))
    assert filesystem.files == sum(node.kind == "file" for node in tree.values())
    assert filesystem.bytes == sum({node.inode: node.size for node in tree.values()}.values())
    for usage, nodes in zip(filesystem.usage, trees, strict=True):
        weights = {node.inode: node.weight for node in nodes.values()}
        assert usage.size == sum(weights.values())
        assert usage.shadowed == sum(weight for inode, weight in weights.items() if inode not in visible)


def _assert_blame(filesystem: Filesystem, layers: Sequence[list[Item]]) -> None:
    """Compare what each layer hides with what can be seen before it and after it."""
    seen: dict[int, int] = {}
    for number, usage in enumerate(filesystem.usage):
        first = next(oracle.inodes)
        tree, _ = oracle.merge_with_layers(map(layer, layers[: number + 1]))
        now = {node.inode - first: node.weight for node in tree.values()}
        assert usage.hides == sum(weight for inode, weight in seen.items() if inode not in now)
        seen = now


@requires("umoci", "root")
def test_settled_stacks_equal_what_umoci_unpacks(tmp_path: Path) -> None:
    stacks = drawn(layer_stacks(), 300)
    layers = _side_by_side(stacks)
    unpacked = unpack_with_umoci(layers, tmp_path)
    found = {path: replace(node, layer=-1) for path, node in as_tree(merged(*layers)).items()}
    wrong = {path for path in unpacked | found if unpacked.get(path) != found.get(path)}
    assert not wrong, [stacks[int(path.split("/")[1])] for path in sorted(wrong)[:3]]


def _side_by_side(stacks: Sequence[Sequence[Sequence[Item]]]) -> list[list[Item]]:
    """Return layers that hold each stack in a directory of its own, named by its number."""
    layers: list[list[Item]] = [[directory(str(number)) for number in range(len(stacks))]]
    for number, stack in enumerate(stacks):
        for position, items in enumerate(stack):
            if position == len(layers):
                layers.append([])
            layers[position] += [
                replace(
                    item,
                    path=f"{number}/{item.path}",
                    target=f"{number}/{item.target}" if item.kind == "hardlink" else item.target,
                )
                for item in items
            ]
    return layers


@pytest.fixture
def in_order(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Filesystem]:
    """Return `merged`, for every layer entry by entry."""

    def merged_in_order(*layers: Sequence[Item]) -> Filesystem:
        with monkeypatch.context() as patch:
            patch.setattr(merge, "repeats_of", lambda _: [(0, 0)])
            patch.setattr(merge, "rows_in_order", lambda *_: None)
            return merged(*layers)

    return merged_in_order


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layer_stacks(disputed=True))
def test_it_is_the_same_by_directory_and_entry_by_entry(
    in_order: Callable[..., Filesystem], layers: list[list[Item]]
) -> None:
    _assert_same(merged(*layers), in_order(*layers))


_DIRECTORIES = ("a", "a/b", "a/b/c", "d", "d/b", "a/d")


@st.composite
def _repeating_layers(draw: st.DrawFn) -> list[Item]:
    """Draw a layer that states directories, files and links again, each in the place of one of its kind."""
    items = []
    files: list[str] = []
    for what in draw(st.lists(st.sampled_from(["directory", "file", "symlink", "hardlink"]), max_size=14)):
        path = f"{draw(st.sampled_from(_DIRECTORIES))}/{draw(st.sampled_from('xyz'))}"
        if what == "directory":
            items.append(directory(draw(st.sampled_from(_DIRECTORIES))))
        elif what == "symlink":
            items.append(symlink(path, draw(st.sampled_from(["../x", "y", "/a/b", "b", "d/x"]))))
        elif what == "hardlink" and files:
            items.append(hardlink(path, draw(st.sampled_from(files))))
        else:
            items.append(file(path, b"1" * draw(st.integers(0, 3))))
            files.append(path)
    return items


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_repeating_layers(), min_size=1, max_size=3))
def test_what_is_stated_again_is_the_same_entry_by_entry(
    in_order: Callable[..., Filesystem], layers: list[list[Item]]
) -> None:
    found, expected = merged(*layers), in_order(*layers)
    _assert_same(found, expected)
    assert found.replacements == expected.replacements
    assert [list(of_layer) for of_layer in found.obstacles] == [list(of_layer) for of_layer in expected.obstacles]


def test_only_what_is_stated_again_is_gone_through_in_order() -> None:
    items = [directory("usr"), *(file(f"usr/{number}") for number in range(50)), hardlink("usr/link", "usr/7")]
    (changeset,) = merged([*items, directory("usr"), file("usr/7", b"again"), file("usr/last")]).changesets
    names = [changeset.names[row] for row in rows_in_order(changeset, find_repeats(changeset)) or ()]
    assert names == ["usr", "7", "link", "usr", "7"]


@pytest.mark.parametrize("other", [whiteout("usr/7"), directory("usr/7"), Item(path="usr/7", kind="char"), file("usr")])
def test_what_takes_the_place_of_another_kind_needs_all_in_order(other: Item) -> None:
    (changeset,) = merged([directory("usr"), file("usr/7"), other]).changesets
    assert rows_in_order(changeset, find_repeats(changeset)) is None


def _assert_same(found: Filesystem, expected: Filesystem) -> None:
    assert [node.id for node in found.walk()] == [node.id for node in expected.walk()]
    for what in ("inodes", "restated", "shadowed", "usage", "entries", "files", "bytes", "diagnostics"):
        assert getattr(found, what) == getattr(expected, what), what
    for of_found, of_expected in zip(found.obstacles, expected.obstacles, strict=True):
        assert sorted(of_found) == sorted(of_expected)


# --- what matters, one by one -----------------------------------------------------------------------------------------


def test_whiteouts_hide_what_is_beneath_wherever_they_stand() -> None:
    for items in ([whiteout("d/x"), file("d/z", b"z")], [file("d/z", b"z"), whiteout("d/x")]):
        assert paths(merged(BASE, items)) == ["/d", "/d/y", "/d/z", "/f", "/l"]
    for items in ([opaque("d"), file("d/z", b"z")], [file("d/z", b"z"), opaque("d")]):
        assert paths(merged(BASE, items)) == ["/d", "/d/z", "/f", "/l"]
    assert paths(merged(BASE, [whiteout("nothing"), whiteout("f/x"), whiteout("l/x"), opaque("f")]))[:3] == [
        "/d",
        "/d/x",
        "/d/y",
    ]


def test_an_opaque_marker_of_the_root_hides_nothing() -> None:
    """Overlayfs does not look at the root of a layer."""
    assert paths(merged(BASE, [opaque(""), file("g")])) == ["/d", "/d/x", "/d/y", "/f", "/g", "/l"]


def test_a_whiteout_does_not_hide_its_own_layer() -> None:
    filesystem = merged(BASE, [file("f", b"new"), whiteout("f")])
    assert filesystem.root.filesystem.lookup("/f") is not None
    assert merged([file("f"), whiteout("f")]).lookup("/f") is not None


def test_a_directory_that_replaces_a_whiteout_of_its_layer_hides_nothing() -> None:
    assert paths(merged(BASE, [whiteout("d"), directory("d"), file("d/z")]))[:4] == ["/d", "/d/x", "/d/y", "/d/z"]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_whiteout_must_name_something(name: str) -> None:
    filesystem = merged([file(f"d/.wh.{name}"), file("e")])
    assert paths(filesystem) == ["/d", "/e"]
    assert _refused(filesystem) == [(Cause.WHITEOUT_NAME, f"/d/.wh.{name}")]


def test_notes_of_aufs_are_whiteouts_of_names_that_nobody_has() -> None:
    """What lies in a directory with such a name is unpacked by every runtime."""
    notes = [file(".wh..wh.aufs"), directory(".wh..wh.plnk"), file("d/.wh..wh.orph")]
    assert paths(merged([*notes, file("kept")])) == ["/d", "/kept"]
    nested = merged([file("opt/.wh..wh.x/seen"), file(".wh..wh.plnk/1.2", b"x")])
    assert paths(nested) == ["/.wh..wh.plnk", "/.wh..wh.plnk/1.2", "/opt", "/opt/.wh..wh.x", "/opt/.wh..wh.x/seen"]


def test_a_device_0_0_is_a_whiteout() -> None:
    devices = [Item(path="f", kind="char"), Item(path="d", kind="char")]
    filesystem = merged(BASE, devices, [file("d/new")])
    assert paths(filesystem) == ["/d", "/d/new", "/l"]
    assert paths(merged(devices)) == []
    assert paths(merged(BASE, [Item(path="f", kind="char", device=(0, 1))]))[-2:] == ["/f", "/l"]
    assert filesystem.glob("/f") == []
    assert list(filesystem.named("f")) == []


def test_an_entry_behind_a_symlink_of_its_own_layer_lies_where_that_points() -> None:
    filesystem = merged([directory("usr/bin"), symlink("bin", "usr/bin"), file("bin/sh", b"sh"), whiteout("bin/x")])
    assert "/usr/bin/sh" in paths(filesystem)
    assert "/bin/sh" not in paths(filesystem)
    assert _codes(filesystem) == ["entry-through-symlink"]
    relative = [directory("a/b"), symlink("a/l", "../c/./d"), file("a/l/f"), symlink("m", "/a/l"), file("m/g")]
    assert {"/c/d/f", "/c/d/g"} <= set(paths(merged(relative)))
    twice = [symlink("l", "a"), file("l/x"), symlink("l", "b"), file("l/y"), hardlink("h", "l"), file("h/z")]
    assert {"/a/x", "/b/y", "/b/z"} <= set(paths(merged(twice)))


def test_a_symlink_of_a_lower_layer_is_replaced_by_a_real_directory() -> None:
    filesystem = merged(BASE, [file("l/new", b"n")])
    assert paths(filesystem) == ["/d", "/d/x", "/d/y", "/f", "/l", "/l/new"]
    assert _codes(filesystem) == ["directory-over-symlink"]


def test_symlinks_that_go_round_in_a_circle_are_refused() -> None:
    for items in ([symlink("a", "a")], [symlink("a", "b"), symlink("b", "a")], [symlink("a", "a/a")]):
        filesystem = merged([*items, file("a/f"), file("kept")])
        assert _refused(filesystem) == [(Cause.SYMLINK_LOOP, "/a/f")]
        assert filesystem.lookup("/kept") is not None


def test_something_that_is_no_directory_cannot_be_the_root() -> None:
    """CVE-2021-29136: the root replaced by a symlink."""
    for item in (symlink("/", ".."), file("."), hardlink("./", "x")):
        filesystem = merged([file("kept"), item])
        assert _refused(filesystem) == [(Cause.ROOT, "/")]
        assert paths(filesystem) == ["/kept"]


def test_paths_stay_inside_the_root() -> None:
    filesystem = merged([file("../x"), file("/y"), file("a/../../z"), file("./b//c/"), hardlink("h", "../../y")])
    assert paths(filesystem) == ["/b", "/b/c", "/h", "/x", "/y", "/z"]
    assert _codes(filesystem) == ["path-outside-root", "path-outside-root"]
    assert _refused(filesystem) == [(Cause.OUTSIDE, "/x"), (Cause.OUTSIDE, "/z"), (Cause.LINK_OUTSIDE, "/h")]


def test_hardlinks_keep_the_file_that_they_were_made_of() -> None:
    filesystem = merged(
        [file("a", b"old", mode=0o600), hardlink("b", "./a", mode=0o600), file("a", b"newer")], [whiteout("a")]
    )
    link = filesystem.lookup("/b")
    assert link is not None
    assert (link.kind, link.read(), link.mode, link.is_hardlink) == (Kind.FILE, b"old", 0o600, True)
    assert (filesystem.files, filesystem.bytes) == (1, 3)
    assert [(usage.size, usage.shadowed) for usage in filesystem.usage] == [(8, 5), (0, 0)]


def test_hardlinks_to_symlinks_and_past_symlinks() -> None:
    filesystem = merged(
        [directory("d"), file("d/f", b"f"), symlink("l", "d"), hardlink("l2", "l"), hardlink("h", "l/f")]
    )
    assert filesystem.files == 2
    assert [filesystem.lookup(path, follow=False).kind for path in ("/l2", "/h")] == [Kind.SYMLINK, Kind.FILE]  # type: ignore[union-attr]


def test_a_hardlink_states_the_attributes_of_what_it_names() -> None:
    filesystem = merged([file("a", mode=0o600), hardlink("b", "a", mode=0o755, uid=7)], [file("c")])
    nodes = [filesystem.lookup(path) for path in ("/a", "/b")]
    assert [(node.mode, node.uid, node.gid) for node in nodes if node is not None] == [(0o755, 7, 0)] * 2


def test_a_hardlink_to_a_file_of_a_lower_layer_brings_nothing() -> None:
    filesystem = merged([file("a", b"12345"), file("c")], [hardlink("b", "a"), hardlink("c", "a")], [whiteout("a")])
    assert paths(filesystem) == []
    assert _refused(filesystem) == [(Cause.LINK_MISSING, "/b"), (Cause.LINK_MISSING, "/c")]
    assert [usage.size for usage in filesystem.usage] == [5, 0, 0]
    assert list(filesystem.search("[bc]")) == []


@pytest.mark.parametrize(
    ("items", "cause"),
    [
        ([hardlink("b", "a")], Cause.LINK_MISSING),
        ([hardlink("c", "c")], Cause.LINK_MISSING),
        ([directory("d"), hardlink("e", "d")], Cause.LINK_DIRECTORY),
        ([hardlink("f", "")], Cause.LINK_DIRECTORY),
    ],
)
def test_a_hardlink_to_nothing_is_refused(items: list[Item], cause: Cause) -> None:
    filesystem = merged([*items, file("kept")])
    assert _refused(filesystem) == [(cause, f"/{items[-1].path}")]
    assert filesystem.lookup("/kept") is not None
    assert filesystem.lookup(items[-1].path) is None


@pytest.mark.parametrize(
    "items",
    [
        [file("a"), hardlink("a", "a")],
        [file("a"), file("a"), symlink("a", "b/c"), hardlink("a", "./a"), hardlink("a/a", "a")],
        [directory("d"), file("d/x"), hardlink("d", "d/x")],
        [file("x"), symlink("l", "."), hardlink("x", "l/x")],
    ],
)
def test_a_hardlink_cannot_replace_what_it_links_to(items: list[Item]) -> None:
    filesystem = merged(items)
    assert (Cause.LINK_MISSING, f"/{items[-1].path}".replace("/a/a", "/a")) in _refused(filesystem)
    assert oracle.read_layer(layer(items), 0).refused


@pytest.mark.parametrize(
    ("upper", "content"),
    [
        ([hardlink("h", "d/x"), file("d/x", b"new")], None),
        ([hardlink("h", "d/x"), symlink("d", "e")], None),
        ([hardlink("h", "l/x"), symlink("l", "e")], None),
        ([symlink("l", "e"), hardlink("h", "l/x")], None),
        ([file("e/x", b"new"), symlink("l", "e"), hardlink("h", "l/x")], b"new"),
        ([directory("d"), file("d/x", b"new"), hardlink("h", "d/x")], b"new"),
        ([file("d/x", b"new"), hardlink("h", "d/x"), file("d/x", b"newer")], b"new"),
        ([hardlink("h", "d/x"), directory("d"), file("d/x", b"new")], None),
        ([file("d/x", b"new"), hardlink("h", "d/../d/./x")], b"new"),
        ([hardlink("h", "d/../d/./x"), file("d/x", b"new")], None),
        ([file("d/x", b"new"), hardlink("d/y", "d/x"), hardlink("h", "d/y"), directory("d", mode=0o711)], b"new"),
    ],
)
def test_a_hardlink_is_what_it_named_in_its_layer_when_it_was_made(
    in_order: Callable[..., Filesystem], upper: list[Item], content: bytes | None
) -> None:
    lower = [*BASE, directory("e"), file("e/x", b"e")]
    filesystem = merged(lower, upper)
    _assert_same(filesystem, in_order(lower, upper))
    link = filesystem.lookup("/h")
    assert (None if link is None else link.read()) == content
    assert bool(_refused(filesystem)) == (content is None)


@pytest.mark.parametrize("ending", ["/", "//", "///", "/.", "/./", "//.", "/x/.."])
def test_a_file_is_a_file_however_its_name_ends(ending: str) -> None:
    filesystem = merged([directory("usr"), file(f"usr/libcuda.so.535.104.05{ending}", b"driver")])
    node = filesystem.lookup("/usr/libcuda.so.535.104.05")
    assert node is not None
    assert node.read() == b"driver"


def test_the_last_of_several_entries_counts_and_is_reported() -> None:
    filesystem = merged([file("a", b"1"), file("a", b"22"), directory("a"), file("a/b"), directory("a", mode=0o700)])
    assert as_tree(filesystem)["/a"].mode == 0o700
    assert paths(filesystem) == ["/a", "/a/b"]
    assert _codes(filesystem) == ["duplicate-entry", "duplicate-entry"]
    assert not any(filesystem.obstacles)


def test_what_a_layer_takes_back_hides_nothing_beneath() -> None:
    lower = [directory("a"), file("a/old", b"old")]
    for upper in (
        [file("a"), directory("a"), file("a/new")],
        [directory("a"), file("a/x"), symlink("a", "b"), directory("a"), file("a/new")],
    ):
        assert {"/a/old", "/a/new"} == set(paths(merged(lower, upper))) - {"/a"}
    below = merged(lower, [file("a"), file("a/new"), directory("a/sub"), file("a/sub/x")])
    assert paths(below) == ["/a"]
    assert _refused(below) == [(Cause.BELOW, f"/a/{x}") for x in ("new", "sub", "sub/x")]
    undone = [directory("a"), whiteout("a/old"), file("a"), directory("a")]
    assert paths(merged(lower, undone)) == ["/a", "/a/old"]


def test_shadowed_nodes_stay_reachable_with_the_layer_that_took_them() -> None:
    filesystem = merged(BASE, [whiteout("d/x"), file("f", b"new")], [opaque("d")])
    history = [(layer, kind, node.shadowed_by) for layer, kind, node in filesystem.history("/d/x")]
    assert history == [(0, Kind.FILE, 1), (1, Kind.WHITEOUT, None)]
    assert [(layer, kind) for layer, kind, _ in filesystem.history("d")] == [
        (0, Kind.DIRECTORY),
        (1, Kind.IMPLICIT_DIRECTORY),
        (2, Kind.IMPLICIT_DIRECTORY),
        (2, Kind.OPAQUE),
    ]
    old = filesystem.history("/f")[0][2]
    assert (old.read(), old.layer, old.shadowed_by) == (b"f", 0, 1)


def test_no_layers_and_empty_layers() -> None:
    assert merged().entries == 0
    assert merged().root.path == "/"
    assert merged(b"", layer([]), bytes(1024), [file("a")], b"").entries == 1


def test_what_layers_say_of_the_root_decides_nothing() -> None:
    filesystem = merged([directory("./", mode=0o700)], [file("a")], [directory("/", mode=0o711, uid=3)], [file("b")])
    assert (filesystem.root.mode, filesystem.root.uid, filesystem.root.layer) == (0o755, 0, 0)
    assert not any(filesystem.obstacles)


# --- hostile layers ---------------------------------------------------------------------------------------------------


def _limited(*layers: Sequence[Item], **limits: int) -> LimitExceededError:
    with pytest.raises(LimitExceededError) as error:
        merged(*layers, reading=Reading(limits=Limits(**limits)))
    return error.value


def test_limits_on_entries_and_directories() -> None:
    assert _limited([file(str(number)) for number in range(11)], max_memory=3_000).option == "--max-memory"
    assert _limited([file("a/" * 11 + "f")], max_memory=3_000).option == "--max-memory"
    assert _limited([file("a/" * 500 + "f")], max_steps=10).option == "--max-steps"
    assert "the implied directories of" in _limited([file("a/" * 500 + "f")], max_memory=1_600_000).message
    assert _limited([symlink("s", "t" * 4000)], max_memory=8_000).option == "--max-memory"
    assert _limited([symlink("s", "\u1234" * 1000)], max_memory=8_000).option == "--max-memory"
    assert _limited([Item(path="f", xattrs={"user.x": "y" * 4000})], max_memory=8_000).option == "--max-memory"


@pytest.mark.parametrize(
    "items",
    [
        [file("d/" * 2000 + "f")],
        [file(f"{number}/" + "d/" * 100 + "f") for number in range(300)],
        [symlink("d", "e"), *(file(f"d/{'x/' * 40}{number}") for number in range(5000))],
        [item for number in range(2000) for item in (symlink("l", f"t{number}"), file(f"l/{'x/' * 20}f"))],
        [item for _ in range(2000) for item in (directory("a"), file("a/x"), file("a"))],
        [*(directory(f"d{number}") for number in range(5000)), *(file(f"d{number}") for number in range(5000))],
        [symlink(str(number), str(number + 1)) for number in range(3000)],
        [whiteout("d/" * 50 + str(number)) for number in range(5000)],
        [file("f"), *(hardlink(str(number), "./" * 1000 + "f") for number in range(2000))],
    ],
)
def test_hostile_layers_take_bounded_time_and_no_recursion(items: list[Item]) -> None:
    tars = [layer(items)] * 3
    started = time.process_time()
    filesystem = merged(*tars)
    for node in filesystem.walk():
        assert node.name
    filesystem.resolve("/" + "d/" * 3000)
    assert time.process_time() - started < 5


def test_a_few_deep_paths_do_not_fill_the_memory() -> None:
    items = [file(f"{number}/" + "d/" * 1900 + "f") for number in range(200)]
    tracemalloc.start()
    error = _limited(items, max_memory=160 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.option == "--max-memory"
    assert peak < 100 << 20


def test_directories_that_no_entry_states_are_no_hostility() -> None:
    """Each file may bring one of its own, with a long path, and far more than one."""
    path = "opt/" + "a-directory-with-a-long-name/" * 10
    merged([file(f"{path}{number}/f") for number in range(2000)], reading=Reading(limits=Limits(max_memory=8_000_000)))
    merged([file(f"{number}/{path}f") for number in range(2000)])


def test_symlinks_that_climb_through_each_other_are_charged_for() -> None:
    links = [symlink(f"l{number}", f"l{number + 1}/" + "x/../" * 700) for number in range(39)]
    items = [*links, *(item for number in range(400) for item in (symlink("n", str(number)), file("l0/f")))]
    started = time.process_time()
    assert _limited(items, max_steps=20_000).option == "--max-steps"
    assert time.process_time() - started < 3


CLIMBING = [directory("x"), *(symlink(f"l{number}", "x/../" * 700 + f"l{number + 1}") for number in range(39))]
"""Symlinks that lead to the directory ``l39`` a long way round."""


@pytest.mark.parametrize(
    ("beneath", "targets"),
    [
        ([file(f"{number}/" + "d/" * 1900 + "f") for number in range(12)], [f"{n}/" + "d/" * 1900 for n in range(12)]),
        ([*CLIMBING, file("l39/f")], ["l0/"]),
        ([file("f")], ["./" * 2000]),
    ],
)
def test_hardlinks_a_long_way_off_take_little_time(
    in_order: Callable[..., Filesystem], beneath: list[Item], targets: list[str]
) -> None:
    links = [hardlink(str(number), targets[number % len(targets)] + "f") for number in range(1000, 2000)]
    for merging in (merged, in_order):
        started = time.process_time()
        assert merging([*beneath, *links]).files == len(links) + sum(item.kind == "file" for item in beneath)
        assert time.process_time() - started < 3
        started = time.process_time()
        refused = merging(beneath, links)
        assert [group.total for group in refused.obstacles[1] if group.cause == Cause.LINK_MISSING] == [1000]
        assert time.process_time() - started < 3


def test_symlinks_that_hardlinks_climb_through_are_charged_for() -> None:
    links = [hardlink(str(number), "./" * number + "l0/f") for number in range(100)]
    error = _limited([*CLIMBING, file("l39/f"), *links], max_steps=5_000)
    assert error.option == "--max-steps"
    assert "hard links" in error.message


def test_attributes_that_overlayfs_keeps_for_itself_are_reported() -> None:
    upper = [Item(path="d", kind="directory", xattrs={"trusted.overlay.opaque": "y"}), file("d/z", b"z")]
    filesystem = merged(BASE, upper)
    assert _codes(filesystem) == ["overlay-attribute"]
    assert filesystem.diagnostics[0].path == "/d"
    assert filesystem.lookup("/d/x") is not None
    assert _codes(merged(BASE, [Item(path="d/x", content=b"", xattrs={"user.overlay": "y"})])) == []


@pytest.mark.parametrize(
    "items",
    [
        [directory("a"), file("a/x"), file("a"), directory("a"), file("b")],
        [file("a"), hardlink("b", "a"), directory("c")],
        [hardlink("b", "a"), file("a")],
    ],
)
def test_many_layers_are_merged_in_linear_time(items: list[Item]) -> None:
    started = time.process_time()
    assert merged([file("a"), file("b")], *[layer(items)] * 500).entries in (1, 2, 3)
    assert time.process_time() - started < 2


@settings(max_examples=150)
@given(layer_stacks(disputed=True))
def test_searches_find_what_a_walk_finds(layers: list[list[Item]]) -> None:
    filesystem = merged(*layers)
    nodes = list(filesystem.walk())
    for beginning, matches in (
        ("[a-c]", lambda name: name[:1] in tuple("abc")),
        (r"a(?=\0)", lambda name: name == "a"),
    ):
        expected = sorted((node.path, node.id) for node in nodes if matches(node.name))
        assert sorted((node.path, node.id) for node in filesystem.search(beginning)) == expected


@pytest.mark.parametrize("whole", [False, True])
def test_a_directory_that_is_stated_again_and_again_takes_little_time(
    in_order: Callable[..., Filesystem], *, whole: bool
) -> None:
    pairs = ((directory("d"), hardlink(f"d/h{number}", "f")) for number in range(8000))
    items = [file("f"), *(item for pair in pairs for item in pair)]
    started = time.process_time()
    assert (in_order if whole else merged)(items).entries == 8002
    assert time.process_time() - started < 3
