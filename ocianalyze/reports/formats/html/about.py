"""The end of the page: the identity of the image, oddities, the rules that ran, and what the scan cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.reports.formats.findings import image_name
from ocianalyze.reports.formats.html.markup import (
    Markup,
    code,
    element,
    folded,
    join,
    listed,
    section,
    terms,
)
from ocianalyze.reports.origin import read_elsewhere
from ocianalyze.reports.pages import web_address
from ocianalyze.reports.text import cut, printable
from ocianalyze.units import human

if TYPE_CHECKING:
    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import Report, UserFacts

_DIAGNOSTICS: Final = 15_000
_RULES: Final = 30_000
_NAMES: Final = 20
_LONGEST: Final = 300


def identity(report: Report) -> Section | None:
    """Return the section of what the image is."""
    image = report.image
    if report.error is not None:
        return None
    names = [join((code(cut(name, _LONGEST)), " ")) for name in image.names[:_NAMES]]
    user = report.facts.user if report.facts is not None else None
    reserved = report.facts.reserved if report.facts is not None else None
    used = [
        f"{path}: {usage.files:,} files, {human(usage.bytes)}"
        for path, usage in list((reserved or {}).items())[:_NAMES]
        if usage.files
    ]
    rows = (
        ("Names", join(names) if names else None),
        ("Scanned as", code(image_name(report))),
        ("Form", image.source),
        ("Read from", ", ".join(map(printable, read_elsewhere(image.names, image.read_from))) or None),
        ("Manifest digest", code(image.digest) if image.digest else "none: this form of image has no manifest digest"),
        ("Configuration digest", code(image.config_digest or "")),
        ("Platform", image.platform or "not stated"),
        ("Created", image.created or "not stated"),
        ("User", _user(user)),
        ("Reserved directories", "; ".join(used)),
    )
    return section("image", "Image", terms(rows))


def _user(user: UserFacts | None) -> str | None:
    if user is None:
        return None
    if user.uid is None:
        return f"USER {user.spec} cannot be resolved"
    name = f" ({user.name})" if user.name else ""
    home = f", home {user.home}" if user.home else ""
    return f"{user.uid}:{user.gid}{name}{home}"


def diagnostics(report: Report) -> Section | None:
    """Return the section of oddities, if there are any."""
    if not report.diagnostics:
        return None
    rows = [
        (
            code(item.code),
            item.message,
            "" if item.layer is None else str(item.layer),
            code(item.path) if item.path else "",
        )
        for item in report.diagnostics
    ]
    head = ("Code", "What", "Layer", "Path")
    caption = "What was odd, and what was made of it"
    return section(
        "diagnostics",
        "Diagnostics",
        listed(caption, head, rows, budget=_DIAGNOSTICS, what="diagnostics are"),
    )


def rules(report: Report) -> Section | None:
    """Return the rules that ran, and what came of each."""
    if not report.rules:
        return None
    rows = []
    for rule in report.rules:
        url = web_address(rule.url)
        name = element("a", rule.id, href=url, rel="noreferrer") if url else element("span", rule.id)
        found = f" ({rule.findings:,})" if rule.findings else ""
        rows.append((join((name, f" {rule.name}")), f"{rule.status.replace('-', ' ')}{found}", rule.summary))
    head = ("Rule", "Result", "What it finds")
    shown = listed("Rules, and what came of them", head, rows, budget=_RULES, what="rules are")
    summary = report.summary
    title = f"{summary.rules:,} rules ran, {summary.not_applicable:,} were not applicable"
    return section("rules", "Rules", folded(title, shown))


def footer(report: Report) -> Markup:
    """Return what the scan cost, and what made the report."""
    timing = report.timing
    phases = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in list(timing.phases.items())[:_NAMES])
    rows = (
        ("Scanned", timing.started),
        ("Took", f"{timing.seconds:.2f} s{f' ({phases})' if phases else ''}" if report.error is None else None),
        ("Read", f"{human(timing.bytes_read)}, {human(timing.bytes_hashed)} hashed" if report.error is None else None),
        ("Layers", _layers(report)),
        ("Settings", "from a settings file" if report.settings else None),
        ("Fails on", report.request.fail_on),
        ("Made by", f"{report.tool.name} {report.tool.version}"),
    )
    return element("footer", element("h2", "About this report", id="about-title"), terms(rows), id="about")


def _layers(report: Report) -> str | None:
    if not report.layers:
        return None
    verified = sum(bool(layer.verified) for layer in report.layers)
    ways = {"headers": "read by headers only", "cache": "known from an earlier scan", "toc": "read by an index"}
    counts = ((sum(layer.read == how for layer in report.layers), said) for how, said in ways.items())
    further = "".join(f", {number} {said}" for number, said in counts if number)
    return f"{len(report.layers)}, {verified} verified{further}"
