"""Who watches an analysis: what it is told, and when."""

from __future__ import annotations

import logging
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
    """Is told what has happened, in this order; does nothing unless a method is overridden.

    What it raises ends the analysis.
    """

    def opened(self, image: Image) -> None:
        """The image is open: its manifest and its config are known."""

    def foreseen(self, outcome: Outcome) -> None:
        """The rules that need no layer have answered, while layers are read; after that where none had to be."""

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:
        """All layers are read."""

    def merged(self, filesystem: Filesystem) -> None:
        """The layers are merged into one file system."""

    def judged(self, outcome: Outcome) -> None:
        """All rules have answered."""


class Observers(Observer):
    """Tells several observers, one after the other."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)

    def opened(self, image: Image) -> None:
        """Tell it to all."""
        for observer in self._observers:
            observer.opened(image)

    def foreseen(self, outcome: Outcome) -> None:
        """Tell it to all."""
        for observer in self._observers:
            observer.foreseen(outcome)

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:
        """Tell it to all."""
        for observer in self._observers:
            observer.read(image, layers)

    def merged(self, filesystem: Filesystem) -> None:
        """Tell it to all."""
        for observer in self._observers:
            observer.merged(filesystem)

    def judged(self, outcome: Outcome) -> None:
        """Tell it to all."""
        for observer in self._observers:
            observer.judged(outcome)


class Clock(Observer):
    """Measures how long each phase takes, in seconds."""

    def __init__(self) -> None:
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
    """Logs what happens, which ``--verbose`` shows."""

    def opened(self, image: Image) -> None:
        """Log which image it is."""
        _log.debug("%s: %s, %s, %d layers", image.reference, image.source, image.config.platform, len(image.layers))

    def foreseen(self, outcome: Outcome) -> None:
        """Log what was found."""
        for item in outcome.judgements:
            _log.debug("known without layers: %s %s: %s", item.severity, item.rule.id, item.finding.message)

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:
        """Log how each layer was read."""
        for layer, read in zip(image.layers, layers, strict=True):
            _log.debug(
                "layer %d: %s, %s bytes, %s entries, read %s",
                *(layer.position, read.compression, f"{read.size:,}", f"{len(read.changeset):,}", read.read),
            )

    def merged(self, filesystem: Filesystem) -> None:
        """Log how much there is."""
        _log.debug("%s paths after merging; now the facts and the rules", f"{filesystem.entries:,}")
