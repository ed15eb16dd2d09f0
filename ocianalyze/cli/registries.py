"""How a registry is reached: the options, and what is made of them and of the environment."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from ocianalyze.cli import logins
from ocianalyze.cli.options import REGISTRY, one_of
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ocianalyze.sources.registry.access import RegistryAccess

VARIABLES: Final = logins.VARIABLES


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
        help=f"User to log in as; the password comes from {logins.PASSWORD_VARIABLE} or the next two options.",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin",
        help="Read the password from standard input, all but a newline at its end.",
        rich_help_panel=REGISTRY,
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Read the password from a file, all but a newline at its end.",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
BearerTokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=f"File with a token that is sent to the registry as it is (Bearer); or set {logins.TOKEN_VARIABLE}.",
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
    bearer_token_file: BearerTokenFile = None
    cert_dir: CertDirectory = None
    tls_verify: TlsVerification = TlsVerify.TRUE
    plain_http: PlainHttp = False
    mirror: Mirror = None
    auth_realm: AuthRealms = None


def make_access(given: RegistryOptions, *, reads_stdin: bool, quiet: bool = False) -> RegistryAccess:
    """Return how registries are reached; `reads_stdin` tells whether standard input is read for something else.

    With `quiet`, warnings about credentials are not printed.

    Raises:
        UsageError: of host, user name and password some are given and others not; a file cannot be read; a mirror is
            none.
    """
    from ocianalyze.sources.registry.access import HostAccess, RegistryAccess, parse_mirror

    if given.authfile is not None and not given.authfile.is_fifo():  # a pipe can be read only once
        _check_readable("--authfile", given.authfile, open)
    if given.cert_dir is not None:
        _check_readable("--cert-dir", given.cert_dir, os.scandir)
    if given.mirror is not None:
        parse_mirror(given.mirror)
    stated = logins.Given(given.username, given.password_stdin, given.password_file, given.bearer_token_file)
    login = logins.login(stated, reads_stdin=reads_stdin)
    return RegistryAccess(
        own=HostAccess(
            plain_http=given.plain_http,
            tls_verify=given.tls_verify is TlsVerify.TRUE,
            cert_dir=given.cert_dir,
            allowed_realms=tuple(given.auth_realm or ()),
        ),
        username=login.username,
        password=login.password,
        bearer_token=login.token,
        login_host=login.host,
        authfile=given.authfile,
        mirror=given.mirror,
        environment=dict(os.environ),
        warn=_ignore if quiet else _warnings(),
    )


def _ignore(_: str) -> None:
    """Print nothing."""


def _warnings() -> Callable[[str], None]:
    """Return a function that prints each warning once, from whichever thread it comes."""
    from threading import Lock

    from ocianalyze.reports.text import printable

    said: set[str] = set()
    lock = Lock()

    def warn(text: str) -> None:
        with lock:
            is_new = text not in said
            said.add(text)
        if is_new:
            typer.echo(printable(f"ocianalyze: {text}"), err=True)

    return warn


def _check_readable(option: str, path: Path, opened: Callable[[Path], AbstractContextManager[object]]) -> None:
    try:
        with opened(path):
            pass
    except OSError as error:
        raise UsageError(f"{option}: {path} cannot be read: {error.strerror}") from error
