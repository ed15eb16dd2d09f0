"""How a registry is reached: the options, and what is made of them and of the environment."""

from __future__ import annotations

import os
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from ocianalyze.cli import logins
from ocianalyze.cli.options import REGISTRY, one_of
from ocianalyze.cli.remarks import remark
from ocianalyze.errors import UsageError
from ocianalyze.oci.repository import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from ocianalyze.sources.registry.access import HostSettings, RegistryAccess

PLAIN_HTTP_VARIABLE: Final = "OCIANALYZE_PLAIN_HTTP"
"""The names of registries, with spaces between them."""
VARIABLES: Final = logins.VARIABLES | {PLAIN_HTTP_VARIABLE}


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
        help="Read the password from standard input, without a newline at its end.",
        rich_help_panel=REGISTRY,
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Read the password from a file, without a newline at its end.",
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
CaFile = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Further certificate authorities to trust, in PEM (repeatable).",
        envvar="OCIANALYZE_CA_FILE",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="How long to wait while the registry sends nothing.",
        envvar="OCIANALYZE_TIMEOUT",
        show_default="60",
        rich_help_panel=REGISTRY,
    ),
]
ClientCertificate = Annotated[
    Path | None,
    typer.Option(
        "--client-cert",
        metavar="FILE",
        help="Client certificate to show to the registry, in PEM.",
        envvar="OCIANALYZE_CLIENT_CERT",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
ClientKey = Annotated[
    Path | None,
    typer.Option(
        "--client-key",
        metavar="FILE",
        help="Key of the client certificate, if it is in another file.",
        envvar="OCIANALYZE_CLIENT_KEY",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
TlsVerification = Annotated[
    TlsVerify | None,
    typer.Option(
        help="Check the registry's certificate.", show_default="true", rich_help_panel=REGISTRY, **one_of(TlsVerify)
    ),
]
PlainHttp = Annotated[
    bool,
    typer.Option(
        "--plain-http",
        help=f"Use HTTP without TLS. {PLAIN_HTTP_VARIABLE} lists registries for which this is always done.",
        rich_help_panel=REGISTRY,
    ),
]
Mirrors = Annotated[
    list[str] | None,
    typer.Option(
        "--mirror",
        metavar="[HOST=]MIRROR[/PATH]",
        help="Mirror to ask before the registry HOST, by default Docker Hub; not used for others (repeatable).",
        envvar="OCIANALYZE_MIRROR",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
AuthRealms = Annotated[
    list[str] | None,
    typer.Option(
        "--auth-realm",
        metavar="HOST",
        help="Token server on another host that may receive the credentials (repeatable).",
        envvar="OCIANALYZE_AUTH_REALM",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
Proxy = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Proxy for registries, instead of HTTPS_PROXY and the like; '' for none.",
        envvar="OCIANALYZE_PROXY",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]


class RegistryOptions(NamedTuple):
    """The options of registries, as they are given."""

    authfile: AuthFile = None
    username: Username = None
    password_stdin: PasswordStdin = False
    password_file: PasswordFile = None
    bearer_token_file: BearerTokenFile = None
    ca_file: CaFile = None
    cert_dir: CertDirectory = None
    client_cert: ClientCertificate = None
    client_key: ClientKey = None
    tls_verify: TlsVerification = None
    plain_http: PlainHttp = False
    mirror: Mirrors = None
    auth_realm: AuthRealms = None
    timeout: Timeout = None
    proxy: Proxy = None


def make_access(
    given: RegistryOptions, stated: Mapping[str, HostSettings], *, reads_stdin: bool, quiet: bool = False
) -> RegistryAccess:
    """Return how registries are reached.

    `stated` is what settings say of registries by name, and `reads_stdin` tells whether standard input is read for
    something else.

    With `quiet`, warnings are not printed.

    Raises:
        UsageError: of host, user name and password some are given and others not; a file cannot be read; a mirror is
            none.
    """
    from ocianalyze.sources.registry.access import HostSettings, RegistryAccess

    _check(given)
    by_hand = logins.Given(given.username, given.password_stdin, given.password_file, given.bearer_token_file)
    login = logins.login(by_hand, reads_stdin=reads_stdin)
    return RegistryAccess(
        own=HostSettings(
            plain_http=given.plain_http or None,
            tls_verify=None if given.tls_verify is None else given.tls_verify is TlsVerify.TRUE,
            cert_dir=given.cert_dir,
            client=None if given.client_cert is None else (given.client_cert, given.client_key or given.client_cert),
            ca_files=tuple(given.ca_file or ()),
            timeout=given.timeout,
            allowed_realms=tuple(given.auth_realm or ()),
            proxy=given.proxy,
        ),
        hosts=_hosts(given, stated),
        username=login.username,
        password=login.password,
        bearer_token=login.token,
        login_host=login.host,
        authfile=given.authfile,
        environment=dict(os.environ),
        warn=_ignore if quiet else _warnings(),
    )


def _hosts(given: RegistryOptions, stated: Mapping[str, HostSettings]) -> dict[str, HostSettings]:
    """Return what is said of registries by name: in options, in variables, and in settings."""
    from ocianalyze.settings.registries import check_registry, merged
    from ocianalyze.sources.registry.access import HostSettings, parse_mirror

    mirrors: dict[str, tuple[str, ...]] = {}
    with _named("--mirror"):
        for text in given.mirror or ():
            host, sign, mirror = text.rpartition("=")
            parse_mirror(mirror)
            registry = check_registry(host) if sign else DOCKER_HUB
            mirrors[registry] = (*mirrors.get(registry, ()), mirror)
    with _named(PLAIN_HTTP_VARIABLE):
        plain = {check_registry(host) for host in os.environ.get(PLAIN_HTTP_VARIABLE, "").split()}
    said = {
        host: HostSettings(mirrors=mirrors.get(host, ()), plain_http=True if host in plain else None)
        for host in plain | mirrors.keys()
    }
    return merged(said, stated)


@contextmanager
def _named(option: str) -> Iterator[None]:
    """Say in an error which option or variable it comes from."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{option}: {error.message}", hint=error.hint) from error


def _check(given: RegistryOptions) -> None:
    """Raise UsageError for an option that cannot be what is meant."""
    from ocianalyze.sources.registry.access import LONGEST_TIMEOUT

    if given.authfile is not None and not given.authfile.is_fifo():  # a pipe can be read only once
        _check_readable("--authfile", given.authfile, open)
    if given.cert_dir is not None:
        _check_readable("--cert-dir", given.cert_dir, os.scandir)
    files = [("--ca-file", file) for file in given.ca_file or ()]
    for option, file in (*files, ("--client-cert", given.client_cert), ("--client-key", given.client_key)):
        if file is not None:
            _check_readable(option, file, open)
    if given.timeout is not None and not 0 < given.timeout <= LONGEST_TIMEOUT:
        raise UsageError(f"--timeout: {given.timeout:g} is not a time limit", hint="Use seconds, at most 86400, a day")
    if given.client_key is not None and given.client_cert is None:
        raise UsageError("--client-key needs --client-cert")


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
            remark(printable(f"ocianalyze: {text}"))

    return warn


def _check_readable(option: str, path: Path, opened: Callable[[Path], AbstractContextManager[object]]) -> None:
    try:
        with opened(path):
            pass
    except OSError as error:
        raise UsageError(f"{option}: {path} cannot be read: {error.strerror}") from error
