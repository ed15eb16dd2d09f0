"""What containerd, Docker and Podman make of layers: their own code, in a Go program, and overlayfs above what it left.

It needs Go, root, the right to mount, and a temporary directory whose file system takes devices and trusted extended
attributes, as ext4 and xfs do. `tests/data/unpackers.json` holds the answers for all shapes of `tests/support/shapes`;
`python -m tests.support.unpacking` asks again and writes it.
"""

import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.support.go_programs import go_program
from tests.support.shapes import all_shapes
from tests.support.tools import run

TABLE = Path(__file__).parents[1] / "data" / "unpackers.json"
ASKED_OF = {
    "containerd": ("go.mod", "containerd"),
    "docker": ("go.mod", "docker"),
    "podman": ("go.mod", "podman"),
    "docker-older": ("older.mod", "docker"),
    "docker-merged": ("go.mod", "docker-merged"),
}
"""The runtimes: which versions of their modules, and what the program calls them."""
MERGED = "docker-merged"
"""The runtime that applies layers to the merged tree."""

_EVERYONE = "all"
_ROOT = 73
"""How long the path is that layers are unpacked below: as long as that of a snapshot of containerd."""
_MODULES = re.compile(
    r"^\s+(github\.com/containerd/containerd/v2|github\.com/moby/go-archive|go\.podman\.io/storage) (\S+)$",
    re.MULTILINE,
)
_KINDS = {
    stat.S_IFREG: "f",
    stat.S_IFDIR: "d",
    stat.S_IFLNK: "l",
    stat.S_IFCHR: "c",
    stat.S_IFBLK: "b",
    stat.S_IFIFO: "p",
}
_TOO_LARGE = re.compile(r"tar-(go-(gnu|pax)-sparse-big|la-test_read_format_gtar_sparse_1_17_posix..)")
"""Shapes with sparse files of 100 MB to 60 GB, which runtimes would write out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a runtime made of layers: the error with which it refused one, or a line for each path that it left."""

    error: str = ""
    left: tuple[str, ...] = ()


def ask(
    layers: Mapping[str, Sequence[bytes]], runtimes: Sequence[str] = tuple(ASKED_OF)
) -> dict[str, dict[str, Answer]]:
    """Return what each runtime makes of stacks of layers, by their names and by the runtime."""
    base = Path(mkdtemp(prefix="unpack-"))
    try:
        stored = {
            name: list(_store(base / "tars" / str(number), tars)) for number, (name, tars) in enumerate(layers.items())
        }
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            programs = {modules: go_program("unpackers", modules) for modules in dict(ASKED_OF.values())}
            answers = pool.map(lambda name: _ask(name, programs[ASKED_OF[name][0]], stored, base / name), runtimes)
            found = dict(zip(runtimes, answers, strict=True))
    finally:
        run("rm", "-rf", base)  # goes deeper than Python does
    return {name: {runtime: found[runtime][name] for runtime in runtimes} for name in layers}


def shapes_to_ask() -> dict[str, list[bytes]]:
    """Return the shapes that can be asked about."""
    return {name: layers for name, layers in all_shapes().items() if not _TOO_LARGE.fullmatch(name)}


def versions() -> dict[str, dict[str, str]]:
    """Return the versions of the runtimes' modules, as the files for Go state them."""
    source = Path(__file__).parent / "unpackers"
    return {name: dict(_MODULES.findall((source / name).read_text())) for name in dict(ASKED_OF.values())}


def recorded() -> dict[str, dict[str, Answer]]:
    """Return the answers of the table, by shape and runtime."""
    return {name: dict(_read(row)) for name, row in json.loads(TABLE.read_text())["shapes"].items()}


def as_table(answers: Mapping[str, Mapping[str, Answer]]) -> str:
    """Return answers as the table has them: JSON with a line for each shape."""
    rows = (f"  {json.dumps(name)}: {json.dumps(_write(row))}" for name, row in sorted(answers.items()))
    return (
        f'{{"modules": {json.dumps(versions())},\n "shapes": {{\n{",".join(chr(10) + row for row in rows)[1:]}\n}}}}\n'
    )


# ---- asking ----------------------------------------------------------------------------------------------------------


def _store(directory: Path, tars: Sequence[bytes]) -> Iterator[Path]:
    directory.mkdir(parents=True)
    for position, tar in enumerate(tars):
        path = directory / str(position)
        path.write_bytes(tar)
        yield path


def _ask(runtime: str, program: Path, stored: Mapping[str, list[Path]], base: Path) -> dict[str, Answer]:
    directories = {name: _padded(base / str(number)) for number, name in enumerate(stored)}
    questions = (
        {"runtime": ASKED_OF[runtime][1], "directory": str(directories[name]), "layers": list(map(str, paths))}
        for name, paths in stored.items()
    )
    lines = run(program, stdin="\n".join(map(json.dumps, questions)).encode()).splitlines()
    return {
        name: _answer(json.loads(line), directories[name], 0 if runtime == MERGED else len(stored[name]))
        for name, line in zip(stored, lines, strict=True)
    }


def _padded(path: Path) -> Path:
    """Return a directory that is as long as that of a snapshot of containerd."""
    padding = _ROOT - len(f"{path}/")
    assert padding > 0, f"{path} is too long for a temporary directory"
    directory = path / ("x" * padding)
    directory.mkdir(parents=True)
    return directory


def _answer(answer: dict[str, Any], directory: Path, layers: int) -> Answer:
    """Return what a runtime left below a directory, in one merged tree or in `layers` for overlayfs."""
    if answer["error"]:
        error = answer["error"].replace(str(directory), "")
        return Answer(error=f"layer {answer['layer']}: {_shortened(_without_repeats(error), 100)}")
    if not layers:
        return Answer(left=tuple(_listing(directory / "0")))
    (directory / "empty").mkdir()
    mounted = directory / "mounted"
    mounted.mkdir()
    lower = ":".join(["empty", *map(str, reversed(range(layers)))])  # there is a layer of the container's above
    run("mount", "-t", "overlay", "overlay", "-o", f"ro,lowerdir={lower}", "mounted", cwd=directory)
    try:
        return Answer(left=tuple(_listing(mounted)))
    finally:
        run("umount", "--lazy", mounted)  # others may be forking with a descriptor in it


def _listing(root: Path) -> list[str]:
    """Return a line for each path: kind, mode, owner, and what it is. Paths may be longer than the system takes."""
    found = list(_walk(os.open(root, os.O_RDONLY)))
    inodes = [status.st_ino for _, status, _ in found if stat.S_ISREG(status.st_mode)]
    shared = {inode: number for number, inode in enumerate(dict.fromkeys(i for i in inodes if inodes.count(i) > 1), 1)}
    return [_line(path, status, detail, shared) for path, status, detail in found]


def _walk(descriptor: int) -> Iterator[tuple[str, os.stat_result, str]]:
    """Yield each path below a directory with its status and where it points, and close the directory.

    There is one descriptor at a time, however deep it goes.
    """
    path, todo = "", [_names(descriptor)]
    while todo:
        if not todo[-1]:
            todo.pop()
            path = path.rpartition("/")[0]
            descriptor = _step(descriptor, "..")
            continue
        name = todo[-1].pop()
        try:
            status = os.lstat(name, dir_fd=descriptor)
        except OSError:  # a whiteout, which overlayfs lists where it does not merge, or what it does not open
            continue
        target = os.readlink(name, dir_fd=descriptor) if stat.S_ISLNK(status.st_mode) else ""
        yield f"{path}/{name}", status, target
        if stat.S_ISDIR(status.st_mode):
            path = f"{path}/{name}"
            descriptor = _step(descriptor, name)
            todo.append(_names(descriptor))
    os.close(descriptor)


def _names(descriptor: int) -> list[str]:
    """Return the names in a directory, the first one last."""
    return sorted(os.listdir(descriptor), reverse=True)


def _step(descriptor: int, name: str) -> int:
    """Return a descriptor of another directory instead of one."""
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def _line(path: str, status: os.stat_result, target: str, shared: Mapping[int, int]) -> str:
    kind = _KINDS[stat.S_IFMT(status.st_mode)]
    words = [kind, f"{stat.S_IMODE(status.st_mode):04o}", f"{status.st_uid}:{status.st_gid}"]
    if kind == "f":
        words.append(str(status.st_size))
        if status.st_ino in shared:
            words.append(f"#{shared[status.st_ino]}")
    if kind in "cb":
        words.append(f"{os.major(status.st_rdev)},{os.minor(status.st_rdev)}")
    words.append(printable(path))
    return " ".join([*words, "->", printable(target)] if kind == "l" else words)


def printable(text: str) -> str:
    """Return a path or a target as the table has it."""
    escaped = text if text.isprintable() else text.encode("unicode_escape", "surrogatepass").decode()
    return _shortened(_without_repeats(escaped), 120)


def _without_repeats(text: str) -> str:
    """Return text with long repetitions counted instead."""
    return re.sub(r"(.{1,100}?)\1{7,}", lambda match: f"<{match[1]} x{len(match[0]) // len(match[1])}>", text)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 20]}<...>{text[-15:]}"


# ---- the table -------------------------------------------------------------------------------------------------------


def _write(row: Mapping[str, Answer]) -> dict[str, str]:
    """Return the answers about one shape: what they are, and before that whose they are."""
    alike: dict[str, list[str]] = {}
    for runtime, answer in row.items():
        said = f"refused: {answer.error}" if answer.error else "; ".join(("left", *answer.left))
        alike.setdefault(said, []).append(runtime)
    return {_EVERYONE if len(who) == len(ASKED_OF) else " ".join(who): said for said, who in alike.items()}


def _read(row: Mapping[str, str]) -> Iterator[tuple[str, Answer]]:
    for who, said in row.items():
        error = said.removeprefix("refused: ")
        answer = Answer(left=tuple(said.split("; ")[1:])) if error == said else Answer(error=error)
        yield from ((runtime, answer) for runtime in (ASKED_OF if who == _EVERYONE else who.split()))


if __name__ == "__main__":
    TABLE.write_text(as_table(ask(shapes_to_ask())))
    sys.stdout.write(f"{TABLE}: {len(recorded())} shapes\n")
