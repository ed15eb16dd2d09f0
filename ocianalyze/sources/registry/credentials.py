"""The credentials that people already have: in auth.json and config.json, and behind credential helpers.

Sources: containers-auth.json(5); docker/cli, ``cli/config/credentials``. Nothing here is ever written, and a secret is
shown by no ``repr``.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.errors import AuthenticationError, InvalidImageError
from ocianalyze.oci import json
from ocianalyze.oci.repository import DOCKER_HUB, DOCKER_HUB_NAMES
from ocianalyze.sources.registry import ecr, helpers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocianalyze.oci.repository import RepositoryName
    from ocianalyze.sources.registry.access import RegistryAccess

_DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
_MAX_FILE: Final = 1 << 20
_IDENTITY_TOKEN: Final = "<token>"  # noqa: S105 - the user name by which helpers say that the secret is one


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a secret, or an identity token; `origin` tells people where it was found."""

    username: str
    secret: str = field(repr=False)
    origin: str
    is_identity_token: bool = False

    @property
    def basic(self) -> str:
        """The value of an ``Authorization`` header (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.secret}".encode()).decode("ascii")


@dataclass(slots=True)
class Credentials:
    """Finds the credential for a repository, once; `tried` tells where was looked, for whom it does not help."""

    access: RegistryAccess
    own: str
    """The registry for which the user name and password that were given by hand are meant."""
    tried: list[str] = field(default_factory=list)

    def find(self, name: RepositoryName) -> Credential | None:
        """Return the credential for a repository, or None if nobody has one: then it is asked for anonymously.

        Raises:
            AuthenticationError: a file or a helper that should have it cannot be used.
        """
        access = self.access
        if access.username is not None and access.password is not None and name.registry == self.own:
            if access.login_host is None or _plain_key(access.login_host) == self.own:
                return Credential(access.username, access.password, "the given user name and password")
            self.tried.append(f"the login for {access.login_host}, which is another registry")
        for file in access.auth_files():
            found = self._in_file(file, name)
            if found is not None:
                return found
        if ecr.is_ecr(name.registry):
            return self._from_aws(name.registry)
        return None

    def _in_file(self, file: Path, name: RepositoryName) -> Credential | None:
        document = _load(file)
        if document is None:
            if file == self.access.authfile:
                raise AuthenticationError(f"the credentials file {file} does not exist", hint="Check --authfile")
            return None
        self.tried.append(str(file))
        keys = list(_keys(name))
        by_key = {_plain_key(key): value for key, value in _object(document, "credHelpers", file).items()}
        auths = {_plain_key(key): value for key, value in _object(document, "auths", file).items()}
        for key in keys:
            helper = by_key.get(key)
            if isinstance(helper, str) and helper:
                return self._ask(helper, _server(key), file)
        for key in keys:
            entry = auths.get(key)
            if isinstance(entry, dict) and (found := _entry(entry, key, file)) is not None:
                return found
        store = document.get("credsStore")
        if isinstance(store, str) and store:
            return self._ask(store, _server(name.registry), file)
        return None

    def _ask(self, helper: str, server: str, file: Path) -> Credential | None:
        """Ask a credential helper for what it has for a server."""
        program = helpers.program_of(helper, file)
        self.tried.append(program)
        answer = helpers.ask(program, server, self.access.environment, file)
        if answer is None:
            return None
        return Credential(*answer, f"{program} from {file}", answer[0] == _IDENTITY_TOKEN)

    def _from_aws(self, registry: str) -> Credential | None:
        if not ecr.is_available():
            self.tried.append("AWS credentials (the extra 'ecr' is not installed)")
            return None
        self.tried.append("AWS credentials from boto3")
        login = ecr.login(registry)
        return None if login is None else Credential(*login, "AWS credentials from boto3")


def _keys(name: RepositoryName) -> Iterator[str]:
    """Yield the keys that may hold the credential, the longest first (containers-auth.json(5))."""
    path = name.repository
    while path:
        yield f"{name.registry}/{path}"
        path = path.rpartition("/")[0]
    yield name.registry


def _plain_key(key: str) -> str:
    """Return a key of ``auths`` as a registry and perhaps a path; docker once wrote URLs, such as that of its hub."""
    _, is_url, rest = key.rpartition("://")
    host, _, path = rest.partition("/")
    host = DOCKER_HUB if host in DOCKER_HUB_NAMES else host
    is_legacy = path.rstrip("/") in ("v1", "v2") or (is_url and host != DOCKER_HUB)
    return host if is_legacy or not path else f"{host}/{path}"  # Docker Desktop keeps tokens at /v1/access-token, too


def _server(key: str) -> str:
    """Return what a helper knows a registry by."""
    return _DOCKER_HUB_KEY if key == DOCKER_HUB else key


def _entry(entry: dict[str, Any], key: str, file: Path) -> Credential | None:
    origin = f"the entry {key} in {file}"
    token = entry.get("identitytoken")
    if isinstance(token, str) and token:
        return Credential(_IDENTITY_TOKEN, token, origin, is_identity_token=True)
    auth = entry.get("auth")
    if isinstance(auth, str) and auth:
        try:
            username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise AuthenticationError(
                f"{file}: invalid entry {key!r}: 'auth' is not base64 of a user name and password"
            ) from error
        return Credential(username, password.rstrip("\0"), origin) if colon else None
    user, secret = entry.get("username"), entry.get("password")
    if isinstance(user, str) and isinstance(secret, str) and user:
        return Credential(user, secret, origin)
    return None


def _load(file: Path) -> dict[str, Any] | None:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise AuthenticationError(f"{file} cannot be read: {error.strerror}") from error
    if len(raw) > _MAX_FILE:
        raise AuthenticationError(f"{file} has more than {_MAX_FILE:,} bytes")
    try:
        value = json.decode(raw, what=str(file)) if raw.strip() else {}
    except InvalidImageError as error:
        raise AuthenticationError(f"{file} is not valid JSON") from error
    if not isinstance(value, dict):
        raise AuthenticationError(f"{file} is not a JSON object")
    return value


def _object(document: dict[str, Any], key: str, file: Path) -> dict[str, Any]:
    value = {} if document.get(key) is None else document[key]
    if not isinstance(value, dict):
        raise AuthenticationError(f"{file}: {key} is not an object")
    return value
