"""The registries as containerd knows them: ``certs.d/HOST/hosts.toml``.

Source: containerd, docs/hosts.md and ``core/remotes/docker/config/hosts.go``. The hosts are asked in the order of the
file, at last the server; one that may not both pull and resolve is asked for no tag.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field

from ocianalyze.errors import UsageError
from ocianalyze.oci.repository import DOCKER_HUB
from ocianalyze.oci.urls import without_login
from ocianalyze.paths import config_home, is_dir
from ocianalyze.regex import regex
from ocianalyze.sources.registry.mirrors.toml import Foreign, checked, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT: Final = "/etc/containerd/certs.d"
_FILE: Final = "hosts.toml"
_DEFAULT: Final = "_default"
_CAPABILITIES: Final = ("pull", "resolve", "push", "referrers")
"""Who names none has all."""
_HEADER: Final = regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE: Final = regex(r"[\t\x20-\x7e\xa0-\xff]*")
"""RFC 9110, sections 5.1 and 5.5."""
_HUB: Final = "registry-1.docker.io"


class _HostTable(Foreign):
    capabilities: list[str] = Field([])
    ca: str | list[str] = Field([])
    client: str | list[str] | list[list[str]] = Field([])
    skip_verify: bool = False
    override_path: bool = False
    header: dict[str, str | list[str]] = Field({})


class _File(_HostTable):
    server: str = ""
    host: dict[str, _HostTable] = Field({})


class Host(NamedTuple):
    """A host that is asked instead of a registry, or the registry itself.

    Attributes:
        host: the host, with its port if one is given.
        plain_http: whether it is asked without TLS.
        base: what comes before the repository in the paths of its URLs, such as ``/v2``.
        pulls: whether it may be asked for what has a digest.
        resolves: whether it may be asked for tags.
        tls_verify: whether its certificate is checked.
        ca_files: authorities to trust.
        client: a client certificate and its key.
        headers: headers that it gets.
    """

    host: str
    plain_http: bool
    base: str
    pulls: bool
    resolves: bool
    tls_verify: bool
    ca_files: tuple[Path, ...]
    client: tuple[Path, Path] | None
    headers: Mapping[str, str]


class Stated(NamedTuple):
    """What the file says of a registry: its mirrors, and how it is reached itself."""

    file: Path
    mirrors: tuple[Host, ...]
    server: Host


def find_hosts(registry: str, environment: Mapping[str, str]) -> Stated | None:
    """Return what the nearest file says of a registry, None if there is none for it.

    Raises:
        UsageError: it is not what it must be.
    """
    roots = [Path(_ROOT)]
    if config := config_home(environment):
        roots.insert(0, config / "containerd" / "certs.d")
    host, colon, port = registry.rpartition(":")
    names = (f"{host}_{port}_" if colon else registry, registry, _DEFAULT)
    for directory in (root / name for root in roots for name in names):
        if _is_for_us(directory):  # the first one counts, even if it only has certificates
            value = read_toml(directory / _FILE)
            return None if value is None else _stated(registry, value, directory / _FILE)
    return None


def _is_for_us(directory: Path) -> bool:
    """Tell whether there is such a directory for us: that of the system may be for containerd alone."""
    try:
        if not is_dir(directory):
            return False
        with suppress(FileNotFoundError), (directory / _FILE).open("rb"):
            pass
    except PermissionError:
        return False
    return True


def _stated(registry: str, value: dict[str, Any], path: Path) -> Stated:
    file = checked(_File, value, path)
    default = _HUB if registry == DOCKER_HUB else registry
    server = _host(file.server or f"https://{default}", file, path)
    return Stated(path, tuple(_host(url, table, path) for url, table in file.host.items()), server)


def _host(url: str, table: _HostTable, path: Path) -> Host:
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"{path}: invalid host {without_login(url)!r}", hint="Use the form https://host[:port][/path]")
    base = parts.path.rstrip("/")
    if not table.override_path and not base.endswith("/v2"):
        base += "/v2"
    capabilities = table.capabilities or list(_CAPABILITIES)
    unknown = [name for name in capabilities if name not in _CAPABILITIES]
    if unknown:
        raise UsageError(f"{path}: unknown capability {unknown[0][:100]!r} of {url[:200]}")
    return Host(
        host=parts.netloc,
        plain_http=parts.scheme == "http",
        base=base,
        pulls="pull" in capabilities,
        resolves="pull" in capabilities and "resolve" in capabilities,
        tls_verify=not table.skip_verify,
        ca_files=tuple(path.parent / name for name in _listed(table.ca)),
        client=_client(table, path),
        headers=dict(_headers(table, path)),
    )


def _headers(table: _HostTable, path: Path) -> Iterator[tuple[str, str]]:
    """Yield the headers for a host; their values may be secret, and are shown to nobody."""
    for name, values in table.header.items():
        value = ", ".join(_listed(values)).strip()
        if not _HEADER.fullmatch(name) or not _VALUE.fullmatch(value):
            raise UsageError(f"{path}: invalid header {name[:100]!r}, or an invalid value of it")
        yield name, value


def _client(table: _HostTable, path: Path) -> tuple[Path, Path] | None:
    """Return the first client certificate and its key, which may be in one file."""
    if not table.client:
        return None
    first = table.client if isinstance(table.client, str) else table.client[0]
    pair = [first] if isinstance(first, str) else first
    if not pair or len(pair) > 2:  # noqa: PLR2004 - a certificate and its key
        raise UsageError(f"{path}: 'client' must be files, or pairs of a certificate and its key")
    return path.parent / pair[0], path.parent / (pair[1] if len(pair) > 1 and pair[1] else pair[0])


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
