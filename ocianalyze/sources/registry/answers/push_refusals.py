"""What a registry answers that does not take what is pushed, said so that people know what to do.

Source: distribution-spec, "Error Codes". Of immutable tags each registry speaks in its own way: Amazon ECR with 400 and
"already exists ... immutable", Harbor with 412, Google and Azure with 409 or 403.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import requests

from ocianalyze.errors import AuthenticationError, RegistryError
from ocianalyze.regex import regex
from ocianalyze.sources.registry.answers.failures import MAX_SHOWN, NotFoundError, origin_of, shown
from ocianalyze.sources.registry.answers.rate_limits import is_limit, limited
from ocianalyze.sources.registry.answers.refusals import DENIED
from ocianalyze.sources.registry.answers.statements import stated

if TYPE_CHECKING:
    from ocianalyze.sources.registry.answers.answer import Answer
    from ocianalyze.sources.registry.answers.statements import Statement
    from ocianalyze.sources.registry.login.authorization import Authorization

_DENYING: Final = frozenset(("DENIED", "UNAUTHORIZED"))
_UNFIT: Final = (
    requests.codes.bad_request,
    requests.codes.not_allowed,
    requests.codes.not_acceptable,
    requests.codes.unsupported_media_type,
    requests.codes.unprocessable_entity,
)
_CONFLICTS: Final = (requests.codes.conflict, requests.codes.precondition_failed)
_IMMUTABLE: Final = regex(r"immutab|already ?exist|overwrit", re.IGNORECASE)
_READ_ONLY: Final = regex(
    r"(?:registry|repository|mirror|cache) (?:\S{1,20} ){0,3}read[ -]?only"
    r"|read[ -]?only (?:mode|registry|repository|mirror|cache)|pull[ -]?through|proxy (?:cache|project)",
    re.IGNORECASE,
)
_LOGIN: Final = "Log in with 'docker login' or --authfile as somebody who may push to the repository"
_LIMIT: Final = "The report is too large for the registry, or for a proxy in front of it: raise the limit there"
_MAY_NOT: Final = "Use credentials that may push to the repository, not only pull from it"


class ChangedError(RegistryError):
    """What a tag leads to has changed since it was read."""


def refused(answer: Answer, path: str, authorization: Authorization) -> RegistryError:
    """Return the error for an answer to a push that is no success."""
    where, status, said = shown(origin_of(answer.url)), answer.status, stated(answer)
    repository, quoted = authorization.name.repository, _quoted(said)
    if is_limit(answer, said):
        return limited(answer, where, quoted, authorization)
    tag = path.rpartition("/manifests/")[2] if "/manifests/" in path else ""
    of_tag = _of_tag(where, tag, answer, said) if tag and ":" not in tag else None
    if of_tag is not None:
        return of_tag
    if _READ_ONLY.search(said.raw) or (not tag and status == requests.codes.not_allowed):
        return RegistryError(
            f"{where} takes no pushes to {repository} (status {status}){quoted}",
            hint="Attach to the image in its own registry: this one may be a read-only cache or mirror",
        )
    if status in DENIED or _DENYING.intersection(said.codes):
        return AuthenticationError(
            f"{where} does not allow a push to {repository} ({authorization.identity}, status {status}){quoted}",
            hint=_LOGIN if authorization.is_anonymous else _MAY_NOT,
        )
    if tag and status in _UNFIT:
        return RegistryError(
            f"{where} does not accept artifacts like this one in {repository} (status {status}){quoted}",
            hint="Use a registry that supports OCI artifacts, or keep the report as a file",
        )
    what = f"{where}{path}"[:MAX_SHOWN].encode("unicode_escape").decode("ascii")
    kind = NotFoundError if status == requests.codes.not_found else RegistryError
    hint = _LIMIT if status == requests.codes.request_entity_too_large else None
    return kind(f"{what}: the push failed (status {status}){quoted}", hint=hint)


def _of_tag(where: str, tag: str, answer: Answer, said: Statement) -> RegistryError | None:
    """Return the error for a tag that changed meanwhile, or may not change; None if it is something else."""
    quoted, is_immutable = _quoted(said), answer.status < requests.codes.server_error and _IMMUTABLE.search(said.raw)
    if answer.status == requests.codes.precondition_failed and answer.was_conditional and not is_immutable:
        return ChangedError(f"{where}: the tag {tag} changes all the time")
    if answer.status in _CONFLICTS or is_immutable:
        return RegistryError(
            f"{where} does not allow the tag {tag}, which lists the referrers, to change "
            f"(status {answer.status}){quoted}",
            hint="Exempt tags that begin with sha256- from immutability",
        )
    return None


def _quoted(said: Statement) -> str:
    """Return what was said, behind a message of ours and before a hint."""
    return said.quoted().rstrip(".")
