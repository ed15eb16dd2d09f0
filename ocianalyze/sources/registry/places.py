"""Asks for an image where it may be had: at its mirrors, and where they fail at the registry itself.

A mirror that fails, lacks something or has other bytes than the digest promises is named once, and the next is asked.
"""

from __future__ import annotations

from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from ocianalyze.errors import AnalysisError, RegistryError
from ocianalyze.sources.registry.answers.failures import BrokenOffError, NotFoundError, UnreachableError
from ocianalyze.sources.registry.blob import RemoteBlob
from ocianalyze.sources.registry.login.authorization import Authorization
from ocianalyze.sources.registry.login.credentials import Credentials
from ocianalyze.sources.registry.ranges import PlacedRanges
from ocianalyze.sources.registry.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocianalyze.errors import InvalidImageError, OcianalyzeError
    from ocianalyze.oci.digest import Digest
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.endpoints import Endpoint

_T = TypeVar("_T")
_Transport = TypeVar("_Transport", bound=Transport)


class Place:
    """One endpoint, and the connections to it; they are made when it is first asked."""

    def __init__(
        self, endpoint: Endpoint, own: str, access: RegistryAccess, authorization: type[Authorization] = Authorization
    ) -> None:
        """`own` is the registry that the login is for which was given by hand."""
        self.endpoint = endpoint
        self._authorization = authorization
        self._own = own
        self._access = access
        self._transport: Transport | None = None
        self._lock = Lock()

    @property
    def transport(self) -> Transport:
        """The connections, made by whoever asks first; raises RegistryError if certificates for them cannot be used."""
        with self._lock:
            if self._transport is None:
                self._transport = self._connect()
            return self._transport

    @property
    def is_silent(self) -> bool:
        """Whether it was asked and gave no answer at all; what keeps us from asking is no such silence."""
        transport = self._transport
        return transport is not None and transport.has_failed and not transport.has_answered

    def close(self) -> None:
        """Break off all connections."""
        if self._transport is not None:
            self._transport.close()

    def _connect(self) -> Transport:
        return self._connected(Transport)

    def _connected(self, kind: type[_Transport]) -> _Transport:
        """Return connections of a kind."""
        endpoint, access = self.endpoint, self._access
        transport = kind(endpoint.host, endpoint.how, access)
        transport.authorization = self._authorization(
            host=endpoint.host,
            name=endpoint.name,
            credentials=Credentials(access, own=self._own),
            fetch=transport.fetch_token,
            plain_http=endpoint.how.plain_http,
            allowed_realms=endpoint.how.allowed_realms,
        )
        return transport


class Places:
    """The places where one image may be had, in the order in which they are asked.

    `read_from` names those that parts of the image came from, so far.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        access: RegistryAccess,
        *,
        what: str,
        authorization: type[Authorization] = Authorization,
    ) -> None:
        own = endpoints[-1].name.registry
        self._places = [self._place(endpoint, own, access, authorization) for endpoint in endpoints]
        self._lock = Lock()
        self._what = what
        self._warn = access.warn
        self._failures: dict[Place, str] = {}
        self._is_given_up: set[Place] = set()
        self.read_from: list[str] = []

    @property
    def last(self) -> Place:
        """The registry itself, whose word counts if nobody else has one."""
        return self._places[-1]

    @property
    def is_one(self) -> bool:
        """Whether the registry itself is the only one."""
        return len(self._places) == 1

    def close(self) -> None:
        """Break off all connections."""
        for place in self._places:
            place.close()

    def _place(self, endpoint: Endpoint, own: str, access: RegistryAccess, authorization: type[Authorization]) -> Place:
        return Place(endpoint, own, access, authorization)

    def first(self, ask: Callable[[Place], _T], *, by_digest: bool, is_root: bool = False) -> _T:
        """Return what the first place answers that does not fail.

        `by_digest` tells whether it is asked for something by its digest. Who fails to give `is_root`, what the name of
        the image leads to, is not asked for anything else.

        Raises:
            OcianalyzeError: all fail; the error is that of the last and names the others.
        """
        places = self.asked(by_digest=by_digest)
        place = next(places)
        while True:
            try:
                answer = ask(place)
            except (RegistryError, AnalysisError) as error:
                following = next(places, None)
                if following is None:
                    raise self.final(error) from error
                self.passed_over(place, error, following, for_good=is_root)
                place = following
            else:
                self.served(place)
                return answer

    def asked(self, *, by_digest: bool) -> Iterator[Place]:
        """Yield the places to ask, each once who asks knows that the one before failed."""
        known = [place for place in self._places if (place.endpoint.pulls if by_digest else place.endpoint.resolves)]
        before, is_any = None, False
        for place in known:
            is_downgrade = place.endpoint.only_if_silent and (before is None or not before.is_silent)
            before = place
            if not is_downgrade and (place not in self._is_given_up or place is self.last):
                is_any = True
                yield place
        if not is_any:
            yield self.last

    def passed_over(self, place: Place, error: OcianalyzeError, following: Place, *, for_good: bool = False) -> None:
        """Take note that a place failed, and that another one is asked now; people are told once for each place.

        Who makes us wait in vain is not asked for anything else.
        """
        with self._lock:
            is_news = place not in self._failures
            self._failures.setdefault(place, error.message)
            if for_good or place.is_silent or isinstance(error, UnreachableError | BrokenOffError):
                self._is_given_up.add(place)
        if is_news and not following.endpoint.only_if_silent:  # that it may do without TLS is what the file says
            self._warn(f"skipping mirror {place.endpoint}, asking {following.endpoint} instead: {error.message}")

    def served(self, place: Place) -> None:
        """Take note that a place gave a part of the image."""
        shown = str(place.endpoint)
        with self._lock:
            if shown not in self.read_from:
                self.read_from.append(shown)

    def final(self, error: RegistryError | AnalysisError) -> RegistryError | AnalysisError:
        """Return the error of the last place, with what those before said."""
        if not self._failures:
            return error
        before = "; ".join(f"{place.endpoint} failed too: {said}" for place, said in self._failures.items())
        whole = copy(error)
        whole.message = f"{self._what}: {error.message} ({before})"
        whole.args = (whole.message,)
        return whole


class PlacedBlob:
    """A `Blob` that is read where it can be had; its bytes are verified by who reads them all.

    A place that breaks off is followed by the next one, from the byte at which it broke. `absent` is the error that
    tells why nobody may have it, for layers that a registry need not have; their URLs are never followed
    (CVE-2020-15157).
    """

    def __init__(self, places: Places, digest: Digest, size: int, *, absent: InvalidImageError | None = None) -> None:
        self._places = places
        self._digest = digest
        self._absent = absent
        self._untrue: set[Place] = set()
        self._begun: list[Place] = []
        self._known: dict[Place, RemoteBlob] = {}
        self.size = size

    def byte_range(self) -> None:
        """Return None: every byte costs a way through the network, so they are streamed."""
        return

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the first to the last.

        Raises:
            RegistryError: the bytes cannot be had.
            DigestMismatchError: there are more of them than the descriptor states.
        """
        begun = self._begun = []  # of this reading: an earlier one may still be waiting for its place
        left = self._left()
        place = next(left, self._places.last)
        position = 0
        while True:
            begun.append(place)
            begin = position
            try:
                for chunk in self._at(place).chunks(position):
                    position += len(chunk)
                    yield chunk
            except (RegistryError, AnalysisError) as error:
                if position > begin:
                    self._places.served(place)
                following = next(left, None)
                if following is None:
                    if self._absent is not None and isinstance(error, NotFoundError):
                        raise self._absent from error
                    raise self._places.final(error) from error
                self._places.passed_over(place, error, following)
                place = following
            else:
                self._places.served(place)
                return

    @property
    def has_one_place(self) -> bool:
        """Whether there are no mirrors."""
        return self._places.is_one

    def ranges(self) -> PlacedRanges:
        """Return the way to pieces of the blob; whoever reads them has to check them."""
        return PlacedRanges(self.piece, self.size)

    def piece(self, start: int, end: int) -> bytes:
        """Return the bytes from one to before another, from the first place that has them; raises as `RemoteBlob`."""
        left = self._left()
        place = next(left, self._places.last)
        while True:
            if place not in self._begun:
                self._begun.append(place)
            blob = self._known.setdefault(place, self._at(place))
            try:
                piece = blob.piece(start, end)
            except (RegistryError, AnalysisError) as error:
                following = next(left, None)
                if following is None:
                    raise self._places.final(error) from error
                self._places.passed_over(place, error, following)
                place = following
            else:
                self._places.served(place)
                return piece

    def go_elsewhere(self, error: AnalysisError) -> bool:
        """Take note that the bytes that were read last were wrong; return whether others can be had elsewhere."""
        suspects = self._begun[:-1] or self._begun  # of several, the last has only gone on with what others began
        self._begun = []
        self._untrue.update(suspects)
        following = next(self._left(), None)
        if following is None or not suspects:
            return False
        for place in suspects:
            self._places.passed_over(place, error, following)
        return True

    def _at(self, place: Place) -> RemoteBlob:
        return RemoteBlob(place.transport, place.endpoint.path("blobs", self._digest), self._digest, self.size)

    def _left(self) -> Iterator[Place]:
        return (place for place in self._places.asked(by_digest=True) if place not in self._untrue)
