"""How to reach registries: credentials, certificates and proxies; settings only, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import InvalidReferenceError, UsageError
from ocianalyze.oci.repository import RepositoryName

if TYPE_CHECKING:
    from collections.abc import Mapping

_CERTIFICATES: Final = ("/etc/containers/certs.d", "/etc/docker/certs.d")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAccess:
    """How to reach registries.

    Attributes:
        username: the user name for the registry of the image, and for no other registry.
        password: the password or token for this user name.
        login_host: the only registry that may receive the user name and password; None for the registry of the image.
        authfile: the only file to search for credentials, if given.
        cert_dir: the only directory of certificates to use, if given.
        plain_http: whether to talk to the registry of the image without TLS.
        tls_verify: whether to check certificates; False applies to the registry of the image only.
        mirror: a mirror to ask first for images of Docker Hub, and for no others, as ``[http://]host[:port][/path]``.
            It needs its own credentials.
        allowed_realms: hosts of token servers that may receive the credentials, besides the host of the registry.
        environment: the environment variables to use: locations of credentials, proxies, certificates.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    login_host: str | None = None
    authfile: Path | None = None
    cert_dir: Path | None = None
    plain_http: bool = False
    tls_verify: bool = True
    mirror: str | None = None
    allowed_realms: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def auth_files(self) -> list[Path]:
        """Return the files that may contain credentials, in the order of containers-auth.json(5)."""
        if self.authfile is not None:
            return [self.authfile]
        if named := self.environment.get("REGISTRY_AUTH_FILE"):
            return [Path(named)]
        files = []
        if runtime := self.environment.get("XDG_RUNTIME_DIR"):
            files.append(Path(runtime, "containers", "auth.json"))
        home = self.environment.get("HOME")
        if home or self.environment.get("XDG_CONFIG_HOME"):
            config = self.environment.get("XDG_CONFIG_HOME") or f"{home}/.config"
            files.append(Path(config, "containers", "auth.json"))
        docker = self.environment.get("DOCKER_CONFIG") or (f"{home}/.docker" if home else "")
        return [*files, Path(docker, "config.json")] if docker else files

    def certificate_directories(self, host: str) -> list[Path]:
        """Return the directories that may contain certificates for `host`, in the order of containers-certs.d(5)."""
        if self.cert_dir is not None:
            return [self.cert_dir]
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
