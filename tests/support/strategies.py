"""Hypothesis strategies for stacks of layers, made so that paths collide all the time.

Most stacks are *settled*: overlayfs, containerd, umoci and podman agree on them. With `disputed=True` they can
also hold what these tools disagree on, and what none of them unpacks: entries through a symbolic link and below a file,
several entries of one name, a whiteout beside an entry of its name, devices that are whiteouts, hard links to anything,
types that are refused, missing parents, names written in unusual ways.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.support.tarballs import Item, directory, file, hardlink, opaque, symlink, whiteout

NAMES = ("a", "b", "c")
DEPTH = 3

_modes = st.sampled_from([0o644, 0o755, 0o600, 0o4755, 0o444])
_directory_modes = st.sampled_from([0o755, 0o700, 0o1777, 0o2775])
_owners = st.sampled_from([0, 100, 1000, 65534])
_contents = st.binary(max_size=12)
_targets = st.sampled_from(["a", "b/c", "../b", "/c", "/a/b/c", ".", "..", "nowhere", "c"])
_kinds = st.sampled_from(["file", "file", "directory", "directory", "symlink", "hardlink", "fifo"])


@st.composite
def paths(draw: st.DrawFn) -> str:
    """Draw a relative path of one to three short names."""
    return "/".join(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=DEPTH)))


@st.composite
def layer_stacks(draw: st.DrawFn, *, disputed: bool = False, max_layers: int = 4) -> list[list[Item]]:
    """Draw the layers of an image, bottom first."""
    count = draw(st.integers(1, max_layers))
    if disputed:
        return [draw(disputed_layers()) for _ in range(count)]
    below: dict[str, str] = {}
    return [draw(_settled_layers(below)) for _ in range(count)]


@st.composite
def disputed_layers(draw: st.DrawFn) -> list[Item]:
    """Draw a layer with anything in any order."""
    items: list[Item] = []
    for path in draw(st.lists(paths(), max_size=10)):
        spelled = draw(st.sampled_from([path, f"./{path}", f"/{path}", path.replace("/", "//")]))
        match draw(st.sampled_from([*["entry"] * 8, "whiteout", "whiteout", "opaque", "link", "device", "refused"])):
            case "whiteout":
                items.append(whiteout(spelled))
            case "opaque":
                items.append(opaque(spelled))
            case "link":
                items.append(hardlink(spelled, draw(st.one_of(paths(), st.sampled_from(["/a", "./b/c", "a/", "no"])))))
            case "device":
                items.append(Item(path=spelled, kind="char"))
            case "refused":
                items.append(Item(path=spelled, kind="contiguous"))
            case _:
                items.append(_entry(draw, spelled, [item for item in items if item.kind == "file"]))
    return items


@dataclass(slots=True)
class _Draft:
    """A settled layer in the making. `below` is the merged tree so far, by kind; it is updated in place."""

    below: dict[str, str]
    items: list[Item] = field(default_factory=list)
    here: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def gone(self) -> set[str]:
        """What this layer takes away from those below, with everything under it."""
        return self.hidden | {path for path, kind in self.here.items() if kind != "directory"}

    def is_directory(self, path: str) -> bool:
        """Tell whether an entry may be put into `path`: the root, or a directory here or still there below."""
        if not path or path in self.here:
            return not path or self.here[path] == "directory"
        return self.below.get(path) == "directory" and not _within(path, self.gone)

    def close(self) -> None:
        """Bring `below` up to date."""
        for path in [path for path in self.below if _within(path, self.gone)]:
            del self.below[path]
        self.below |= self.here


@st.composite
def _settled_layers(draw: st.DrawFn, below: dict[str, str]) -> list[Item]:
    draft = _Draft(below)
    for path in sorted(draw(st.sets(paths(), max_size=8))):
        parent = path.rpartition("/")[0]
        if not draft.is_directory(parent):
            continue
        if path in below and not _within(path, draft.hidden) and draw(st.integers(0, 3)) == 0:
            draft.items.append(whiteout(path))
            draft.hidden.add(path)
            continue
        linkable = [item for item in draft.items if item.kind == "file" and item.path in draft.here]
        item = _entry(draw, path, linkable)
        draft.items.append(item)
        draft.here[path] = item.kind
        if item.kind == "directory" and draw(st.integers(0, 4)) == 0:
            draft.items.append(opaque(path))
            draft.hidden |= {child for child in below if child.startswith(f"{path}/")}
    items = draw(_rearranged(draft.items))
    draft.close()
    return items


@st.composite
def _rearranged(draw: st.DrawFn, items: list[Item]) -> list[Item]:
    """Move markers to anywhere after their directory; everything else keeps its order, parents first."""
    result = [item for item in items if ".wh." not in item.path]
    for marker in (item for item in items if ".wh." in item.path):
        parent = marker.path.rpartition("/")[0]
        first = next((n + 1 for n, item in enumerate(result) if item.path == parent), 0)
        result.insert(draw(st.integers(first, len(result))), marker)
    return result


def _entry(draw: st.DrawFn, path: str, linkable: list[Item]) -> Item:
    uid, gid = draw(_owners), draw(_owners)
    match draw(_kinds):
        case "directory":
            return directory(path, mode=draw(_directory_modes), uid=uid, gid=gid)
        case "symlink":
            return symlink(path, draw(_targets))
        case "fifo":
            return Item(path=path, kind="fifo", mode=draw(_modes), uid=uid, gid=gid)
        case "hardlink" if linkable:
            target = draw(st.sampled_from(linkable))
            return hardlink(path, target.path, mode=target.mode, uid=target.uid, gid=target.gid)
        case _:
            return file(path, draw(_contents), mode=draw(_modes), uid=uid, gid=gid)


def _within(path: str, roots: Iterable[str]) -> bool:
    """Tell whether a path is one of the roots or lies below one."""
    return any(path == root or path.startswith(f"{root}/") for root in roots)
