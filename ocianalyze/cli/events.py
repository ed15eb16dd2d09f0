"""A scan as a stream of events, for programs that show how far it is: JSON Lines on standard output.

Events, each a JSON object on a line of its own with the key ``event``:

- ``opened``: what the image is (``image``, as in the report), and its ``layers`` with ``position``, ``size`` as stored
  in bytes or null, and ``created_by``.
- ``progress``, twice a second while layers are read: ``bytes`` and ``size`` in all (null if not known),
  ``bytes_per_second``, ``entries``, ``layers_read``, ``layers`` (null if not known), and ``reading``: the layers in
  work, with ``layer``, ``bytes`` and ``size``.
- ``read``, ``merged``, ``judged``: the end of each phase; ``seconds`` since the beginning.
- ``report``, the last one: the JSON report, also where the image could not be analysed.

If there are several images, each event has the key ``reference``: the image as it was asked for.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

from ocianalyze.analysis import Observer
from ocianalyze.cli.output import print_event
from ocianalyze.reports.text import encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.cli.tally import Tally
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.oci.image import Image
    from ocianalyze.rules.engine import Outcome

_BETWEEN: Final = 0.5
_DIGITS: Final = 3


class Events(Observer):
    """Prints the events of one scan; as a `Display`, its progress."""

    first = pause = _BETWEEN

    def __init__(self, reference: str | None = None) -> None:
        """`reference` is the image as it was asked for, if there are several: then each event has it."""
        self._started = monotonic()
        self._image = {} if reference is None else {"reference": encodable(reference)}

    def opened(self, image: Image) -> None:
        """Say what the image is."""
        from ocianalyze.reports.assembly import image_summary
        from ocianalyze.reports.report import as_json

        layers = [
            {
                "position": layer.position,
                "size": layer.blob.size if layer.size is None else layer.size,
                "created_by": encodable(layer.created_by) if layer.created_by else None,
            }
            for layer in image.layers
        ]
        print_event("opened", **self._image, image=as_json(image_summary(image)), layers=layers)

    def show(self, tally: Tally) -> None:
        """Say how far it is."""
        reading = [
            {"layer": encodable(track.what), "bytes": track.position, "size": track.size}
            for track in list(tally.running)
        ]
        print_event(
            "progress",
            **self._image,
            bytes=tally.position,
            size=tally.size,
            bytes_per_second=round(tally.speed),
            entries=tally.entries,
            layers_read=tally.ended,
            layers=tally.layers,
            reading=reading,
        )

    def close(self) -> None:
        """Do nothing: what was printed stays."""

    def read(self, image: Image, layers: Sequence[ReadLayer]) -> None:  # noqa: ARG002 - what an observer is told
        """Say that the layers were read."""
        self._end("read")

    def merged(self, filesystem: Filesystem) -> None:  # noqa: ARG002 - what an observer is told
        """Say that they were merged."""
        self._end("merged")

    def judged(self, outcome: Outcome) -> None:  # noqa: ARG002 - what an observer is told
        """Say that all rules have run."""
        self._end("judged")

    def _end(self, phase: str) -> None:
        print_event(phase, **self._image, seconds=round(monotonic() - self._started, _DIGITS))
