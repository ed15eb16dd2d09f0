"""The proxy that a URL is asked for through, from the variables that every program knows.

Source: curl, "Proxy environment variables"; golang.org/x/net/http/httpproxy for what ``NO_PROXY`` may say. The names in
lower case go first.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ocianalyze.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Mapping


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """Return the URL of the proxy, or None if there is none for this URL.

    Raises:
        RegistryError: the proxy is of a kind that is not supported.
    """
    parts = urlsplit(url)
    proxy = _variable(environment, f"{parts.scheme}_proxy") or _variable(environment, "all_proxy")
    if not proxy or _is_exempt(parts.hostname or "", parts.port, _variable(environment, "no_proxy")):
        return None
    scheme, is_url, _ = proxy.partition("://")
    if is_url and scheme.lower() not in ("http", "https"):
        raise RegistryError(
            f"unsupported proxy type {scheme[:20]!r} for {parts.scheme} URLs",
            hint="Use an http:// proxy, or exempt the registry with NO_PROXY",
        )
    return proxy if is_url else f"http://{proxy}"


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""


def _is_exempt(host: str, port: int | None, exempt: str) -> bool:
    """Tell whether ``NO_PROXY`` has the host: ``*``, a domain, an address or a network, perhaps with a port."""
    for item in exempt.lower().split(","):
        name, wanted = _split(item.strip())
        if name and wanted in (None, port) and _fits(name, host.lower()):
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
