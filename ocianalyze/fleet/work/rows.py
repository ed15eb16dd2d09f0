"""What came of an image, as rows of the results file: made where the report is, so that only they have to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ocianalyze.layers.blob.compression import compress_frame
from ocianalyze.reports.exit_codes import exit_code
from ocianalyze.reports.text import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.reports.report import FindingReport, LayerReport, Report

Row: TypeAlias = "Mapping[str, Any]"


class Rows(NamedTuple):
    """What a report adds to the results: columns of its image, rows of other tables, and the report itself.

    `report` is JSON in a zstd frame.
    """

    image: Row
    profiles: list[Row]
    findings: list[Row]
    drivers: list[Row]
    layers: list[Row]
    report: bytes


def rows_of(report: Report, *, code: int | None = None) -> Rows:
    """Return a report as rows; `code` is the exit code if the report does not decide it."""
    return Rows(
        image=dict(_image(report), exit_code=exit_code(report) if code is None else code),
        profiles=[
            {
                "profile": name,
                "verdict": one.verdict,
                "errors": one.errors,
                "warnings": one.warnings,
                "notes": one.notes,
                "undecided": one.undecided,
                "selected": one.selected,
            }
            for name, one in report.profiles.items()
        ],
        findings=[*_findings(report.findings, selected=True), *_findings(report.other_findings, selected=False)],
        drivers=list(_drivers(report)),
        layers=list(map(_layer, report.layers)),
        report=compress_frame(report.to_json()),
    )


def _image(report: Report) -> dict[str, Any]:
    image, summary, error, facts = report.image, report.summary, report.error, report.facts
    phases = report.timing.phases
    return {
        "digest": image.digest,
        "config_digest": image.config_digest,
        "platform": image.platform or None,
        "source": image.source,
        "verdict": report.verdict,
        "errors": summary.errors,
        "warnings": summary.warnings,
        "notes": summary.notes,
        "undecided": summary.undecided,
        "waived": summary.waived,
        "error_code": error and error.code,
        "error_message": error and error.message,
        "error_hint": error and error.hint,
        "size": facts and facts.size.docker_image_size,
        "compressed_size": facts and facts.size.compressed,
        "minimum_driver": facts and facts.nvidia and facts.nvidia.minimum_driver,
        "seconds": round(phases.get("merge", 0) + phases.get("rules", 0), 4),
    }


def _findings(findings: list[FindingReport], *, selected: bool) -> Iterator[Row]:
    for one in findings:
        yield {
            "rule": one.rule,
            "name": one.name,
            "kind": one.kind,
            "severity": one.severity,
            "profiles": to_json(one.profiles).decode(),
            "selected": selected,
            "message": one.message,
            "hint": one.hint,
            "path": one.path,
            "diff_id": one.layer and one.layer.diff_id,
            "created_by": one.layer and one.layer.created_by,
            "fingerprint": one.fingerprint,
            "caused_by": one.caused_by and one.caused_by.rule,
            "waived": one.waived and one.waived.reason,
        }


def _drivers(report: Report) -> Iterator[Row]:
    nvidia = report.facts.nvidia if report.facts is not None else None
    for one in nvidia.drivers if nvidia is not None else ():
        yield {"driver": one.driver, "cuda": one.cuda, "outcome": one.outcome}


def _layer(layer: LayerReport) -> Row:
    return {
        "position": layer.position,
        "digest": layer.digest,
        "diff_id": layer.diff_id,
        "size": layer.size,
        "uncompressed_size": layer.uncompressed_size,
        "entries": layer.entries,
        "created_by": layer.created_by,
    }
