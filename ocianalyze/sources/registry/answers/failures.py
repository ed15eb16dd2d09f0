"""What went wrong on the way to a registry, said so that people know what to do, and so that no secret is told."""

from __future__ import annotations

import http.client
import socket
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3

from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry.answers import proxy_failures, tls_failures
from ocianalyze.sources.registry.answers.causes import causes
from ocianalyze.sources.registry.connections.proxies import proxy_address
from ocianalyze.sources.registry.connections.watched import TunnelRefusedError
from ocianalyze.sources.registry.hosts import PORTS, host_of

MAX_SHOWN: Final = 200
"""How many characters of a stranger's URL are shown."""

NO_PLAIN_HTTP: Final = "Remove --plain-http, or 'plain-http' from the settings"
CONNECT_SECONDS: Final = 10.0
"""How long a connection may take to be made."""
_CONNECT_TIMEOUTS: Final = (urllib3.exceptions.ConnectTimeoutError, requests.exceptions.ConnectTimeout)
_TIMEOUTS: Final = (urllib3.exceptions.TimeoutError, requests.exceptions.Timeout, TimeoutError)
_TLS_RECORDS: Final = ("\\x15\\x03", "\\x16\\x03", "\x15\x03", "\x16\x03")
"""How an answer in TLS begins: an alert, a handshake."""
_TRY_AGAIN: Final = "Check the name, the port and the network, or try again"
_NO_HOST: Final = (
    "Check the name and the network; scan an image of your local Docker with 'docker save NAME | ocianalyze scan -'"
)


class Way(NamedTuple):
    """How a request went: through which proxy, if any, and for how many seconds it may wait."""

    proxy: str | None
    seconds: float


class UnreachableError(RegistryError):
    """No answer came at all."""


class BrokenOffError(RegistryError):
    """An answer ended before its end; what is missing may be asked for again."""


class NotFoundError(RegistryError):
    """The registry does not have what it was asked for."""


class RangeRefusedError(RegistryError):
    """The registry does not give the range of bytes that it was asked for."""


def shown(url: str) -> str:
    """Return a URL without what may be secret: user information and the query, which presigned URLs are signed by.

    It may be a stranger's: it is short, and holds nothing that a terminal would obey.
    """
    try:
        parts = urlsplit(url)
        host = host_of(parts)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an invalid URL"
    text = f"{parts.scheme}://{host}{port}{parts.path}"[:MAX_SHOWN]
    return text.encode("unicode_escape").decode("ascii")


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL, the port left out where it is the scheme's own.

    Raises:
        ValueError: it is no URL.
    """
    parts = urlsplit(url)
    port = "" if parts.port in (None, PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host_of(parts)}{port}"


def may_pass(error: Exception) -> bool:
    """Tell whether a request that failed may succeed when it is repeated."""
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return False
    if any(isinstance(cause, TunnelRefusedError) or _is_tls(cause) for cause in causes(error)):
        return False
    if any(isinstance(cause, socket.gaierror) for cause in causes(error)) or proxy_failures.is_of_socks(error):
        return False
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return "refused" not in str(reason)
    return isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.Timeout)


def broken_off(url: str, error: Exception, way: Way) -> BrokenOffError:
    """Return the error for an answer that ended before its end."""
    cause = unreachable(url, error, way)
    return BrokenOffError(cause.message, hint=cause.hint)


def unreachable(url: str, error: Exception, way: Way) -> RegistryError:
    """Return the error for a request that got no answer."""
    where = shown(origin_of(url))
    if way.proxy is not None and (failure := proxy_failures.explained(way.proxy, where, error)) is not None:
        return failure
    failed = next((cause for cause in causes(error) if tls_failures.is_one(cause)), None)
    if failed is not None:
        return tls_failures.explained(failed, where, None if way.proxy is None else proxy_address(way.proxy))
    text, hint = _happened(where, error, way)
    return UnreachableError(text, hint=hint)


def _happened(where: str, error: Exception, way: Way) -> tuple[str, str]:
    """Return what kept a host from answering, and what to do."""
    reason = getattr(error.args[0] if error.args else None, "reason", None) or error
    through = "" if way.proxy is None else f" through the proxy {proxy_address(way.proxy)}"
    kinds = (
        (any(map(_is_tls, causes(error))), f"{where} speaks TLS, but was asked over plain HTTP", NO_PLAIN_HTTP),
        (
            isinstance(reason, urllib3.exceptions.NameResolutionError),
            f"cannot resolve the host name {urlsplit(where).hostname}",
            _NO_HOST,
        ),
        ("refused" in str(reason), f"{where} refused the connection", _TRY_AGAIN),
        (isinstance(reason, urllib3.exceptions.NewConnectionError), f"{where} cannot be reached", _TRY_AGAIN),
        (
            isinstance(reason, _CONNECT_TIMEOUTS),
            f"{where} does not answer: connection timed out{through}",
            f"{_TRY_AGAIN}, with a longer --timeout" if way.seconds < CONNECT_SECONDS else _TRY_AGAIN,
        ),
        (
            any(isinstance(cause, _TIMEOUTS) for cause in causes(error)),
            f"{where} stopped answering: nothing came for {way.seconds:g} seconds{through}",
            "Try again, or wait longer with --timeout SECONDS",
        ),
        (
            where.startswith("http:"),
            f"{where} closed the connection unexpectedly{through}",
            "Try again, or remove --plain-http if it speaks TLS",
        ),
    )
    closed = f"{where} closed the connection unexpectedly{through}", _TRY_AGAIN
    return next(((text, hint) for is_so, text, hint in kinds if is_so), closed)


def _is_tls(cause: BaseException) -> bool:
    """Tell whether a server answered in TLS what was asked without; the line is in the error as Python writes it."""
    return isinstance(cause, http.client.BadStatusLine) and str(cause).lstrip("'").startswith(_TLS_RECORDS)
