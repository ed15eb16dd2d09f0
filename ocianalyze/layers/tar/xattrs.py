"""Which extended attributes runtimes can set (xattr(7), and fs/xattr.c, fs/posix_acl.c, security/commoncap.c of Linux).

What the kernel has no handler for, containerd and Podman leave out and Docker refuses; what it refuses otherwise, all
do. containerd never sets attributes that are trusted, Podman never SELinux's label.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.tar.entry import Kind
from ocianalyze.layers.tar.obstacles import EVERYONE, Cause, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MOST: Final = 1 << 16
"""How many bytes a value may have anywhere in Linux."""
_MOST_ON_EXT4: Final = 4060
"""How many bytes one attribute may take on ext4, which keeps those of a file in one block."""
_MORE_ON_EXT4: Final = 90
"""How much more all attributes of a file may take together: there is some room in its inode."""
_OVERHEAD: Final = 16
_LONGEST_NAME: Final = 255
_UNSUPPORTED: Final = "DOM"
_NOT_BY_CONTAINERD: Final = "DPOM"
_PODMAN: Final = "P"
_CAPABILITIES: Final = {20: 2, 24: 3}
"""The sizes of a file's capabilities, and the revisions that have them."""
_ACL_VERSION: Final = 2
_ACL_HEADER: Final = 4
_ACL_ENTRY: Final = struct.Struct("<HHI")
_NOBODY: Final = (1 << 32) - 1
_RWX: Final = 7
_ACL_NAMES: Final = ("posix_acl_access", "posix_acl_default")
_FILES_AND_DIRECTORIES: Final = frozenset((Kind.FILE, Kind.DIRECTORY, Kind.HARDLINK))


def refused_attributes(kind: int, xattrs: Mapping[str, bytes]) -> Iterator[Refusal]:
    """Yield why the extended attributes of an entry keep runtimes from unpacking it.

    Whether those of a symlink can be set depends on where it leads, for Docker, and is not judged here.
    """
    for name, value in xattrs.items():
        by = _refused(kind, name, value)
        if by:
            yield Refusal(Cause.ATTRIBUTE, by, name)
    sizes = {name: _size_on_ext4(name, value) for name, value in xattrs.items()}
    largest = max(sizes, key=sizes.__getitem__)
    if max(map(len, xattrs.values())) <= _MOST and (
        sizes[largest] > _MOST_ON_EXT4 or sum(sizes.values()) > _MOST_ON_EXT4 + _MORE_ON_EXT4
    ):
        yield Refusal(Cause.ATTRIBUTE_SIZE, EVERYONE, largest)


def _size_on_ext4(name: str, value: bytes) -> int:
    """Return how many bytes an attribute takes: ext4 has a number for its namespace, and pads the rest."""
    written = len(name.partition(".")[2].encode("utf-8", "surrogateescape"))
    return _OVERHEAD + -(-written // 4) * 4 + -(-len(value) // 4) * 4


def _refused(kind: int, name: str, value: bytes) -> str:
    """Return who refuses an attribute."""
    namespace, _, rest = name.partition(".")
    by_all = _NOT_BY_CONTAINERD if name.startswith("trusted.") else EVERYONE
    if name == "security.selinux":
        by_all = by_all.replace(_PODMAN, "")
    if not 0 < len(name.encode("utf-8", "surrogateescape")) <= _LONGEST_NAME or len(value) > _MOST:
        return by_all
    if name == f"{namespace}." and namespace in ("user", "trusted", "security"):
        return by_all
    if name.startswith("user."):
        return "" if kind in _FILES_AND_DIRECTORIES else _PODMAN
    if name == "security.capability":
        return "" if not value or _is_capability(value) else EVERYONE
    if namespace == "system" and rest in _ACL_NAMES:
        return _refused_acl(kind, rest, value)
    return "" if name.startswith(("trusted.", "security.")) else _UNSUPPORTED


def _is_capability(value: bytes) -> bool:
    """Tell whether a value is that of ``security.capability``: one of two revisions, with at most one flag."""
    revision = _CAPABILITIES.get(len(value))
    return revision is not None and value[0] in (0, 1) and value[1:4] == bytes((0, 0, revision))


def _refused_acl(kind: int, name: str, value: bytes) -> str:
    """Return who refuses an access control list of POSIX.1e."""
    if not value:
        return ""
    if len(value) < _ACL_HEADER:
        return EVERYONE
    if int.from_bytes(value[:4], "little") != _ACL_VERSION:
        return _UNSUPPORTED
    if (len(value) - _ACL_HEADER) % _ACL_ENTRY.size:
        return EVERYONE
    entries = list(_ACL_ENTRY.iter_unpack(value[_ACL_HEADER:]))
    is_misplaced = name == "posix_acl_default" and kind not in (Kind.DIRECTORY, Kind.SYMLINK)
    if entries and (is_misplaced or not _is_acl(entries)):
        return EVERYONE
    return _UNSUPPORTED if kind == Kind.SYMLINK else ""


def _is_acl(entries: Sequence[tuple[int, ...]]) -> bool:
    """Tell whether the entries of a list are complete and in their order."""
    owner, user, group, named_group, mask, other = 1, 2, 4, 8, 16, 32
    tags = [tag for tag, _, _ in entries]
    needs_mask = user in tags or named_group in tags
    expected = [
        owner,
        *[user] * tags.count(user),
        group,
        *[named_group] * tags.count(named_group),
        *[mask] * (1 if needs_mask or mask in tags else 0),
        other,
    ]
    named = [who for tag, _, who in entries if tag in (user, named_group)]
    return tags == expected and _NOBODY not in named and all(permissions <= _RWX for _, permissions, _ in entries)
