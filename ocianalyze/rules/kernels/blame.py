"""The layer whose step made a kernel unusable."""

from __future__ import annotations

from itertools import product
from posixpath import dirname, join
from typing import TYPE_CHECKING

from ocianalyze.rules.blame import deletion_layer, mode_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.kernels import Kernel, Obstacle
    from ocianalyze.filesystem.tree import Filesystem


def obstacle_layer(filesystem: Filesystem, kernel: Kernel) -> int:
    """Return the position of the layer because of which a kernel's program cannot load what it needs."""
    obstacle = kernel.obstacle
    if obstacle is None:
        return kernel.node.layer
    if obstacle.denial is not None:
        return mode_layer(filesystem, obstacle.denial.node)
    node = filesystem.lookup(obstacle.path, follow=False) if obstacle.path.startswith("/") else None
    if node is None or node.is_symlink:
        deleted = deletion_layer(filesystem, _places(filesystem, kernel, obstacle))
        if deleted is not None:
            return deleted
    return kernel.node.layer if node is None else node.layer


def _places(filesystem: Filesystem, kernel: Kernel, obstacle: Obstacle) -> Iterator[str]:
    """Yield the paths that may have been removed."""
    if obstacle.path.startswith("/"):
        yield obstacle.path
        yield filesystem.resolve(obstacle.path).path
    elif obstacle.package is not None and kernel.program is not None:
        paths = (path for path in (kernel.program.path, kernel.program.real) if path is not None)
        prefixes = dict.fromkeys((*(dirname(dirname(path)) for path in paths), "/usr", "/usr/local"))
        for prefix, library in product(prefixes, ("library", "lib/R/library", "lib/R/site-library")):
            yield join(prefix, library, obstacle.path, "DESCRIPTION")


def module_layer(filesystem: Filesystem, kernel: Kernel) -> int:
    """Return the position of the layer because of which a Python cannot import a kernel's module."""
    module, program = kernel.module, kernel.program
    if module is None or program is None:
        return kernel.node.layer
    paths = [join(place, f"{module.name}{end}") for place in module.searched for end in (".py", "/__init__.py")]
    deleted = deletion_layer(filesystem, paths)
    links = [filesystem.lookup(path, follow=False) for path in program.chain[:-1]]
    written = [node.layer for node in links if node is not None]
    return deleted if deleted is not None else max([*written, kernel.node.layer])
