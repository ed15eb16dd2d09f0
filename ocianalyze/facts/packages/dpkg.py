"""The packages of Debian and Ubuntu: dpkg's status, and its lists of files.

Sources: Debian policy, section 5 (control files); dpkg(1), ``/var/lib/dpkg``; distroless images, ``status.d``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.packages.package import Package, read_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("**/dpkg/status", "**/dpkg/status.d/*")
LISTS: Final = ("**/dpkg/info/*.list",)

_STATUS: Final = "/var/lib/dpkg/status"
_PARTS: Final = "/var/lib/dpkg/status.d"
_INFO: Final = "/var/lib/dpkg/info"
_SUMS: Final = ".md5sums"
_INSTALLED: Final = (" installed", " triggers-pending", " triggers-awaited")
"""How the status of a package ends that is there to be used (dpkg(1), "Package states"); ``status.d`` states none."""

_SIZE: Final = 500
"""How many bytes of memory a package takes beside its texts."""

_STEPS: Final = 10
"""How many steps of work a paragraph is."""


def status_files(filesystem: Filesystem) -> Iterator[Node]:
    """Yield the files in which dpkg says what is installed."""
    status = filesystem.lookup(_STATUS)
    if status is not None and status.is_file:
        yield status
    parts = filesystem.lookup(_PARTS)
    for node in filesystem.children_of(parts) if parts is not None else ():
        if node.is_file and not node.name.endswith(_SUMS):
            yield node


def installed(status: Node, paragraph: bytes) -> dict[str, str] | None:
    """Return the fields of a paragraph by name, each with its first line; None if the package is not installed.

    The paragraphs of ``status.d`` do not say that it is. Raises LimitExceededError: there are too many.
    """
    status.filesystem.spend(_STEPS)
    lines = paragraph.decode("utf-8", "surrogateescape").splitlines()
    pairs = (line.partition(":") for line in lines if not line.startswith((" ", "\t")))
    fields = {name: value.strip() for name, colon, value in pairs if colon}
    if "Package" not in fields or not fields.get("Status", _INSTALLED[0]).endswith(_INSTALLED):
        return None
    status.filesystem.budget.take(_SIZE + len(paragraph), status.path)
    return fields


def find(filesystem: Filesystem) -> Iterator[Package]:
    """Yield the installed packages; raises ContentUnavailableError and LimitExceededError."""
    for node in status_files(filesystem):
        for paragraph in node.read().split(b"\n\n"):
            fields = installed(node, paragraph)
            if fields is not None:
                name = fields["Package"]
                listed = _list_of(filesystem, node, name, fields.get("Architecture", ""))
                yield Package("dpkg", name, fields.get("Version", ""), "/", listed)


def files_of(listed: Node) -> list[str]:
    """Return the paths that a package installed, directories included; raises ContentUnavailableError."""
    lines = read_list(listed).decode("utf-8", "surrogateescape").splitlines()
    if listed.name.endswith(_SUMS):
        return [f"/{line.partition('  ')[2]}" for line in lines]
    return lines


def _list_of(filesystem: Filesystem, status: Node, name: str, architecture: str) -> Node | None:
    if status.path != _STATUS:
        return filesystem.lookup(f"{status.path}{_SUMS}")
    named = (f"{_INFO}/{name}.list", f"{_INFO}/{name}:{architecture}.list")
    return next((node for path in named if (node := filesystem.lookup(path)) is not None), None)
