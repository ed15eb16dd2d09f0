"""The proxy that a URL is asked for through, from the variables that every program knows.

Source: curl, "Proxy environment variables"; golang.org/x/net/http/httpproxy for what ``NO_PROXY`` may say, and that no
proxy is asked for this machine. The names in lower case go first.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ocianalyze.errors import RegistryError, UsageError
from ocianalyze.sources.registry.hosts import PORTS, host_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMES: Final = frozenset(("http", "https", "socks4", "socks4a", "socks5", "socks5h"))
_SOCKS_PORT: Final = 1080


def proxy_for(
    url: str, environment: Mapping[str, str], stated: str | None = None, *, is_own: bool = True
) -> str | None:
    """Return the URL of the proxy, or None if there is none for this URL.

    `stated` is the proxy that an option or the settings of a registry name, ``""`` for none. Then the variables do not
    count, but for what is exempt from proxies where the registry leads to another host, which is not `is_own`.

    Raises:
        RegistryError: the proxy is of a kind that is not supported, or its URL is invalid.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme)
    is_exempt = _is_here(host) or _is_exempt(host, port, environment)
    if stated is not None:
        return (
            _checked(stated, "--proxy, or 'proxy' in the settings,") if stated and (is_own or not is_exempt) else None
        )
    names = (f"{parts.scheme}_proxy", f"{parts.scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    name = next((name for name in names if environment.get(name)), None)
    if name is None or is_exempt:
        return None
    if name == "HTTP_PROXY" and environment.get("REQUEST_METHOD"):  # a client's header "Proxy" sets it (httpoxy)
        raise RegistryError(
            "HTTP_PROXY is not used in a CGI program, where a client can set it",
            hint="Set http_proxy instead, or unset REQUEST_METHOD",
        )
    return _checked(environment[name].strip(), name)


def check_proxy(proxy: str) -> None:
    """Raise UsageError if a proxy in settings is none; ``""`` is one, that is, to use none."""
    try:
        if proxy:
            _checked(proxy, "the proxy")
    except RegistryError as error:
        raise UsageError(error.message, hint=error.hint) from error


def proxy_address(proxy: str) -> str:
    """Return the host and port of a proxy, without what may be secret."""
    parts = urlsplit(proxy)
    return f"{host_of(parts)}:{parts.port or PORTS.get(parts.scheme, _SOCKS_PORT)}"


def _checked(proxy: str, origin: str) -> str:
    scheme, is_url, _ = proxy.partition("://")
    if is_url and scheme.lower() == "socks":  # curl and libproxy call it so
        raise RegistryError(
            f"{origin.rstrip(',')}: the proxy type 'socks' has no version", hint="Write socks5h:// or socks4a://"
        )
    if is_url and scheme.lower() not in _SCHEMES:
        raise RegistryError(
            f"{origin.rstrip(',')}: unsupported proxy type {scheme[:20]!r}",
            hint="Use an http://, https:// or socks5h:// proxy, or exempt the registry with NO_PROXY",
        )
    url = f"{scheme.lower()}{proxy[len(scheme) :]}" if is_url else f"http://{proxy}"
    try:
        parts = urlsplit(url)
        is_valid = bool(parts.hostname) and parts.port != 0 and " " not in url and url.isprintable()
    except ValueError:
        is_valid = False
    if not is_valid:
        raise RegistryError(f"{origin} is not the URL of a proxy", hint="Use the form http://[user:password@]host:port")
    return url


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine, which no proxy leads to."""
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
    return address.is_loopback


def _is_exempt(host: str, port: int | None, environment: Mapping[str, str]) -> bool:
    """Tell whether ``NO_PROXY`` has the host: ``*``, a domain, an address or a network, perhaps with a port."""
    exempt = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    for item in exempt.lower().split(","):
        name, wanted = _split(item.strip())
        if name and wanted in (None, port) and _fits(name, host.lower().rstrip(".")):
            return True
    return False


def _split(item: str) -> tuple[str, int | None]:
    """Return the host and the port that an item of ``NO_PROXY`` names."""
    name, colon, number = item.rpartition(":")
    has_port = colon and number.isdecimal() and (name.endswith("]") or ":" not in name)
    return (name.strip("[]"), int(number)) if has_port else (item.strip("[]"), None)


def _fits(name: str, host: str) -> bool:
    try:
        return name == "*" or ip_address(host) in ip_network(name, strict=False)
    except ValueError:  # at least one of them is no address
        name = name.removeprefix("*")
        return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")
