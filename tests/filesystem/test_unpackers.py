"""What runtimes cannot unpack is told with their names, and what they can is merged as overlayfs shows it.

`tests/data/unpackers.json` holds what containerd, Docker and Podman make of each shape of `tests/support/shapes`.
"""

import json

import pytest

from ocianalyze.errors import CorruptLayerError
from ocianalyze.filesystem.tree import Filesystem
from ocianalyze.layers.tar.entry import Kind
from tests.support.filesystems import drawn, merged
from tests.support.strategies import layer_stacks
from tests.support.tarballs import layer
from tests.support.tools import requires
from tests.support.unpacking import ASKED_OF, TABLE, Answer, ask, printable, recorded, shapes_to_ask, versions

LETTERS = dict(zip("CDPOM", ASKED_OF, strict=True))
KINDS = {
    Kind.FILE: "f",
    Kind.DIRECTORY: "d",
    Kind.SYMLINK: "l",
    Kind.CHARACTER_DEVICE: "c",
    Kind.BLOCK_DEVICE: "b",
    Kind.FIFO: "p",
}
NOT_AS_MERGED = {
    "hardlink-to-replaced-by-whiteout": "Docker obeys the whiteout first, and does not make the link then",
}
"""Where Docker refuses a layer only if it applies it to the merged tree, and we do not say so."""
SHAPES = shapes_to_ask()


def _refusing(filesystem: Filesystem) -> set[str]:
    """Return the runtimes that cannot unpack the layers."""
    return {LETTERS[letter] for obstacles in filesystem.obstacles for group in obstacles for letter in group.by}


def _tree(filesystem: Filesystem) -> list[str]:
    """Return the tree in the lines of the table; without the numbers of devices, which nobody asks for."""
    nodes = list(filesystem.walk())
    inodes = [node.inode.id for node in nodes if node.is_file]
    shared = {id_: number for number, id_ in enumerate(dict.fromkeys(i for i in inodes if inodes.count(i) > 1), 1)}
    lines = []
    for node in nodes:
        mode = 0o777 if node.is_symlink else node.mode
        words = [KINDS[node.kind], f"{mode:04o}", f"{_as_kernel(node.uid)}:{_as_kernel(node.gid)}"]
        if node.is_file:
            words.append(str(node.size))
            words += [f"#{shared[node.inode.id]}"] if node.inode.id in shared else []
        words.append(printable(node.path))
        lines.append(" ".join([*words, "->", printable(node.target)] if node.is_symlink else words))
    return sorted(lines)


def _as_kernel(owner: int) -> int:
    """Return the owner that Linux makes of a number; -1 means that it stays as it is."""
    return owner & 0xFFFFFFFF if owner & 0xFFFFFFFF != 0xFFFFFFFF else 0


def _left(answer: Answer) -> list[str]:
    """Return what a runtime left, without the numbers of devices."""
    return sorted(
        " ".join([*line.split()[:3], *line.split(" ")[4:]]) if line[0] in "cb" else line for line in answer.left
    )


def test_the_table_has_every_shape_and_the_versions_of_the_modules() -> None:
    assert set(recorded()) == set(SHAPES)
    assert json.loads(TABLE.read_text())["modules"] == versions()
    assert len(SHAPES) > 900


@requires("go", "root")
def test_runtimes_say_what_the_table_says() -> None:
    answers, table = ask(SHAPES), recorded()
    assert {name: row for name, row in answers.items() if row != table[name]} == {}


@requires("go", "root")
def test_containerd_unpacks_random_stacks_as_we_say() -> None:
    stacks = drawn(layer_stacks(disputed=True), 400, always_the_same=True)
    answers = ask({str(number): list(map(layer, layers)) for number, layers in enumerate(stacks)}, ["containerd"])
    unpacked = 0
    for number, layers in enumerate(stacks):
        answer, filesystem = answers[str(number)]["containerd"], merged(*layers)
        assert ("containerd" in _refusing(filesystem)) == bool(answer.error), (layers, answer)
        if not answer.error:
            unpacked += 1
            assert _tree(filesystem) == _left(answer), layers
    assert unpacked > 50


@pytest.mark.parametrize("name", SHAPES)
def test_who_refuses_a_shape_is_told(name: str) -> None:
    """A layer that is damaged is refused by all, and by us."""
    row = recorded()[name]
    refused = {runtime for runtime, answer in row.items() if answer.error}
    try:
        filesystem = merged(*SHAPES[name])
    except CorruptLayerError:
        assert refused == set(ASKED_OF)
        return
    expected = refused - {"docker-merged"} if name in NOT_AS_MERGED else refused
    assert _refusing(filesystem) - ({"docker-merged"} if name in NOT_AS_MERGED else set()) == expected
    if not row["containerd"].error:
        assert _tree(filesystem) == _left(row["containerd"])
