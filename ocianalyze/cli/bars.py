"""The bars of progress on a terminal: a row for the image, and one for each layer that is in work."""

from __future__ import annotations

import os
import sys
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from ocianalyze.cli.remarks import plainly
from ocianalyze.cli.stopping import undisturbed
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import cut, printable
from ocianalyze.units import human

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ocianalyze.cli.tally import Tally, Track

_MOST_ROWS: Final = 8
_BAR_WIDTH: Final = 14
_ROOM_FOR_BARS: Final = 76
"""From so many columns on there are bars beside the figures."""
_WIDTHS: Final = (15, 9, 14, 5)
"""Of the figures: as wide as they most often are, so that nothing jumps."""
_LONGEST: Final = 100
"""How many characters of a layer's name and build step are looked at: more fit into no row."""
_LONGEST_TIME: Final = 100 * 3600


class _Console(Console):
    """A console that leaves a closed pipe to the command, which knows its exit code."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Drawing:
    """Rows at the bottom of the terminal, until they are closed."""

    def __init__(self, *, no_color: bool, title: str = "") -> None:
        """`title` is the image, if there are several one after the other."""
        self._process = os.getpid()
        self._image = f"{printable(cut(title, _LONGEST))}: " if title else ""
        self._console = _Console(file=sys.stderr, no_color=no_color or None, highlight=False, markup=False, emoji=False)
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )

    def show(self, tally: Tally) -> None:
        """Draw all rows anew."""
        with undisturbed():  # what was drawn in part nobody could take away
            self._live.start()  # here, where whoever is interrupted has somebody to close; again, it does nothing
        has_bars = self._console.width >= _ROOM_FOR_BARS
        rows = Table.grid(
            Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            *([Column(width=_BAR_WIDTH)] if has_bars else []),
            *(Column(justify="right", no_wrap=True, min_width=width) for width in _WIDTHS),
            padding=(0, 1, 0, 0),
            expand=True,
        )
        speed, position = tally.speed, tally.position
        over = tally.layers is not None and tally.ended >= tally.layers
        rows.add_row(
            Text(self._image + _title(tally), style="bold"),
            *([_bar(position, tally.size)] if has_bars else []),
            *_figures(position, tally.size, speed, tally.entries),
            "merging" if over else _left(position, tally.size, speed),
        )
        now = monotonic()
        room = max(1, min(_MOST_ROWS, self._console.height - 2))
        for track in islice(list(tally.running), room):
            speed = track.measure(now)
            rows.add_row(
                Text(_name(track), style="dim"),
                *([_bar(track.position, track.size)] if has_bars else []),
                *_figures(track.position, track.size, speed, track.entries),
                _left(track.position, track.size, speed),
            )
        with undisturbed():
            self._live.update(rows, refresh=True)

    def say(self, line: str) -> None:
        """Print a line above the rows; in a forked process, which knows nothing of them, below what is there."""
        if os.getpid() == self._process:
            self._console.print(Text(line), soft_wrap=True)
        else:
            plainly(line)

    def close(self) -> None:
        """Take all rows away, and show the cursor again."""
        self._live.stop()


def _title(tally: Tally) -> str:
    return f"{tally.ended} layers" if tally.layers is None else f"{tally.ended} of {tally.layers} layers"


def _name(track: Track) -> str:
    """Return the name of a layer and its build step; both may come from the image."""
    name = printable(cut(track.what, _LONGEST))
    return f"{name}: {cut(build_step(track.step), _LONGEST)}" if track.step else name


def _bar(position: int, size: int | None) -> RenderableType:
    return ProgressBar(total=size, completed=position, width=_BAR_WIDTH, pulse=size is None)


def _figures(position: int, size: int | None, speed: float, entries: int) -> tuple[str, ...]:
    return (
        human(position) if size is None else f"{human(min(position, size))}/{human(size)}",
        f"{human(round(speed))}/s",
        f"{entries:,} entries",
    )


def _left(position: int, size: int | None, speed: float) -> str:
    """Return how long it takes from here to the end, in minutes and seconds; nothing where that cannot be told."""
    if size is None or speed <= 0:
        return ""
    seconds = round(max(0, size - position) / speed)
    if seconds >= _LONGEST_TIME:
        return ""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
