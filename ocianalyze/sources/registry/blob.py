"""One blob in a registry, streamed; where the connection breaks it goes on from the byte at which it broke."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import requests

from ocianalyze.errors import DigestMismatchError, RegistryError
from ocianalyze.regex import regex
from ocianalyze.sources.registry.failures import BrokenOffError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.digest import Digest
    from ocianalyze.sources.registry.answer import Answer
    from ocianalyze.sources.registry.transport import Transport

_PROGRESS: Final = 1 << 16
"""So many bytes are worth another round of attempts; else a registry could feed us single bytes for years."""
_CONTENT_RANGE: Final = regex(r"bytes (\d{1,19})-(\d{1,19})/(?:\d{1,19}|\*)", re.ASCII)
_LENGTH: Final = regex(r"\d{1,19}", re.ASCII)


class RemoteBlob:
    """A blob at one place; its bytes are verified by who reads them all.

    `size` is what the descriptor states: not a byte more is taken.
    """

    def __init__(self, transport: Transport, path: str, digest: Digest, size: int) -> None:
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
        while position < self.size:
            headers = {"Range": f"bytes={position}-"} if position else {}
            with self._transport.get(self._path, headers=headers) as answer:
                start = self._start(answer, position)
                error = None
                while True:
                    try:
                        chunk = answer.read()
                    except BrokenOffError as broken:
                        error = broken
                        break
                    if not chunk:
                        break
                    begin, start = start, start + len(chunk)
                    if start > self.size:
                        raise self._too_long()
                    if start > position:  # a server without ranges begins anew: what is known is passed over
                        fresh = chunk[max(0, position - begin) :]
                        position = start
                        yield fresh
            if position - progress >= _PROGRESS:
                progress = position
                pauses.progressed()
            if position < self.size and not pauses.wait():
                raise error or RegistryError(f"blob {self._digest}: the registry sent too few bytes")

    def _start(self, answer: Answer, position: int) -> int:
        """Return at which byte of the blob the body of an answer begins."""
        if answer.status == requests.codes.partial_content:
            found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != position:
                raise RegistryError(f"blob {self._digest}: the registry sent other bytes than requested")
            return position
        length = answer.headers.get("Content-Length", "")
        if _LENGTH.fullmatch(length) and int(length) > self.size:
            raise self._too_long()
        return 0

    def _too_long(self) -> DigestMismatchError:
        return DigestMismatchError(
            f"blob {self._digest}: its descriptor states {self.size:,} bytes, but the registry sent more"
        )
