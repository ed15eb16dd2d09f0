"""Watching an analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.analysis import Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.oci.image import Image
    from ocianalyze.rules.engine import Outcome


class Foresight(Observer):
    """Passes on what is known before the layers are read."""

    def __init__(self, told: Callable[[Outcome], object]) -> None:
        self._told = told
        self._is_early = True

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:  # noqa: ARG002 - what an observer is told
        """Note that nothing is early any more."""
        self._is_early = False

    def foreseen(self, outcome: Outcome) -> None:
        """Pass it on."""
        if self._is_early:
            self._told(outcome)
