"""Who we are for the registry of the image: passwords and tokens from options, files and variables."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD_VARIABLE: Final = "OCIANALYZE_REGISTRY_PASSWORD"  # noqa: S105 - its name
USERNAME_VARIABLE: Final = "OCIANALYZE_REGISTRY_USERNAME"
TOKEN_VARIABLE: Final = "OCIANALYZE_REGISTRY_TOKEN"  # noqa: S105 - its name
HOST_VARIABLE: Final = "OCIANALYZE_REGISTRY_HOST"
VARIABLES: Final = frozenset((PASSWORD_VARIABLE, USERNAME_VARIABLE, TOKEN_VARIABLE, HOST_VARIABLE))
"""A login for one registry; the variables are read together, because only together do they mean something."""

_MAX_PASSWORD: Final = 1 << 16


class Login(NamedTuple):
    """Who we are for the registry of the image, or for `host` alone."""

    username: str | None = None
    password: str | None = None
    token: str | None = None
    host: str | None = None


class Given(NamedTuple):
    """What the options say of it."""

    username: str | None
    password_stdin: bool
    password_file: Path | None
    bearer_token_file: Path | None


def login(given: Given, *, reads_stdin: bool) -> Login:
    """Return the login of the options, else that of the variables.

    `reads_stdin` tells whether standard input is read for something else.

    Raises:
        UsageError: of host, user name and password some are given and others not; a file cannot be read.
    """
    password = _password(given, reads_stdin=reads_stdin)
    if given.bearer_token_file is not None:
        if given.username is not None or password is not None:
            raise UsageError(
                "--bearer-token-file cannot be combined with --username, --password-stdin or --password-file"
            )
        return Login(token=_token(_read(given.bearer_token_file, "the token"), str(given.bearer_token_file)))
    if given.username is not None:
        return Login(given.username, _checked(os.environ.get(PASSWORD_VARIABLE) if password is None else password))
    if password is not None:
        raise UsageError("a registry password is given, but no --username")
    return _of_variables()


def _of_variables() -> Login:
    """Return the login that variables have for one host, which they must name."""
    names = [name for name in (TOKEN_VARIABLE, USERNAME_VARIABLE) if os.environ.get(name)]
    host = os.environ.get(HOST_VARIABLE)
    if not names and host:
        raise UsageError(
            f"{HOST_VARIABLE} is set, but neither {USERNAME_VARIABLE} nor {TOKEN_VARIABLE} is",
            hint="Set one of them, or unset it",
        )
    if not names:
        return Login()
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} are both set", hint="Unset one of them")
    (named,) = names
    if not host:
        raise UsageError(f"{named} is set, but {HOST_VARIABLE} is not", hint="Set it to the host of the registry")
    if named == TOKEN_VARIABLE:
        return Login(token=_token(os.environ[named], named), host=host)
    return Login(os.environ[named], _checked(os.environ.get(PASSWORD_VARIABLE)), host=host)


def _checked(password: str | None) -> str:
    """Return the password that goes with a user name."""
    if password is None:
        raise UsageError(
            "a registry user name is given, but no password",
            hint=f"Use --password-stdin, --password-file or {PASSWORD_VARIABLE}",
        )
    if not password:
        raise UsageError("the registry password is empty", hint="Check the secret or the command that it comes from")
    return password


def _password(given: Given, *, reads_stdin: bool) -> str | None:
    """Return the password from standard input or a file, None if neither is asked for."""
    if given.password_stdin:
        if given.password_file is not None:
            raise UsageError("--password-stdin and --password-file cannot be combined")
        if reads_stdin or sys.stdin is None:
            raise UsageError("standard input cannot be both the password and the image or the AppImageConfig")
        return _without_newline(_text(sys.stdin.buffer, "standard input", "the password"))
    file = given.password_file
    return None if file is None else _without_newline(_read(file, "the password"))


def _without_newline(text: str) -> str:
    """Return a password without the newline that editors and `echo` put behind it; it may have others (_json_key)."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def _token(text: str, where: str) -> str:
    from ocianalyze.sources.registry.login.tokens import MAX_TOKEN, TOKEN

    token = text.strip()
    if len(token) > MAX_TOKEN or not TOKEN.fullmatch(token):
        raise UsageError(f"{where} contains no token", hint="A token is one word without spaces, such as a JWT")
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
        raise UsageError(f"{where} cannot be read: it is not text") from error
