"""Whom we trust, and the certificates that we show: authorities are added to those of the system, and replace none.

Source: containers-certs.d(5); Docker, "Verify repository client with certificates": of a host's directory each ``.crt``
is an authority to trust besides the system's, each ``.cert`` with the ``.key`` of the same name is shown to the host.
The variables are those of OpenSSL and Go (``SSL_CERT_FILE``, ``SSL_CERT_DIR``), requests (``REQUESTS_CA_BUNDLE``) and
curl (``CURL_CA_BUNDLE``).
"""

from __future__ import annotations

import os
import ssl
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ocianalyze.errors import RegistryError
from ocianalyze.paths import exists, is_dir, is_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.sources.registry.access import HostAccess, RegistryAccess

_MAX_FILE: Final = 16 << 20
_STRICT_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Other programs end where these name nothing."""
_SYSTEM_FILES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where distributions keep their authorities, for a Python whose OpenSSL looks elsewhere (Go, crypto/x509)."""


@dataclass(frozen=True, slots=True)
class Trust:
    """The certificates for one registry host."""

    authorities: tuple[Path, ...] = ()
    clients: tuple[tuple[Path, Path], ...] = ()

    @classmethod
    def find(cls, host: str, how: HostAccess, access: RegistryAccess) -> Trust:
        """Return what options, variables and the first directory that there is for `host` hold.

        Raises:
            RegistryError: something cannot be read, or lacks a key.
        """
        authorities = [file for given in how.ca_files for file in _given("certificate authorities", given)]
        authorities += _from_variables(access)
        clients = [] if how.client is None else [how.client]
        try:
            given = how.cert_dir
            for directory in access.certificate_directories(host) if given is None else [given]:
                if _is_readable(directory) or directory == given:
                    files = sorted(directory.iterdir())
                    authorities += [file for file in files if file.suffix == ".crt"]
                    clients += [(file, file.with_suffix(".key")) for file in files if file.suffix == ".cert"]
                    if given is not None and not any(file.suffix in (".crt", ".cert") for file in files):
                        access.warn(f"the certificate directory {given} contains no *.crt or *.cert file")
                    break
        except OSError as error:
            raise RegistryError(f"the certificates in {error.filename} cannot be read: {error.strerror}") from error
        for certificate, key in clients:
            if not is_file(key):
                raise RegistryError(f"{certificate} has no key: {key} is missing", hint=f"Add the key as {key}")
        return cls(tuple(authorities), tuple(clients))

    def own(self, *, verify: bool) -> ssl.SSLContext:
        """Return the context for the registry itself, which sees our certificates.

        Raises:
            RegistryError: a certificate or a key is not what it must be.
        """
        context = self.elsewhere(verify=verify)
        for certificate, key in self.clients:
            try:
                context.load_cert_chain(certificate, key, password=_no_password)
            except (ssl.SSLError, OSError) as error:
                raise _unusable(error, certificate, key) from error
        return context

    def elsewhere(self, *, verify: bool) -> ssl.SSLContext:
        """Return the context for the hosts that the registry leads to: no certificate of ours is shown to them.

        Raises:
            RegistryError: a certificate is not what it must be.
        """
        context = _system()
        for authority in self.authorities:
            _add(context, authority)
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def unverified() -> ssl.SSLContext:
    """Return a context that trusts everybody, to look at a certificate that is not trusted; nothing is sent by it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _from_variables(access: RegistryAccess) -> Iterator[Path]:
    """Yield the files that the variables of other programs name."""
    environment: Mapping[str, str] = access.environment
    for variable in _STRICT_VARIABLES:
        if named := environment.get(variable):
            yield from _given(variable, Path(named))
    if named := environment.get("SSL_CERT_FILE"):
        yield from _if_it_holds_any("SSL_CERT_FILE", Path(named), access)
    for directory in filter(None, environment.get("SSL_CERT_DIR", "").split(os.pathsep)):
        yield from _if_it_holds_any("SSL_CERT_DIR", Path(directory), access)


def _if_it_holds_any(variable: str, path: Path, access: RegistryAccess) -> Iterator[Path]:
    """Yield what a variable names, and warn if that is nothing: OpenSSL and Go say nothing at all."""
    try:
        yield from _given(variable, path)
    except RegistryError as error:
        access.warn(f"{error.message}; it is ignored")


def _given(what: str, path: Path) -> Iterator[Path]:
    """Yield the file, or the files of the directory, that somebody wants to count."""
    try:
        if is_dir(path):
            yield from _certificates_in(path)
        elif not exists(path):
            raise RegistryError(f"{what}: {path} does not exist")
        elif not path.stat().st_size:
            raise RegistryError(f"{what}: {path} is empty")
        else:
            yield path
    except OSError as error:
        raise RegistryError(f"{what}: {path} cannot be read: {error.strerror}") from error


def _certificates_in(directory: Path) -> Iterator[Path]:
    """Yield the files of a directory that hold certificates; others may be in it, too."""
    for file in sorted(directory.iterdir()):
        with suppress(PermissionError):
            if is_file(file) and b"-----BEGIN CERTIFICATE-----" in _bytes(file):
                yield file


def _add(context: ssl.SSLContext, file: Path) -> None:
    """Trust all certificates in a file: PEM, or a single one in DER."""
    try:
        raw = _bytes(file)
        if b"-----BEGIN" in raw:
            context.load_verify_locations(file)
        else:
            context.load_verify_locations(cadata=raw)
    except (ssl.SSLError, OSError) as error:
        raise _unusable(error, file) from error


def _bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_MAX_FILE)


def _unusable(error: OSError, *files: Path) -> RegistryError:
    what = " and ".join(map(str, dict.fromkeys(files)))
    hint = None
    if not isinstance(error, ssl.SSLError):
        why = error.strerror
    elif len(files) == 1:
        why = "no certificate in PEM or DER format"
    elif "MISMATCH" in (error.reason or ""):
        why = "the key does not belong to the certificate"
    elif files[0] == files[1]:
        why, hint = (
            "no certificate with its key in PEM format",
            "If the key is in another file, name it with --client-key",
        )
    else:
        why = "not in PEM format"
    return RegistryError(f"the certificates cannot be used: {what}: {why}", hint=hint)


def _system() -> ssl.SSLContext:
    """Return a context that trusts whom this machine trusts; where it knows nobody, whom Mozilla trusts.

    A chain may end at any certificate that is trusted, root or not, as for Go's programs. Python's own default would
    follow ``SSL_CERT_FILE`` instead of the system, and from 3.13 on refuse many private authorities for their form.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if sys.platform == "win32":
        context.load_default_certs()
    else:
        where = ssl.get_default_verify_paths()
        has_directory = is_dir(Path(where.openssl_capath)) and any(Path(where.openssl_capath).iterdir())
        if is_file(Path(where.openssl_cafile)):
            context.load_verify_locations(where.openssl_cafile)
        if has_directory:
            context.load_verify_locations(capath=where.openssl_capath)
            return context
    files = _SYSTEM_FILES if sys.platform != "win32" else ()
    for file in (*filter(os.path.isfile, files), DEFAULT_CA_BUNDLE_PATH):
        if context.cert_store_stats()["x509_ca"]:
            break
        context.load_verify_locations(file)
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
