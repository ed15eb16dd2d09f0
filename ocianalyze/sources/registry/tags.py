"""Which tags of a repository may be meant by one that is not there, as far as its registry lists them."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import OcianalyzeError
from ocianalyze.oci.patterns import is_attached
from ocianalyze.regex import regex
from ocianalyze.sources.registry.answers.failures import NotFoundError
from ocianalyze.sources.registry.listing import first_tags

if TYPE_CHECKING:
    from ocianalyze.sources.registry.endpoints import Endpoint
    from ocianalyze.sources.registry.transport import Transport

_MOST_SEARCHED: Final = 2000
"""So many tags are searched for those that may be meant."""
_MOST_SHOWN: Final = 5
_NUMBERS: Final = regex(r"\d{1,18}")


def with_tags(error: NotFoundError, transport: Transport, endpoint: Endpoint) -> NotFoundError:
    """Return the error for a tag that is not there, with those that may be meant, if the registry lists any."""
    name = endpoint.name
    if name.digest is not None or name.tag is None:
        return error
    try:
        listed = first_tags(transport, endpoint.path("tags", "list"), _MOST_SEARCHED)
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


def _version(tag: str) -> tuple[bool, list[int], str]:
    """Return what tags are compared by: versions by their numbers, behind all other tags."""
    numbers = [int(number) for number in _NUMBERS.findall(tag)]
    return bool(re.match(r"v?\d", tag)), numbers, tag
