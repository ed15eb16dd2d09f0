"""Whom we trust, and the certificates that we show: the system's, and those of ``certs.d``.

Source: containers-certs.d(5); Docker, "Verify repository client with certificates": of a host's directory each ``.crt``
is an authority to trust besides the system's, each ``.cert`` with the ``.key`` of the same name is shown to the host.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ocianalyze.errors import RegistryError
from ocianalyze.paths import is_dir, is_file

if TYPE_CHECKING:
    from ocianalyze.sources.registry.access import HostAccess, RegistryAccess


@dataclass(frozen=True, slots=True)
class Trust:
    """The certificates for one registry host."""

    authorities: tuple[Path, ...] = ()
    clients: tuple[tuple[Path, Path], ...] = ()

    @classmethod
    def find(cls, host: str, how: HostAccess, access: RegistryAccess) -> Trust:
        """Return what the first directory that there is for `host` holds.

        Raises:
            RegistryError: the directory cannot be read, or lacks a key.
        """
        try:
            given = how.cert_dir
            for directory in access.certificate_directories(host) if given is None else [given]:
                if _is_readable(directory) or directory == given:
                    files = sorted(directory.iterdir())
                    clients = tuple((file, file.with_suffix(".key")) for file in files if file.suffix == ".cert")
                    for certificate, key in clients:
                        if not is_file(key):
                            raise RegistryError(
                                f"{certificate} has no key: {key} is missing", hint=f"Add the key as {key}"
                            )
                    return cls(tuple(file for file in files if file.suffix == ".crt"), clients)
        except OSError as error:
            raise RegistryError(f"the certificates in {error.filename} cannot be read: {error.strerror}") from error
        return cls()

    def own(self, *, verify: bool) -> ssl.SSLContext:
        """Return the context for the registry itself.

        Raises:
            RegistryError: a certificate or a key is not what it must be.
        """
        context = _system()
        try:
            for authority in self.authorities:
                context.load_verify_locations(authority)
            for certificate, key in self.clients:
                context.load_cert_chain(certificate, key, password=_no_password)
        except (ssl.SSLError, OSError) as error:
            what = ", ".join(map(str, (*self.authorities, *(path for pair in self.clients for path in pair))))
            raise RegistryError(f"the certificates cannot be used ({error}): {what}") from error
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def everywhere(self) -> ssl.SSLContext:
        """Return the context for all other hosts: no certificate is shown to them, and theirs are checked."""
        return _system()


def _system() -> ssl.SSLContext:
    """Return a context that trusts whom this machine trusts; where it knows nobody, whom Mozilla trusts."""
    context = ssl.create_default_context()
    knows_some = context.cert_store_stats()["x509_ca"] or "SSL_CERT_FILE" in os.environ
    directory = ssl.get_default_verify_paths().capath
    if not knows_some and not (directory and any(Path(directory).iterdir())):
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _is_readable(directory: Path) -> bool:
    """Tell whether there is such a directory for us; skopeo, too, passes over one that others keep to themselves."""
    try:
        return is_dir(directory) and next(directory.iterdir(), None) is not None
    except PermissionError:
        return False


def _no_password() -> str:
    """Raise: nobody is asked for the password of a key in the middle of a scan."""
    raise RegistryError(
        "the key of the client certificate has a password", hint="Use a key without a password in --cert-dir"
    )
