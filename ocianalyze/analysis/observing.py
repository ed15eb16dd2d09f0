"""Observers of an analysis: the events and their order."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.oci.image import Image
    from ocianalyze.rules.engine import Outcome

_log = logging.getLogger("ocianalyze.analysis")


class Observer:
    """Receives the events of an analysis, in this order. All methods do nothing unless they are overridden.

    An exception that a method raises ends the analysis.
    """

    def opened(self, image: Image) -> None:
        """The image is open: its manifest and config are known."""

    def foreseen(self, outcome: Outcome) -> None:
        """The rules that need no layers have run, while the layers are read, or after that if none had to be read."""

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:
        """All layers have been read."""

    def merged(self, filesystem: Filesystem) -> None:
        """The layers have been merged into one file system."""

    def judged(self, outcome: Outcome) -> None:
        """All rules have run."""


class Observers(Observer):
    """Passes each event to several observers, one after the other."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)

    def opened(self, image: Image) -> None:
        """Pass the event to all observers."""
        for observer in self._observers:
            observer.opened(image)

    def foreseen(self, outcome: Outcome) -> None:
        """Pass the event to all observers."""
        for observer in self._observers:
            observer.foreseen(outcome)

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:
        """Pass the event to all observers."""
        for observer in self._observers:
            observer.read(image, layers)

    def merged(self, filesystem: Filesystem) -> None:
        """Pass the event to all observers."""
        for observer in self._observers:
            observer.merged(filesystem)

    def judged(self, outcome: Outcome) -> None:
        """Pass the event to all observers."""
        for observer in self._observers:
            observer.judged(outcome)


class Clock(Observer):
    """Notes when the analysis began, and measures how long each phase takes, in seconds."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self.phases: dict[str, float] = {}
        self._last = perf_counter()

    def opened(self, image: Image) -> None:  # noqa: ARG002 - what an observer is told
        """End the phase."""
        self._lap("open")

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:  # noqa: ARG002 - what an observer is told
        """End the phase."""
        self._lap("layers")

    def merged(self, filesystem: Filesystem) -> None:  # noqa: ARG002 - what an observer is told
        """End the phase."""
        self._lap("merge")

    def judged(self, outcome: Outcome) -> None:  # noqa: ARG002 - what an observer is told
        """End the phase."""
        self._lap("rules")

    def _lap(self, phase: str) -> None:
        now = perf_counter()
        self.phases[phase] = now - self._last
        self._last = now


class Log(Observer):
    """Logs the events; ``--verbose`` shows them."""

    def opened(self, image: Image) -> None:
        """Log the image."""
        _log.debug("%s: %s, %s, %d layers", image.reference, image.source, image.config.platform, len(image.layers))

    def foreseen(self, outcome: Outcome) -> None:
        """Log the findings."""
        for item in outcome.judgements:
            _log.debug("found before reading layers: %s %s: %s", item.severity, item.rule.id, item.finding.message)

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:
        """Log how each layer was read."""
        for layer, read in zip(image.layers, layers, strict=True):
            _log.debug(
                "layer %d: %s, %s bytes, %s entries, read %s",
                *(layer.position, read.compression, f"{read.size:,}", f"{len(read.changeset):,}", read.read),
            )

    def merged(self, filesystem: Filesystem) -> None:
        """Log the number of paths."""
        _log.debug("merged %s paths; collecting facts and running rules", f"{filesystem.entries:,}")
