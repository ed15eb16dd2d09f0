"""What is told of the reading of layers while it goes on, to whoever wants to show it.

Nothing is told by default. Who listens is called by whichever thread reads, often, and so must be quick and must not
raise. Bytes are those of the blob as it is stored: how far into it the reading is, whether what lies before was read or
skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterator


class LayerProgress(Protocol):
    """Told how far one layer is; a context manager whose end is that of the reading, however it ends."""

    def reach(self, position: int) -> None:
        """The reading has come to byte `position` of the blob."""

    def count(self, entries: int) -> None:
        """The reading has seen `entries` entries."""

    def __enter__(self) -> Self:
        """Return this."""

    def __exit__(self, *_: object) -> None:
        """The reading is over."""


class Progress(Protocol):
    """Told how far the layers of an image are."""

    def expect(self, layers: int, size: int | None) -> None:
        """State that `layers` blobs are going to be read, of `size` bytes together where that is known."""

    def begin(self, what: str, size: int | None, *, step: str | None = None) -> LayerProgress:
        """Return who is told of one layer, which begins now; a layer that need not be read is ended at once.

        `what` names the layer, `size` is that of its blob in bytes where it is known, `step` is the build step as the
        image states it. Both texts may come from the image: they are not safe to print.
        """

    def begin_stream(self, what: str, size: int | None) -> LayerProgress:
        """Return who is told of an archive that is read in one pass, and whose layers begin as they pass by."""

    def wait(self) -> None:
        """Take note that time passes while others read; called several times a second."""


class Silent:
    """Tells nobody: the do-nothing `Progress`, and its own `LayerProgress`."""

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
    """Return `chunks`; who takes one tells `progress` how many bytes have passed by."""
    return chunks if progress is SILENT else _tell_chunks(chunks, progress)


def _tell_chunks(chunks: Iterator[bytes], progress: LayerProgress) -> Iterator[bytes]:
    position = 0
    for chunk in chunks:
        position += len(chunk)
        progress.reach(position)
        yield chunk
