"""What auth.json, config.json and ``DOCKER_AUTH_CONFIG`` say of a repository: an entry, or a helper to ask.

Sources: containers-auth.json(5); docker/cli, ``cli/config``; go-containerregistry, ``authn.AuthConfig``. Nothing here
is ever written.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.errors import AuthenticationError, InvalidImageError
from ocianalyze.oci import json
from ocianalyze.oci.repository import DOCKER_HUB, DOCKER_HUB_NAMES
from ocianalyze.sources.registry.login.credential import IDENTITY_TOKEN, Credential, Kind
from ocianalyze.sources.registry.login.tokens import MAX_TOKEN, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocianalyze.oci.repository import RepositoryName

AUTH_VARIABLE: Final = "DOCKER_AUTH_CONFIG"
"""GitLab's, and docker's since 28.3: what a config.json holds."""

_DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
_LEGACY: Final = ".dockercfg"
"""What Docker had before config.json, and podman still reads: nothing but ``auths``."""
_MAX_FILE: Final = 1 << 20


class AuthFile(NamedTuple):
    """What was read, and where from."""

    where: str
    auths: dict[str, Any]
    helpers: dict[str, Any]
    store: str

    def helper_for(self, name: RepositoryName) -> tuple[str, str] | None:
        """Return the helper for a repository and what it knows the registry by; None if there is no special one."""
        by_key = _by_plain_key(self.helpers)
        for key in _keys(name):
            helper = by_key.get(key)
            if isinstance(helper, str) and helper:
                return helper, _server(key)
        return None

    def entry_for(self, name: RepositoryName) -> Credential | None:
        """Return the credential in the longest key that fits a repository and has one.

        Raises:
            AuthenticationError: the entry is damaged.
        """
        by_key = _by_plain_key(self.auths)
        for key in _keys(name):
            entry = by_key.get(key)
            if isinstance(entry, dict) and (found := _credential(entry, key, self.where)) is not None:
                return found
        return None

    def store_for(self, name: RepositoryName) -> tuple[str, str] | None:
        """Return the store for all registries and what it knows this one by, None if there is no store."""
        return (self.store, _server(name.registry)) if self.store else None


def read(file: Path) -> AuthFile | None:
    """Return what a file holds, None if there is no such file.

    Raises:
        AuthenticationError: it cannot be read, or is not what it should be.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise AuthenticationError(f"{file} cannot be read: {error.strerror}") from error
    return _parse(raw, str(file), is_legacy=file.name == _LEGACY)


def read_variable(text: str) -> AuthFile:
    """Return what ``DOCKER_AUTH_CONFIG`` holds; raises as `read`."""
    return _parse(text.encode("utf-8", "surrogateescape"), AUTH_VARIABLE)


def _parse(raw: bytes, where: str, *, is_legacy: bool = False) -> AuthFile:
    if len(raw) > _MAX_FILE:
        raise AuthenticationError(f"{where} has more than {_MAX_FILE:,} bytes")
    try:
        value = json.decode(raw, what=where) if raw.strip() else {}
    except InvalidImageError as error:
        hint = "Fix or remove the file, and log in again"
        if where == AUTH_VARIABLE:
            hint = "Set it to the content of a config.json, not to its name"
        raise AuthenticationError(f"{where} is not valid JSON", hint=hint) from error
    if not isinstance(value, dict):
        raise AuthenticationError(f"{where} is not a JSON object")
    if is_legacy:
        return AuthFile(where, value, {}, "")
    store = value.get("credsStore")
    auths, special = (_object(value, key, where) for key in ("auths", "credHelpers"))
    return AuthFile(where, auths, special, store if isinstance(store, str) else "")


def _object(document: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = {} if document.get(key) is None else document[key]
    if not isinstance(value, dict):
        raise AuthenticationError(f"{where}: {key} is not an object")
    return value


def _keys(name: RepositoryName) -> Iterator[str]:
    """Yield the keys that may hold the credential, the longest first (containers-auth.json(5))."""
    path = name.repository
    while path:
        yield f"{name.registry}/{path}"
        path = path.rpartition("/")[0]
    yield name.registry


def _by_plain_key(items: dict[str, Any]) -> dict[str, Any]:
    """Return the items by registry and perhaps a path: a key that is one counts for more than a URL, then the first."""
    found: dict[str, Any] = {}
    for key, value in items.items():
        plain = plain_key(key)
        if plain not in found or key == plain:
            found[plain] = value
    return found


def plain_key(key: str) -> str:
    """Return a key of ``auths`` as a registry and perhaps a path; docker once wrote URLs, such as that of its hub."""
    scheme, is_url, rest = key.strip().rpartition("://")
    if scheme.lower() not in ("", "http", "https"):
        return key
    host, _, path = rest.partition("/")
    host = DOCKER_HUB if host in DOCKER_HUB_NAMES else host
    is_legacy = path.rstrip("/") in ("v1", "v2") or (is_url and host != DOCKER_HUB)
    return host if is_legacy or not path else f"{host}/{path}"  # Docker Desktop keeps tokens at /v1/access-token, too


def _server(key: str) -> str:
    """Return what a helper knows a registry by."""
    return _DOCKER_HUB_KEY if key == DOCKER_HUB else key


def _credential(entry: dict[str, Any], key: str, where: str) -> Credential | None:
    """Return what an entry holds: of several, what leads to a token with the fewest steps (go-containerregistry)."""
    origin = f"the entry {key} in {where}"
    token = _text(entry, "registrytoken").strip()
    if token:
        if len(token) > MAX_TOKEN or not TOKEN.fullmatch(token):
            raise AuthenticationError(f"{where}: invalid entry {key!r}: 'registrytoken' is not a token")
        return Credential("", token, origin, Kind.BEARER_TOKEN)
    if token := _text(entry, "identitytoken").strip():
        return Credential(IDENTITY_TOKEN, token, origin, Kind.IDENTITY_TOKEN)
    if auth := "".join(_text(entry, "auth").split()):
        user, password = _decoded(auth, key, where)
        return Credential(user, password, origin)
    if user := _text(entry, "username"):
        return Credential(user, _text(entry, "password"), origin) if "password" in entry else None
    return None


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _decoded(auth: str, key: str, where: str) -> tuple[str, str]:
    """Return the user name and the password; `base64` puts newlines into long lines, and some leave out the padding."""
    try:
        text = base64.b64decode(auth.rstrip("=") + "=" * (-len(auth.rstrip("=")) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        text = ""
    user, colon, password = text.partition(":")
    if not colon:
        raise AuthenticationError(
            f"{where}: invalid entry {key!r}: 'auth' is not base64 of a user name and password",
            hint="Log in again with 'docker login' or 'podman login'",
        )
    return user, password.rstrip("\0")
