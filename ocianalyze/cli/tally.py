"""What is told of progress, added up: how far each layer is and all together, and how fast it goes."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from ocianalyze.layers.metering.progress import LayerProgress

_WINDOW: Final = 5.0
"""Speed is that of so many seconds past."""


class Display(Protocol):
    """Shows a tally, and says how long to wait for the next time."""

    first: float
    pause: float

    def show(self, tally: Tally) -> None:
        """Show how far it is."""

    def close(self) -> None:
        """Leave nothing that moves."""


class Track:
    """One layer, or the stream in which they all come: how far it is, and how fast it goes."""

    def __init__(self, tally: Tally, what: str, size: int | None, step: str | None) -> None:
        self._tally = tally
        self._samples = deque([(monotonic(), 0)])
        self.what = what
        self.size = size
        self.step = step
        self.position = 0
        self.entries = 0

    def reach(self, position: int) -> None:
        """Take note of a position, in bytes."""
        self.position = position
        self._tally.wait()

    def count(self, entries: int) -> None:
        """Take note of a number of entries."""
        self.entries = entries
        self._tally.wait()

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take note of the end."""
        self._tally.end(self)

    def measure(self, now: float) -> float:
        """Return how many bytes a second went by lately; to be called each time that it is shown."""
        samples = self._samples
        samples.append((now, self.position))
        while len(samples) > 2 and samples[1][0] < now - _WINDOW:  # noqa: PLR2004 - two are needed for a speed
            samples.popleft()
        (since, start), (_, end) = samples[0], samples[-1]
        return (end - start) / (now - since) if now > since else 0.0


class Tally:
    """A `Progress` that adds up what it is told, and has it shown now and then.

    Layers that are over are kept as sums: a stream may have any number of them.

    Attributes:
        layers: how many blobs there are to be read; None if that is not known.
        size: how many bytes they or the stream have; None if that is not known.
        ended: how many layers are over.
        running: the layers in work, the oldest first.
        speed: bytes per second, all together.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self._lock = RLock()  # of the kind that whoever is interrupted while drawing can still clear up
        self._due = monotonic() + display.first
        self._whole = Track(self, "", None, None)
        self._stream: LayerProgress | None = None
        self._ended_bytes = 0
        self._ended_entries = 0
        self.layers: int | None = None
        self.size: int | None = None
        self.ended = 0
        self.running: dict[Track, None] = {}
        self.speed = 0.0

    @property
    def position(self) -> int:
        """How many bytes are behind us."""
        if self._stream is not None:
            return self._whole.position
        return self._ended_bytes + sum(track.position for track in self.running)

    @property
    def entries(self) -> int:
        """How many entries were seen."""
        return self._ended_entries + sum(track.entries for track in self.running)

    def expect(self, layers: int, size: int | None) -> None:
        """Take note of what is going to be read."""
        with self._lock:
            self.layers, self.size = self.ended + layers, size

    def begin(self, what: str, size: int | None, *, step: str | None = None) -> LayerProgress:
        """Return who is told of a layer."""
        track = Track(self, what, size, step)
        with self._lock:
            self.running[track] = None
        return track

    def begin_stream(self, what: str, size: int | None) -> LayerProgress:
        """Return who is told of the stream in which all layers come."""
        with self._lock:
            self.size = size
            self._whole.what = what
            self._stream = self._whole
        return self._whole

    def end(self, track: Track) -> None:
        """Take note that a layer, or the stream, is over."""
        if track is self._whole:
            return
        with self._lock:
            del self.running[track]
            self.ended += 1
            self._ended_bytes += track.position if track.size is None else track.size
            self._ended_entries += track.entries
            if self.ended == self.layers and self._due < monotonic():
                self._due = 0.0
        self.wait()

    def wait(self) -> None:
        """Show how far it is, if it is time to and nobody else does."""
        now = monotonic()
        if now < self._due or not self._lock.acquire(blocking=False):
            return
        try:
            if now >= self._due:
                self._whole.position = self.position
                self.speed = self._whole.measure(now)
                self._display.show(self)
                self._due = monotonic() + self._display.pause
        except OSError:  # the terminal is gone: that is no reason to stop
            self._due = float("inf")
        finally:
            self._lock.release()

    def close(self) -> None:
        """Show nothing more, and take away what cannot stay."""
        with self._lock:
            self._due = float("inf")
            with suppress(OSError):
                self._display.close()
