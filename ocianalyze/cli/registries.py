"""How a registry is reached: the options, and what is made of them and of the environment."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final, NamedTuple

import typer

from ocianalyze.cli.options import REGISTRY, one_of
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ocianalyze.sources.registry.access import RegistryAccess

PASSWORD_VARIABLE: Final = "OCIANALYZE_REGISTRY_PASSWORD"  # noqa: S105 - its name
USERNAME_VARIABLE: Final = "OCIANALYZE_REGISTRY_USERNAME"
TOKEN_VARIABLE: Final = "OCIANALYZE_REGISTRY_TOKEN"  # noqa: S105 - its name
HOST_VARIABLE: Final = "OCIANALYZE_REGISTRY_HOST"
VARIABLES: Final = frozenset((PASSWORD_VARIABLE, USERNAME_VARIABLE, TOKEN_VARIABLE, HOST_VARIABLE))
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
        help="Send the token in a file to the registry as it is (Bearer), instead of logging in.",
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


class _Login(NamedTuple):
    """Who we are for the registry of the image, or for `host` alone."""

    username: str | None = None
    password: str | None = None
    token: str | None = None
    host: str | None = None


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
    login = _login(given, reads_stdin=reads_stdin)
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


def _login(given: RegistryOptions, *, reads_stdin: bool) -> _Login:
    """Return the login of the options, else that of the variables."""
    password = _password(given, reads_stdin=reads_stdin)
    if given.bearer_token_file is not None:
        if given.username is not None or password is not None:
            raise UsageError("--bearer-token-file excludes --username, --password-stdin and --password-file")
        return _Login(token=_token(_read(given.bearer_token_file, "the token"), str(given.bearer_token_file)))
    username, host = given.username, None
    if username is None and password is not None:
        raise UsageError("a registry password is given, but no --username")
    if username is None:
        named = next((name for name in (TOKEN_VARIABLE, USERNAME_VARIABLE) if os.environ.get(name)), None)
        if named is None:
            return _Login()
        host = os.environ.get(HOST_VARIABLE)
        if not host:
            raise UsageError(f"{named} is set, but {HOST_VARIABLE} is not", hint="Set it to the host of the registry")
        if named == TOKEN_VARIABLE:
            return _Login(token=_token(os.environ[named], named), host=host)
        username = os.environ[named]
    if password is None:
        password = os.environ.get(PASSWORD_VARIABLE)
    if password is None:
        raise UsageError(
            "a registry user name is given, but no password",
            hint=f"Use --password-stdin, --password-file or {PASSWORD_VARIABLE}",
        )
    if not password:
        raise UsageError("the registry password is empty", hint="Check the secret or the command that it comes from")
    return _Login(username, password, host=host)


def _password(given: RegistryOptions, *, reads_stdin: bool) -> str | None:
    """Return the password from standard input or a file, None if neither is asked for."""
    if given.password_stdin:
        if given.password_file is not None:
            raise UsageError("--password-stdin and --password-file exclude each other")
        if reads_stdin or sys.stdin is None:
            raise UsageError("standard input cannot be both the password and the image or the AppImageConfig")
        return _without_newline(_text(sys.stdin.buffer, "standard input", "the password"))
    file = given.password_file
    return None if file is None else _without_newline(_read(file, "the password"))


def _without_newline(text: str) -> str:
    """Return a password without the newline that editors and `echo` put behind it; it may have others (_json_key)."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def _token(text: str, where: str) -> str:
    from ocianalyze.sources.registry.tokens import MAX_TOKEN, TOKEN

    token = text.strip()
    if len(token) > MAX_TOKEN or not TOKEN.fullmatch(token):
        raise UsageError(f"{where} holds no token", hint="A token is one word without spaces, such as a JWT")
    return token


def _read(file: Path, what: str) -> str:
    try:
        with file.open("rb") as stream:
            return _text(stream, str(file), what)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _text(stream: BinaryIO, where: str, what: str) -> str:
    raw = stream.read(_MAX_PASSWORD + 1)
    if len(raw) > _MAX_PASSWORD:
        raise UsageError(f"{what} in {where} has more than {_MAX_PASSWORD:,} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{where} cannot be read: it is no text") from error
