"""The tree of sizes, against what graph drivers would count."""

from collections import Counter

from hypothesis import given

from ocianalyze.facts.size.tree import Branch, find_tree
from ocianalyze.layers.tar.entry import Kind
from tests.rules.subjects import make_image
from tests.support.strategies import layer_stacks
from tests.support.tarballs import Item, file, hardlink, whiteout

MB = 1_000_000


def sized(path: str, size: int) -> Item:
    """Make a file of so many zero bytes."""
    return Item(path=path, size=size)


def test_layers_directories_and_what_is_hidden() -> None:
    layers = [
        [sized("opt/a", 3 * MB), sized("opt/b", 2 * MB), file("etc/x", b"1")],
        [whiteout("opt/a"), sized("c", MB)],
    ]
    assert find_tree(make_image(*layers)[1]) == (
        Branch(None, "", 0, 5 * MB + 1, 3 * MB),
        Branch(0, "opt", 0, 5 * MB, 3 * MB),
        Branch(1, "a", 0, 3 * MB, 3 * MB),
        Branch(1, "b", 0, 2 * MB, 0),
        Branch(None, "", 1, MB, 0),
        Branch(4, "c", 1, MB, 0),
    )


def test_what_one_layer_has_twice_counts_once() -> None:
    tree = find_tree(make_image([sized("a", 3 * MB), sized("a", 2 * MB)])[1])
    assert tree == (Branch(None, "", 0, 2 * MB, 0), Branch(0, "a", 0, 2 * MB, 0))


def test_a_file_is_hidden_with_its_last_name() -> None:
    lower = [sized("a", MB), hardlink("b", "a")]
    assert find_tree(make_image(lower, [whiteout("a")])[1])[0].hidden == 0
    assert find_tree(make_image(lower, [whiteout("a")], [whiteout("b")])[1])[0].hidden == MB


def test_small_and_empty_layers_have_a_root() -> None:
    tree = find_tree(make_image([], [sized("a", 99_999)], [sized("b", 9)])[1])
    assert tree == (
        Branch(None, "", 0, 0, 0),
        Branch(None, "", 1, 99_999, 0),
        Branch(1, "a", 1, 99_999, 0),
        Branch(None, "", 2, 9, 0),
    )


@given(layer_stacks())
def test_the_roots_add_up_to_the_layers(stack: list[list[Item]]) -> None:
    filesystem = make_image(*stack)[1]
    tree = find_tree(filesystem)
    links: Counter[int] = Counter()
    hidden: Counter[int] = Counter()
    for layer, changeset in enumerate(filesystem.changesets):
        for row, target in changeset.links.items():
            id_ = filesystem.bases[layer] + row
            if changeset.kinds[row] == Kind.SYMLINK and filesystem.shadowed.get(id_) != layer:
                links[layer] += len(target)
                hidden[layer] += len(target) if id_ in filesystem.shadowed else 0
    found = {branch.layer: (branch.bytes, branch.hidden) for branch in tree if branch.parent is None}
    for layer, usage in enumerate(filesystem.usage):
        assert found[layer] == (usage.size - links[layer], usage.shadowed - hidden[layer])
    for place, branch in enumerate(tree):
        assert branch.parent is None or tree[branch.parent].layer == branch.layer
        assert branch.parent is None or branch.parent < place
        inside = sum(child.bytes for child in tree if child.parent == place)
        assert inside <= branch.bytes
        assert branch.hidden <= branch.bytes
