"""What a registry or a token server answers instead of what it was asked for, said so that people know what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import requests

from ocianalyze.errors import AuthenticationError, RegistryError
from ocianalyze.regex import regex
from ocianalyze.sources.registry.answers import proxy_failures
from ocianalyze.sources.registry.answers.failures import MAX_SHOWN, NO_PLAIN_HTTP, NotFoundError, origin_of, shown
from ocianalyze.sources.registry.answers.rate_limits import is_limit, limited
from ocianalyze.sources.registry.answers.statements import Statement, stated, stated_in
from ocianalyze.sources.registry.connections.proxies import proxy_address

if TYPE_CHECKING:
    from ocianalyze.sources.registry.answers.answer import Answer
    from ocianalyze.sources.registry.login.authorization import Authorization

_CODES: Final = {
    "MANIFEST_UNKNOWN": "there is no such image",
    "NAME_UNKNOWN": "there is no such repository",
    "NAME_INVALID": "there is no such repository",
    "BLOB_UNKNOWN": "a blob of the image is missing from the registry",
    "DENIED": "access denied",
    "UNAUTHORIZED": "access denied",
}
"""distribution-spec, "Error Codes"."""
_HIDDEN: Final = "Check {}, and log in if the repository is private: it may be hidden"
_BLOCKED: Final = "Ask whoever runs the proxy to allow this host, or exempt it with NO_PROXY"
_INCOMPLETE: Final = "Push the image again: the registry has its manifest, but not all that belongs to it"
DENIED: Final = (requests.codes.unauthorized, requests.codes.forbidden)
_DOCUMENT: Final = regex(r"/v2/(.+)/(manifests|blobs)/([^/]+)", re.DOTALL)
_TLS_WANTED: Final = regex(
    r"http request to an https server|plain http (?:request|to an ssl)|ssl-enabled server", re.IGNORECASE
)
"""What Go, nginx and Apache answer to a request without TLS at a port for TLS."""
_CLIENT_WANTED: Final = regex(r"no required ssl certificate|ssl certificate error", re.IGNORECASE)
_STORAGE_HINTS: Final = (
    ("requesttimetooskewed", "Set the clock of this machine"),
    ("expired", "Try again: the link to the storage had expired. Check the clock of this machine if it stays so"),
    ("accessdenied", "Allow this network to read the storage, for example in the policy of the VPC endpoint"),
)


def refused(answer: Answer, path: str, authorization: Authorization, *, own: str) -> RegistryError:
    """Return the error for an answer that is no success, of the registry at the origin `own` or where it leads to."""
    where, status = shown(origin_of(answer.url)), answer.status
    said = stated(answer)
    if status == requests.codes.bad_request and (error := _other_tls(where, said)):
        return error
    if is_limit(answer, said):
        return limited(answer, where, said.quoted(), authorization)
    if origin_of(answer.url) != own:
        return _elsewhere(answer, said, own)
    if status in DENIED:
        return AuthenticationError(
            f"{where} denied access to {authorization.name.repository}{_through(answer)} "
            f"({authorization.identity}, status {status}){said.quoted()}",
            hint=_BLOCKED if _through(answer) and said.is_page else authorization.advice,
        )
    what = f"{where}{path.partition('?')[0]}"[:MAX_SHOWN]
    meant = next((_CODES[code] for code in said.codes if code in _CODES), None)
    if status == requests.codes.not_found:
        hint = (
            _INCOMPLETE
            if "/blobs/" in path
            else _HIDDEN.format("the name" if "/tags/list" in path else "the name and the tag")
        )
        return NotFoundError(f"{what}: {meant or 'not found'}{_through(answer)}{said.quoted()}", hint=hint)
    return RegistryError(f"{what}: {meant or 'the request failed'}{_through(answer)} (status {status}){said.quoted()}")


def page(answer: Answer, raw: bytes) -> RegistryError:
    """Return the error for a web page that comes with success where an image should: a login or a block page."""
    said = stated_in(raw, answer.secrets)
    return RegistryError(
        f"{shown(answer.url)}: the answer{_through(answer)} is not a part of an image but {said.text}",
        hint="Check the host and the port; a login page, a portal or a proxy may stand in front of the registry",
    )


def proxy_wants_login(answer: Answer) -> RegistryError:
    """Return the error for status 407, which comes from a proxy on the way and never from the registry."""
    where = shown(origin_of(answer.url))
    if answer.way.proxy is None:
        return RegistryError(
            f"a proxy on the way to {where} requires a login (status 407)", hint="Set HTTP_PROXY or HTTPS_PROXY to it"
        )
    return proxy_failures.refused(answer.way.proxy, where, answer.status, answer.headers.get("Proxy-Authenticate", ""))


def token_refused(url: str, answer: Answer, authorization: Authorization) -> RegistryError:
    """Return the error for a token server that gives no token."""
    where, status = shown(origin_of(url)), answer.status
    said = stated(answer) if status != requests.codes.ok else Statement()
    if is_limit(answer, said):
        return limited(answer, f"the token server {where}", said.quoted(), authorization)
    if status in (requests.codes.bad_request, *DENIED):
        return AuthenticationError(
            f"the token server {where} denied access to {authorization.name.repository} "
            f"({authorization.identity}, status {status}){said.quoted()}",
            hint=authorization.advice,
        )
    if status == requests.codes.ok:
        return RegistryError(f"the token server {where} returned an invalid response")
    return RegistryError(f"the token server {where} returned status {status}{said.quoted()}")


def _elsewhere(answer: Answer, said: Statement, own: str) -> RegistryError:
    """Return the error for a host that the registry redirects to: a storage, or another registry."""
    where, status = shown(origin_of(answer.url)), answer.status
    what = f"{where} returned status {status} after a redirect from the registry {shown(own)}{said.quoted()}"
    if status in DENIED and where == own.replace("http:", "https:", 1):
        return AuthenticationError(what, hint=NO_PLAIN_HTTP)
    found = _DOCUMENT.fullmatch(shown(answer.url).removeprefix(where))
    if found and status in (*DENIED, requests.codes.not_found) and answer.headers.get("WWW-Authenticate"):
        name = f"{where.partition('://')[2]}/{found[1]}"
        tag = f"{'@' if ':' in found[3] else ':'}{found[3]}" if found[2] == "manifests" else ""
        return AuthenticationError(
            f"{what}: it is another registry, to which the credentials are not sent",
            hint=f"Use the name of the image there: {name}{tag}",
        )
    hint = next((hint for word, hint in _STORAGE_HINTS if word in said.text.lower()), None)
    return RegistryError(what, hint=hint)


def _through(answer: Answer) -> str:
    """Return which proxy may have given the answer itself: without TLS it could."""
    if answer.way.proxy is None or not answer.url.startswith("http:"):
        return ""
    return f" through the proxy {proxy_address(answer.way.proxy)}"


def _other_tls(where: str, said: Statement) -> RegistryError | None:
    """Return the error for a server that wants other TLS than it was asked with, if that is what it says."""
    if where.startswith("http:") and _TLS_WANTED.search(said.raw):
        return RegistryError(f"{where} speaks TLS, but was asked over plain HTTP (status 400)", hint=NO_PLAIN_HTTP)
    if _CLIENT_WANTED.search(said.raw):
        return RegistryError(
            f"{where} requires a client certificate (status 400)",
            hint="Put the certificate and its key into --cert-dir or certs.d/HOST, as NAME.cert and NAME.key",
        )
    return None
