"""Registries that have had enough of us for now: for how long, and what helps.

Sources: RFC 9110, section 10.2.3 (Retry-After); Docker Hub, "Usage and limits", for ``ratelimit-limit: 100;w=21600``;
draft-ietf-httpapi-ratelimit-headers, and ``X-RateLimit-Reset`` as GitHub and Quay have it, in seconds since 1970.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import requests

from ocianalyze.errors import RegistryError
from ocianalyze.regex import regex
from ocianalyze.sources.registry.retries import seconds_of
from ocianalyze.units import duration

if TYPE_CHECKING:
    from ocianalyze.sources.registry.answers.answer import Answer
    from ocianalyze.sources.registry.answers.statements import Statement
    from ocianalyze.sources.registry.login.authorization import Authorization

_CODE: Final = "TOOMANYREQUESTS"
"""distribution-spec, "Error Codes"."""
_LIMIT: Final = regex(r"(\d{1,9})\s*;\s*w=(\d{1,9})")
_NUMBER: Final = regex(r"\d{1,12}")
_EPOCH: Final = 1_000_000_000
"""Larger numbers are no seconds to wait, but seconds since 1970."""
_LONGEST: Final = 366 * 86_400


def is_limit(answer: Answer, said: Statement) -> bool:
    """Tell whether somebody had enough of us."""
    return answer.status == requests.codes.too_many_requests or _CODE in said.codes


def limited(answer: Answer, where: str, said: str, authorization: Authorization) -> RegistryError:
    """Return the error for a limit that was reached at `where`."""
    left = _time_left(answer)
    allowed = _LIMIT.search(answer.headers.get("RateLimit-Limit", ""))
    rate = f" ({allowed[1]} requests in {duration(int(allowed[2]))})" if allowed and int(allowed[2]) else ""
    when = f"in {duration(left)}" if left else "later"
    log_in = f"Log in, which often raises the limit, or try again {when}"
    hint = log_in if authorization.is_anonymous else f"Try again {when}"
    ends = f", which ends in {duration(left)}" if left else ""
    return RegistryError(f"{where}: rate limit exceeded{rate}{ends} (status {answer.status}){said}", hint=hint)


def _time_left(answer: Answer) -> float | None:
    """Return after how many seconds there may be another request, None if nobody says so."""
    waits = [seconds_of(answer.headers.get("Retry-After", ""))]
    for name in ("RateLimit-Reset", "X-RateLimit-Reset"):
        value = answer.headers.get(name, "").strip()
        if _NUMBER.fullmatch(value):
            number = int(value)
            waits.append(number - time.time() if number > _EPOCH else number)
    return next((wait for wait in waits if wait is not None and 0 < wait <= _LONGEST), None)
