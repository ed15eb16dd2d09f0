"""The tags of a repository, as far as its registry lists them; and which of them may be meant by one that is not there.

Source: distribution-spec, "Listing Tags" (with the ``Link`` header of RFC 8288 where the list goes on).
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urljoin, urlsplit

from ocianalyze.errors import OcianalyzeError, RegistryError
from ocianalyze.oci import json
from ocianalyze.oci.patterns import is_attached
from ocianalyze.regex import regex
from ocianalyze.sources.registry import failures
from ocianalyze.sources.registry.failures import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.repository import RepositoryName
    from ocianalyze.sources.registry.transport import Transport

_PAGE: Final = 1000
_MAX_PAGE: Final = 4 << 20
_MOST_PAGES: Final = 1000
_MOST_SEARCHED: Final = 2000
"""So many tags are searched for those that may be meant."""
_MOST_SHOWN: Final = 5
_TAG: Final = regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_NEXT: Final = regex(r'<([^<>]{1,2000})>\s*;[^<>]{0,200}?\brel="?next\b')
_NUMBERS: Final = regex(r"\d{1,18}")


def list_tags(
    transport: Transport, repository: str, most: int, *, most_pages: int = _MOST_PAGES, attempts: int | None = None
) -> Iterator[str]:
    """Yield at most `most` tags of a repository, each once, in the order of the registry.

    Raises:
        RegistryError: the registry does not list them, or its list is not what it should be.
    """
    path: str | None = f"/v2/{repository}/tags/list?n={min(most, _PAGE)}"
    seen: set[str] = set()
    for _ in range(most_pages):
        if path is None or len(seen) >= most:
            return
        raw, headers = transport.read(path, headers={"Accept": "application/json"}, most=_MAX_PAGE, attempts=attempts)
        before = len(seen)
        for tag in _tags(raw, transport.origin):
            if tag not in seen and len(seen) < most:
                seen.add(tag)
                yield tag
        path = next_page(transport.origin, path, headers.get("Link", ""))
        if len(seen) == before:  # a list that goes on for ever, and says nothing new
            return


def with_tags(error: NotFoundError, transport: Transport, name: RepositoryName) -> NotFoundError:
    """Return the error for a tag that is not there, with those that may be meant, if the registry lists any."""
    if name.digest is not None or name.tag is None:
        return error
    try:
        listed = list_tags(transport, name.repository, _MOST_SEARCHED, most_pages=3, attempts=1)
        tags = [tag for tag in listed if not is_attached(tag)]
    except OcianalyzeError:
        return error
    if not tags:
        return error
    near = get_close_matches(name.tag, tags, n=3, cutoff=0.6)
    if near:
        return NotFoundError(error.message, hint=f"Did you mean {' or '.join(repr(tag) for tag in near)}?")
    newest = sorted(tags, key=_version, reverse=True)[:_MOST_SHOWN]
    more = f" (of {len(tags)}{' or more' if len(tags) == _MOST_SEARCHED else ''})" if len(tags) > len(newest) else ""
    return NotFoundError(error.message, hint=f"Use one of the tags of this repository: {', '.join(newest)}{more}")


def _tags(raw: bytes, origin: str) -> Iterator[str]:
    if len(raw) > _MAX_PAGE:
        raise RegistryError(f"{origin}: a page of the list of tags is too large")
    value: Any = json.decode(raw, what="the list of tags")
    tags = value.get("tags") if isinstance(value, dict) else None
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and _TAG.fullmatch(tag):
            yield tag


def next_page(origin: str, path: str, link: str) -> str | None:
    """Return the path of the next page, None if this is the last one; a page elsewhere is none."""
    found = _NEXT.search(link[:8192])
    if found is None:
        return None
    try:
        target = urljoin(f"{origin}{path}", found[1])
        is_here = failures.origin_of(target) == origin
    except ValueError:
        return None
    parts = urlsplit(target)
    if parts.scheme != urlsplit(origin).scheme:  # behind a proxy that ends TLS, registries name themselves so
        is_here = parts.netloc == urlsplit(origin).netloc
    if not is_here:
        return None
    return quote(parts._replace(scheme="", netloc="", fragment="").geturl(), safe="/?&=%:@!$'()*+,;~")


def _version(tag: str) -> tuple[bool, list[int], str]:
    """Return what tags are compared by: versions by their numbers, behind all other tags."""
    numbers = [int(number) for number in _NUMBERS.findall(tag)]
    return bool(re.match(r"v?\d", tag)), numbers, tag
