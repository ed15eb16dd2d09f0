"""The report, put together from what every stage found."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from ocianalyze.errors import UndecidedError
from ocianalyze.oci.image import layer_positions, step_text
from ocianalyze.reports import report as form
from ocianalyze.reports.gpu import nvidia_facts
from ocianalyze.reports.kernels import kernel_facts
from ocianalyze.reports.shortening import short
from ocianalyze.reports.size.parts import inventory_of, size_facts
from ocianalyze.rules.profiles import CLASSIC, PROFILES
from ocianalyze.rules.rule import Severity, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from ocianalyze.facts.directories import Directory
    from ocianalyze.facts.user import User
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.changeset.changeset import Diagnostic
    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.oci.image import Image
    from ocianalyze.rules.engine import Outcome
    from ocianalyze.rules.judgement import Judgement
    from ocianalyze.rules.policy import Policy
    from ocianalyze.rules.rule import Declaration, Rule

_log = logging.getLogger(__name__)

_Part = TypeVar("_Part")

_WORST_FIRST: Final = ("fail", "error", "undecided", "pass")
_STOPPED: Final = "no layer was read (--fail-fast), because the image fails already by its configuration"
_DIGITS: Final = 4
"""To how many digits seconds are told."""


def assemble(
    subject: Subject | Declaration,
    outcome: Outcome,
    layers: Sequence[ReadLayer],
    verified: Sequence[Sequence[str]],
    *,
    policy: Policy,
    started: datetime,
    phases: Mapping[str, float],
) -> form.Report:
    """Return the report on a subject, or on a declaration if it decided and no layer was read.

    `layers` and `verified` are what was read of each layer and which of its digests were verified; `policy` is
    what was asked; `started` is when the analysis began, and `phases` are in seconds.
    """
    image = subject.image
    read = isinstance(subject, Subject)
    profiles = {profile: _profile(outcome, profile, complete=read) for profile in PROFILES}
    verdicts = {profile.verdict for profile in profiles.values() if profile.selected}
    return form.Report(
        image=image_summary(image),
        request=form.Request(
            profiles=list(outcome.profiles),
            profiles_reason=short(policy.target(subject).reason),
            fail_on=policy.fail_on,
            select=list(policy.select),
            ignore=list(policy.ignore),
        ),
        verdict=min(verdicts, key=_WORST_FIRST.index),
        profiles=profiles,
        summary=form.Summary(
            errors=outcome.count(Severity.ERROR),
            warnings=outcome.count(Severity.WARNING),
            notes=outcome.count(Severity.NOTE),
            undecided=outcome.count_undecided(),
            waived=outcome.waived,
            rules=len(outcome.rules),
            not_applicable=len(outcome.not_applicable),
        ),
        rules=list(_rules(outcome)),
        findings=list(finding_reports(outcome.judgements, image)),
        other_findings=list(finding_reports(outcome.others, image)),
        facts=_facts(subject, outcome, policy) if isinstance(subject, Subject) else None,
        layers=list(layer_reports(image, layers, verified)) if read else [],
        diagnostics=[
            *_diagnostics([remark for layer in layers for remark in layer.remarks]),
            *(_diagnostics(subject.filesystem.diagnostics) if isinstance(subject, Subject) else ()),
            *_remarks(outcome),
        ],
        history=list(_history(image)),
        stopped=None if read else _STOPPED,
        timing=_timing(layers, started, phases),
    )


def finding_reports(judgements: Iterable[Judgement], image: Image) -> Iterator[form.FindingReport]:
    """Yield findings as reports have them."""
    return (_finding(item, image) for item in judgements)


def _profile(outcome: Outcome, profile: str, *, complete: bool) -> form.ProfileVerdict:
    verdict = outcome.verdict(profile)
    return form.ProfileVerdict(
        verdict=verdict if complete or verdict == "fail" else "error",
        errors=outcome.count(Severity.ERROR, profile=profile),
        warnings=outcome.count(Severity.WARNING, profile=profile),
        notes=outcome.count(Severity.NOTE, profile=profile),
        undecided=outcome.count_undecided(profile=profile),
        title=PROFILES[profile].title,
        selected=profile in outcome.profiles,
        notice=PROFILES[profile].notice,
    )


def _rules(outcome: Outcome) -> Iterator[form.RuleReport]:
    """Yield what came of each rule."""
    found: dict[Rule, list[Judgement]] = {}
    for item in outcome.judgements:
        found.setdefault(item.rule, []).append(item)
    for rule in sorted((*outcome.rules, *outcome.not_applicable), key=lambda rule: rule.id):
        mine = found.get(rule, [])
        counted = [item for item in mine if item.waiver is None]
        yield form.RuleReport(
            id=rule.id,
            name=rule.name,
            summary=rule.summary,
            severities={profile: severity.value for profile, severity in rule.severity.items()},
            url=rule.url,
            status="not-applicable" if rule in outcome.not_applicable else _status(mine, counted),
            findings=len(counted),
        )


def _status(
    found: Sequence[Judgement], counted: Sequence[Judgement]
) -> Literal["passed", "failed", "undecided", "waived"]:
    if not counted:
        return "waived" if found else "passed"
    return "undecided" if all(item.finding.is_undecided for item in counted) else "failed"


def _history(image: Image) -> Iterator[form.HistoryStep]:
    history = image.config.history
    for entry, position in zip(history, layer_positions(history, len(image.layers)), strict=True):
        yield form.HistoryStep(created_by=short(step_text(entry)), created=short(entry.created), layer=position)


def _diagnostics(diagnostics: Iterable[Diagnostic]) -> Iterator[form.DiagnosticReport]:
    for item in diagnostics:
        yield form.DiagnosticReport(code=item.code, message=short(item.message), layer=item.layer, path=item.path)


def _remarks(outcome: Outcome) -> Iterator[form.DiagnosticReport]:
    for remark in outcome.remarks:
        yield form.DiagnosticReport(code=remark.code, message=remark.message)
    for message in dict.fromkeys(outcome.failures.values()):
        concerned = ", ".join(PROFILES[profile].title for profile, why in outcome.failures.items() if why == message)
        yield form.DiagnosticReport(code="rule-failed", message=short(f"nothing is said of {concerned}: {message}"))


def image_summary(image: Image) -> form.ImageSummary:
    """Return what the image is, as reports have it."""
    return form.ImageSummary.model_validate(
        {
            "reference": image.reference,
            "source": image.source,
            "names": short(image.names),
            "digest": image.digest,
            "config_digest": image.config_digest,
            "platform": short(str(image.config.platform)),
            "created": short(image.config.created),
            "read_from": list(image.read_from),
        }
    )


def _finding(item: Judgement, image: Image) -> form.FindingReport:
    finding, waiver = item.finding, item.waiver
    layer = None if finding.layer is None else image.layers[finding.layer]
    return form.FindingReport(
        rule=item.rule.id,
        name=item.rule.name,
        kind=finding.kind,
        fingerprint=item.fingerprint,
        severity=item.severity.value,
        profiles=list(item.profiles),
        severities={profile: severity.value for profile, severity in item.severities.items()},
        message=short(finding.message),
        hint=short(finding.hint),
        url=item.url,
        stated_in=short(list(item.rule.stated_in if finding.stated_in is None else finding.stated_in)),
        path=finding.path,
        layer=None
        if layer is None
        else form.LayerReference(
            position=layer.position,
            diff_id=layer.diff_id,
            digest=layer.digest,
            created_by=short(layer.created_by),
        ),
        waived=None
        if waiver is None
        else form.Waiver(reason=waiver.reason, expires=waiver.expires.isoformat() if waiver.expires else None),
        caused_by=None
        if item.cause is None
        else form.Cause(
            rule=item.cause.rule.id, path=item.cause.finding.path, message=short(item.cause.finding.message)
        ),
        data=short(finding.data),
    )


def _facts(subject: Subject, outcome: Outcome, policy: Policy) -> form.FactsReport:
    facts, filesystem, inventory = subject.facts, subject.filesystem, policy.inventory
    return form.FactsReport(
        user=_known(lambda: _user(facts.user)),
        kernels=_known(
            lambda: kernel_facts(facts.classic if CLASSIC in outcome.profiles else facts.own, outcome.kernel_problems())
        ),
        nvidia=_known(lambda: nvidia_facts(facts.nvidia, subject.driver_version)),
        reserved=_known(lambda: _reserved(facts.reserved)),
        size=size_facts(subject.image, facts.size, subject.size_limit, details=policy.details, tree=inventory),
        filesystem=filesystem_facts(filesystem),
        inventory=_known(lambda: inventory_of(subject.image, filesystem, facts.size)) if inventory else None,
    )


def filesystem_facts(filesystem: Filesystem) -> form.FilesystemFacts:
    """Return the merged file system in numbers."""
    return form.FilesystemFacts(
        entries=filesystem.entries,
        files=filesystem.files,
        bytes=filesystem.bytes,
        shadowed_bytes=sum(usage.shadowed for usage in filesystem.usage),
    )


def _known(find: Callable[[], _Part]) -> _Part | None:
    """Return a part of the facts, or None if it cannot be told: the rules that need it have said why."""
    try:
        return find()
    except UndecidedError:
        return None
    except Exception:  # noqa: BLE001 - a defect, of which the rules that need it have told, too
        _log.debug("a part of the facts is left out", exc_info=True)
        return None


def _user(user: User) -> form.UserFacts:
    return form.UserFacts(
        spec=short(user.spec), uid=user.uid, gid=user.gid, name=short(user.name), home=short(user.home)
    )


def _reserved(reserved: Mapping[str, Directory]) -> dict[str, form.DirectoryUsage]:
    return {
        path: form.DirectoryUsage(files=directory.files, bytes=directory.bytes) for path, directory in reserved.items()
    }


def layer_reports(
    image: Image, layers: Sequence[ReadLayer], verified: Sequence[Sequence[str]]
) -> Iterator[form.LayerReport]:
    """Yield the layers as reports have them."""
    for layer, read, digests in zip(image.layers, layers, verified, strict=True):
        yield form.LayerReport.model_validate(
            {
                "position": layer.position,
                "diff_id": layer.diff_id,
                "digest": layer.digest,
                "media_type": short(layer.media_type),
                "compression": read.compression,
                "size": read.size,
                "uncompressed_size": read.uncompressed_size,
                "entries": read.changeset.entries,
                "created_by": short(layer.created_by),
                "read": read.read,
                "verified": list(digests),
                "index": _index(read),
            }
        )


def _index(read: ReadLayer) -> form.LayerIndex | None:
    use = read.index
    if use is None:
        return None
    return form.LayerIndex(
        kind=use.kind,
        digest=use.digest,
        verified=use.is_verified,
        bound=use.bound,
        spot_checked=use.spot_checked,
    )


def _timing(layers: Sequence[ReadLayer], started: datetime, phases: Mapping[str, float]) -> form.Timing:
    first = {id(read): position for position, read in reversed(list(enumerate(layers)))}
    costs = [
        form.LayerTiming.model_validate(
            {
                "position": position,
                "read": read.read,
                "size": read.size,
                "entries": read.changeset.entries,
                "bytes_read": read.bytes_read if read.index is None else read.index.bytes_read,
                "bytes_hashed": read.bytes_hashed,
                "seconds": round(read.seconds, _DIGITS),
                "bytes_per_second": round(read.size / read.seconds) if read.seconds else None,
            }
        )
        for position, read in enumerate(layers)
        if first[id(read)] == position
    ]
    return form.Timing(
        started=started.strftime(form.MOMENT),
        seconds=round(sum(phases.values()), _DIGITS),
        bytes_read=sum(cost.bytes_read for cost in costs),
        bytes_hashed=sum(cost.bytes_hashed for cost in costs),
        phases={name: round(seconds, _DIGITS) for name, seconds in phases.items()},
        layers=costs,
    )
