"""How to reach registries: credentials, certificates and proxies; settings only, no I/O."""

from __future__ import annotations

import logging
import os
import re
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.errors import InvalidReferenceError, UsageError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.oci.urls import without_login
from ocianalyze.paths import config_home
from ocianalyze.regex import regex
from ocianalyze.sources.registry.login.logins import Logins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_TIMEOUT: Final = 60.0
"""Seconds."""
LONGEST_TIMEOUT: Final = 86400.0
_CERTIFICATES: Final = ("/etc/containers/certs.d", "/etc/docker/certs.d")
_REALM: Final = regex(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAccess:
    """How one registry is reached, its credentials apart.

    Attributes:
        plain_http: whether to talk to it without TLS.
        tls_verify: whether to check its certificate, and those of the hosts that it leads to.
        cert_dir: the only directory of certificates to use, if given; else those of `RegistryAccess`.
        ca_files: further files with authorities to trust, in PEM.
        client: a client certificate and its key, to show to this host only.
        headers: headers to send to this host only.
        allowed_realms: hosts of token servers that may receive the credentials, besides the host of the registry.
        timeout: for how many seconds nothing may come before an answer is given up.
        attempts: how often a request is made at most; None for as often as usual.
        proxy: the proxy to use for it and where it leads to, instead of the one that the environment names; ``""`` for
            none.
    """

    plain_http: bool = False
    tls_verify: bool = True
    cert_dir: Path | None = None
    ca_files: tuple[Path, ...] = ()
    client: tuple[Path, Path] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allowed_realms: tuple[str, ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    attempts: int | None = None
    proxy: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """What is said of one registry, in options, variables or settings; None or empty for what is left open.

    The attributes are those of `HostAccess`, and `mirrors`: mirrors to ask first for its images, and for no others, as
    ``[http://]host[:port][/path]``. Each needs its own credentials.
    """

    mirrors: tuple[str, ...] = ()
    plain_http: bool | None = None
    tls_verify: bool | None = None
    cert_dir: Path | None = None
    ca_files: tuple[Path, ...] = ()
    client: tuple[Path, Path] | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    allowed_realms: tuple[str, ...] = ()
    timeout: float | None = None
    proxy: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Raise UsageError if a mirror or a token server is none."""
        for mirror in self.mirrors:
            parse_mirror(mirror)
        for realm in self.allowed_realms:
            check_realm(realm)

    def over(self, other: HostSettings) -> HostSettings:
        """Return these, and what the others say where these leave something open; authorities and realms add up."""

        def either(name: str) -> Any:  # noqa: ANN401 - of the type of the field
            own, others = getattr(self, name), getattr(other, name)
            if name in ("ca_files", "allowed_realms"):
                return tuple(dict.fromkeys((*own, *others)))
            return others if own is None or own == () else own

        return HostSettings(**{one.name: either(one.name) for one in fields(self)})

    def everywhere(self) -> HostSettings:
        """Return what holds for mirrors, too: what lowers no security and tells nobody who we are."""
        return HostSettings(ca_files=self.ca_files, timeout=self.timeout, proxy=self.proxy)

    def access(self) -> HostAccess:
        """Return how the registry is reached."""
        said = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "mirrors"}
        return HostAccess(**{name: value for name, value in said.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAccess:
    """How to reach registries.

    Attributes:
        own: how to reach the registry of the image, as far as options say.
        hosts: what is said of registries by name; `own` goes before it.
        username: the user name for the registry of the image, and for no other registry.
        password: the password or token for this user name.
        bearer_token: a token to send to the registry of the image as it is, and to no other registry.
        login_host: the only registry that may receive these; None for the registry of the image.
        authfile: the only file to search for credentials, if given.
        environment: the environment variables to use: locations of credentials and mirrors, proxies, certificates.
        logins: what credential helpers and AWS have answered a moment ago.
        warn: takes what people are to know even if all goes well, as one sentence without a full stop.
    """

    own: HostSettings = HostSettings()
    hosts: Mapping[str, HostSettings] = field(default_factory=dict)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    bearer_token: str | None = field(default=None, repr=False)
    login_host: str | None = None
    authfile: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    logins: Logins = field(default_factory=Logins, repr=False, compare=False)
    warn: Callable[[str], None] = _log.warning

    def of_registry(self, name: str) -> HostSettings:
        """Return what is said of the registry of the image."""
        return self.own.over(self._stated(name))

    def of_mirror(self, name: str) -> HostSettings:
        """Return what is said of a mirror: no option that is meant for the registry of the image."""
        return self._stated(name).over(self.own.everywhere())

    def _stated(self, name: str) -> HostSettings:
        return next((said for host, said in self.hosts.items() if host.lower() == name.lower()), HostSettings())

    def auth_files(self) -> list[Path]:
        """Return the files that may contain credentials, in the order of containers-auth.json(5)."""
        if self.authfile is not None:
            return [self.authfile]
        if named := self.environment.get("REGISTRY_AUTH_FILE"):
            return [Path(named)]
        files = []
        if runtime := self.environment.get("XDG_RUNTIME_DIR"):
            files.append(Path(runtime, "containers", "auth.json"))
        elif self.environment and sys.platform == "linux":  # where podman keeps it for root, and in CI
            files.append(Path("/run/containers", str(os.getuid()), "auth.json"))
        if config := config_home(self.environment):
            files.append(config / "containers" / "auth.json")
        home = self.environment.get("HOME")
        docker = self.environment.get("DOCKER_CONFIG") or (f"{home}/.docker" if home else "")
        files += [Path(docker, "config.json")] if docker else []
        return [*files, Path(home, ".dockercfg")] if home else files

    def certificate_directories(self, host: str) -> list[Path]:
        """Return the directories that may contain certificates for `host`, in the order of containers-certs.d(5)."""
        roots = list(map(Path, _CERTIFICATES))
        if config := config_home(self.environment):
            roots.insert(0, config / "containers" / "certs.d")
        return [root / host for root in roots]


def check_realm(realm: str) -> None:
    """Raise UsageError if a token server is not named by its host alone, as whoever copies its URL may do."""
    if not _REALM.fullmatch(realm):
        host = realm.rpartition("@")[2].partition("://")[2].partition("/")[0]
        hint = f"Write its host alone: {host}" if _REALM.fullmatch(host) else "Use the form host[:port]"
        raise UsageError(f"invalid token server {without_login(realm)!r}", hint=hint)


def parse_mirror(mirror: str) -> tuple[str, str]:
    """Return the scheme of a mirror, if it has one, and its place.

    Raises:
        UsageError: it is not ``[http://]host[:port][/path]``.
    """
    scheme, _, place = mirror.rstrip("/").rpartition("://")
    try:
        registry = RepositoryName.parse(f"{place}/image").registry
    except InvalidReferenceError:
        registry = None
    if registry != place.partition("/")[0] or scheme not in ("", "http", "https"):
        hint = "Use the form [http://]host[:port][/path], with the path in lower case"
        if "@" in mirror:
            hint = "Leave out the login: credentials are looked up for the host of the mirror"
        elif "." not in place:
            hint = f"{hint}; a host without a dot needs its port"
        raise UsageError(f"invalid mirror {without_login(mirror)!r}", hint=hint)
    return scheme, place
