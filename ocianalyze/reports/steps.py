"""Build steps as their author wrote them."""

from __future__ import annotations

from typing import Final

from ocianalyze.reports.text import cut, printable
from ocianalyze.rules.steps import READ, unwrapped

_LONGEST: Final = 300


def build_step(created_by: str) -> str:
    """Return a history entry's ``created_by`` as the Dockerfile instruction that it was, on one line."""
    step = unwrapped(created_by)
    return printable(cut(step if len(created_by) <= READ else step + "...", _LONGEST))
