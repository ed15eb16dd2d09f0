"""Where an image was really read from, if that is not what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.oci.repository import RepositoryName

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_elsewhere(names: Sequence[str], places: Sequence[str]) -> Sequence[str]:
    """Return the places that a registry's image was read from; none if that was the registry of its name alone."""
    own = {name for full in names[:1] for name in _hosts(full)}
    return places if any(place.partition("://")[2] not in own for place in places) else ()


def _hosts(full: str) -> tuple[str, ...]:
    registry = full.partition("/")[0]
    return registry, RepositoryName(registry, "", None).api_host
