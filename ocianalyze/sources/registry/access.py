"""How registries are reached: which credentials, certificates and proxies there are; settings only, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_CERTIFICATES: Final = ("/etc/containers/certs.d", "/etc/docker/certs.d")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAccess:
    """How registries are reached.

    Attributes:
        username: the user to log in as at the image's own registry, and there only.
        password: the password or token that belongs to it.
        login_host: the only registry that the two are for; None if they were given for this very image.
        authfile: the only file to look for credentials in, where one is given.
        cert_dir: the only directory of certificates, where one is given.
        plain_http: talk to the image's registry without TLS.
        tls_verify: whether certificates are checked; False only for the image's own registry.
        mirror: a mirror of Docker Hub that is asked first for its images, and for no others, as
            ``[http://]host[:port][/path]``; it has credentials of its own.
        allowed_realms: hosts of token servers that may see the credentials, besides the registry's own.
        environment: the variables that are honoured: where credentials are, proxies, certificates.
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
        """Return the files that may hold credentials, in the order of containers-auth.json(5)."""
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
        """Return the directories that may hold certificates for `host`, as containers-certs.d(5) orders them."""
        if self.cert_dir is not None:
            return [self.cert_dir]
        home = self.environment.get("HOME")
        config = self.environment.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
        roots = ([f"{config}/containers/certs.d"] if config else []) + list(_CERTIFICATES)
        return [Path(root, host) for root in roots]
