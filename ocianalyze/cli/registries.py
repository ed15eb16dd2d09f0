"""How a registry is reached, from the options and the environment."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.cli.options import HOST_VARIABLE, PASSWORD_VARIABLE, USERNAME_VARIABLE, TlsVerify
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ocianalyze.sources.registry.access import RegistryAccess

_MAX_PASSWORD: Final = 1 << 16


class RegistryOptions(NamedTuple):
    """The options of registries, as they are given."""

    authfile: Path | None
    username: str | None
    password_stdin: bool
    password_file: Path | None
    cert_dir: Path | None
    tls_verify: TlsVerify
    plain_http: bool
    mirror: str | None
    auth_realm: list[str] | None


def make_access(given: RegistryOptions, *, reads_stdin: bool) -> RegistryAccess:
    """Return how registries are reached; `reads_stdin` tells whether standard input is read for something else.

    Raises:
        UsageError: of host, user name and password some are given and others not.
    """
    from ocianalyze.sources.registry.access import RegistryAccess

    username, host = given.username, None
    password = _password(given, reads_stdin=reads_stdin)
    if username is None and password is not None:
        raise UsageError("a password is given for the registry, but no --username")
    if username is None and os.environ.get(USERNAME_VARIABLE):
        username, host = os.environ[USERNAME_VARIABLE], os.environ.get(HOST_VARIABLE)
        if not host:
            raise UsageError(
                f"{USERNAME_VARIABLE} is set, but not for which registry", hint=f"set {HOST_VARIABLE} to its host"
            )
    if username is not None and password is None:
        password = os.environ.get(PASSWORD_VARIABLE)
        if password is None:
            raise UsageError(
                "a user name is given for the registry, but no password",
                hint=f"use --password-stdin, --password-file or {PASSWORD_VARIABLE}",
            )
    return RegistryAccess(
        username=username,
        password=password,
        login_host=host,
        authfile=given.authfile,
        cert_dir=given.cert_dir,
        plain_http=given.plain_http,
        tls_verify=given.tls_verify is TlsVerify.TRUE,
        mirror=given.mirror,
        allowed_realms=tuple(given.auth_realm or ()),
        environment=dict(os.environ),
    )


def _password(given: RegistryOptions, *, reads_stdin: bool) -> str | None:
    """Return the password from standard input or a file, None if neither is asked for."""
    file = given.password_file
    if given.password_stdin:
        if file is not None:
            raise UsageError("the password comes from --password-stdin or from --password-file, not from both")
        if reads_stdin or sys.stdin is None:
            raise UsageError("the password cannot be read from standard input as well")
        return sys.stdin.readline(_MAX_PASSWORD).rstrip("\r\n")
    if file is None:
        return None
    try:
        with file.open(encoding="utf-8") as stream:
            return stream.readline(_MAX_PASSWORD).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {getattr(error, 'strerror', 'it is no text')}") from error
