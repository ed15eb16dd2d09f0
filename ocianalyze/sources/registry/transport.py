"""The one way in which requests leave this program.

`oras` brings the session and the scheme; what a request may carry, where it may go and how it is repeated is decided
here. Nothing of requests' own is left to chance: no ``~/.netrc``, no redirects behind our back, no proxies but those of
the settings, no request without a time limit.

Sources: distribution-spec, "Pulling blobs"; RFC 9110, section 15.4 (redirections).
"""

from __future__ import annotations

import logging
from contextlib import closing, contextmanager, suppress
from functools import cache, partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urljoin, urlsplit

import requests

from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry.answers import failures, refusals
from ocianalyze.sources.registry.answers.answer import Answer, looks_like_page
from ocianalyze.sources.registry.connections.adapters import Adapter
from ocianalyze.sources.registry.connections.certificates import Trust
from ocianalyze.sources.registry.connections.proxies import proxy_for
from ocianalyze.sources.registry.connections.watchdog import Watchdog
from ocianalyze.sources.registry.login.realms import is_allowed
from ocianalyze.sources.registry.oras_parts import Registry
from ocianalyze.sources.registry.retries import Pauses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.sources.registry.access import HostAccess, RegistryAccess
    from ocianalyze.sources.registry.login.authorization import Authorization
    from ocianalyze.sources.registry.login.tokens import Fetch

_log = logging.getLogger(__name__)

MAX_REDIRECTS: Final = 5
_MAX_TOKEN: Final = 1 << 20
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))


class Transport(Registry):  # type: ignore[misc]
    """Requests to one registry host, and to where it redirects to.

    Attributes:
        origin: scheme, host and port of the registry; the only place that gets its credentials.
        authorization: set by who opens the transport, before the first request.
        has_answered: whether the registry, or who it leads to, answered any request, whatever it said.
        has_failed: whether any request that was sent got no answer.
    """

    authorization: Authorization

    def __init__(self, host: str, how: HostAccess, access: RegistryAccess) -> None:
        super().__init__(hostname=host, insecure=how.plain_http, tls_verify=how.tls_verify)
        self.origin = failures.origin_of(f"{self.prefix}://{host}")
        self._environment = access.environment
        self._how = how
        self.has_answered = self.has_failed = False
        self._dog = Watchdog(how.timeout)
        trust = Trust.find(host, how, access)
        checked = cache(partial(trust.elsewhere, verify=True))
        self.session.trust_env = False  # neither ~/.netrc nor anything else that we do not know of
        self.session.auth = None
        self.session.headers.clear()
        self.session.headers.update({"User-Agent": "ocianalyze", "Accept-Encoding": "identity", "Accept": "*/*"})
        self._verified = Adapter(self._dog, checked, to_proxy=checked)
        self.session.mount("http://", Adapter(self._dog, to_proxy=checked))
        self.session.mount("https://", self._verified)
        if not how.tls_verify:
            self.session.mount("https://", Adapter(self._dog, partial(trust.elsewhere, verify=False), to_proxy=checked))
        if not how.plain_http:
            own = Adapter(self._dog, partial(trust.own, verify=how.tls_verify), to_proxy=checked)
            self.session.mount(f"{self.origin}/", own)

    def close(self) -> None:
        """Break off all connections, also those that other threads are reading from."""
        self._dog.close()
        self.session.close()
        self._verified.close()

    def pauses(self, attempts: int | None = None) -> Pauses:
        """Return the pauses for a request, between so many attempts; they end when the transport is closed."""
        return Pauses(self._dog.closed, attempts or self._how.attempts)

    @contextmanager
    def get(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        attempts: int | None = None,
        shortcut: str | None = None,
    ) -> Iterator[Answer]:
        """Yield the answer to a GET of `path` on the registry, its body not read yet; it is closed with the block.

        The status is 200 or 206: what can be repeated was, redirects were followed, challenges were answered.
        `shortcut` is the URL of an earlier answer for this path: where the registry redirected to is asked at once, and
        the registry only if that is no good any more.

        Raises:
            RangeRefusedError: it does not have the range that the headers ask for.
            RegistryError: it could not be had.
        """
        with closing(self._get(path, dict(headers or {}), attempts, shortcut=shortcut)) as answer:
            yield answer

    def read(
        self, path: str, *, headers: Mapping[str, str], most: int, attempts: int | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        """Return the body of a GET, more than `most` bytes of it if it has more, and the headers; raises as `get`."""
        pauses = self.pauses(attempts)
        while True:
            with self.get(path, headers=headers, attempts=attempts) as answer:
                try:
                    body = answer.document(most)
                except failures.BrokenOffError:
                    if not pauses.wait():
                        raise
                    continue
                if looks_like_page(body):
                    raise refusals.page(answer, body)
                return body, answer.headers

    def head(self, path: str, *, headers: Mapping[str, str], attempts: int | None = None) -> Mapping[str, str]:
        """Return the headers of the answer to a HEAD; raises as `get`."""
        with closing(self._get(path, dict(headers), attempts, "HEAD")) as answer:
            return answer.headers

    def fetch_token(self, request: Fetch) -> bytes:
        """Carry out a request to a token server and return the body of its answer; redirects are refused."""
        pauses = self.pauses()
        while True:
            try:
                sent = self._send(request.method, request.url, request.headers, pauses, body=request.body)
            except RegistryError as error:
                raise type(error)(f"the token server of {self.origin}: {error.message}", hint=error.hint) from error
            with closing(sent) as answer:
                try:
                    if answer.status == requests.codes.ok:
                        body = answer.document(_MAX_TOKEN)
                        if len(body) <= _MAX_TOKEN and not looks_like_page(body):
                            return body
                    elif pauses.wait_after(answer):
                        continue
                except failures.BrokenOffError:
                    if pauses.wait():
                        continue
                    raise
                raise refusals.token_refused(request.url, answer, self.authorization)

    def do_request(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401 - as oras has it
        """Refuse what `oras` would send by itself, to push or to delete: it is not decided here."""
        raise NotImplementedError

    def _get(
        self,
        path: str,
        headers: dict[str, str],
        attempts: int | None,
        method: str = "GET",
        *,
        shortcut: str | None = None,
    ) -> Answer:
        pauses = self.pauses(attempts)
        answered = False
        if shortcut is not None and failures.origin_of(shortcut) != self.origin:
            with suppress(RegistryError):
                answer = self._send(method, shortcut, headers, self.pauses(1))
                if answer.status in (requests.codes.ok, requests.codes.partial_content):
                    return answer
                answer.close()
        while True:
            authorization = self.authorization.header()
            own = headers if authorization is None else {**headers, "Authorization": authorization}
            answer = self._follow(f"{self.origin}{path}", own, headers, pauses, method)
            if answer.status in (requests.codes.ok, requests.codes.partial_content):
                return answer
            with closing(answer):
                if self._may_be_let_in(answer, authorization, again=answered):
                    answered = True
                    continue
                if pauses.wait_after(answer):
                    continue
                if answer.status == requests.codes.requested_range_not_satisfiable and "Range" in headers:
                    raise failures.RangeRefusedError(f"{failures.shown(answer.url)}: the range of bytes was refused")
                raise refusals.refused(answer, path, self.authorization, own=self.origin)

    def _may_be_let_in(self, answer: Answer, sent: str | None, *, again: bool) -> bool:
        """Tell whether the registry challenges us, and there is another header to send; as `challenged` does."""
        if answer.status != requests.codes.unauthorized or failures.origin_of(answer.url) != self.origin:
            return False
        answer.keep()
        return self.authorization.challenged(answer.headers.get("WWW-Authenticate", ""), sent, again=again)

    def _follow(
        self, url: str, own: Mapping[str, str], foreign: Mapping[str, str], pauses: Pauses, method: str
    ) -> Answer:
        """Send a GET or a HEAD and follow redirects: what only the registry may see stays with it."""
        for _ in range(MAX_REDIRECTS + 1):
            is_own = failures.origin_of(url) == self.origin
            try:
                answer = self._send(method, url, own if is_own else foreign, pauses)
            except RegistryError as error:
                if is_own:
                    raise
                message = f"{error.message} (the registry {self.origin} redirects there)"
                raise type(error)(message, hint=error.hint) from error
            location = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or not location:
                return answer
            answer.keep()
            answer.close()
            url = self._redirected(url, location)
        raise RegistryError(f"{self.origin} redirects more than {MAX_REDIRECTS} times")

    def _redirected(self, url: str, location: str) -> str:
        try:
            target = urljoin(url, location)
            parts = urlsplit(target)
            origin = failures.origin_of(target)
        except ValueError:
            target, parts, origin = location, urlsplit(""), ""
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
            raise RegistryError(f"{self.origin} redirects to an invalid URL: {failures.shown(target)}")
        if parts.scheme == "http" and urlsplit(url).scheme == "https":
            raise RegistryError(f"{self.origin} redirects from https to {failures.shown(target)}, without TLS")
        return parts._replace(netloc=origin.partition("://")[2], fragment="").geturl()

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], pauses: Pauses, *, body: str | bytes | None = None
    ) -> Answer:
        """Send a request and return its answer; bytes go out a piece at a time, each with a time limit of its own."""
        while True:
            if self._dog.closed.is_set():
                raise RegistryError(f"the connection to {self.origin} was closed")
            _log.debug("%s %s", method, failures.shown(url))
            is_own = failures.origin_of(url) == self.origin
            proxy = proxy_for(url, self._environment, self._how.proxy, is_own=is_own)
            way = failures.Way(proxy, self._dog.seconds)
            sent = {**self._how.headers, **headers} if is_own else dict(headers)
            adapter = self._adapter(url, keeps_secret="Authorization" in headers or body is not None)
            try:
                data = BytesIO(body) if isinstance(body, bytes) else body
                request = self.session.prepare_request(requests.Request(method, url, headers=sent, data=data))
                response = adapter.send(  # the session itself would look into redirects
                    request,
                    stream=True,
                    timeout=(min(failures.CONNECT_SECONDS, self._dog.seconds), self._dog.seconds),
                    proxies={urlsplit(url).scheme: proxy} if proxy else {},
                    verify=self._how.tls_verify or adapter is self._verified,
                )
            except requests.RequestException as error:
                self.has_failed = True
                if failures.may_pass(error) and pauses.wait():
                    continue
                raise failures.unreachable(url, error, way) from error
            self.has_answered = True
            answer = Answer(response, way)
            if answer.status == requests.codes.proxy_authentication_required:
                with closing(answer):
                    raise refusals.proxy_wants_login(answer)
            return answer

    def _adapter(self, url: str, *, keeps_secret: bool) -> Any:  # noqa: ANN401 - as requests has it
        """Return what makes the connection to a URL: a host that is not verified gets no secret, unless it was named.

        The host of the registry was, and so were the token servers that options allow.
        """
        parts = urlsplit(url)
        is_named = parts.hostname == urlsplit(self.origin).hostname or is_allowed(parts, self._how.allowed_realms)
        if keeps_secret and parts.scheme == "https" and not is_named:
            return self._verified
        return self.session.get_adapter(url)
