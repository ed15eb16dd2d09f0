"""Why a proxy cannot be used, or does not let us through; it is named by host and port, without its password."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry.answers import tls_failures
from ocianalyze.sources.registry.answers.causes import causes
from ocianalyze.sources.registry.connections.proxies import proxy_address
from ocianalyze.sources.registry.connections.watched import TunnelRefusedError

_LOGIN_WANTED: Final = 407
_SERVER_ERROR: Final = 500
_KINDS: Final = {"basic": "Basic", "digest": "Digest", "negotiate": "Negotiate", "ntlm": "NTLM", "kerberos": "Kerberos"}
_CHECK_URL: Final = (
    "Check the URL of the proxy in --proxy, HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or exempt the host with NO_PROXY"
)
_CHECK_LOGIN: Final = "Check the login in the URL of the proxy: socks5h://USER:PASSWORD@HOST:PORT"
_CHECK_TARGET: Final = "Check the name and the port; ask whoever runs the proxy whether it allows this host"


def is_of_socks(error: BaseException) -> bool:
    """Tell whether an error came of a SOCKS proxy."""
    return any(type(cause).__module__ == "socks" for cause in causes(error))


def explained(proxy: str, where: str, error: Exception) -> RegistryError | None:
    """Return the error for a request to `where` that failed at the proxy; None if it failed behind it."""
    came_of = list(causes(error))
    for cause in came_of:
        if isinstance(cause, TunnelRefusedError):
            return refused(proxy, where, cause.status, cause.asks_for)
    if proxy.startswith("socks"):
        return _socks(proxy, where, came_of)
    if not isinstance(error, requests.exceptions.ProxyError):
        return None
    address = proxy_address(proxy)
    failed = next((cause for cause in came_of if tls_failures.is_one(cause)), None)
    if failed is not None and tls_failures.is_plain(failed):
        return RegistryError(
            f"the proxy {address} does not speak TLS", hint="Write http:// instead of https:// in the URL of the proxy"
        )
    if failed is not None:
        return tls_failures.explained(failed, f"the proxy {address}", None)
    return RegistryError(f"the proxy {address} {_happened(came_of, where)}", hint=_CHECK_URL)


def refused(proxy: str, where: str, status: int, asks_for: str) -> RegistryError:
    """Return the error for a proxy that answers by itself; `asks_for` has the kinds of login that it takes."""
    address = proxy_address(proxy)
    if status >= _SERVER_ERROR:
        return RegistryError(
            f"the proxy {address} could not reach {where} (status {status})",
            hint=f"{_CHECK_TARGET}, or exempt it with NO_PROXY",
        )
    if status != _LOGIN_WANTED:
        return RegistryError(
            f"the proxy {address} refused to connect to {where} (status {status})",
            hint="Ask whoever runs the proxy to allow this host, or exempt it with NO_PROXY",
        )
    words = asks_for[:4096].replace(",", " ").lower().split()
    kinds = list(dict.fromkeys(_KINDS[word] for word in words if word in _KINDS))
    has_login = urlsplit(proxy).username is not None
    if kinds and "Basic" not in kinds:
        hint = "Use a proxy that accepts Basic logins, or a local one that logs in for you, such as cntlm or px"
    elif has_login:
        hint = "Check the user name and the password in the URL of the proxy; write special characters as %XX"
    else:
        hint = "Write the login into the URL of the proxy: http://USER:PASSWORD@HOST:PORT"
    kind = f" ({', '.join(kinds)})" if kinds else ""
    what = "rejected the login" if has_login and "Basic" in kinds else "requires a login"
    return RegistryError(f"the proxy {address} {what}{kind} for {where} (status {status})", hint=hint)


def _socks(proxy: str, where: str, came_of: list[BaseException]) -> RegistryError | None:
    """Return the error for a SOCKS proxy, None if it is none of the proxy's."""
    names = {type(cause).__name__ for cause in came_of if type(cause).__module__ == "socks"}
    is_unknown = any(isinstance(cause, socket.gaierror) for cause in came_of)
    if "GeneralProxyError" in names and is_unknown:  # socks5:// resolves the name of the registry here
        host = urlsplit(where).hostname
        return RegistryError(
            f"cannot resolve the host name {host}", hint="Check the name, or let the proxy resolve it with socks5h://"
        )
    if not names and not is_unknown:
        return None
    if "SOCKS5AuthError" in names:
        what, hint = f"requires another login for {where}", _CHECK_LOGIN
    elif {"SOCKS5Error", "SOCKS4Error"} & names:
        what, hint = f"cannot reach {where}", _CHECK_TARGET
    elif names == {"GeneralProxyError"} and any(isinstance(cause, TimeoutError) for cause in came_of):
        what, hint = "does not answer in SOCKS: connection timed out", _CHECK_URL
    elif names == {"GeneralProxyError"}:
        what, hint = "does not speak this version of SOCKS", _CHECK_URL
    else:
        what, hint = _happened(came_of, where), _CHECK_URL
    return RegistryError(f"the proxy {proxy_address(proxy)} {what}", hint=hint)


def _happened(came_of: list[BaseException], where: str) -> str:
    """Return what kept a proxy from answering at all."""
    timeouts = (urllib3.exceptions.TimeoutError, TimeoutError)
    kinds = (
        (socket.gaierror, "has a host name that cannot be resolved"),
        (urllib3.exceptions.NameResolutionError, "has a host name that cannot be resolved"),
        (ConnectionRefusedError, "refused the connection"),
        (urllib3.exceptions.NewConnectionError, "cannot be reached"),
        (timeouts, "does not answer: connection timed out"),
    )
    return next(
        (text for kind, text in kinds if any(isinstance(cause, kind) for cause in came_of)),
        f"closed the connection on the way to {where}",
    )
