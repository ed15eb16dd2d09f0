"""An answer whose head has come and whose body is still to be read, a piece at a time."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Final

import requests
import urllib3

from ocianalyze.sources.registry import failures
from ocianalyze.sources.registry.connections import WATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.sources.registry.watchdog import Watch

CHUNK: Final = 1 << 18
_BROKEN: Final = (urllib3.exceptions.HTTPError, http.client.HTTPException, requests.RequestException, OSError)


class Answer:
    """The status, the headers and the URL of an answer, and the way to its body; to be closed."""

    def __init__(self, response: requests.Response) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.url: str = response.url
        self._response = response
        self._watch: Watch = getattr(response.raw, WATCH)

    @property
    def is_encoded(self) -> bool:
        """Whether the body is compressed on the way, which we never ask for."""
        return self.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity")

    def read(self) -> bytes:
        """Return the next piece of the body as it came; none where it ends.

        Raises:
            BrokenOffError: the connection broke off or was too slow.
        """
        try:
            with self._watch.waiting():
                piece: bytes = self._response.raw.read(CHUNK, decode_content=False)
        except (*_BROKEN, ValueError) as error:  # ValueError: chunks whose length is no number
            raise failures.broken_off(self.url, TimeoutError() if self._watch.was_broken else error) from error
        if self._watch.was_broken:
            raise failures.broken_off(self.url, TimeoutError())
        return piece

    def read_all(self, most: int) -> bytes:
        """Return the body, or more than `most` bytes of it if it has more; raises as `read`."""
        pieces, size = [], 0
        while size <= most and (piece := self.read()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Give the connection back, or close it if there is something left in it."""
        self._watch.release()
        self._response.close()
