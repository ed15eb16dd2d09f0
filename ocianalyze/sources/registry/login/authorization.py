"""Who a registry is told that we are: challenges are answered here, and nowhere else.

Sources: RFC 9110, section 11; distribution, "Token Authentication Specification" and "Token Scope Documentation".
Credentials reach the registry's own host, and the token server that it names if that is the same host or one that is
known to belong to it. A realm is the registry's word: what it says may be a trap (CVE-2020-15157 and its kind).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import SplitResult, urlsplit

from ocianalyze.errors import AuthenticationError, RegistryError
from ocianalyze.sources.registry.answers.failures import shown
from ocianalyze.sources.registry.login import realms
from ocianalyze.sources.registry.login.challenges import Challenge, parse_challenges
from ocianalyze.sources.registry.login.tokens import (
    MAX_SCOPES,
    READING,
    TOKEN,
    Fetch,
    scopes_of,
    token_of,
    token_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocianalyze.oci.repository import RepositoryName
    from ocianalyze.sources.registry.login.credential import Credential
    from ocianalyze.sources.registry.login.credentials import Credentials

_SLACK: Final = 10.0
_MAX_REALM: Final = 2048


@dataclass(slots=True)
class Authorization:
    """The ``Authorization`` header for one repository of one registry.

    Attributes:
        host: the registry's host and port, as it is asked.
        name: the repository.
        credentials: finds who we are, once the registry asks.
        fetch: carries out a request to a token server and returns its body; it follows no redirects.
        plain_http: whether the registry itself is talked to without TLS, by request.
        allowed_realms: further token servers that may see the credential, as hosts or as hosts and ports.
    """

    actions: ClassVar[Sequence[str]] = READING
    """What a token may be for; a challenge gets us to ask for nothing else."""

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
    _scopes: list[str] = field(default_factory=list, init=False)
    _broken: RegistryError | None = field(default=None, init=False, repr=False)
    _credential: Credential | None = field(default=None, init=False)
    _was_sought: bool = field(default=False, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        """Have a token that was given by hand sent at once: who has one knows that the registry wants it."""
        given = self.credentials.given(self.name)
        if given is not None and given.is_bearer_token:
            self._credential, self._was_sought, self._header = given, True, given.header

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return f"repository:{self.name.repository}:pull"

    @property
    def is_anonymous(self) -> bool:
        """Whether there is no credential, as far as was looked."""
        return self._credential is None

    @property
    def identity(self) -> str:
        """Who we are, for messages."""
        return "without credentials" if self._credential is None else f"with {self._credential.origin}"

    @property
    def advice(self) -> str:
        """What to do when the registry denies access: it may hide what does not exist behind the same answer."""
        if self._credential is not None and self._is_basic:
            return (
                "Check the user name and the password, or log in again: they may be wrong or have expired. "
                "If they are right, check the name: the image may not exist, or this user may not read it"
            )
        if self._credential is not None:
            return (
                "Check the name: the image may not exist, or these credentials may not read it. "
                "If the name is right, check their permissions or log in again: they may have expired"
            )
        tried = f"tried {'; '.join(self.credentials.tried)}" if self.credentials.tried else "no credentials file exists"
        return (
            "Check the name: the image may not exist. If it is private, log in with 'docker login' or use --authfile: "
            f"no credentials found for {self.name.name} ({tried})"
        )

    @property
    def _is_basic(self) -> bool:
        """Whether the registry itself was sent the password, and no token server."""
        return self._header is not None and self._header.startswith("Basic ")

    def header(self) -> str | None:
        """Return the header to send, None while the registry has not asked for one; tokens that end are renewed."""
        with self._lock:
            if self._challenge is not None and monotonic() > self._renewal:
                self._get_token(self._challenge, self._find())
            return self._header

    def challenged(self, header: str, sent: str | None, *, again: bool) -> bool:
        """Take a challenge; return whether there is something new to send instead of `sent`.

        `again` tells that the same request was challenged before: then it is refused, unless the token that was sent
        has meanwhile expired, or another scope is wanted than it has.

        Raises:
            AuthenticationError: the challenge is a trap, or the token server refuses.
        """
        with self._lock:
            if self._header is not None and self._header != sent:
                return True  # another thread was faster
            challenges = parse_challenges(header)
            bearer = _first(challenges, "bearer")
            basic = _first(challenges, "basic")
            wants_more = bearer is not None and self._takes_scopes(bearer)
            if again and not wants_more and (self._challenge is None or monotonic() < self._expiry):
                if self._broken is not None:
                    raise self._broken
                return False
            self._answer(bearer, basic)
            return self._header is not None and self._header != sent

    def _takes_scopes(self, bearer: Challenge) -> bool:
        """Add the scopes of a challenge to those that we ask for; return whether there is a new one among them."""
        wanted = scopes_of(bearer.parameters.get("scope", ""), self.actions)
        new = [scope for scope in wanted if scope != self.scope and scope not in self._scopes]
        new = new[: max(MAX_SCOPES - len(self._scopes), 0)]
        self._scopes.extend(new)
        return bool(new)

    def _find(self) -> Credential | None:
        if not self._was_sought:
            self._credential = self.credentials.find(self.name)
            self._was_sought = True
        return self._credential

    def _answer(self, bearer: Challenge | None, basic: Challenge | None) -> None:
        """Answer a challenge: with a token where one can be had, else with the password where the registry takes it."""
        credential = self._find()
        if credential is not None and credential.is_bearer_token:
            self._header = credential.header
            return
        may_be_basic = basic is not None and credential is not None and not credential.is_identity_token
        if bearer is not None:
            try:
                self._get_token(bearer, credential)
            except RegistryError as error:
                if not may_be_basic:
                    raise
                self._broken = error
            else:
                return
        self._challenge = None
        self._header = credential.header if credential is not None and may_be_basic else None

    def _get_token(self, challenge: Challenge, credential: Credential | None) -> None:
        url = self._checked(challenge.parameters.get("realm", ""))
        if credential is not None and not self._may_see_credentials(url):
            where = realms.place_of(url)
            raise AuthenticationError(
                f"the token server {where} is not on the host of the registry {self.host}: "
                f"no credentials were sent ({credential.origin})",
                hint=f"Add --auth-realm {url.hostname} if it belongs to the registry",
            )
        start = monotonic()
        token, lifetime = self._fetched(url, challenge.parameters.get("service", ""), credential)
        self._challenge, self._header = challenge, f"Bearer {token}"
        self._expiry = start + lifetime
        self._renewal = start + max(lifetime - _SLACK, lifetime / 2)

    def _fetched(self, url: SplitResult, service: str, credential: Credential | None) -> tuple[str, float]:
        """Return a token for our scope and those of challenges; where both are refused, for the latter alone.

        A registry behind a proxy that rewrites names knows the repository by another one than we do.
        """
        try:
            body = self._body(token_request(url, service, [self.scope, *self._scopes], credential))
        except AuthenticationError:
            if not self._scopes:
                raise
            body = self._body(token_request(url, service, self._scopes, credential))
        return token_of(body, shown(url.geturl()))

    def _body(self, request: Fetch) -> bytes:
        """Return the answer of the token server; an error says that it is about that."""
        try:
            return self.fetch(request)
        except RegistryError as error:
            if "token server" in error.message:
                raise
            raise type(error)(f"the token server of {self.host}: {error.message}", hint=error.hint) from error

    def _checked(self, realm: str) -> SplitResult:
        try:
            url = urlsplit(realm)
            host, _ = url.hostname, url.port
        except ValueError:
            host, url = None, urlsplit("")
        if not host or url.username is not None or len(realm) > _MAX_REALM or not TOKEN.fullmatch(realm):
            named = f"an invalid token server: {realm[:200]!r}" if realm else "no token server"
            raise AuthenticationError(f"the registry {self.host} names {named}")
        is_own = host == _hostname(self.host)
        if url.scheme == "http" and not (self.plain_http and is_own):
            raise AuthenticationError(
                f"the registry {self.host} names a token server without TLS: {shown(realm)}; nothing was sent to it",
                hint="Whoever runs the registry has to set its external URL to https"
                if not self.plain_http
                else "It may only be used on the host of the registry",
            )
        if url.scheme not in ("http", "https"):
            raise AuthenticationError(f"the registry {self.host} names an invalid token server: {shown(realm)}")
        return url

    def _may_see_credentials(self, url: SplitResult) -> bool:
        host = url.hostname or ""
        own = _hostname(self.host)
        return host == own or realms.is_allowed(url, self.allowed_realms) or realms.belongs(host, own, url.port)


def _first(challenges: list[Challenge], scheme: str) -> Challenge | None:
    """Return the first challenge of a scheme that names a realm, else the first one, None if there is none."""
    those = [challenge for challenge in challenges if challenge.scheme == scheme]
    return next((challenge for challenge in those if challenge.parameters.get("realm")), those[0] if those else None)


def _hostname(host: str) -> str:
    return urlsplit(f"//{host}").hostname or host
