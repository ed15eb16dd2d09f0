"""The report as a person reads it: the verdict, then what to mend, then what the image is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ocianalyze.reports.size import breakdown
from ocianalyze.reports.steps import build_step
from ocianalyze.reports.text import printable
from ocianalyze.rules.profiles import PROFILES
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console, RenderableType

    from ocianalyze.reports.report import (
        FactsReport,
        FindingReport,
        KernelFacts,
        LayerReport,
        NvidiaFacts,
        ProfileVerdict,
        Report,
        Summary,
    )

_STYLES: Final = {
    "pass": "bold green",
    "fail": "bold red",
    "undecided": "bold yellow",
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
}
_TITLES: Final = {"error": "Errors", "warning": "Warnings", "note": "Notes"}
_VERDICTS: Final = {
    "pass": "conforms to",
    "fail": "does not conform to",
    "undecided": "could not be decided for",
    "error": "could not be analysed for",
}
_VERDICT_WIDTH: Final = max(map(len, _VERDICTS))
_NOT_KNOWN: Final = "not known"
_BAR_WIDTH: Final = 24
_SHOWN_KERNELS: Final = 20
_LARGEST_SHARE: Final = 9.99


def print_report(report: Report, console: Console) -> None:
    """Print a report."""
    trimmed(_print, report, console)


def trimmed(print_: Callable[[Report, Console], None], report: Report, console: Console) -> None:
    """Call `print_`; what does not go to a terminal has no spaces at the ends of its lines."""
    if console.is_terminal:
        print_(report, console)
        return
    with console.capture() as captured:
        print_(report, console)
    for line in captured.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def _print(report: Report, console: Console) -> None:
    console.print(_header(report))
    console.print(Text("\nProfiles", style="bold"))
    console.print(_profiles(report))
    for part in findings(report.findings):
        console.print(part)
    console.print(Text("\nImage", style="bold"))
    console.print(_facts(report, unicode=console.encoding.startswith("utf")))
    if report.facts is not None and report.facts.size.largest_files is not None:
        console.print(Text("\nSize", style="bold"))
        console.print(breakdown(report, report.facts.size))
    for diagnostic in report.diagnostics:
        place = "" if diagnostic.layer is None else f"layer {diagnostic.layer}: "
        path = f" ({printable(diagnostic.path)})" if diagnostic.path else ""
        console.print(Padding(Text(f"{place}{printable(diagnostic.message)}{path}", style="dim"), (0, 0, 0, 2)))
    console.print(Text())
    console.print(_verdicts(report))


def findings(found: Sequence[FindingReport]) -> Iterator[RenderableType]:
    """Yield findings by severity, each with a place and a fix, what could not be decided, and what was waived."""
    counted = [finding for finding in found if finding.waived is None]
    certain = [finding for finding in counted if finding.kind == "finding"]
    for severity, title in _TITLES.items():
        if those := [finding for finding in certain if finding.severity == severity]:
            yield Text(f"\n{title}", style=_STYLES[severity])
            for finding in those:
                yield Text()
                yield _finding([finding])
        if severity == "error":
            yield from _undecided([finding for finding in counted if finding.kind == "undecided"])
    if waived := [finding for finding in found if finding.waived is not None]:
        yield Text("\nWaived\n", style="bold")
        yield from map(_waived, waived)


def _undecided(found: Sequence[FindingReport]) -> Iterator[RenderableType]:
    """Yield the checks that could not be completed; those that lack the same thing, together."""
    alike: dict[tuple[object, ...], list[FindingReport]] = {}
    for finding in found:
        place = finding.layer.position if finding.layer is not None else None
        alike.setdefault((finding.message, finding.path, place, finding.hint), []).append(finding)
    if alike:
        yield Text("\nUndecided", style=_STYLES["undecided"])
    for those in alike.values():
        yield Text()
        yield _finding(those)


def _header(report: Report) -> RenderableType:
    image = report.image
    name = ", ".join(image.names) or image.reference
    selected = [
        PROFILES[profile].title
        for profile, judged in report.profiles.items()
        if judged.selected and judged.verdict == report.verdict
    ]
    lines = [
        Text(printable(name), style="bold"),
        Text(f"{_VERDICTS[report.verdict]} {' and '.join(selected)}{_condition(report)}"),
        Text.assemble(*_counts(report.summary), *_rest(report)),
    ]
    return _grid([(_badge(report.verdict), Group(*lines))])


def _verdicts(report: Report) -> RenderableType:
    """Return the verdict of each profile that was asked for: the last thing on the screen."""
    return _grid(
        (_badge(judged.verdict), Text.assemble(f"{id_}: ", *_counts(judged)))
        for id_, judged in report.profiles.items()
        if judged.selected
    )


def _badge(verdict: str) -> Text:
    return Text(f" {verdict.upper()} ", style=_STYLES[verdict] + " reverse")


def _condition(report: Report) -> str:
    """Return what has to be known of a verdict that is not simply that of all rules."""
    request = report.request
    conditions = [
        *(["only some rules were run"] if request.select or request.ignore else []),
        *(["no layer was read"] if report.stopped else []),
    ]
    return f" ({'; '.join(conditions)})" if conditions else ""


def _counts(counted: Summary | ProfileVerdict) -> Iterator[tuple[str, str]]:
    for n, (count, word) in enumerate(
        ((counted.errors, "error"), (counted.warnings, "warning"), (counted.notes, "note"))
    ):
        yield ", " if n else "", ""
        yield f"{count} {word}{'' if count == 1 else 's'}", _STYLES[word] if count else ""
    if counted.undecided:
        yield ", ", ""
        yield f"{counted.undecided} undecided", _STYLES["undecided"]


def _rest(report: Report) -> Iterator[tuple[str, str]]:
    if report.summary.waived:
        yield f", {report.summary.waived} waived", ""
    yield f", {report.summary.rules} rules", ""


def _profiles(report: Report) -> RenderableType:
    """Return a line for each profile, those that were asked for first, and what should be known of these."""
    rows: list[tuple[RenderableType, RenderableType]] = []
    for id_, judged in sorted(report.profiles.items(), key=lambda item: not item[1].selected):
        verdict = f"{judged.verdict:{_VERDICT_WIDTH}}"
        counts = Text.assemble((verdict, _STYLES[judged.verdict]), "  ", *_counts(judged))
        rows.append((Text(id_, style="" if judged.selected else "dim"), counts))
        if judged.selected and judged.notice:
            rows.append(("", Text(judged.notice, style="dim")))
    return Padding(_grid(rows), (0, 0, 0, 2))


def _finding(alike: Sequence[FindingReport]) -> RenderableType:
    """Return findings that differ in nothing but their rules: these, what they say, and where."""
    finding = alike[0]
    titles = [_title(item) for item in alike]
    rows: list[tuple[str, str]] = []
    if finding.path:
        rows.append(("path", printable(finding.path)))
    if finding.layer:
        step = f": {build_step(finding.layer.created_by)}" if finding.layer.created_by else ""
        rows.append(("layer", f"{finding.layer.position}{step}"))
    if finding.hint:
        rows.append(("fix" if finding.kind == "finding" else "next", printable(finding.hint)))
    details = _grid((Text(name, style="dim"), Text(value)) for name, value in rows)
    text = Group(Text(printable(finding.message)), details)
    return Padding(Group(*titles, Padding(text, (0, 0, 0, 2))), (0, 0, 0, 2))


def _title(finding: FindingReport) -> Text:
    if finding.kind == "finding":
        return Text.assemble((finding.rule, _STYLES[finding.severity]), "  ", (finding.name, "bold"))
    at_stake = f"  (would be {'an' if finding.severity == 'error' else 'a'} {finding.severity})"
    return Text.assemble((finding.rule, _STYLES["undecided"]), "  ", (finding.name, "bold"), (at_stake, "dim"))


def _waived(finding: FindingReport) -> RenderableType:
    title = Text.assemble((finding.rule, "dim"), "  ", finding.name, f"  {printable(finding.path or '')}".rstrip())
    waiver = finding.waived
    until = f" until {waiver.expires}" if waiver and waiver.expires else ""
    reason = Text(f"accepted{until}: {printable(waiver.reason if waiver else '')}", style="dim")
    return Padding(Group(title, Padding(reason, (0, 0, 0, 2))), (0, 0, 0, 2))


def _facts(report: Report, *, unicode: bool) -> RenderableType:
    rows: list[tuple[str, RenderableType]] = [
        ("platform", Text(printable(report.image.platform) or "not stated")),
        *(_read(report.facts, unicode=unicode) if report.facts is not None else ()),
        ("layers", Text(report.stopped or _layers(report.layers))),
        ("time", Text(f"{report.timing.seconds:.2f} s, {human(report.timing.bytes_read)} read")),
    ]
    if report.settings:
        rows.append(("settings", Text(printable(report.settings))))
    return Padding(_grid((Text(name, style="dim"), value) for name, value in rows), (0, 0, 0, 2))


def _read(facts: FactsReport, *, unicode: bool) -> Iterator[tuple[str, RenderableType]]:
    """Yield what only the layers tell."""
    user, size = facts.user, facts.size
    yield "user", Text(_NOT_KNOWN if user is None else _user(user.spec, user.uid, user.gid, user.name))
    yield "kernels", Text(_NOT_KNOWN) if facts.kernels is None else Group(*_kernels(facts.kernels))
    yield "CUDA", Text(_NOT_KNOWN if facts.nvidia is None else _cuda(facts.nvidia))
    yield "size", Text(_size(size.docker_image_size, size.limit, unicode=unicode))
    yield "files", Text(f"{facts.filesystem.entries:,} paths, {human(facts.filesystem.bytes)}")
    if facts.filesystem.shadowed_bytes:
        yield "hidden", Text(f"{human(facts.filesystem.shadowed_bytes)} deleted or replaced later")


def _user(spec: str, uid: int | None, gid: int | None, name: str | None) -> str:
    if uid is None:
        return f"USER {printable(spec)} cannot be resolved"
    return f"{uid}:{gid}" + (f" ({printable(name)})" if name else "")


def _kernels(kernels: list[KernelFacts]) -> Iterator[Text]:
    if not kernels:
        yield Text("none")
    for kernel in kernels[:_SHOWN_KERNELS]:
        state = "" if kernel.usable and kernel.visible else " hidden" if not kernel.visible else " not usable"
        yield Text.assemble(printable(kernel.name), (state, _STYLES["error"]), f"  {printable(kernel.path)}")
    if len(kernels) > _SHOWN_KERNELS:
        yield Text(f"and {len(kernels) - _SHOWN_KERNELS} more")


def _cuda(nvidia: NvidiaFacts) -> str:
    parts = [", ".join(nvidia.cuda_versions) or "none"]
    if nvidia.minimum_driver:
        parts.append(f"needs driver {nvidia.minimum_driver} or newer on the host")
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


def _layers(layers: list[LayerReport]) -> str:
    if not layers:
        return "none"
    verified = sum(bool(layer.verified) for layer in layers)
    walked = sum(layer.read == "headers" for layer in layers)
    known = sum(layer.read == "cache" for layer in layers)
    text = f"{len(layers)}, {human(sum(layer.size for layer in layers))} as stored; {verified} verified"
    if walked:
        text += f", {walked} by their headers only (--verify reads all)"
    return text + (f", {known} known from an earlier scan (--no-cache reads them again)" if known else "")


def _grid(rows: Iterable[tuple[RenderableType, RenderableType]]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid
