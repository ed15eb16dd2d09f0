"""The report as a person reads it: what the image is, what to fix, and, at the end, the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.findings import STYLES, findings
from ocianalyze.reports.formats.findings import by_indexes, failure_text
from ocianalyze.reports.layout import EMPTY, Line, Span, columns, indent, line, wrap
from ocianalyze.reports.origin import read_elsewhere
from ocianalyze.reports.size.breakdown import breakdown
from ocianalyze.reports.text import printable
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.reports.layout import Cell
    from ocianalyze.reports.report import (
        DiagnosticReport,
        FactsReport,
        ImageSummary,
        KernelFacts,
        LayerReport,
        NvidiaFacts,
        ProfileVerdict,
        Report,
        Summary,
    )
    from ocianalyze.reports.screen import Screen

_NOT_KNOWN: Final = "not known"
_BAR_WIDTH: Final = 24
_SHOWN_KERNELS: Final = 20
_LARGEST_SHARE: Final = 9.99


def print_report(report: Report, screen: Screen, *, is_one: bool = True) -> None:
    """Print a report; `is_one` tells that it is the only one, so that what another scan knew is known to the cache."""
    image = report.image
    if report.error is not None:
        screen.print_all(wrap(line(failure_text(report)), screen.width))
        return
    screen.print(line(Span(printable(", ".join(image.names) or image.reference), "bold")))
    screen.print_all(indent(columns(_about(report, image, unicode=screen.unicode, is_one=is_one), screen.width - 2), 2))
    if report.facts is not None and report.facts.size.largest_files is not None:
        screen.print(EMPTY, line(Span("Size", "bold")))
        screen.print_all(indent(breakdown(report, report.facts.size, screen.width - 2), 2))
    screen.print_all(findings(report.findings, screen.width))
    screen.print_all(_diagnostics(report.diagnostics, screen.width))
    screen.print_all(_notices(report, screen.width))
    screen.print()
    screen.print_all(columns(_verdicts(report), screen.width))


def _about(report: Report, image: ImageSummary, *, unicode: bool, is_one: bool) -> Iterator[tuple[Line, Cell]]:
    """Yield what the image is, and what was done with it."""
    places = read_elsewhere(image.names, image.read_from)
    for name, value in (
        ("profile", printable(f"{', '.join(report.request.profiles)}: {report.request.profiles_reason}")),
        ("platform", printable(image.platform) or "not stated"),
        *([("read from", [line(printable(place)) for place in places])] if places else ()),
        *(_facts(report.facts, unicode=unicode) if report.facts is not None else ()),
        ("layers", report.stopped or _layers(report.layers, is_one=is_one)),
        ("rules", _rules(report.summary)),
        ("time", f"{report.timing.seconds:.2f} s, {human(report.timing.bytes_read)} read"),
        *([("settings", printable(report.settings))] if report.settings else ()),
    ):
        yield line(Span(name, "dim")), value


def _facts(facts: FactsReport, *, unicode: bool) -> Iterator[tuple[str, Cell]]:
    """Yield what only the layers tell."""
    user, size = facts.user, facts.size
    yield "user", _NOT_KNOWN if user is None else _user(user.spec, user.uid, user.gid, user.name)
    yield "kernels", _NOT_KNOWN if facts.kernels is None else list(_kernels(facts.kernels))
    yield "CUDA", _NOT_KNOWN if facts.nvidia is None else _cuda(facts.nvidia)
    yield "size", _size(size.docker_image_size, size.limit, unicode=unicode)
    hidden = facts.filesystem.shadowed_bytes
    wasted = f"; {human(hidden)} deleted or replaced by later layers" if hidden else ""
    yield "files", f"{facts.filesystem.entries:,} paths, {human(facts.filesystem.bytes)}{wasted}"


def _user(spec: str, uid: int | None, gid: int | None, name: str | None) -> str:
    if uid is None:
        return f"USER {printable(spec)} cannot be resolved"
    return f"{uid}:{gid}" + (f" ({printable(name)})" if name else "")


def _kernels(kernels: Sequence[KernelFacts]) -> Iterator[Line]:
    if not kernels:
        yield line("none")
    for kernel in kernels[:_SHOWN_KERNELS]:
        state = "" if kernel.usable and kernel.visible else " hidden" if not kernel.visible else " not usable"
        yield line(printable(kernel.name), Span(state, STYLES["error"]), f"  {printable(kernel.path)}")
    if len(kernels) > _SHOWN_KERNELS:
        yield line(f"and {len(kernels) - _SHOWN_KERNELS} more")


def _cuda(nvidia: NvidiaFacts) -> str:
    parts = [", ".join(nvidia.cuda_versions) or "none"]
    if nvidia.driver_statement:
        newest = f"CUDA {nvidia.cuda_versions[-1]} " if nvidia.cuda_versions else ""
        parts.append(nvidia.driver_statement.removeprefix(newest))
    if nvidia.driver_versions:
        parts.append(f"driver {', '.join(nvidia.driver_versions)} in the image")
    return printable("; ".join(parts))


def _size(size: int, limit: int, *, unicode: bool) -> str:
    share = size / limit
    filled = min(_BAR_WIDTH, round(share * _BAR_WIDTH))
    full, empty = ("█", "░") if unicode else ("#", "-")
    return f"{human(size)} of {human(limit)}  {full * filled}{empty * (_BAR_WIDTH - filled)} {_percentage(share)}"


def _percentage(share: float) -> str:
    return ">999%" if share > _LARGEST_SHARE else f"{share:.1%}"


def _layers(layers: Sequence[LayerReport], *, is_one: bool) -> str:
    if not layers:
        return "none"
    verified = sum(bool(layer.verified) for layer in layers)
    walked = sum(layer.read == "headers" for layer in layers)
    known = sum(layer.read == "cache" for layer in layers)
    indexed = sum(layer.read == "toc" for layer in layers)
    text = f"{len(layers)}, {human(sum(layer.size for layer in layers))} as stored; {verified} verified"
    if walked:
        text += f", {walked} read by headers only (--verify reads all bytes)"
    if indexed:
        text += f", {indexed} read by an index of their files"
    again = " (--no-cache reads them again)" if is_one else ""
    return text + (f", {known} known from an earlier scan{again}" if known else "")


def _rules(summary: Summary) -> str:
    waived = f"; {summary.waived} waived" if summary.waived else ""
    return f"{summary.rules} run, {summary.not_applicable} not applicable{waived}"


def _diagnostics(diagnostics: Sequence[DiagnosticReport], width: int) -> Iterator[Line]:
    if diagnostics:
        yield EMPTY
    for diagnostic in diagnostics:
        place = "" if diagnostic.layer is None else f"layer {diagnostic.layer}: "
        path = f" ({printable(diagnostic.path)})" if diagnostic.path else ""
        text = Span(f"{place}{printable(diagnostic.message)}{path}", "dim")
        yield from indent(wrap(line(text), width - 2), 2)


def _notices(report: Report, width: int) -> Iterator[Line]:
    """Yield what should be known of the profiles that were asked for."""
    for judged in report.profiles.values():
        if judged.selected and judged.notice:
            yield EMPTY
            yield from wrap(line(Span(judged.notice, "dim")), width)


def _verdicts(report: Report) -> Iterator[tuple[Line, str | Line, Line]]:
    """Yield the verdict of each profile; those that were asked for come last, so that nothing is below them."""
    for id_, judged in sorted(report.profiles.items(), key=lambda item: item[1].selected):
        if judged.selected:
            badge = Span(f" {judged.verdict.upper()} ", STYLES[judged.verdict] + " reverse")
            yield line(badge), id_, line(*_counts(judged), _condition(report))
        else:
            yield line(Span(f" {judged.verdict} ", "dim")), line(Span(id_, "dim")), line(*_counts(judged))


def _counts(judged: ProfileVerdict) -> Iterator[Span]:
    for n, (count, word) in enumerate(((judged.errors, "error"), (judged.warnings, "warning"), (judged.notes, "note"))):
        yield Span(", " if n else "")
        yield Span(f"{count} {word}{'' if count == 1 else 's'}", STYLES[word] if count and judged.selected else "")
    if judged.undecided:
        yield Span(", ")
        yield Span(f"{judged.undecided} undecided", STYLES["undecided"] if judged.selected else "")


def _condition(report: Report) -> str:
    """Return what has to be known of a verdict that is not simply that of all rules."""
    request = report.request
    compared = report.baseline
    conditions = [
        *([f"{compared.new} new, {compared.known} known, {compared.fixed} fixed"] if compared is not None else []),
        *(["only some rules were run"] if request.select or request.ignore else []),
        *(["no layer was read"] if report.stopped else []),
        *filter(None, [by_indexes(report)]),
    ]
    return f" ({'; '.join(conditions)})" if conditions else ""
