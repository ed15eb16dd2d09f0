"""What went wrong on the way to a registry, said so that people know what to do, and so that no secret is told."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from ocianalyze.errors import RegistryError

MAX_SHOWN: Final = 200
"""How many characters of a stranger's URL are shown."""

_PORTS: Final = {"http": 80, "https": 443}
_HAPPENED: Final = (
    (
        (urllib3.exceptions.ConnectTimeoutError, requests.exceptions.ConnectTimeout),
        "does not answer: connection timed out",
    ),
    ((urllib3.exceptions.NewConnectionError,), "cannot be reached"),
    ((urllib3.exceptions.TimeoutError, requests.exceptions.Timeout, TimeoutError), "stopped answering: timed out"),
)


class BrokenOffError(RegistryError):
    """An answer ended before its end; what is missing may be asked for again."""


class NotFoundError(RegistryError):
    """The registry does not have what it was asked for."""


_NO_HOST: Final = (
    "Check the name and the network; scan an image of your local Docker with 'docker save NAME | ocianalyze scan -'"
)


def shown(url: str) -> str:
    """Return a URL without what may be secret: user information and the query, which presigned URLs are signed by.

    It may be a stranger's: it is short, and holds nothing that a terminal would obey.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
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
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def may_pass(error: Exception) -> bool:
    """Tell whether a request that failed may succeed when it is repeated."""
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return False
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return False
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return "refused" not in str(reason)
    return isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.Timeout)


def broken_off(url: str, error: Exception) -> BrokenOffError:
    """Return the error for an answer that ended before its end."""
    cause = unreachable(url, error)
    return BrokenOffError(cause.message, hint=cause.hint)


def unreachable(url: str, error: Exception) -> RegistryError:
    """Return the error for a request that got no answer."""
    where = shown(origin_of(url))
    reason = getattr(error.args[0] if error.args else None, "reason", None) or error
    if isinstance(error, requests.exceptions.SSLError):
        return _untrusted(where, str(reason))
    if isinstance(error, requests.exceptions.ProxyError):
        return RegistryError(f"the proxy for {where} cannot be used", hint="Check HTTPS_PROXY and NO_PROXY")
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return RegistryError(f"cannot resolve the host name {urlsplit(where).hostname}", hint=_NO_HOST)
    happened = next(
        (text for kinds, text in _HAPPENED if isinstance(reason, kinds)), "closed the connection unexpectedly"
    )
    if "refused" in str(reason):
        happened = "refused the connection"
    return RegistryError(f"{where} {happened}", hint="Check the name, the port and the network, or try again")


def _untrusted(where: str, reason: str) -> RegistryError:
    if "WRONG_VERSION_NUMBER" in reason or "record layer failure" in reason:
        return RegistryError(f"{where} does not speak TLS", hint="Add --plain-http if the registry uses plain HTTP")
    return RegistryError(
        f"the certificate of {where} is not trusted",
        hint="Add its certificate authority with --cert-dir or SSL_CERT_FILE, or, if you must, use --tls-verify=false",
    )
