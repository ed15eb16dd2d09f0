"""A page for people, in one file: it loads nothing, and says everything without scripts and style sheets, too.

Jenkins shows such files with scripts, style sheets, style attributes and data images blocked; SVG with presentation
attributes and ``<details>`` work there. Text of an image is escaped by `markup`, through which all text goes.

Source: Jenkins, ``DirectoryBrowserSupport.java``; W3C, "Content Security Policy Level 3".
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from ocianalyze.reports.formats.findings import verdict_text
from ocianalyze.reports.formats.html.about import diagnostics, footer, identity, rules
from ocianalyze.reports.formats.html.findings import findings
from ocianalyze.reports.formats.html.inventory import packages
from ocianalyze.reports.formats.html.markup import Markup, element, join
from ocianalyze.reports.formats.html.running import gpu, kernels
from ocianalyze.reports.formats.html.sizes import layers, sizes
from ocianalyze.reports.formats.html.verdict import header, name_of, profiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import Report


def write(report: Report) -> bytes:
    """Return the page as UTF-8."""
    style, script = (_content(name) for name in ("report.css", "report.js"))
    sections = list(_sections(report))
    main = element("main", header(report), *(part.markup for part in sections), id="main")
    body = element("body", _navigation(sections), main, footer(report), Markup(f"<script>{script}</script>\n"))
    page = element("html", _head(report, style, script), body, lang="en")
    return f"<!DOCTYPE html>\n{page}\n".encode()


def _content(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _head(report: Report, style: str, script: str) -> Markup:
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{name_of(report)} {verdict_text(report)}"),
        Markup(f"<style>{style}</style>\n"),
    )


def _digest(content: str) -> str:
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


def _sections(report: Report) -> Iterator[Section]:
    """Yield the parts of the page."""
    about_files = (sizes(report), layers(report), packages(report))
    parts = (profiles(report), *findings(report), *about_files, kernels(report), gpu(report))
    for part in (*parts, identity(report), diagnostics(report), rules(report)):
        if part is not None:
            yield part


def _navigation(sections: Sequence[Section]) -> Markup:
    links = (join((element("a", part.title, href=f"#{part.id}"), Markup("\n"))) for part in sections)
    return element("nav", element("p", *links), aria_label="Sections") if sections else Markup()
