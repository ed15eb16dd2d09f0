"""Progress of reading layers, for code that shows it.

By default nothing is reported. The methods are called often, by the threads that read: they must be fast and must not
raise. Positions are in the blob as stored, whether the bytes before were read or skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterator


class LayerProgress(Protocol):
    """Receives the progress of one layer; a context manager that exits when reading ends, also after an error."""

    def reach(self, position: int) -> None:
        """Report that byte `position` of the blob was reached."""

    def count(self, entries: int) -> None:
        """Report that `entries` entries were read so far."""

    def __enter__(self) -> Self:
        """Return this."""

    def __exit__(self, *_: object) -> None:
        """End the layer."""


class Progress(Protocol):
    """Receives the progress of the layers of an image."""

    def expect(self, layers: int, size: int | None) -> None:
        """Announce that `layers` blobs will be read, of `size` bytes in total, or None if unknown."""

    def begin(self, what: str, size: int | None, *, step: str | None = None) -> LayerProgress:
        """Begin a layer, and return the receiver of its progress; a layer that need not be read ends immediately.

        `what` names the layer, `size` is the size of its blob in bytes, or None if unknown, and `step` is the build
        step that the image states. Both texts may come from the image and are not safe to print.
        """

    def begin_stream(self, what: str, size: int | None) -> LayerProgress:
        """Begin an archive that is read in one pass, in which the layers begin one by one; return the receiver."""

    def wait(self) -> None:
        """Report that other threads or processes are still reading; called several times a second."""


class Silent:
    """Ignores all progress; it is its own `LayerProgress`."""

    def expect(self, layers: int, size: int | None) -> None:
        """Do nothing."""

    def begin(self, what: str, size: int | None, *, step: str | None = None) -> LayerProgress:  # noqa: ARG002
        """Return this."""
        return self

    def begin_stream(self, what: str, size: int | None) -> LayerProgress:  # noqa: ARG002
        """Return this."""
        return self

    def wait(self) -> None:
        """Do nothing."""

    def reach(self, position: int) -> None:
        """Do nothing."""

    def count(self, entries: int) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


SILENT: Final = Silent()


def tell_chunks(chunks: Iterator[bytes], progress: LayerProgress) -> Iterator[bytes]:
    """Return `chunks`, and report to `progress` how many bytes were taken."""
    return chunks if progress is SILENT else _tell_chunks(chunks, progress)


def _tell_chunks(chunks: Iterator[bytes], progress: LayerProgress) -> Iterator[bytes]:
    position = 0
    for chunk in chunks:
        position += len(chunk)
        progress.reach(position)
        yield chunk
