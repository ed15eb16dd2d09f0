"""An answer whose head has come and whose body is still to be read, a piece at a time."""

from __future__ import annotations

import base64
import http.client
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
import urllib3

from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry.answers import failures
from ocianalyze.sources.registry.answers.wording import told
from ocianalyze.sources.registry.connections.watched import WATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.sources.registry.answers.failures import Way
    from ocianalyze.sources.registry.connections.watchdog import Watch

CHUNK: Final = 1 << 18
_BROKEN: Final = (urllib3.exceptions.HTTPError, http.client.HTTPException, requests.RequestException, OSError)
_LITTLE: Final = 1 << 14
_GZIP: Final = frozenset(("gzip", "x-gzip"))
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31
_SHORTEST_SECRET: Final = 8
_NO_SECRETS: Final = frozenset(
    ("scope", "service", "client_id", "grant_type", "account", "ns", "n", "last", "digest", "artifactType")
)
"""Parameters of requests that people may see."""
_PAGE: Final = (b"<!doctype html", b"<html", b"<head", b"<!--")


class Answer:
    """The status, the headers and the URL of an answer, and the way to its body; to be closed.

    `way` is how it came here.
    """

    def __init__(self, response: requests.Response, way: Way) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.url: str = response.url
        self.way = way
        self._response = response
        self._watch: Watch = getattr(response.raw, WATCH)
        self._kept = b""

    @property
    def encoding(self) -> str:
        """How the body is compressed on the way, which we never ask for; empty if it is not, as far as is stated."""
        stated = self.headers.get("Content-Encoding", "").strip().lower()
        return "" if stated == "identity" else stated

    @property
    def is_page(self) -> bool:
        """Whether the body is stated to be a page for people."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html"

    @property
    def was_conditional(self) -> bool:
        """Whether the request was to be carried out only if nothing had changed (RFC 9110, section 13.1.1)."""
        return "If-Match" in self._response.request.headers

    @property
    def secrets(self) -> set[str]:
        """What the request was sent with that is not for others, in case that the answer repeats it."""
        request = self._response.request
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        form = body if isinstance(body, str) else ""  # what is pushed comes as a stream, and is no secret
        sent = [*parse_qsl(urlsplit(self.url).query), *parse_qsl(form)]
        found = {value for name, value in sent if name not in _NO_SECRETS and len(value) >= _SHORTEST_SECRET}
        _, _, value = (request.headers.get("Authorization") or "").partition(" ")
        found.add(value)
        with suppress(ValueError):
            found.add(base64.b64decode(value).decode().partition(":")[2])
        proxy = urlsplit(self.way.proxy or "")
        return {*found, proxy.password or "", unquote(proxy.password or "")} - {""}

    def read(self) -> bytes:
        """Return the next piece of the body as it came; none where it ends.

        Raises:
            BrokenOffError: the connection broke off or was too slow.
        """
        if self._kept:
            piece, self._kept = self._kept, b""
            return piece
        try:
            with self._watch.waiting():
                piece = self._response.raw.read(CHUNK, decode_content=False)
        except (*_BROKEN, ValueError) as error:  # ValueError: chunks whose length is no number
            cause = TimeoutError() if self._watch.was_broken else error
            raise failures.broken_off(self.url, cause, self.way) from error
        if self._watch.was_broken:
            raise failures.broken_off(self.url, TimeoutError(), self.way)
        return piece

    def read_all(self, most: int) -> bytes:
        """Return the body, or more than `most` bytes of it if it has more; raises as `read`."""
        pieces, size = [], 0
        while size <= most and (piece := self.read()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def document(self, most: int) -> bytes:
        """Return the body as `read_all` does, but as it was before somebody on the way compressed it.

        Raises:
            RegistryError: it was compressed in a way that is not known.
        """
        raw = self.read_all(most)
        if not self.encoding or (self.encoding in _GZIP and not raw.startswith(_GZIP_MAGIC)):
            return raw
        if self.encoding not in _GZIP:
            raise self.encoded()
        decompressor = zlib.decompressobj(_GZIP_WINDOW)
        try:
            plain = decompressor.decompress(raw, most + 1)
        except zlib.error as error:
            raise self.encoded() from error
        if not decompressor.eof and len(plain) <= most:
            raise self.encoded()
        return plain

    def encoded(self) -> RegistryError:
        """Return the error for a body that was compressed on the way."""
        return RegistryError(
            f"{failures.shown(self.url)} was sent with an unexpected content encoding: {told(self.encoding, 50)}",
            hint="Turn off compression in the proxy or the web server in front of the registry",
        )

    def keep(self) -> None:
        """Read a small body now, and keep it: its connection can be used again before somebody asks for it."""
        length = self.headers.get("Content-Length", "")
        if length.isascii() and length.isdecimal() and int(length[:9]) <= _LITTLE:
            with suppress(RegistryError):
                self._kept = self.read_all(_LITTLE)

    def close(self) -> None:
        """Give the connection back, or close it if there is something left in it."""
        self._watch.release()
        self._response.close()


def looks_like_page(beginning: bytes) -> bool:
    """Tell whether bytes are the beginning of a page for people."""
    return beginning[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE)
