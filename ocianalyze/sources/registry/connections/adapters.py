"""The sockets beneath a session: watched, with the certificates and the proxy that are meant."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from ocianalyze.sources.registry.connections.watched import Watched, WatchedTls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from ocianalyze.sources.registry.connections.watchdog import Watchdog

_POOL: Final = 32


class Adapter(HTTPAdapter):
    """Connections of one kind: watched, with a TLS context of their own.

    The context is made when it is first needed: to read all authorities that a machine trusts takes a while. `to_proxy`
    is the one for a proxy that is talked to with TLS.
    """

    def __init__(
        self,
        dog: Watchdog,
        context: Callable[[], ssl.SSLContext] | None = None,
        *,
        to_proxy: Callable[[], ssl.SSLContext],
    ) -> None:
        self._dog = dog
        self._context = None if context is None else cache(context)
        self._to_proxy = to_proxy
        super().__init__(pool_maxsize=_POOL)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401 - as requests has it
        """Make the pools for a proxy with our context for what is behind it."""
        if proxy.startswith("https:"):
            options["proxy_ssl_context"] = self._to_proxy()
        return super().proxy_manager_for(proxy, ssl_context=self._context and self._context(), **options)

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as requests has it
        """Return the pool for a request, which makes watched connections with our context."""
        if self._context is not None:
            self.poolmanager.connection_pool_kw["ssl_context"] = self._context()
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        if "_socks_options" in pool.conn_kw:
            from ocianalyze.sources.registry.connections.socks import SocksPlain, SocksTls

            pool.ConnectionCls = partial(SocksTls if pool.scheme == "https" else SocksPlain, self._dog)
        else:
            pool.ConnectionCls = partial(_Tls if pool.scheme == "https" else _Plain, self._dog)
        return pool

    def cert_verify(self, *_: object) -> None:
        """Add nothing to the context: it has all whom we trust."""


class _Plain(Watched, HTTPConnection):  # type: ignore[misc] # getresponse, as urllib3 has it
    pass


class _Tls(WatchedTls, HTTPSConnection):  # type: ignore[misc] # likewise
    pass
