"""NVIDIA's files in the image: which are the driver's, which the host provides and which must not be in an image.

Sources: libnvidia-container ``nvc_info.c``, ``nvc_mount.c`` and ``utils.c``; nvidia-container-toolkit; ldconfig(8).
The container runtime mounts the host's files over or next to the image's own. The effect depends on the image's file: a
regular file is mounted over, a symlink prevents the container from starting, and a soname that is a regular file is
never relinked to the host's library.
"""

from __future__ import annotations

import re
from posixpath import basename, dirname
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.gpu.patterns import FileType, NvidiaClass, classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.facts.programs.loader import LoaderPath
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

INJECTED: Final = (
    "nvidia-smi",
    "nvidia-debugdump",
    "nvidia-persistenced",
    "nv-fabricmanager",
    "nvidia-cuda-mps-control",
    "nvidia-cuda-mps-server",
)
"""The programs that the container runtime mounts into ``/usr/bin`` (``nvc_info.c``)."""

BLOCKING_SONAMES: Final = ("libcuda.so.1", "libnvidia-ml.so.1")

Reason: TypeAlias = Literal["empty", "dangling", "link", "stub-copy", "script"]

_STUB_SIZES: Final = ((r"libcuda\.so.*", 1_000_000), (r"libnvidia-ml\.so.*", 256 * 1024))
_SCRIPTS: Final = frozenset({"nvidia-bug-report.sh", "nvidia-sleep.sh"})
_WHOLE_TREES: Final = (
    r"/var/lib/dkms/nvidia[^/]*|/usr/src/nvidia-[^/]+|.*/lib/modules/[^/]+/kernel/nvidia-\d{3}[^/]*"
    r"|/etc/nvidia-container-[^/]+|/var/lib/nvidia|/usr/lib/wsl"
)
_SONAME, _BINARY = "U03", "U05"
_LIBRARIES: Final = frozenset({"U02", _SONAME})


class NvidiaFile(NamedTuple):
    """One of NVIDIA's files.

    Attributes:
        path: its path.
        layer: the position of the layer that wrote it.
        size: its size in bytes.
        cls: its class, after symlinks, sizes and contents were examined.
        pattern: the pattern that its path matches.
        version: the driver version in its name, if any.
        reason: the reason for its class, unless that is its path.
        target: the target, if it is a symlink.
    """

    path: str
    layer: int
    size: int
    cls: NvidiaClass
    pattern: str
    version: str | None = None
    reason: Reason | None = None
    target: str | None = None

    @property
    def name(self) -> str:
        """The last component of the path."""
        return basename(self.path)

    @property
    def is_symlink(self) -> bool:
        """True if it is a symlink."""
        return self.target is not None

    @property
    def is_program(self) -> bool:
        """True if its path is that of one of the driver's programs."""
        return self.pattern == _BINARY


def find_files(filesystem: Filesystem, candidates: Iterable[Node]) -> tuple[NvidiaFile, ...]:
    """Return NVIDIA's files among `candidates`, and everything in directories that belong to the driver as a whole.

    Raises:
        ContentUnavailableError: the first bytes of a program were not kept.
    """
    files: dict[str, NvidiaFile] = {}
    for node in (*_inside_trees(filesystem, candidates), *candidates):
        if node.path not in files and (found := _look_at(filesystem, node)) is not None:
            files[node.path] = found
    return tuple(files[path] for path in sorted(files))


def blocked_sonames(files: Iterable[NvidiaFile], loader: LoaderPath) -> tuple[NvidiaFile, ...]:
    """Return the regular files such as ``libcuda.so.1`` that are not of a driver, but that the loader uses."""
    return tuple(
        file
        for file in files
        if file.name in BLOCKING_SONAMES
        and file.reason in ("empty", "stub-copy")
        and (
            (directory := dirname(file.path)) in loader.default
            or loader.prefers(directory, empty=file.reason == "empty")
        )
    )


def injected_links(filesystem: Filesystem) -> tuple[Node, ...]:
    """Return the nodes that are not regular files where the container runtime mounts the driver's programs."""
    directory = filesystem.lookup("/usr/bin")
    nodes = (filesystem.child(directory, name) for name in INJECTED) if directory is not None else ()
    return tuple(node for node in nodes if node is not None and not node.is_file)


def _inside_trees(filesystem: Filesystem, candidates: Iterable[Node]) -> Iterator[Node]:
    wsl = filesystem.lookup("/usr/lib/wsl")
    for node in (*candidates, *([wsl] if wsl is not None else [])):
        if node.is_directory and re.fullmatch(_WHOLE_TREES, node.path):
            yield from filesystem.walk(node.path)


def _look_at(filesystem: Filesystem, node: Node) -> NvidiaFile | None:
    kind: FileType | None = "f" if node.is_file else "l" if node.is_symlink else None
    match = classify(node.path, kind, node.size) if kind is not None else None
    if match is None or match.cls == "none":
        return None
    file = NvidiaFile(node.path, node.layer, node.size, match.cls, match.pattern, match.version)
    if match.cls == "driver-leftover" and not node.size and node.is_file:
        return file._replace(reason="empty")
    return _follow(filesystem, node, file) if node.is_symlink else _weigh(node, file)


def _weigh(node: Node, file: NvidiaFile) -> NvidiaFile:
    """Return the class of a regular file: its size and its first bytes can show that it is not the driver's."""
    if file.cls != "driver-userspace":
        return file
    if file.pattern == _SONAME and _is_small(node.name, node.size):
        return file._replace(cls="stub", reason="stub-copy")
    if file.pattern == _BINARY and node.name not in _SCRIPTS and _is_script(node):
        return file._replace(reason="script")
    return file


def _follow(filesystem: Filesystem, node: Node, file: NvidiaFile) -> NvidiaFile | None:
    """Return the class of a symlink, which is the class of its target."""
    end = filesystem.resolve(node.path)
    file = file._replace(target=end.path)
    if file.cls not in ("driver-userspace", "driver-kernel"):
        return file
    if end.node is None:
        return file._replace(cls="driver-leftover", reason="dangling")
    if not end.node.is_file:
        return None
    target = _look_at(filesystem, end.node)
    if target is None:
        return _by_its_name(node, file, end.node.size) if file.pattern in _LIBRARIES else None
    return file._replace(cls=target.cls, version=target.version or file.version, reason="link")


def _by_its_name(node: Node, file: NvidiaFile, size: int) -> NvidiaFile:
    """Return the class of a library's symlink whose target is not recognized as NVIDIA's."""
    file = file._replace(size=size, reason="link")
    if not size:
        return file._replace(cls="driver-leftover")
    return file._replace(cls="stub") if _is_small(node.name, size) else file


def _is_small(name: str, size: int) -> bool:
    return any(re.fullmatch(pattern, name) and size < least for pattern, least in _STUB_SIZES)


def _is_script(node: Node) -> bool:
    kept = node.is_executable or dirname(node.path).endswith("bin")
    return kept and not node.head().startswith(b"\x7fELF")
