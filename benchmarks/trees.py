"""Files as large images have them: names, depths, sizes and links of real installations, drawn from a seed."""

import posixpath
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.support.tarballs import Item, directory, symlink

ELF = (
    b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    + b"\x03\0\x3e\0\x01\0\0\0"
    + bytes(28)
    + b"\x40\0\x38\0\x0d\0\x40\0\x1c\0\x1b\0"
)
"""The first 64 bytes of a program or library for Linux on x86-64."""

_MEDIAN_SIZE = 4_000
_SIGMA = 1.3
_LARGEST = 20_000_000

NAMES: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "names.toml").read_text())
_WORDS: Sequence[str] = NAMES["words"].split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a tree consists of: file name endings with their weights, and about how many files lie in a directory."""

    suffixes: Mapping[str, int]
    width: int = 9
    compiled: bool = False
    mode: int = 0o644


PYTHON = Style(suffixes={".py": 80, ".pyi": 6, ".json": 3, ".txt": 2, ".so": 3, ".md": 1}, width=20, compiled=True)
HEADERS = Style(suffixes={".h": 70, ".hpp": 20, ".cuh": 6, ".inl": 4}, width=14)
NODE = Style(suffixes={".js": 40, ".js.map": 20, ".d.ts": 25, ".json": 8, ".md": 4, ".css": 3}, width=7)
SHARE = Style(suffixes={".gz": 30, ".txt": 15, ".conf": 5, ".xml": 15, ".svg": 10, ".mo": 15, ".list": 10}, width=9)
PERL = Style(suffixes={".pm": 60, ".pl": 25, ".ph": 10, ".al": 5}, width=10)
R = Style(suffixes={".R": 30, ".rds": 25, ".rdb": 15, ".rdx": 15, ".Rd": 15}, width=9)
DATA = Style(suffixes={".json": 30, ".txt": 30, ".pickle": 10, ".xml": 20, ".csv": 10}, width=12)


def grow(random: Random, root: str, entries: int, style: Style) -> Iterator[Item]:
    """Yield the files of a tree below `root`; together with their directories they are about `entries`."""
    left = entries - 1
    if left <= 0:
        return
    files = min(left, max(2, round(random.gauss(style.width, style.width / 3))))
    if left - files < style.width:
        files = left
    names = _names(random, (files - 1) // 2 or 1 if style.compiled else files, style)
    for name in names:
        yield small(random, f"{root}/{name}", mode=style.mode)
        if style.compiled and name.endswith(".py"):
            yield small(random, f"{root}/__pycache__/{name[:-3]}.cpython-311.pyc")
    left -= files
    branches = max(1, min(left // style.width, random.randint(5, 16)))
    shares = [random.random() + 0.1 for _ in range(branches)]
    for name, share in zip(_unique(random, branches), shares, strict=True):
        yield from grow(random, f"{root}/{name}", round(left * share / sum(shares)), style)


def small(random: Random, path: str, *, mode: int = 0o644) -> Item:
    """Make a file of a size that is usual: half of them have less than 4 kB."""
    size = min(int(random.lognormvariate(0, _SIGMA) * _MEDIAN_SIZE), _LARGEST)
    return Item(path=path, size=size, mode=mode)


def program(path: str, size: int = 200_000) -> Item:
    """Make an executable ELF file."""
    return Item(path=path, content=ELF, size=size, mode=0o755)


def library(path: str, version: str, size: int, *, content: bytes = ELF) -> list[Item]:
    """Make a shared library as distributions install it: the file, and a chain of two symlinks that leads to it."""
    name = posixpath.basename(path)
    real, soname = f"{name}.{version}", f"{name}.{version.partition('.')[0]}"
    links = [symlink(path, soname)] if soname == real else [symlink(path, soname), _sibling(path, soname, real)]
    return [*links, Item(path=f"{path}.{version}", content=content, size=size, mode=0o755)]


def with_parents(items: Iterable[Item]) -> list[Item]:
    """Return the items with the directories that they lie in, in the order in which builders write a layer."""
    found = {item.path: item for item in items}
    for path in list(found):
        parent = posixpath.dirname(path)
        while parent and parent not in found:
            found[parent] = directory(parent)
            parent = posixpath.dirname(parent)
    return [found[path] for path in sorted(found, key=lambda path: path.split("/"))]


def _sibling(path: str, name: str, target: str) -> Item:
    return symlink(posixpath.join(posixpath.dirname(path), name), target)


def _names(random: Random, count: int, style: Style) -> list[str]:
    suffixes = random.choices(list(style.suffixes), list(style.suffixes.values()), k=count)
    names = [stem + suffix for stem, suffix in zip(_unique(random, count), suffixes, strict=True)]
    if style.compiled:
        names[0] = "__init__.py"
    return names


def _unique(random: Random, count: int) -> list[str]:
    """Return different names: a word, or two, or three."""
    names: dict[str, None] = {}
    while len(names) < count:
        words = random.choices(_WORDS, k=random.choices((1, 2, 3), (60, 35, 5))[0])
        names["_".join(words)] = None
    return list(names)
