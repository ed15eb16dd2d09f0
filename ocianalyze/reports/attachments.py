"""Stored reports as they are attached to an image: their bytes, unchanged, and which image they say they are about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.errors import AnalysisError, InvalidImageError, UsageError
from ocianalyze.oci import json
from ocianalyze.oci.digest import Digest
from ocianalyze.reports.report import SCHEMA, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ARTIFACT_TYPE: Final = "application/vnd.ocianalyze.report.v1+json"
"""The type of the artifact, and of a JSON report in it."""
_SARIF_TYPE: Final = "application/sarif+json"
_SARIF_VERSION: Final = "2.1.0"
_TOOL: Final = "ocianalyze"
_TITLES: Final = {ARTIFACT_TYPE: ("ocianalyze", ".json"), _SARIF_TYPE: ("ocianalyze", ".sarif")}
_MOMENT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_EXPECTED: Final = "Give a report that 'ocianalyze scan' wrote as JSON or SARIF"


class About(NamedTuple):
    """The image that a report, or a part of it, is about."""

    digest: Digest | None
    config_digest: Digest
    platform: str


class Attachment(NamedTuple):
    """A report to attach.

    Attributes:
        what: what it is called in messages.
        media_type: its media type.
        content: its bytes, as they are stored.
        about: the images that it says it is about: one, as far as is known here.
        created: when it was made, if it says so (RFC 3339).
    """

    what: str
    media_type: str
    content: bytes
    about: tuple[About, ...]
    created: str | None


def read_attachment(content: bytes, *, what: str) -> Attachment:
    """Return a stored report, JSON or SARIF, as an attachment.

    Raises:
        UsageError: it is no report of ocianalyze, it is damaged, or its image could not be analysed; `what` names it.
    """
    try:
        value = json.glance(content, what=what)  # `Report` is stricter
    except InvalidImageError as error:
        raise UsageError(error.message, hint=_EXPECTED) from error
    if isinstance(value, dict) and "runs" in value and "schema" not in value:
        return _sarif(value, content, what)
    report = Report.from_json(content, what=what)
    if report.error is not None or report.image.config_digest is None:
        raise UsageError(f"{what} is about no image: it could not be analysed", hint=_EXPECTED)
    digest = report.image.digest
    about = About(
        None if digest is None else _digest(digest, what),
        _digest(report.image.config_digest, what),
        report.image.platform,
    )
    return Attachment(what, ARTIFACT_TYPE, content, (about,), report.timing.started)


def titles(attachments: Sequence[Attachment]) -> Iterator[tuple[str, Attachment]]:
    """Yield the reports, each once and in an order that is always the same, with names to store them under.

    What the files are called here is nobody's business, and must not make another artifact of the same reports.
    """
    kinds = list(_TITLES)
    count = dict.fromkeys(kinds, 0)
    unique = {one.content: one for one in attachments}
    for one in sorted(unique.values(), key=lambda one: (kinds.index(one.media_type), Digest.of(one.content))):
        count[one.media_type] += 1
        stem, suffix = _TITLES[one.media_type]
        number = count[one.media_type]
        yield f"{stem}{'' if number == 1 else f'-{number}'}{suffix}", one


def created(attachments: Sequence[Attachment]) -> str | None:
    """Return when the last of the reports was made, if any says so."""
    return max((one.created for one in attachments if one.created), default=None)


def _sarif(value: dict[str, Any], content: bytes, what: str) -> Attachment:
    """Return a log of SARIF; the hash of its artifact is the digest of the image's config (`formats.sarif`)."""
    runs = value["runs"]
    if value.get("version") != _SARIF_VERSION or not isinstance(runs, list) or not runs:
        raise UsageError(f"{what} is not SARIF {_SARIF_VERSION}, nor has it the schema {SCHEMA!r}", hint=_EXPECTED)
    about: list[About] = []
    moments: list[str] = []
    for run in runs:
        if _at(run, "tool", "driver", "name") != _TOOL:
            raise UsageError(f"{what} is a SARIF log of another tool", hint=_EXPECTED)
        hashes = _at(run, "artifacts", 0, "hashes")
        if not isinstance(hashes, dict) or len(hashes) != 1:
            raise UsageError(f"{what} is about no image: it could not be analysed", hint=_EXPECTED)
        algorithm, encoded = next(iter(hashes.items()))
        about.append(About(None, _digest(f"{algorithm.replace('sha-', 'sha')}:{encoded}", what), ""))
        started = _at(run, "invocations", 0, "startTimeUtc")
        if isinstance(started, str) and re.fullmatch(_MOMENT, started, re.ASCII):
            moments.append(started)
    return Attachment(what, _SARIF_TYPE, content, tuple(dict.fromkeys(about)), max(moments, default=None))


def _at(value: Any, *place: str | int) -> Any:  # noqa: ANN401 - any JSON value
    """Return what stands at a place of a JSON document, None if there is nothing."""
    for part in place:
        if isinstance(part, int):
            value = value[part] if isinstance(value, list) and part < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _digest(text: str, what: str) -> Digest:
    try:
        return Digest.parse(text)
    except AnalysisError as error:
        raise UsageError(f"{what} is damaged: {error.message}", hint=_EXPECTED) from error
