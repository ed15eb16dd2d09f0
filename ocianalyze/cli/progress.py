"""How far a scan is, on standard error: bars on a terminal, with ``--verbose`` a line now and then, else nothing.

No thread drives it, because layers are walked by forked processes where no thread runs: whoever reads tells, and now
and then what was told is shown from there. What draws bars is imported once there is something to draw.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from ocianalyze.cli.options import Color
from ocianalyze.cli.remarks import plainly, remarks_by
from ocianalyze.cli.tally import Tally
from ocianalyze.layers.metering.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.cli.bars import Drawing
    from ocianalyze.cli.tally import Display
    from ocianalyze.layers.metering.progress import Progress

_log = logging.getLogger(__name__)

_GRACE: Final = 0.5
"""Scans that take less than this, in seconds, show nothing."""
_BETWEEN_DRAWINGS: Final = 0.2
_BETWEEN_LINES: Final = 5.0
_NO_CURSOR: Final = frozenset(("", "dumb", "unknown"))
_FALSE: Final = frozenset(("", "0", "false"))


@contextmanager
def showing_progress(
    *,
    quiet: bool = False,
    verbose: bool = False,
    color: Color = Color.AUTO,
    title: str = "",
    events: Display | None = None,
) -> Iterator[Progress]:
    """Show how far the reading is that goes on in the block, as suits where standard error leads to.

    `title` is the image that is read, if a command reads several. `events` shows it instead, if given.
    """
    display: Display
    if quiet:
        yield SILENT
        return
    if events is not None:
        display = events
    elif verbose:
        display = _Lines()
    elif can_draw():
        display = _Bars(color, title)
    else:
        yield SILENT
        return
    tally = Tally(display)
    with remarks_by(display.say) if isinstance(display, _Bars) else nullcontext():
        try:
            yield tally
        finally:
            tally.close()


def can_draw() -> bool:
    """Tell whether standard error is a terminal that somebody watches, on which the cursor can be moved."""
    environment = os.environ
    return (
        sys.stderr.isatty()
        and environment.get("TERM", "").lower() not in _NO_CURSOR
        and environment.get("CI", "").lower() in _FALSE
    )


class _Lines:
    """Logs a line now and then."""

    first = pause = _BETWEEN_LINES

    def show(self, tally: Tally) -> None:
        from ocianalyze.units import human

        size = "" if tally.size is None else f" of {human(tally.size)}"
        layers = "" if tally.layers is None else f" of {tally.layers}"
        _log.debug(
            "%s%s, %s/s, %s entries, %d%s layers done",
            *(human(tally.position), size, human(tally.speed), f"{tally.entries:,}", tally.ended, layers),
        )

    def close(self) -> None:
        pass


class _Bars:
    """Draws bars, and takes them away at the end."""

    first = _GRACE
    pause = _BETWEEN_DRAWINGS

    def __init__(self, color: Color, title: str) -> None:
        self._color = color
        self._title = title
        self._drawing: Drawing | None = None

    def show(self, tally: Tally) -> None:
        if self._drawing is None:
            from ocianalyze.cli.bars import Drawing

            self._drawing = Drawing(no_color=self._color is Color.NEVER, title=self._title)
        self._drawing.show(tally)

    def say(self, line: str) -> None:
        """Print a line, above the bars if there are any."""
        if self._drawing is None:
            plainly(line)
        else:
            self._drawing.say(line)

    def close(self) -> None:
        if self._drawing is not None:
            self._drawing.close()
