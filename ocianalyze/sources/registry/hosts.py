"""Hosts and ports as URLs have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from urllib.parse import SplitResult

PORTS: Final = {"http": 80, "https": 443}
"""The port of each scheme."""


def host_of(parts: SplitResult) -> str:
    """Return the host of a URL as it is written there, an IPv6 address in brackets; raises ValueError as `urlsplit`."""
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host
