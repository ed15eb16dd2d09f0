"""A page on many images, in one file, made as the page on one image is: it loads nothing, and needs no script.

It is bounded, however many images there are: tables show the rows that matter most, and say how many are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.fleet.report.html.bases import bases
from ocianalyze.fleet.report.html.changes import changes
from ocianalyze.fleet.report.html.drivers import drivers
from ocianalyze.fleet.report.html.failures import failures
from ocianalyze.fleet.report.html.fixes import fixes, rules
from ocianalyze.fleet.report.html.images import images
from ocianalyze.fleet.report.html.sizes import sizes
from ocianalyze.fleet.report.html.verdicts import footer, header, profiles
from ocianalyze.fleet.report.wording import counts_of, title_of
from ocianalyze.reports.formats import html as single
from ocianalyze.reports.formats.html.page import page, resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.fleet.report.document import FleetReport
    from ocianalyze.reports.formats.html.markup import Section


def write(report: FleetReport) -> bytes:
    """Return the page as UTF-8."""
    style = resource(single.__name__, "report.css") + resource(__name__, "fleet.css")
    script = resource(__name__, "fleet.js")
    title = f"{title_of(report)}: {counts_of(report.verdicts) or 'no images'}"
    return page(title, header(report), list(_sections(report)), footer(report), style=style, script=script)


def _sections(report: FleetReport) -> Iterator[Section]:
    """Yield the parts of the page."""
    about_findings = (profiles(report), fixes(report), rules(report), changes(report), failures(report))
    for part in (*about_findings, images(report), bases(report), drivers(report), sizes(report)):
        if part is not None:
            yield part
