"""Connections through a SOCKS proxy; apart, because few need PySocks."""

from __future__ import annotations

from urllib3.contrib.socks import SOCKSConnection, SOCKSHTTPSConnection

from ocianalyze.sources.registry.connections import Watched, WatchedTls


class SocksPlain(Watched, SOCKSConnection):
    """A connection without TLS."""


class SocksTls(WatchedTls, SOCKSHTTPSConnection):
    """A connection with TLS."""
