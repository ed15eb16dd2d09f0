"""How to reach registries: credentials, certificates and proxies; settings only, no I/O."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import InvalidReferenceError, UsageError
from ocianalyze.oci.repository import RepositoryName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_TIMEOUT: Final = 60.0
"""Seconds."""
_CERTIFICATES: Final = ("/etc/containers/certs.d", "/etc/docker/certs.d")


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
        proxy: the proxy to use instead of the one that the environment names; ``""`` for none.
    """

    plain_http: bool = False
    tls_verify: bool = True
    cert_dir: Path | None = None
    ca_files: tuple[Path, ...] = ()
    client: tuple[Path, Path] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allowed_realms: tuple[str, ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    proxy: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAccess:
    """How to reach registries.

    Attributes:
        own: how to reach the registry of the image, as far as options say.
        username: the user name for the registry of the image, and for no other registry.
        password: the password or token for this user name.
        bearer_token: a token to send to the registry of the image as it is, and to no other registry.
        login_host: the only registry that may receive these; None for the registry of the image.
        authfile: the only file to search for credentials, if given.
        mirror: a mirror to ask first for images of Docker Hub, and for no others, as ``[http://]host[:port][/path]``.
            It needs its own credentials.
        environment: the environment variables to use: locations of credentials, proxies, certificates.
        warn: takes what people are to know even if all goes well, as one sentence without a full stop.
    """

    own: HostAccess = HostAccess()
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    bearer_token: str | None = field(default=None, repr=False)
    login_host: str | None = None
    authfile: Path | None = None
    mirror: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    warn: Callable[[str], None] = _log.warning

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
        home = self.environment.get("HOME")
        if home or self.environment.get("XDG_CONFIG_HOME"):
            config = self.environment.get("XDG_CONFIG_HOME") or f"{home}/.config"
            files.append(Path(config, "containers", "auth.json"))
        docker = self.environment.get("DOCKER_CONFIG") or (f"{home}/.docker" if home else "")
        files += [Path(docker, "config.json")] if docker else []
        return [*files, Path(home, ".dockercfg")] if home else files

    def certificate_directories(self, host: str) -> list[Path]:
        """Return the directories that may contain certificates for `host`, in the order of containers-certs.d(5)."""
        home = self.environment.get("HOME")
        config = self.environment.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
        roots = ([f"{config}/containers/certs.d"] if config else []) + list(_CERTIFICATES)
        return [Path(root, host) for root in roots]


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
        raise UsageError(f"invalid mirror {mirror[:200]!r}", hint="Use the form [http://]host[:port][/path]")
    return scheme, place
