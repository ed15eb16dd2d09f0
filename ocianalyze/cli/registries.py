"""The options that say how a registry is reached; every command that takes an image has them."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ocianalyze.cli.extending import extend
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocianalyze.sources.registry.access import RegistryAccess

PASSWORD_VARIABLE: Final = "OCIANALYZE_REGISTRY_PASSWORD"  # noqa: S105 - its name
USERNAME_VARIABLE: Final = "OCIANALYZE_REGISTRY_USERNAME"
HOST_VARIABLE: Final = "OCIANALYZE_REGISTRY_HOST"
VARIABLES: Final = frozenset((PASSWORD_VARIABLE, USERNAME_VARIABLE, HOST_VARIABLE))
"""A login for one registry; the variables are read here, because only together do they mean something."""
_MAX_PASSWORD: Final = 1 << 16


class TlsVerify(StrEnum):
    """Whether a certificate is checked, as skopeo writes it."""

    TRUE = "true"
    FALSE = "false"


_OPTIONS: Final[dict[str, tuple[Any, Any]]] = {
    "authfile": (
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Registry: the file with credentials, instead of those of podman, skopeo and docker.",
            envvar="OCIANALYZE_AUTHFILE",
            show_default=False,
        ),
    ),
    "username": (
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"Registry: who to log in as; the password comes from {PASSWORD_VARIABLE} or the next two.",
            show_default=False,
        ),
    ),
    "password_stdin": (
        bool,
        typer.Option("--password-stdin", help="Registry: the password is the first line of standard input."),
    ),
    "password_file": (
        Path | None,
        typer.Option(metavar="FILE", help="Registry: the password is the first line of a file.", show_default=False),
    ),
    "cert_dir": (
        Path | None,
        typer.Option(
            metavar="DIRECTORY",
            help="Registry: authorities (*.crt) and our own certificate (*.cert, *.key), instead of certs.d.",
            envvar="OCIANALYZE_CERT_DIR",
            show_default=False,
        ),
    ),
    "tls_verify": (TlsVerify, typer.Option(help="Registry: whether its certificate is checked.")),
    "plain_http": (bool, typer.Option("--plain-http", help="Registry: talk to it without TLS.")),
    "mirror": (
        str | None,
        typer.Option(
            metavar="HOST[/PATH]",
            help="Registry: a mirror of Docker Hub, asked before Docker Hub itself; not used for other registries.",
            envvar="OCIANALYZE_MIRROR",
            show_default=False,
        ),
    ),
    "auth_realm": (
        list[str] | None,
        typer.Option(metavar="HOST", help="Registry: a token server elsewhere that may see the credentials."),
    ),
}
_DEFAULTS: Final = {"password_stdin": False, "tls_verify": TlsVerify.TRUE, "plain_http": False}


def with_registry(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of registries; they arrive as the keyword `access`."""
    options = {name: (Annotated[kind, option], _DEFAULTS.get(name)) for name, (kind, option) in _OPTIONS.items()}
    return extend(command, options, _make, into=("access",))


def _make(given: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    reads_stdin = str(arguments.get("app_image_config")) == "-"
    return {"access": _access(given, image=arguments["image"], reads_stdin=reads_stdin)}


def _access(given: Mapping[str, Any], *, image: str, reads_stdin: bool) -> RegistryAccess:
    """Return how registries are reached.

    Raises:
        UsageError: of host, user name and password some are given and others not.
    """
    from ocianalyze.sources.registry.access import RegistryAccess

    username, host = given["username"], None
    password = _password(given, reads_stdin=reads_stdin or image == "-")
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
        authfile=given["authfile"],
        cert_dir=given["cert_dir"],
        plain_http=given["plain_http"],
        tls_verify=given["tls_verify"] is TlsVerify.TRUE,
        mirror=given["mirror"],
        allowed_realms=tuple(given["auth_realm"] or ()),
        environment=dict(os.environ),
    )


def _password(given: Mapping[str, Any], *, reads_stdin: bool) -> str | None:
    """Return the password from standard input or a file, None if neither is asked for."""
    file: Path | None = given["password_file"]
    if given["password_stdin"]:
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
