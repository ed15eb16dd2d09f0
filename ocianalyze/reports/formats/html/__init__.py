"""A page for people, in one file: it loads nothing, and says everything without scripts and style sheets, too.

Jenkins shows such files with scripts, style sheets, style attributes and data images blocked; SVG with presentation
attributes and ``<details>`` work there. Text of an image is escaped by `markup`, through which all text goes.

Source: Jenkins, ``DirectoryBrowserSupport.java``; W3C, "Content Security Policy Level 3".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.reports.formats.findings import verdict_text
from ocianalyze.reports.formats.html.about import diagnostics, footer, identity, rules
from ocianalyze.reports.formats.html.findings import findings
from ocianalyze.reports.formats.html.inventory import packages
from ocianalyze.reports.formats.html.page import page, resource
from ocianalyze.reports.formats.html.running import gpu, kernels
from ocianalyze.reports.formats.html.sizes import layers, sizes
from ocianalyze.reports.formats.html.verdict import header, name_of, profiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.reports.formats.html.markup import Section
    from ocianalyze.reports.report import Report


def write(report: Report) -> bytes:
    """Return the page as UTF-8."""
    style, script = (resource(__name__, name) for name in ("report.css", "report.js"))
    title = f"{name_of(report)} {verdict_text(report)}"
    return page(title, header(report), list(_sections(report)), footer(report), style=style, script=script)


def _sections(report: Report) -> Iterator[Section]:
    """Yield the parts of the page."""
    about_files = (sizes(report), layers(report), packages(report))
    parts = (profiles(report), *findings(report), *about_files, kernels(report), gpu(report))
    for part in (*parts, identity(report), diagnostics(report), rules(report)):
        if part is not None:
            yield part
