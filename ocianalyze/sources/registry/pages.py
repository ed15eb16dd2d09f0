"""Lists that a registry gives page by page, each of which links to the next one.

Source: distribution-spec, "Content Discovery" and "Listing Referrers" (``Link``, RFC 8288).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ocianalyze.errors import InvalidImageError, RegistryError
from ocianalyze.oci import json
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ocianalyze.sources.registry.transport import Transport

_MOST_QUERY: Final = 2048
_MOST_LINK: Final = 8192
_LINK: Final = regex(r'<([^<>]*)>((?:\s*;\s*[a-z]+=(?:"[^"]*"|[^\s",;]*))*)', re.IGNORECASE)
_NEXT: Final = regex(r';\s*rel="?next"?\s*(?:;|$)', re.IGNORECASE)


def read_pages(
    transport: Transport,
    path: str,
    query: str,
    *,
    what: str,
    accept: str,
    most_bytes: int,
    most_pages: int,
    attempts: int | None = None,
    must_end: bool = True,
) -> Iterator[bytes]:
    """Yield each page of a list, more than `most_bytes` of it if it has more; the next one is asked for when wanted.

    `query` is that of the first page. Only the query of a link is used: the next page is where the first one was.
    `what` names the list in messages. Without `must_end` the list is over where it leads astray.

    Raises:
        RegistryError: a page cannot be had; a link leads to another host or back; there are more than `most_pages`.
    """
    asked: set[str] = set()
    while True:
        asked.add(query)
        behind = f"?{query}" if query else ""
        try:
            raw, headers = transport.read(
                f"{path}{behind}", headers={"Accept": accept}, most=most_bytes, attempts=attempts
            )
        except RegistryError as error:
            error.message = error.message.replace(behind, "")
            raise
        yield raw
        try:
            query = _next_query(headers, transport.origin, what)
            if query:
                _check_new(query, asked, most_pages, what)
        except RegistryError:
            if must_end:
                raise
            return
        if not query:
            return


def decode(raw: bytes, what: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of a JSON document; raises RegistryError if it is none."""
    try:
        return json.decode(raw, what=what)
    except InvalidImageError as error:
        raise RegistryError(f"{what} is not valid JSON") from error


def _check_new(query: str, asked: Collection[str], most: int, what: str) -> None:
    """Raise RegistryError if a page was asked for before, or there were too many."""
    if query in asked or len(asked) >= most:
        raise RegistryError(f"{what} does not end: a page leads back to an earlier one, or there are too many")


def _next_query(headers: Mapping[str, str], origin: str, what: str) -> str:
    """Return the query of the next page, empty where there is none."""
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
