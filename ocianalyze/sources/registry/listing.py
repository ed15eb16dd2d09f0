"""What a registry lists: the tags of a repository, and its repositories.

Sources: distribution-spec, "Content Discovery" (tags); distribution, "Listing Repositories" (the catalog,
which not every registry shows) and "Token Scope Documentation" (``registry:catalog:*``).
"""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import RegistryError
from ocianalyze.oci.repository import is_repository, is_tag
from ocianalyze.sources.registry.pages import decode, read_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.sources.registry.transport import Transport

_log = logging.getLogger(__name__)

MOST_NAMES: Final = 100_000
"""How many tags or repositories are taken from a registry."""
_PAGE: Final = 1000
_MOST_PAGES: Final = 1000
_FEW_PAGES: Final = 3
_MOST_BYTES: Final = 16 << 20
"""The maximum size of a page: many registries send all that they have at once."""


def list_tags(transport: Transport, path: str, most: int = MOST_NAMES) -> list[str]:
    """Return the tags of a repository, whose list is at `path`, in the order in which the registry lists them.

    Raises:
        RegistryError: the registry does not list them, has more than `most`, or answers nonsense.
    """
    return _listed(transport, path, "tags", is_tag, most)


def list_repositories(transport: Transport, path: str = "/v2/_catalog", most: int = MOST_NAMES) -> list[str]:
    """Return the repositories of a registry in the order in which it lists them; raises as `list_tags`."""
    return _listed(transport, path, "repositories", is_repository, most)


def first_tags(transport: Transport, path: str, most: int) -> list[str]:
    """Return some of the tags of a repository, at most `most`, without much patience; raises as `list_tags`."""
    pages = islice(_pages(transport, path, "tags", attempts=1), _FEW_PAGES)
    return list(dict.fromkeys(name for page in pages for name in page if is_tag(name)))[:most]


def _listed(transport: Transport, path: str, key: str, is_valid: Callable[[str], bool], most: int) -> list[str]:
    """Return the names on all pages of a list, each once."""
    names: dict[str, None] = {}
    seen = 0
    for page in _pages(transport, path, key):
        valid = [name for name in page if is_valid(name)]
        if len(valid) < len(page):
            _log.debug("%s%s: skipping %s invalid names", transport.origin, path, len(page) - len(valid))
        names |= dict.fromkeys(valid)
        seen += len(page)
        if seen > most:
            raise RegistryError(
                f"the list of {key} of {transport.origin} has more than {most:,} entries",
                hint="Name the images one by one",
            )
    return list(names)


def _pages(transport: Transport, path: str, key: str, *, attempts: int | None = None) -> Iterator[list[str]]:
    """Yield what is on each page of a list."""
    what = f"the list of {key} of {transport.origin}"
    path, _, more = path.partition("?")
    pages = read_pages(
        transport,
        path,
        f"{more}{'&' if more else ''}n={_PAGE}",
        what=what,
        accept="application/json",
        most_bytes=_MOST_BYTES,
        most_pages=_MOST_PAGES,
        attempts=attempts,
    )
    for raw in pages:
        if len(raw) > _MOST_BYTES:
            raise RegistryError(f"{what}: a page is larger than {_MOST_BYTES:,} bytes")
        yield _names(raw, key, what)


def _names(raw: bytes, key: str, what: str) -> list[str]:
    value = decode(raw, what)
    found = value.get(key) if isinstance(value, dict) else ()
    if found is None:  # what distribution says of a repository without tags
        return []
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise RegistryError(f"{what} does not have the form that the specification requires")
    return found
