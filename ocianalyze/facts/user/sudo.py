"""Whether users may become root without a password.

Source: sudoers(5).
"""

from __future__ import annotations

import re
from posixpath import join
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.user.accounts import User
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("**/etc/sudoers", "**/etc/sudoers.d/*")

_PROGRAMS: Final = ("/usr/bin/sudo", "/bin/sudo", "/usr/local/bin/sudo")
_SETUID: Final = 0o4000
_ENTRY: Final = r"(\S+)\s+[^=\s]+\s*=\s*(?:\([^)]*\)\s*)?(?:[A-Z_]+:\s*)*NOPASSWD:"


class Sudo(NamedTuple):
    """The program, and the line that lets the container's user run it without a password."""

    program: Node
    file: Node
    line: str


def find_sudo(filesystem: Filesystem, user: User, group_names: frozenset[str]) -> Sudo | None:
    """Return how `user`, who is in the groups of `group_names`, runs commands as root without a password; None if not.

    Aliases of sudoers(5) are not followed.

    Raises:
        ContentUnavailableError: a file of sudo's was not kept.
    """
    found = (filesystem.lookup(path) for path in _PROGRAMS)
    program = next((node for node in found if node is not None and node.is_file and node.mode & _SETUID), None)
    if program is None or program.uid != 0:
        return None
    who = {"ALL", f"#{user.uid}", *(f"%{name}" for name in group_names), *([user.name] if user.name else [])}
    for file in _files(filesystem):
        for line in file.read().decode("utf-8", "surrogateescape").split("\n"):
            entry = re.match(_ENTRY, line.strip())
            if entry is not None and entry[1] in who:
                return Sudo(program, file, line.strip())
    return None


def _files(filesystem: Filesystem) -> Iterator[Node]:
    """Yield the files that sudo reads: names with a dot or a tilde at their end are left out."""
    main = filesystem.lookup("/etc/sudoers")
    if main is not None and main.is_file:
        yield main
    drop_in = filesystem.lookup("/etc/sudoers.d")
    for child in filesystem.children_of(drop_in) if drop_in is not None else ():
        node = filesystem.lookup(join(drop_in.path if drop_in is not None else "/", child.name))
        if node is not None and node.is_file and "." not in child.name and not child.name.endswith("~"):
            yield node
