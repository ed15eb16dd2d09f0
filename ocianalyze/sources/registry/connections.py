"""The sockets beneath a session: watched from the first byte of an answer on, with the certificates that are meant."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from urllib3.response import HTTPResponse

    from ocianalyze.sources.registry.watchdog import Watchdog

_POOL: Final = 32
WATCH: Final = "ocianalyze_watch"
"""The attribute of a response that holds the watch over its connection."""


class Adapter(HTTPAdapter):
    """Connections of one kind: watched, with a TLS context of their own.

    The context is made when it is first needed: to read all authorities that a machine trusts takes a while.
    """

    def __init__(self, dog: Watchdog, context: Callable[[], ssl.SSLContext] | None = None) -> None:
        self._context = None if context is None else cache(context)
        self._classes = {"http": partial(_Plain, dog), "https": partial(_Tls, dog)}
        super().__init__(pool_maxsize=_POOL)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401 - as requests has it
        """Make the pools for a proxy with our context for what is behind it."""
        return super().proxy_manager_for(proxy, ssl_context=self._context and self._context(), **options)

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as requests has it
        """Return the pool for a request, which makes watched connections with our context."""
        if self._context is not None:
            self.poolmanager.connection_pool_kw["ssl_context"] = self._context()
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = self._classes[pool.scheme]
        return pool

    def cert_verify(self, *_: object) -> None:
        """Add nothing to the context: it has all whom we trust."""


class _Plain(HTTPConnection):
    def __init__(self, dog: Watchdog, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as urllib3 has it
        super().__init__(*args, **options)
        self._dog = dog

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3 has it
        connection: Any = self.sock
        watch = self._dog.watch(getattr(connection, "socket", connection))  # TLS within TLS, to a proxy, wraps one
        try:
            with watch.waiting():
                response: HTTPResponse = super().getresponse()
        except BaseException:
            watch.release()
            raise
        setattr(response, WATCH, watch)
        return response


class _Tls(_Plain, HTTPSConnection):
    pass
