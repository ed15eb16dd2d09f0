"""From a pattern to the images that it stands for: what the registry lists, and which of it matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.errors import NoMatchError, RegistryError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.endpoints import endpoints
from ocianalyze.sources.registry.listing import list_repositories, list_tags
from ocianalyze.sources.registry.login.authorization import Authorization
from ocianalyze.sources.registry.mirrors.registries_conf import RegistriesConf
from ocianalyze.sources.registry.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.oci.patterns import ImagePattern
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.places import Place

_CATALOGUE: Final = "catalog"
"""What stands for a repository where all of them are asked for."""


def expand(pattern: ImagePattern, access: RegistryAccess) -> list[str]:
    """Return the names of the images that match a pattern, by repository and tag in natural order.

    Raises:
        NoMatchError: there are none.
        RegistryError: the registry does not list what it has.
    """
    repositories = [pattern.repository]
    if pattern.repository_is_wild:
        name = RepositoryName(pattern.registry, pattern.directory or _CATALOGUE, None)
        known = _ask(name, access, lambda place: _catalogue(place, pattern), _CatalogAuthorization)
        repositories = pattern.repositories(known)
        if not repositories:
            raise NoMatchError(f"no repository of {pattern.registry} matches {pattern.repository}")
    found = []
    for repository in repositories:
        tags = _ask(RepositoryName(pattern.registry, repository, None), access, _tags)
        found += [f"{pattern.registry}/{repository}:{tag}" for tag in pattern.tags(tags)]
    if not found:
        raise NoMatchError(
            f"no tag of {pattern.registry}/{pattern.repository} matches {pattern.tag}",
            hint=f"Use {pattern.registry}/{pattern.repository}:* for all tags" if pattern.repository_is_wild else None,
        )
    return found


def _tags(place: Place) -> list[str]:
    return list_tags(place.transport, place.endpoint.path("tags", "list"))


def _catalogue(place: Place, pattern: ImagePattern) -> list[str]:
    """Return the repositories of a registry as they are named here, wherever it keeps them."""
    there = place.endpoint.name.repository
    if pattern.directory:
        theirs, ours = f"{there}/", f"{pattern.directory}/"
    else:
        theirs, ours = there.removesuffix(_CATALOGUE), ""
    try:
        known = list_repositories(place.transport, f"{place.endpoint.base}/_catalog")
        return [f"{ours}{name.removeprefix(theirs)}" for name in known if name.startswith(theirs)]
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


def _ask(
    name: RepositoryName,
    access: RegistryAccess,
    ask: Callable[[Place], list[str]],
    authorization: type[Authorization] = Authorization,
) -> list[str]:
    """Ask the registry itself: a mirror lists what it happens to have."""
    own = [place for place in endpoints(name, RegistriesConf(access.environment), access) if not place.is_mirror]
    places = Places(own, access, what=f"cannot list {name.name}", authorization=authorization)
    try:
        return places.first(ask, by_digest=False)
    finally:
        places.close()
