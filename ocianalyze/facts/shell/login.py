"""The files that a login shell reads before anything else.

What lies in the user's directory is not the image's, so it does not count.

Source: bash(1), INVOCATION; dash(1), Invocation.
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING

from ocianalyze.facts.user.permissions import may_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.facts.shell.state import State
    from ocianalyze.filesystem.node import Node


def login_files(shell: Shell, state: State) -> Iterator[Node]:
    """Yield ``/etc/profile``, and the first of the files of the user's own that is there."""
    variable = state.variables.get("HOME")
    home = (variable.text if variable is not None else None) or shell.user.home
    own = (".bash_profile", ".bash_login", ".profile") if state.process.dialect.has("arrays") else (".profile",)
    for places in (("/etc/profile",), tuple(join(home, name) for name in own)):
        for place in places:
            resolution = shell.filesystem.resolve(place)
            node = resolution.node
            hidden = shell.mounts is not None and shell.mounts.hides_on_the_way(resolution) is not None
            if node is not None and node.is_file and not hidden and may_read(node, shell.user):
                yield node
                break
