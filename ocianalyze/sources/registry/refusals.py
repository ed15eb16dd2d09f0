"""What a registry or a token server answers instead of what it was asked for, said so that people know what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import requests

from ocianalyze.errors import AuthenticationError, InvalidImageError, RegistryError
from ocianalyze.oci import json
from ocianalyze.sources.registry.failures import MAX_SHOWN, NotFoundError, origin_of, shown

if TYPE_CHECKING:
    from ocianalyze.sources.registry.answer import Answer
    from ocianalyze.sources.registry.authorization import Authorization

_MAX_BODY: Final = 1 << 16
_CODES: Final = {
    "MANIFEST_UNKNOWN": "there is no such image",
    "NAME_UNKNOWN": "there is no such repository",
    "NAME_INVALID": "there is no such repository",
    "BLOB_UNKNOWN": "a blob of the image is missing from the registry",
    "TOOMANYREQUESTS": "rate limit exceeded",
    "DENIED": "access denied",
    "UNAUTHORIZED": "access denied",
}
"""distribution-spec, "Error Codes"."""
_HIDDEN: Final = "Check the name and the tag, and log in if the repository is private: it may be hidden"


def refused(answer: Answer, path: str, authorization: Authorization, *, is_own: bool) -> RegistryError:
    """Return the error for an answer that is no success."""
    where, status = shown(origin_of(answer.url)), answer.status
    if not is_own:
        return RegistryError(f"{where} returned status {status} after a redirect of the registry")
    said = next((_CODES[code] for code in _codes(answer) if code in _CODES), None)
    what = f"{where}{path}"[:MAX_SHOWN]
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        return AuthenticationError(
            f"{where} denied access to {authorization.name.repository} ({authorization.identity}, status {status})",
            hint=authorization.advice,
        )
    if status == requests.codes.not_found:
        return NotFoundError(f"{what}: {said or 'not found'}", hint=_HIDDEN)
    if status == requests.codes.too_many_requests:
        return RegistryError(f"{where}: rate limit exceeded", hint="Log in, or wait and try again")
    return RegistryError(f"{what}: {said or 'the request failed'} (status {status})")


def token_refused(url: str, answer: Answer, authorization: Authorization) -> RegistryError:
    """Return the error for a token server that gives no token."""
    where, status = shown(origin_of(url)), answer.status
    if status in (requests.codes.bad_request, requests.codes.unauthorized, requests.codes.forbidden):
        return AuthenticationError(
            f"the token server {where} denied access ({authorization.identity}, status {status})",
            hint=authorization.advice,
        )
    if status == requests.codes.ok:
        return RegistryError(f"the token server {where} returned an invalid response")
    return RegistryError(f"the token server {where} returned status {status}")


def _codes(answer: Answer) -> list[str]:
    """Return the error codes of a registry's answer, none where it is not what it should be."""
    try:
        raw = answer.read_all(_MAX_BODY)
        value: Any = json.decode(raw, what="the answer") if len(raw) <= _MAX_BODY else None
    except (RegistryError, InvalidImageError):
        return []
    errors = value.get("errors") if isinstance(value, dict) else None
    return [str(item.get("code")) for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
