"""Maps of sizes: every byte has its place, and nothing lies over anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.reports.formats.html.treemap import WIDTH, Box, squarify, treemap
from ocianalyze.reports.report import SizeNode
from ocianalyze.reports.size.places import Place, by_directory, by_layer, largest
from tests.support.size_trees import size_tree

SIZES = st.lists(st.integers(1, 10**12), min_size=1, max_size=60).map(lambda sizes: sorted(sizes, reverse=True))
ROOMS = st.tuples(st.floats(1, 2000), st.floats(1, 2000)).map(lambda sides: Box(3, 5, *sides))
NODES = st.lists(
    st.builds(
        SizeNode,
        parent=st.none() | st.integers(-2, 40),
        name=st.sampled_from(["", "a", "b", "/", ".."]),
        layer=st.integers(-1, 3),
        bytes=st.integers(0, 10**9),
        hidden=st.integers(0, 10**9),
    ),
    max_size=40,
)


def node(parent: int | None, name: str, size: int, *, layer: int = 0, hidden: int = 0) -> SizeNode:
    """Return a node."""
    return SizeNode(parent=parent, name=name, layer=layer, bytes=size, hidden=hidden)


@given(SIZES, ROOMS)
def test_areas_are_as_large_as_what_they_stand_for(sizes: list[int], room: Box) -> None:
    boxes = list(squarify(sizes, room))
    assert [box.area for box in boxes] == pytest.approx(
        [size * room.area / sum(sizes) for size in sizes], rel=1e-6, abs=1e-6 * room.area
    )
    for box in boxes:
        assert box.x >= room.x - 1e-6
        assert box.y >= room.y - 1e-6
        assert box.x + box.width <= room.x + room.width * (1 + 1e-6)
        assert box.y + box.height <= room.y + room.height * (1 + 1e-6)


@given(SIZES, ROOMS)
def test_nothing_overlaps(sizes: list[int], room: Box) -> None:
    boxes = list(squarify(sizes, room))
    for n, one in enumerate(boxes):
        for other in boxes[:n]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert min(across, down) <= 1e-6 * max(room.width, room.height)


def test_equal_sizes_are_nearly_square() -> None:
    for box in squarify([1] * 24, Box(0, 0, 600, 400)):
        assert 0.5 < box.width / box.height < 2


def test_one_path_in_several_layers_is_one_place() -> None:
    root = by_directory(
        [
            node(None, "", 100),
            node(0, "opt", 60, hidden=10),
            node(1, "a", 50),
            node(None, "", 30, layer=1),
            node(3, "opt", 30, layer=1),
        ]
    )
    assert (root.bytes, root.hidden) == (130, 10)
    (opt,) = root.children.values()
    assert (opt.bytes, opt.hidden, opt.layers, opt.path) == (90, 10, {0, 1}, "/opt")
    assert [(place.path, place.bytes) for place in largest(root, 9)] == [("/opt", 90), ("/opt/a", 50)]


def test_layers_are_apart() -> None:
    root = by_layer([node(None, "", 100), node(0, "opt", 60), node(None, "", 30, layer=7, hidden=30)])
    assert {name: (place.bytes, place.hidden) for name, place in root.children.items()} == {
        "0": (100, 0),
        "7": (30, 30),
    }
    assert root.children["0"].children["opt"].path == "/0/opt"


def test_only_children_are_joined() -> None:
    root = by_directory([node(None, "", 1000), node(0, "a", 1000), node(1, "b", 999), node(2, "c", 500)])
    assert root.end.path == "/a/b"
    cells, _ = treemap(root, 400, 50)
    assert [(cell.place.path, cell.is_rest, cell.bytes) for cell in cells] == [
        ("/a/b/c", False, 500),
        ("/a/b", True, 499),
    ]


@pytest.mark.parametrize("most", [2, 10, 100, 900])
def test_cells_are_in_their_directories(most: int) -> None:
    root = by_directory(size_tree(4000))
    cells, opened = treemap(root, 480, most)
    assert 0 < len(cells) <= most
    inside: dict[int | None, int] = {}
    for n, cell in enumerate(cells):
        assert cell.parent is None or cell.parent < n
        assert 0 <= cell.hidden <= cell.bytes
        inside[cell.parent] = inside.get(cell.parent, 0) + cell.bytes
        outer = Box(0, 0, WIDTH, 480) if cell.parent is None else cells[cell.parent].box
        assert cell.box.x >= outer.x - 0.01
        assert cell.box.x + cell.box.width <= outer.x + outer.width + 0.01
        assert cell.box.y + cell.box.height <= outer.y + outer.height + 0.01
    assert opened == {parent for parent in inside if parent is not None}
    for parent, total in inside.items():
        whole = root.bytes if parent is None else cells[parent].bytes
        assert 0.98 * whole <= total <= whole


@given(NODES)
def test_trees_that_cannot_be_are_drawn(nodes: list[SizeNode]) -> None:
    for root in (by_directory(nodes), by_layer(nodes)):
        cells, _ = treemap(root, 300, 40)
        assert all(cell.box.width >= 0 and cell.box.height >= 0 and 0 <= cell.hidden <= cell.bytes for cell in cells)
        assert len(largest(root, 5)) <= 5


def test_long_chains_take_no_time() -> None:
    nodes = [node(n - 1 if n else None, "d" * 100, 10**9) for n in range(20_000)]
    root: Place = by_directory(nodes)
    assert len(largest(root, 50)) == 1
    cells, _ = treemap(root, 480, 100)
    assert len(cells) <= 1
