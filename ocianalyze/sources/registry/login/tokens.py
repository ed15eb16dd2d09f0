"""What a token server is asked for, and what it answers.

Sources: distribution, "Token Authentication Specification", "OAuth2 Token Authentication" and "Token Scope
Documentation"; RFC 6750, section 3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import SplitResult, urlencode

from ocianalyze.errors import AuthenticationError, InvalidImageError
from ocianalyze.oci import json
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ocianalyze.sources.registry.login.credential import Credential

TOKEN: Final = regex(r"[\x21-\x7e]+")
"""What may stand in a header behind ``Bearer``."""
MAX_TOKEN: Final = 1 << 16
MAX_SCOPES: Final = 4
"""For how many scopes a registry gets us to ask."""

_LIFETIME: Final = 60.0
_LONGEST_SCOPE: Final = 512
_SCOPE: Final = regex(r"(repository(?:\([a-z0-9]{1,30}\))?):([^\s,\x00-\x20\x7f-\U0010ffff]+):([a-z_/,*]+)", re.ASCII)
READING: Final = ("metadata_read", "pull")
"""Actions that only read; ``metadata_read`` is Azure's."""


class Fetch(NamedTuple):
    """A request to a token server."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


def scopes_of(text: str, actions: Sequence[str] = READING) -> list[str]:
    """Return the scopes of a challenge that we ask for: of repositories, a few, and only for some actions."""
    found = []
    for scope in text[: MAX_SCOPES * _LONGEST_SCOPE].split():
        match = _SCOPE.fullmatch(scope) if len(scope) <= _LONGEST_SCOPE else None
        if match is None:
            continue
        stated = match[3].split(",")
        kept = [action for action in actions if action in stated or ("*" in stated and action != READING[0])]
        if kept:
            found.append(f"{match[1]}:{match[2]}:{','.join(kept)}")
    return list(dict.fromkeys(found))[:MAX_SCOPES]


def token_request(url: SplitResult, service: str, scopes: Iterable[str], credential: Credential | None) -> Fetch:
    """Return the request for a token: with an identity token as a refresh token, else with a password or nothing."""
    about = [("service", service)] if service else []
    if credential is not None and credential.is_identity_token:
        form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", credential.secret),
            ("client_id", "ocianalyze"),
            ("scope", " ".join(scopes)),
            *about,
        ]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Fetch("POST", url._replace(fragment="").geturl(), headers, urlencode(form))
    query = urlencode([*(("scope", scope) for scope in scopes), *about])
    address = url._replace(query="&".join(filter(None, (url.query, query))), fragment="").geturl()
    return Fetch("GET", address, {} if credential is None else {"Authorization": credential.header}, None)


def token_of(body: bytes, where: str) -> tuple[str, float]:
    """Return the token of a token server's answer, and for how many seconds it holds."""
    try:
        value: Any = json.decode(body, what="the answer of the token server")
    except InvalidImageError as error:
        raise AuthenticationError(f"the response of the token server {where} is not valid JSON") from error
    answer: dict[str, Any] = value if isinstance(value, dict) else {}
    lifetime: Any = answer.get("expires_in")
    token = answer.get("token") or answer.get("access_token")
    if not isinstance(token, str) or len(token) > MAX_TOKEN or not TOKEN.fullmatch(token):
        raise AuthenticationError(f"the response of the token server {where} contains no token")
    if isinstance(lifetime, str) and lifetime.isascii() and lifetime.isdecimal():
        lifetime = int(lifetime[:9])
    is_number = isinstance(lifetime, int | float) and not isinstance(lifetime, bool)
    return token, float(lifetime) if is_number and lifetime > 0 else _LIFETIME
