"""Steps that move what is hidden at run time to where it is not."""

from __future__ import annotations

from posixpath import basename, join
from typing import TYPE_CHECKING, Final

from ocianalyze.rules.dockerfile import quoted

if TYPE_CHECKING:
    from ocianalyze.facts.directories import Mounts
    from ocianalyze.filesystem.tree import Filesystem


UNHIDE: Final = "Move what is hidden to where the link to it is"


def unhiding(filesystem: Filesystem, path: str, mounts: Mounts) -> str | None:
    """Return the step that puts a hidden directory in the place of the link that leads to it.

    The link is looked for on the way to `path`; None if there is none.
    """
    place = "/"
    for part in path.strip("/").split("/"):
        place = join(place, part)
        node = filesystem.lookup(place, follow=False)
        if node is None or mounts.hides(place) is not None:
            return None
        if node.is_symlink:
            found = filesystem.resolve(place)
            if found.node is not None and mounts.hides(found.path) is not None:
                return f"RUN rm {quoted(place)} && mv {quoted(found.path)} {quoted(place)}"
    return None


def copying(path: str) -> tuple[str, str]:
    """Return where a hidden program can be copied to, and the step that copies it."""
    new = f"/usr/local/bin/{basename(path)}"
    return new, f"RUN mkdir -p /usr/local/bin && cp -p {quoted(path)} {quoted(new)}"
