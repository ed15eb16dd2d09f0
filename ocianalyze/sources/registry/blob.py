"""One blob in a registry, streamed; where the connection breaks it goes on from the byte at which it broke."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import requests

from ocianalyze.errors import DigestMismatchError, NoRangesError, RegistryError
from ocianalyze.regex import regex
from ocianalyze.sources.registry.answers import refusals
from ocianalyze.sources.registry.answers.answer import looks_like_page
from ocianalyze.sources.registry.answers.failures import BrokenOffError, RangeRefusedError
from ocianalyze.sources.registry.answers.wording import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.digest import Digest
    from ocianalyze.sources.registry.answers.answer import Answer
    from ocianalyze.sources.registry.transport import Transport

_PROGRESS: Final = 1 << 16
"""So many bytes are worth another round of attempts; else a registry could feed us single bytes for years."""
_CONTENT_RANGE: Final = regex(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.ASCII)
_LENGTH: Final = regex(r"\d{1,19}", re.ASCII)


class RemoteBlob:
    """A blob at one place; its bytes are verified by who reads them all.

    `size` is what the descriptor states: not a byte more is taken.
    """

    def __init__(self, transport: Transport, path: str, digest: Digest, size: int) -> None:
        self._location: str | None = None
        self._transport = transport
        self._path = path
        self._digest = digest
        self.size = size

    def chunks(self, position: int = 0) -> Iterator[bytes]:
        """Yield the bytes from one, by default the first, to the last.

        A connection that breaks off or stalls is made again, from the next byte on, as long as each try brings some.

        Raises:
            RegistryError: the bytes cannot be had.
            DigestMismatchError: there are more of them than the descriptor states.
        """
        progress = position
        pauses = self._transport.pauses()
        has_ranges = True
        while position < self.size:
            headers = {"Range": f"bytes={position}-{self.size - 1}"} if position and has_ranges else {}
            error: RegistryError | None = None
            try:
                for start, piece in self._pieces(headers, position):
                    end = start + len(piece)
                    if end > position:  # a server without ranges begins anew: what is known is passed over
                        fresh = piece[max(0, position - start) :]
                        position = end
                        yield fresh
            except BrokenOffError as broken:
                error = broken
            except RangeRefusedError as refused:
                error, has_ranges = refused, False
            if position - progress >= _PROGRESS:
                progress = position
                pauses.progressed()
            if position < self.size and not pauses.wait():
                raise error or RegistryError(f"blob {self._digest}: the registry sent too few bytes")

    def piece(self, start: int, end: int) -> bytes:
        """Return the bytes from one to before another.

        Raises:
            NoRangesError: the registry sends the whole blob, or other bytes of it.
            RegistryError: the bytes cannot be had.
        """
        pauses = self._transport.pauses()
        found = b""
        while True:
            error: RegistryError | None = None
            begin = start + len(found)
            headers = {"Range": f"bytes={begin}-{end - 1}"}
            try:
                with self._transport.get(self._path, headers=headers, shortcut=self._location) as answer:
                    self._location = answer.url
                    if answer.status != requests.codes.partial_content or answer.encoding:
                        raise _no_ranges()
                    self._start(answer, begin)
                    more = answer.read_all(end - begin - 1)
            except BrokenOffError as broken:
                error, more = broken, b""
            except RangeRefusedError as refused:
                raise _no_ranges() from refused
            found += more
            if len(found) == end - start:
                return found
            if len(found) > end - start:
                raise _no_ranges()
            if not more and not pauses.wait():  # servers may send less than was asked for
                raise error or RegistryError(f"blob {self._digest}: the registry sent too few bytes")

    def _pieces(self, headers: dict[str, str], position: int) -> Iterator[tuple[int, bytes]]:
        """Yield pieces of one answer and where they begin in the blob."""
        with self._transport.get(self._path, headers=headers) as answer:
            start = self._start(answer, position if headers else 0)
            while piece := answer.read():
                if not start and answer.is_page and looks_like_page(piece):
                    raise refusals.page(answer, piece)
                if start + len(piece) > self.size:
                    raise self._too_long(answer)
                yield start, piece
                start += len(piece)
            if start < self.size and answer.encoding and not headers:
                raise answer.encoded()

    def _start(self, answer: Answer, position: int) -> int:
        """Return at which byte of the blob the body of an answer begins, asked for from `position` on.

        Raises:
            RangeRefusedError: these are other bytes than were asked for.
        """
        if answer.status == requests.codes.partial_content:
            found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != position or found[3] not in (str(self.size), "*"):
                raise RangeRefusedError(f"blob {self._digest}: the registry sent other bytes than requested")
            return position
        length = answer.headers.get("Content-Length", "")
        if not answer.encoding and _LENGTH.fullmatch(length) and int(length) > self.size:
            raise self._too_long(answer)
        return 0

    def _too_long(self, answer: Answer) -> DigestMismatchError:
        encoded = f" (content encoding {told(answer.encoding, 50)})" if answer.encoding else ""
        return DigestMismatchError(
            f"blob {self._digest}: its descriptor states {self.size:,} bytes, but the registry sent more{encoded}"
        )


def _no_ranges() -> NoRangesError:
    return NoRangesError("the registry does not support range requests", hint="Scan the image without --lazy")
