"""How a registry is reached: the options, and what is made of them and of the environment."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from ocianalyze.cli.options import REGISTRY, one_of
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ocianalyze.sources.registry.access import RegistryAccess

PASSWORD_VARIABLE: Final = "OCIANALYZE_REGISTRY_PASSWORD"  # noqa: S105 - its name
USERNAME_VARIABLE: Final = "OCIANALYZE_REGISTRY_USERNAME"
HOST_VARIABLE: Final = "OCIANALYZE_REGISTRY_HOST"
VARIABLES: Final = frozenset((PASSWORD_VARIABLE, USERNAME_VARIABLE, HOST_VARIABLE))
"""A login for one registry; the variables are read together, because only together do they mean something."""

_MAX_PASSWORD: Final = 1 << 16
_LONGEST_TIMEOUT: Final = 86_400.0
"""Seconds: a day."""


class TlsVerify(StrEnum):
    """Whether a certificate is checked, as skopeo writes it."""

    TRUE = "true"
    FALSE = "false"


Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Refuse all network access: read only files, directories and standard input.",
        envvar="OCIANALYZE_OFFLINE",
        rich_help_panel=REGISTRY,
    ),
]
AuthFile = Annotated[
    Path | None,
    typer.Option(
        "--authfile",
        metavar="FILE",
        help="Credentials file, instead of those of podman, skopeo and docker.",
        envvar="OCIANALYZE_AUTHFILE",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
Username = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"User to log in as; the password comes from {PASSWORD_VARIABLE} or the next two options.",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the password from the first line of standard input.", rich_help_panel=REGISTRY
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Read the password from the first line of a file.",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
CertDirectory = Annotated[
    Path | None,
    typer.Option(
        metavar="DIRECTORY",
        help="Authorities (*.crt) and client certificate (*.cert, *.key), instead of certs.d.",
        envvar="OCIANALYZE_CERT_DIR",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
CaFile = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Further certificate authorities to trust, in PEM; can be repeated.",
        envvar="OCIANALYZE_CA_FILE",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="How long to wait while the registry sends nothing; 60 by default.",
        envvar="OCIANALYZE_TIMEOUT",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
TlsVerification = Annotated[
    TlsVerify, typer.Option(help="Check the registry's certificate.", rich_help_panel=REGISTRY, **one_of(TlsVerify))
]
PlainHttp = Annotated[bool, typer.Option("--plain-http", help="Use HTTP without TLS.", rich_help_panel=REGISTRY)]
Mirror = Annotated[
    str | None,
    typer.Option(
        metavar="HOST[/PATH]",
        help="Mirror of Docker Hub, tried before Docker Hub itself; not used for other registries.",
        envvar="OCIANALYZE_MIRROR",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
AuthRealms = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST", help="Token server on another host that may receive the credentials.", rich_help_panel=REGISTRY
    ),
]


class RegistryOptions(NamedTuple):
    """The options of registries, as they are given."""

    authfile: AuthFile = None
    username: Username = None
    password_stdin: PasswordStdin = False
    password_file: PasswordFile = None
    cert_dir: CertDirectory = None
    tls_verify: TlsVerification = TlsVerify.TRUE
    plain_http: PlainHttp = False
    mirror: Mirror = None
    auth_realm: AuthRealms = None
    ca_file: CaFile = None
    timeout: Timeout = None


def make_access(given: RegistryOptions, *, reads_stdin: bool) -> RegistryAccess:
    """Return how registries are reached; `reads_stdin` tells whether standard input is read for something else.

    Raises:
        UsageError: of host, user name and password some are given and others not; a file cannot be read; a mirror is
            none.
    """
    from ocianalyze.sources.registry.access import DEFAULT_TIMEOUT, HostAccess, RegistryAccess

    _check(given)
    username, host = given.username, None
    password = _password(given, reads_stdin=reads_stdin)
    if username is None and password is not None:
        raise UsageError("a registry password is given, but no --username")
    if username is None and os.environ.get(USERNAME_VARIABLE):
        username, host = os.environ[USERNAME_VARIABLE], os.environ.get(HOST_VARIABLE)
        if not host:
            raise UsageError(
                f"{USERNAME_VARIABLE} is set, but {HOST_VARIABLE} is not", hint="Set it to the host of the registry"
            )
    if username is not None and password is None:
        password = os.environ.get(PASSWORD_VARIABLE)
        if password is None:
            raise UsageError(
                "a registry user name is given, but no password",
                hint=f"Use --password-stdin, --password-file or {PASSWORD_VARIABLE}",
            )
    return RegistryAccess(
        own=HostAccess(
            plain_http=given.plain_http,
            tls_verify=given.tls_verify is TlsVerify.TRUE,
            cert_dir=given.cert_dir,
            ca_files=tuple(given.ca_file or ()),
            timeout=DEFAULT_TIMEOUT if given.timeout is None else given.timeout,
            allowed_realms=tuple(given.auth_realm or ()),
        ),
        username=username,
        password=password,
        login_host=host,
        authfile=given.authfile,
        mirror=given.mirror,
        environment=dict(os.environ),
    )


def _check(given: RegistryOptions) -> None:
    """Raise UsageError for an option that cannot be what is meant."""
    from ocianalyze.sources.registry.access import parse_mirror

    if given.authfile is not None and not given.authfile.is_fifo():  # a pipe can be read only once
        _check_readable("--authfile", given.authfile, open)
    if given.cert_dir is not None:
        _check_readable("--cert-dir", given.cert_dir, os.scandir)
    for file in given.ca_file or ():
        _check_readable("--ca-file", file, open)
    if given.timeout is not None and not 0 < given.timeout <= _LONGEST_TIMEOUT:
        raise UsageError(f"--timeout: {given.timeout:g} is not a time limit", hint="Use seconds, at most 86400, a day")
    if given.mirror is not None:
        parse_mirror(given.mirror)


def _check_readable(option: str, path: Path, opened: Callable[[Path], AbstractContextManager[object]]) -> None:
    try:
        with opened(path):
            pass
    except OSError as error:
        raise UsageError(f"{option}: {path} cannot be read: {error.strerror}") from error


def _password(given: RegistryOptions, *, reads_stdin: bool) -> str | None:
    """Return the password from standard input or a file, None if neither is asked for."""
    file = given.password_file
    if given.password_stdin:
        if file is not None:
            raise UsageError("--password-stdin and --password-file exclude each other")
        if reads_stdin or sys.stdin is None:
            raise UsageError("standard input cannot be both the password and the image or the AppImageConfig")
        return sys.stdin.readline(_MAX_PASSWORD).rstrip("\r\n")
    if file is None:
        return None
    try:
        with file.open(encoding="utf-8") as stream:
            return stream.readline(_MAX_PASSWORD).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {getattr(error, 'strerror', 'it is no text')}") from error
