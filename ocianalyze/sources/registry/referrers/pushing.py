"""What writes to a registry: blobs and manifests. Only `ocianalyze attach` comes here.

Whoever only reads has a `Transport`, which cannot push, and an `Authorization`, which never asks for more than pulling.

Source: distribution-spec, "Pushing Blobs" and "Pushing Manifests" (``Location``, ``OCI-Subject``).
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, cast
from urllib.parse import urlencode, urljoin, urlsplit

from ocianalyze.errors import RegistryError
from ocianalyze.sources.registry.answers import failures, push_refusals
from ocianalyze.sources.registry.answers.failures import NotFoundError
from ocianalyze.sources.registry.answers.wording import told
from ocianalyze.sources.registry.login.authorization import Authorization
from ocianalyze.sources.registry.login.tokens import READING
from ocianalyze.sources.registry.places import Place, Places
from ocianalyze.sources.registry.transport import MAX_REDIRECTS, Transport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.oci.digest import Digest
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.answers.answer import Answer
    from ocianalyze.sources.registry.endpoints import Endpoint

_MAX_LOCATION: Final = 8192
_UPLOADS: Final = 3
"""How often an upload is begun: a registry forgets what was begun when a connection breaks."""
_SUCCESSES: Final = range(200, 300)
_SAME_REQUEST: Final = frozenset((307, 308))
"""Redirects after which the method and the body stay what they are (RFC 9110, section 15.4)."""
_BYTES: Final = {"Content-Type": "application/octet-stream"}


class PushAuthorization(Authorization):
    """The ``Authorization`` header for somebody who writes to a repository."""

    __slots__ = ()
    actions: ClassVar[Sequence[str]] = (*READING, "push")

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return f"repository:{self.name.repository}:pull,push"


class Stored(NamedTuple):
    """What a registry says of a manifest that it took: the digests of the manifest and of its subject, if it does."""

    digest: str | None
    subject: str | None


class Pushing(Transport):
    """Requests that write to one registry. Nothing that is pushed goes to another host, whoever says that it should."""

    def push_blob(self, root: str, digest: Digest, content: bytes) -> None:
        """Have the registry store a blob, unless it has it already; `root` is the path of the repository there.

        Raises:
            RegistryError: it refuses, or stores something else.
        """
        for attempt in range(1, _UPLOADS + 1):
            if self._has(f"{root}/blobs/{digest}"):
                return
            location = self._begun(root)
            sign = "&" if urlsplit(location).query else "?"
            try:
                with closing(
                    self._push("PUT", f"{location}{sign}{urlencode({'digest': digest})}", _BYTES, content)
                ) as answer:
                    self._check_digest(answer.headers.get("Docker-Content-Digest"), digest, "blob")
                    return
            except NotFoundError:
                if attempt == _UPLOADS:
                    raise

    def push_manifest(
        self, root: str, selector: str, content: bytes, *, media_type: str, digest: Digest, if_match: str = ""
    ) -> Stored:
        """Have the registry store a manifest or an index under a tag or its digest.

        With `if_match`, only if what is there has this ``ETag``.

        Raises:
            ChangedError: what is there has another one.
            RegistryError: it refuses, or stores something else.
        """
        headers = {"Content-Type": media_type, **({"If-Match": if_match} if if_match else {})}
        url = f"{self.origin}{root}/manifests/{selector}"
        with closing(self._push("PUT", url, headers, content)) as answer:
            stored = Stored(answer.headers.get("Docker-Content-Digest"), answer.headers.get("OCI-Subject"))
            self._check_digest(stored.digest, digest, "manifest")
            return stored

    def _has(self, path: str) -> bool:
        try:
            self.head(path, headers={})
        except RegistryError:  # not there, or nobody may ask so: to push it shows what is wrong
            return False
        return True

    def _begun(self, root: str) -> str:
        """Begin an upload; return where its bytes go."""
        url = f"{self.origin}{root}/blobs/uploads/"
        with closing(self._push("POST", url, {}, b"")) as answer:
            return self._own_url(url, answer.headers.get("Location", ""))

    def _push(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """Return the answer to a request that writes, if it is a success; raises as `push_manifest`."""
        pauses = self.pauses()
        answered = False
        redirects = 0
        while True:
            authorization = self.authorization.header()
            sent = headers if authorization is None else {**headers, "Authorization": authorization}
            answer = self._send(method, url, sent, pauses, body=content or None)
            if answer.status in _SUCCESSES:
                return answer
            with closing(answer):
                if answer.status in _SAME_REQUEST:
                    url = self._own_url(url, answer.headers.get("Location", ""))
                    redirects += 1
                    if redirects > MAX_REDIRECTS:
                        raise RegistryError(f"{self.origin} redirects an upload more than {MAX_REDIRECTS} times")
                    continue
                if self._may_be_let_in(answer, authorization, again=answered):
                    answered = True
                    continue
                if pauses.wait_after(answer):
                    continue
                raise push_refusals.refused(answer, urlsplit(url).path, self.authorization)

    def _own_url(self, url: str, location: str) -> str:
        """Return where a registry wants a request to go, which has to be its own host, whatever scheme it writes.

        Behind a proxy that ends TLS, registries write their own name with ``http://``; nothing goes there.

        Raises:
            RegistryError: it is somewhere else.
        """
        own = urlsplit(self.origin)
        try:
            target = urlsplit(urljoin(url, location)) if 0 < len(location) <= _MAX_LOCATION else urlsplit("")
            origin = failures.origin_of(target.geturl())
        except ValueError:
            target, origin = urlsplit(""), ""
        if target.scheme not in ("http", "https") or not target.hostname or target.username is not None:
            said = f"an invalid URL: {failures.shown(location)}" if location else "no URL"
            raise RegistryError(f"{self.origin} answers an upload with {said}")
        if origin.partition("://")[2] != own.netloc:
            raise RegistryError(
                f"{self.origin} sends an upload to another host: {failures.shown(origin)}; nothing was sent there",
                hint="Whoever runs the registry has to set its external URL",
            )
        return f"{self.origin}/{target.path.lstrip('/')}" + (f"?{target.query}" if target.query else "")

    def _check_digest(self, stated: str | None, digest: Digest, what: str) -> None:
        """Raise RegistryError if a registry states that it stored something else; other algorithms say nothing."""
        if stated and stated.partition(":")[0] == digest.algorithm and stated != digest:
            raise RegistryError(
                f"{self.origin} stored another {what} than was sent: {told(stated, 100)} instead of {digest}"
            )


class PushPlace(Place):
    """A registry that is written to."""

    @property
    def transport(self) -> Pushing:
        """The connections."""
        return cast("Pushing", super().transport)

    def _connect(self) -> Pushing:
        return self._connected(Pushing)


class PushPlaces(Places):
    """The ways to a registry that is written to; there is no mirror among them."""

    def _place(self, endpoint: Endpoint, own: str, access: RegistryAccess, authorization: type[Authorization]) -> Place:
        return PushPlace(endpoint, own, access, authorization)

    def used(self) -> PushPlace:
        """Return the one that has answered."""
        return next(
            place for place in self._places if isinstance(place, PushPlace) and str(place.endpoint) in self.read_from
        )
