"""Connections through a SOCKS proxy; apart, because few need PySocks."""

from __future__ import annotations

from urllib3.contrib.socks import SOCKSConnection, SOCKSHTTPSConnection

from ocianalyze.sources.registry.connections.watched import Watched, WatchedTls


class SocksPlain(Watched, SOCKSConnection):  # type: ignore[misc] # getresponse, as urllib3 has it
    """A connection without TLS."""


class SocksTls(WatchedTls, SOCKSHTTPSConnection):  # type: ignore[misc] # likewise
    """A connection with TLS."""
