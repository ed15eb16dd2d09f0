"""What a registry says that it has: the tags of a repository, and its repositories.

Sources: distribution-spec, "Content Discovery" (tags, ``Link``); distribution, "Listing Repositories" (the catalog,
which not every registry shows) and "Token Scope Documentation" (``registry:catalog:*``).
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ocianalyze.errors import InvalidImageError, NoMatchError, RegistryError
from ocianalyze.oci import json
from ocianalyze.oci.repository import RepositoryName, is_repository, is_tag
from ocianalyze.regex import regex
from ocianalyze.sources.registry.authorization import Authorization
from ocianalyze.sources.registry.endpoints import endpoints
from ocianalyze.sources.registry.mirrors.registries_conf import RegistriesConf
from ocianalyze.sources.registry.places import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ocianalyze.oci.patterns import ImagePattern
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.transport import Transport

_log = logging.getLogger(__name__)

MOST_NAMES: Final = 100_000
"""How many tags or repositories are taken from a registry."""
_PAGE: Final = 1000
_MOST_PAGES: Final = 1000
_MOST_BYTES: Final = 16 << 20
"""The maximum size of a page: many registries send all that they have at once."""
_MOST_QUERY: Final = 2048
_MOST_LINK: Final = 8192
_LINK: Final = regex(r'<([^<>]*)>((?:\s*;\s*[a-z]+=(?:"[^"]*"|[^\s",;]*))*)', re.IGNORECASE)
_NEXT: Final = regex(r';\s*rel="?next"?\s*(?:;|$)', re.IGNORECASE)


def expand(pattern: ImagePattern, access: RegistryAccess) -> list[str]:
    """Return the names of the images that match a pattern, by repository and tag in natural order.

    Raises:
        NoMatchError: there are none.
        RegistryError: the registry does not list what it has.
    """
    repositories = [pattern.repository]
    if pattern.repository_is_wild:
        name = RepositoryName(pattern.registry, pattern.directory or "_catalog", None)
        with _opened(name, access, _CatalogAuthorization) as transport:
            repositories = pattern.repositories(_catalog(transport, pattern))
        if not repositories:
            raise NoMatchError(f"no repository of {pattern.registry} matches {pattern.repository}")
    found = []
    for repository in repositories:
        with _opened(RepositoryName(pattern.registry, repository, None), access) as transport:
            tags = pattern.tags(list_tags(transport, repository))
        found += [f"{pattern.registry}/{repository}:{tag}" for tag in tags]
    if not found:
        raise NoMatchError(
            f"no tag of {pattern.registry}/{pattern.repository} matches {pattern.tag}",
            hint=f"Use {pattern.registry}/{pattern.repository}:* for all tags" if pattern.repository_is_wild else None,
        )
    return found


def list_tags(transport: Transport, repository: str, most: int = MOST_NAMES) -> list[str]:
    """Return the tags of a repository in the order in which the registry lists them.

    Raises:
        RegistryError: the registry does not list them, has more than `most`, or answers nonsense.
    """
    return _listed(transport, f"/v2/{repository}/tags/list", "tags", is_tag, most)


def list_repositories(transport: Transport, most: int = MOST_NAMES) -> list[str]:
    """Return the repositories of a registry in the order in which it lists them; raises as `list_tags`."""
    return _listed(transport, "/v2/_catalog", "repositories", is_repository, most)


def _catalog(transport: Transport, pattern: ImagePattern) -> list[str]:
    try:
        return list_repositories(transport)
    except RegistryError as error:
        instead = f"name the repository, as in {pattern.registry}/NAME:{pattern.tag}: not every registry lists them all"
        error.hint = f"{instead[:1].upper()}{instead[1:]}" if error.hint is None else f"{error.hint}; or {instead}"
        raise


class _CatalogAuthorization(Authorization):
    """The ``Authorization`` header for the list of repositories."""

    __slots__ = ()

    @property
    def scope(self) -> str:
        """What a token is asked for."""
        return "registry:catalog:*"


@contextmanager
def _opened(
    name: RepositoryName, access: RegistryAccess, kind: type[Authorization] = Authorization
) -> Iterator[Transport]:
    """Open the registry itself: a mirror lists what it happens to have."""
    endpoint = endpoints(name, RegistriesConf(access.environment), access)[-1]
    place = Place(endpoint, endpoint.name.registry, access, kind)
    try:
        yield place.transport
    finally:
        place.close()


def _listed(transport: Transport, path: str, key: str, is_valid: Callable[[str], bool], most: int) -> list[str]:
    """Return the names on all pages of a list, each once."""
    what = f"the list of {key} of {transport.origin}"
    names: dict[str, None] = {}
    seen = 0
    query = f"n={_PAGE}"
    asked: set[str] = set()
    while query:
        asked.add(query)
        try:
            raw, headers = transport.read(f"{path}?{query}", headers={"Accept": "application/json"}, most=_MOST_BYTES)
        except RegistryError as error:
            error.message = error.message.replace(f"?{query}", "")
            raise
        if len(raw) > _MOST_BYTES:
            raise RegistryError(f"{what}: a page is larger than {_MOST_BYTES:,} bytes")
        found = _names(raw, key, what)
        valid = [name for name in found if is_valid(name)]
        if len(valid) < len(found):
            _log.debug("%s: skipping %s invalid names", what, len(found) - len(valid))
        names |= dict.fromkeys(valid)
        seen += len(found)
        if seen > most:
            raise RegistryError(f"{what} has more than {most:,} entries", hint="Name the images one by one")
        query = _next(headers, transport.origin, what)
        if query in asked or len(asked) >= _MOST_PAGES:
            raise RegistryError(f"{what} does not end: a page leads back to an earlier one, or there are too many")
    return list(names)


def _names(raw: bytes, key: str, what: str) -> list[str]:
    try:
        value: Any = json.decode(raw, what=what)
    except InvalidImageError as error:
        raise RegistryError(f"{what} is not valid JSON") from error
    found = value.get(key) if isinstance(value, dict) else ()
    if found is None:  # what distribution says of a repository without tags
        return []
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise RegistryError(f"{what} is not as the specification has it")
    return found


def _next(headers: Mapping[str, str], origin: str, what: str) -> str:
    """Return the query of the next page, empty where there is none.

    Only the query of a link is used: the next page is where the first one was.

    Raises:
        RegistryError: the link leads to another host.
    """
    for target, parameters in _LINK.findall(headers.get("Link", "")[:_MOST_LINK]):
        if not _NEXT.search(parameters):
            continue
        try:
            link = urlsplit(str(target))
            host = link.hostname
        except ValueError as error:
            raise RegistryError(f"{what}: the link to the next page is invalid") from error
        if host not in (None, urlsplit(origin).hostname):
            raise RegistryError(f"{what} continues on another host: {host[:100]!r}")
        if not link.query or len(link.query) > _MOST_QUERY or not re.fullmatch(r"[\x21-\x7e]+", link.query):
            raise RegistryError(f"{what}: the link to the next page is invalid")
        return link.query
    return ""
