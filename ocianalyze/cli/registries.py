"""How a registry is reached: the options, and what is made of them and of the environment."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from ocianalyze.cli.options import REGISTRY
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from ocianalyze.sources.registry.access import RegistryAccess

PASSWORD_VARIABLE: Final = "OCIANALYZE_REGISTRY_PASSWORD"  # noqa: S105 - its name
USERNAME_VARIABLE: Final = "OCIANALYZE_REGISTRY_USERNAME"
HOST_VARIABLE: Final = "OCIANALYZE_REGISTRY_HOST"
VARIABLES: Final = frozenset((PASSWORD_VARIABLE, USERNAME_VARIABLE, HOST_VARIABLE))
"""A login for one registry; the variables are read together, because only together do they mean something."""

_MAX_PASSWORD: Final = 1 << 16


class TlsVerify(StrEnum):
    """Whether a certificate is checked, as skopeo writes it."""

    TRUE = "true"
    FALSE = "false"


Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Ask no registry: only files, directories and standard input are read.",
        envvar="OCIANALYZE_OFFLINE",
        rich_help_panel=REGISTRY,
    ),
]
AuthFile = Annotated[
    Path | None,
    typer.Option(
        "--authfile",
        metavar="FILE",
        help="The file with credentials, instead of those of podman, skopeo and docker.",
        envvar="OCIANALYZE_AUTHFILE",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
Username = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"Who to log in as; the password comes from {PASSWORD_VARIABLE} or the next two.",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="The password is the first line of standard input.", rich_help_panel=REGISTRY
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="The password is the first line of a file.", show_default=False, rich_help_panel=REGISTRY
    ),
]
CertDirectory = Annotated[
    Path | None,
    typer.Option(
        metavar="DIRECTORY",
        help="Authorities (*.crt) and our own certificate (*.cert, *.key), instead of certs.d.",
        envvar="OCIANALYZE_CERT_DIR",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
TlsVerification = Annotated[
    TlsVerify, typer.Option(help="Whether its certificate is checked.", rich_help_panel=REGISTRY)
]
PlainHttp = Annotated[bool, typer.Option("--plain-http", help="Talk to it without TLS.", rich_help_panel=REGISTRY)]
Mirror = Annotated[
    str | None,
    typer.Option(
        metavar="HOST[/PATH]",
        help="A mirror of Docker Hub, asked before Docker Hub itself; not used for other registries.",
        envvar="OCIANALYZE_MIRROR",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
AuthRealms = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST", help="A token server elsewhere that may see the credentials.", rich_help_panel=REGISTRY
    ),
]


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
