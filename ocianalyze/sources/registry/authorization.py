"""Who a registry is told that we are: challenges are answered here, and nowhere else.

Sources: RFC 9110, section 11; distribution, "Token Authentication Specification" and "Token Scope Documentation".
Credentials reach the registry's own host, and the token server that it names if that is the same host or one that is
known to belong to it. A realm is the registry's word: what it says may be a trap (CVE-2020-15157 and its kind).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import SplitResult, urlencode, urlsplit

from ocianalyze.errors import AuthenticationError, InvalidImageError
from ocianalyze.oci import json
from ocianalyze.regex import regex
from ocianalyze.sources.registry.challenges import Challenge, parse_challenges

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ocianalyze.oci.repository import RepositoryName
    from ocianalyze.sources.registry.credentials import Credential, Credentials

_REALMS: Final[Mapping[str, frozenset[str]]] = {
    "registry-1.docker.io": frozenset(("auth.docker.io",)),
    "registry.gitlab.com": frozenset(("gitlab.com",)),
    "nvcr.io": frozenset(("authn.nvidia.com",)),
    "registry.redhat.io": frozenset(("sso.redhat.com",)),
    "dhi.io": frozenset(("auth.docker.io",)),
}
"""The token servers of public registries that are not the registry's own host."""

_LIFETIME: Final = 60.0
_SLACK: Final = 10.0
_MAX_TOKEN: Final = 1 << 16
_TOKEN: Final = regex(r"[\x21-\x7e]+")


class Fetch(NamedTuple):
    """A request to a token server."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


@dataclass(slots=True)
class Authorization:
    """The ``Authorization`` header for one repository of one registry.

    Attributes:
        host: the registry's host and port, as it is asked.
        name: the repository.
        credentials: finds who we are, once the registry asks.
        fetch: carries out a request to a token server and returns its body; it follows no redirects.
        plain_http: whether the registry itself is talked to without TLS, by request.
        allowed_realms: further token servers that may see the credential.
    """

    host: str
    name: RepositoryName
    credentials: Credentials
    fetch: Callable[[Fetch], bytes]
    plain_http: bool = False
    allowed_realms: tuple[str, ...] = ()
    _header: str | None = field(default=None, init=False, repr=False)
    _renewal: float = field(default=0.0, init=False)
    _expiry: float = field(default=0.0, init=False)
    _challenge: Challenge | None = field(default=None, init=False)
    _credential: Credential | None = field(default=None, init=False)
    _was_sought: bool = field(default=False, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return f"repository:{self.name.repository}:pull"

    @property
    def identity(self) -> str:
        """Who we are, for messages."""
        return "without credentials" if self._credential is None else f"with {self._credential.origin}"

    @property
    def advice(self) -> str:
        """What to do when the registry denies access."""
        if self._credential is not None:
            return "Check the permissions of these credentials, or log in again: they may have expired"
        tried = f"tried {', '.join(self.credentials.tried)}" if self.credentials.tried else "no credentials file exists"
        return f"Log in with 'docker login' or use --authfile: no credentials found for {self.name.name} ({tried})"

    def header(self) -> str | None:
        """Return the header to send, None while the registry has not asked for one; tokens that end are renewed."""
        with self._lock:
            if self._challenge is not None and monotonic() > self._renewal:
                self._answer(self._challenge)
            return self._header

    def challenged(self, header: str, sent: str | None, *, again: bool) -> bool:
        """Take a challenge; return whether there is something new to send instead of `sent`.

        `again` tells that the same request was challenged before: then it is refused, unless the token that was sent
        has meanwhile expired.

        Raises:
            AuthenticationError: the challenge is a trap, or the token server refuses.
        """
        with self._lock:
            if self._header is not None and self._header != sent:
                return True  # another thread was faster
            if again and (self._challenge is None or monotonic() < self._expiry):
                return False
            by_scheme = {challenge.scheme: challenge for challenge in reversed(parse_challenges(header))}
            challenge = by_scheme.get("bearer") or by_scheme.get("basic")
            if challenge is None:
                return False
            self._answer(challenge)
            return self._header is not None and self._header != sent

    def _find(self) -> Credential | None:
        if not self._was_sought:
            self._credential = self.credentials.find(self.name)
            self._was_sought = True
        return self._credential

    def _answer(self, challenge: Challenge) -> None:
        credential = self._find()
        if challenge.scheme == "basic":
            self._challenge = None
            self._header = None if credential is None or credential.is_identity_token else credential.basic
            return
        request = self._token_request(challenge, credential)
        start = monotonic()
        token, lifetime = _token(self.fetch(request))
        self._challenge, self._header = challenge, f"Bearer {token}"
        self._expiry = start + lifetime
        self._renewal = start + max(lifetime - _SLACK, lifetime / 2)

    def _token_request(self, challenge: Challenge, credential: Credential | None) -> Fetch:
        realm = challenge.parameters.get("realm", "")
        url = self._checked(realm)
        service = challenge.parameters.get("service")
        query = {"scope": self.scope} | ({"service": service} if service else {})
        if credential is None:
            return Fetch("GET", _with_query(url, query), {}, None)
        if not self._may_see_credentials(url):
            raise AuthenticationError(
                f"the token server {url.hostname} is not on the host of the registry {self.host}: "
                f"no credentials were sent ({credential.origin})",
                hint=f"Add --auth-realm {url.hostname} if it belongs to the registry",
            )
        if credential.is_identity_token:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": credential.secret,
                "client_id": "ocianalyze",
            } | query
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return Fetch("POST", url.geturl(), headers, urlencode(form))
        return Fetch("GET", _with_query(url, query), {"Authorization": credential.basic}, None)

    def _checked(self, realm: str) -> SplitResult:
        try:
            url = urlsplit(realm)
            host, _ = url.hostname, url.port
        except ValueError:
            host, url = None, urlsplit("")
        is_own = host == _hostname(self.host)
        if not host or url.username is not None or not _TOKEN.fullmatch(realm):
            raise AuthenticationError(f"{self.host} names an invalid token server: {realm[:200]!r}")
        if url.scheme != "https" and not (url.scheme == "http" and self.plain_http and is_own):
            raise AuthenticationError(f"{self.host} names a token server without TLS: {url.scheme[:20]}://{host}")
        return url

    def _may_see_credentials(self, url: SplitResult) -> bool:
        host = url.hostname or ""
        own = _hostname(self.host)
        return host == own or host in _REALMS.get(own, ()) or host in self.allowed_realms


def _with_query(url: SplitResult, query: Mapping[str, str]) -> str:
    return url._replace(query="&".join(filter(None, (url.query, urlencode(query)))), fragment="").geturl()


def _hostname(host: str) -> str:
    return urlsplit(f"//{host}").hostname or host


def _token(body: bytes) -> tuple[str, float]:
    """Return the token of a token server's answer, and for how many seconds it holds."""
    try:
        value: Any = json.decode(body, what="the answer of the token server")
    except InvalidImageError as error:
        raise AuthenticationError("the response of the token server is not valid JSON") from error
    answer: dict[str, Any] = value if isinstance(value, dict) else {}
    lifetime: Any = answer.get("expires_in")
    token = answer.get("token") or answer.get("access_token")
    if not isinstance(token, str) or len(token) > _MAX_TOKEN or not _TOKEN.fullmatch(token):
        raise AuthenticationError("the response of the token server contains no token")
    is_number = isinstance(lifetime, int | float) and not isinstance(lifetime, bool)
    return token, float(lifetime) if is_number and lifetime > 0 else _LIFETIME
