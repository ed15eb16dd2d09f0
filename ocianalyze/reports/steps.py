"""Build steps as their author wrote them."""

from __future__ import annotations

from typing import Final

from ocianalyze.regex import regex
from ocianalyze.reports.text import cut, printable

_LONGEST: Final = 300
_READ: Final = 4096
_COPIED: Final = regex(r"\s*(file|dir|multi):([0-9a-f]{12})[0-9a-f]{52}\b")


def build_step(created_by: str) -> str:
    """Return a history entry's ``created_by`` as the Dockerfile instruction that it was, on one line."""
    step = " ".join(created_by[:_READ].split())
    for prefix in ("/bin/sh -c #(nop) ", "/bin/sh -c #(nop)"):
        if step.startswith(prefix):
            step = step.removeprefix(prefix).strip()
            break
    else:
        if step.startswith("/bin/sh -c "):
            step = "RUN " + step.removeprefix("/bin/sh -c ")
    step = _COPIED.sub(r" \1:\2", step)
    step = step.removesuffix(" # buildkit").replace("RUN /bin/sh -c ", "RUN ")
    return printable(cut(step if len(created_by) <= _READ else step + "...", _LONGEST))
