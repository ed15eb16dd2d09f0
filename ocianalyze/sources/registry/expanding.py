"""From a pattern to the images that it stands for: what the registry lists, and which of it matches."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ocianalyze.errors import NoMatchError, RegistryError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.authorization import Authorization
from ocianalyze.sources.registry.endpoints import endpoints
from ocianalyze.sources.registry.listing import list_repositories, list_tags
from ocianalyze.sources.registry.mirrors.registries_conf import RegistriesConf
from ocianalyze.sources.registry.places import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.patterns import ImagePattern
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.transport import Transport


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


def _catalog(transport: Transport, pattern: ImagePattern) -> list[str]:
    try:
        return list_repositories(transport)
    except RegistryError as error:
        named = f"{pattern.registry}/NAME:{pattern.tag}"
        instead = f"name the repository, as in {named}, because not every registry lists them all"
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
