"""How far a fleet is, in one line of a terminal that is written again and again; elsewhere nothing."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Final

from ocianalyze.cli.progress import can_draw
from ocianalyze.cli.remarks import plainly, remarks_by
from ocianalyze.units import duration, human

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ocianalyze.fleet.plan import Plan
    from ocianalyze.fleet.running import Step

_BETWEEN: Final = 0.2
"""How many seconds pass between two lines."""
_SETTLED: Final = 5.0
"""After how many seconds it can be told how long the rest takes."""
_CLEAR: Final = "\r\x1b[K"


class FleetProgress:
    """Shows how far a run is; `close` takes the line away."""

    def __init__(self, *, quiet: bool) -> None:
        self._shows = not quiet and can_draw()
        self._began = self._last = monotonic()
        self._is_shown = False

    def remarks(self) -> AbstractContextManager[None]:
        """Have remarks printed above the line within a block."""
        return remarks_by(self._say)

    def opened(self, number: int) -> None:
        """Show how many images were opened."""
        self._show(f"{number:,} images opened")

    def told(self, plan: Plan, step: Step) -> None:
        """Show how much of a plan is done."""
        now = monotonic()
        if now - self._last < _BETWEEN:
            return
        self._last = now
        spent = now - self._began
        todo = plan.images - plan.unreadable - plan.judged
        parts = [f"{step.images:,} of {todo:,} images", f"{human(step.bytes_read)} of layers"]
        if step.bytes_read and spent:
            parts.append(f"{human(step.bytes_read / spent)}/s")
        if spent > _SETTLED and plan.seconds:
            share = max(step.images / max(1, todo), min(1.0, step.bytes_read / max(1, plan.size_to_read)) * 0.9)
            if share:
                parts.append(f"{duration(spent / share - spent)} left")
        self._show(", ".join(parts))

    def began(self) -> None:
        """Take note that the work begins."""
        self._began = monotonic()

    def close(self) -> None:
        """Take the line away."""
        if self._is_shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._is_shown = False

    def _show(self, text: str) -> None:
        if self._shows:
            sys.stderr.write(f"{_CLEAR}{text}")
            sys.stderr.flush()
            self._is_shown = True

    def _say(self, text: str) -> None:
        self.close()
        plainly(text)
