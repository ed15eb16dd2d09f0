"""What every form says of findings: which of them count, what they are called, and where they are."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from ocianalyze.reports.report import FindingReport, ProfileVerdict, Report, Severity, Summary

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")
_VERDICTS: Final = {
    "pass": "works for {}",
    "fail": "does not work for {}",
    "undecided": "could not be judged completely",
    "error": "could not be analysed",
}
_TRANSPORTS: Final = ("docker-archive:", "oci-archive:", "oci:", "docker://")
_MOST_LINES: Final = 10
"""How many lines of an instruction are marked: GitHub shows an alert in a pull request that changes all of them."""
_CONFIGURATION: Final = "config"
"""The file that findings without a path are in: services want one."""
_NOT_DECIDED: Final = "could not be decided"


def counted(report: Report) -> list[FindingReport]:
    """Return the findings that no waiver accepts, worst first, otherwise in the order of the report."""
    found = [finding for finding in report.findings if finding.waived is None]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def counts(numbers: ProfileVerdict | Summary) -> str:
    """Return how many errors, warnings and notes there are, and what is undecided."""
    named = ((numbers.errors, "error"), (numbers.warnings, "warning"), (numbers.notes, "note"))
    parts = [f"{number:,} {word}{'' if number == 1 else 's'}" for number, word in named]
    return ", ".join([*parts, *([f"{numbers.undecided:,} undecided"] if numbers.undecided else [])])


def verdict_text(report: Report) -> str:
    """Return what the verdict says of the image, as the end of a sentence that begins with its name."""
    titles = [judged.title or id_ for id_, judged in report.profiles.items() if judged.selected]
    said = _VERDICTS[report.verdict].format(" and ".join(titles) or "SageMaker Studio")
    indexed = by_indexes(report)
    return f"{said} ({indexed})" if indexed else said


def by_indexes(report: Report) -> str:
    """Return that a verdict rests on indexes of layers; empty if it does not."""
    verified = [layer.index.verified for layer in report.layers if layer.index is not None]
    if not verified:
        return ""
    parts = verified.count(False)
    rest = f"; {parts} of these indexes were not compared with their digests" if parts else ""
    return f"based on the indexes of {len(verified)} of {len(report.layers)} layers, not on the layers themselves{rest}"


def title(finding: FindingReport) -> str:
    """Return the rule, and whether it could decide."""
    doubt = f" ({_NOT_DECIDED})" if finding.kind == "undecided" else ""
    return f"{finding.rule} {finding.name}{doubt}"


def image_name(report: Report) -> str:
    """Return what the image is called, without directories of the machine that scanned it."""
    reference = report.image.reference
    if report.image.source == "stdin" and report.image.names:
        return report.image.names[0]
    if report.image.source == "registry":
        return reference
    for transport in _TRANSPORTS:
        reference = reference.removeprefix(transport)
    return PurePosixPath(reference.replace("\\", "/")).name or reference


def _stable_name(report: Report) -> str:
    """Return the name of the image without what changes from build to build: the registry, the tag and the digest."""
    if report.image.source not in ("registry", "stdin"):
        return image_name(report)
    repository = image_name(report).partition("@")[0]
    host, slash, path = repository.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        repository = path
    directory, slash, name = repository.rpartition("/")
    return directory + slash + name.partition(":")[0]


def uri_of(path: str, report: Report) -> str:
    """Return a relative URI for a path in the image, which is below the name of the image."""
    parts = (part for part in f"{_stable_name(report)}/{path}".split("/") if part not in ("", ".", ".."))
    return quote("/".join(parts), safe="/", errors="replace") or "image"


class Place(NamedTuple):
    """Where findings are that are shown as one: a file, and its lines.

    Those of one rule that come from the same lines of a Dockerfile are one, because services take them for one. Without
    a Dockerfile, each stands for itself, at the file in the image, and the line only tells those of one rule apart.
    """

    findings: list[FindingReport]
    uri: str
    line: int
    end_line: int


def placed(found: list[FindingReport], report: Report) -> list[Place]:
    """Return the findings by their places, in the same order."""
    places: dict[tuple[str, str, int], Place] = {}
    last: Counter[tuple[str, str]] = Counter()
    for finding in found:
        source = finding.source
        if source is not None:
            uri, line = quote(source.file.removeprefix("./"), safe="/"), source.line
            end = source.end_line if line <= source.end_line < line + _MOST_LINES else line
            places.setdefault((finding.rule, uri, line), Place([], uri, line, end)).findings.append(finding)
            continue
        uri = uri_of(finding.path or _CONFIGURATION, report)
        line = last[finding.rule, uri] + 1
        while (finding.rule, uri, line) in places:  # of a Dockerfile that is called like it
            line += 1
        last[finding.rule, uri] = line
        places[finding.rule, uri, line] = Place([finding], uri, line, line)
    return list(places.values())


def text_of(finding: FindingReport) -> str:
    """Return what a finding says, where, and how to fix it, on several lines."""
    path = printable(finding.path or "")
    message = printable(finding.message)
    place = [f"Path: {path}"] if path and path not in message else []
    if finding.layer is not None:
        from ocianalyze.reports.steps import build_step

        step = f": {build_step(finding.layer.created_by)}" if finding.layer.created_by else ""
        place.append(f"Layer: {finding.layer.position}{step}")
    name = "Fix" if finding.kind == "finding" else "Next"
    hint = [f"{name}: {printable(finding.hint)}"] if finding.hint else []
    return "\n".join([message, *place, *hint])


def failure_text(report: Report) -> str:
    """Return why an image could not be analysed, on one line."""
    error = report.error
    if error is None:
        return ""
    hint = f". {error.hint}" if error.hint else ""
    return printable(f"{image_name(report)} could not be analysed: {error.message}{hint}")
