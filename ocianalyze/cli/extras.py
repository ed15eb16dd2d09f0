"""What is added to a report: lines of a Dockerfile, a comparison with an earlier report, addresses of pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from ocianalyze.cli.files import STDIN, read_bytes, read_report
from ocianalyze.cli.options import CHECK, OUTPUT
from ocianalyze.errors import UsageError

if TYPE_CHECKING:
    from ocianalyze.reports.report import Report


Dockerfile = Annotated[
    Path | None,
    typer.Option(
        "--dockerfile",
        metavar="FILE",
        help="Dockerfile of the image: findings get its lines, which annotations, SARIF and others show.",
        envvar="OCIANALYZE_DOCKERFILE",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="REPORT",
        help="Earlier JSON report: only findings that it does not have decide the exit code.",
        envvar="OCIANALYZE_BASELINE",
        show_default=False,
        rich_help_panel=CHECK,
    ),
]
DocsUrl = Annotated[
    str | None,
    typer.Option(
        "--docs-url",
        metavar="URL",
        help="Copy of the project's files, to which reports link the pages of rules, such as a mirror's.",
        envvar="OCIANALYZE_DOCS_URL",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]


class Extras(NamedTuple):
    """What is to be added.

    Attributes:
        dockerfile: the name of the Dockerfile as reports show it, and its text.
        baseline: the name of the earlier report, and that report.
        docs_url: the address below which the pages of rules are.
    """

    dockerfile: tuple[str, str] | None = None
    baseline: tuple[str, Report] | None = None
    docs_url: str | None = None

    def add_to(self, report: Report) -> Report:
        """Return the report with all of it.

        Raises:
            UsageError: the baseline is the report on an image that could not be analysed.
        """
        if self.dockerfile is not None:
            from ocianalyze.reports.locating import locate

            name, text = self.dockerfile
            report = locate(report, text, name)
        if self.baseline is not None:
            from ocianalyze.reports.baseline import compare

            what, earlier = self.baseline
            report = compare(report, earlier, what=what)
        if self.docs_url is not None:
            from ocianalyze.reports.pages import with_pages

            report = with_pages(report, self.docs_url)
        return report


def read_extras(
    dockerfile: Path | None, baseline: Path | None, docs_url: str | None, *, stdin_is: str | None = None
) -> Extras:
    """Return what is to be added, which is read before the scan; `stdin_is` names what standard input has, if anything.

    Raises:
        UsageError: a file cannot be read or is no report, or the address is none.
    """
    if stdin_is is not None and STDIN in (dockerfile, baseline):
        what = "the Dockerfile" if dockerfile == STDIN else "the baseline"
        raise UsageError(f"standard input cannot be both {stdin_is} and {what}")
    if docs_url is not None:
        from ocianalyze.reports.pages import check_base

        docs_url = check_base(docs_url)
    return Extras(
        None if dockerfile is None else (_shown(dockerfile), _text_of(dockerfile)),
        None if baseline is None else (str(baseline), read_report(baseline)),
        docs_url,
    )


def _text_of(dockerfile: Path) -> str:
    from ocianalyze.reports.dockerfile import LARGEST

    raw = read_bytes(dockerfile, LARGEST + 1)
    if len(raw) > LARGEST:
        raise UsageError(f"{dockerfile} is larger than {LARGEST:,} bytes, so it is no Dockerfile")
    return raw.decode("utf-8-sig", "replace")


def _shown(dockerfile: Path) -> str:
    """Return the path of a Dockerfile relative to the working directory, or its name if it lies elsewhere."""
    try:
        return dockerfile.resolve().relative_to(Path.cwd()).as_posix()
    except (OSError, RuntimeError, ValueError):
        return dockerfile.name
