"""Absolute addresses of the rules' pages, which services want: below the address at which somebody publishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from ocianalyze.errors import UsageError
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.reports.report import FindingReport, Report


_ADDRESS: Final = regex(
    r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
    r"(?:[/?#](?:[A-Za-z0-9._~:/?#@!$&*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


def web_address(url: str | None) -> str | None:
    """Return the URL of a page if it is one on the web, and can stand in any document as it is."""
    return url if url is not None and _ADDRESS.fullmatch(url) else None


def check_base(base: str) -> str:
    """Return the address of a copy of this project's files, with a slash at its end.

    Raises:
        UsageError: it is not an address of the web.
    """
    if web_address(base) is None:
        raise UsageError(f"{base[:200]!r} is not an http or https URL", hint="Give the URL of a copy of the project")
    return base if base.endswith("/") else f"{base}/"


def with_pages(report: Report, base: str) -> Report:
    """Return the report with absolute addresses of pages, those of other packages' rules as they are."""
    base = check_base(base)

    def linked(findings: Iterable[FindingReport]) -> list[FindingReport]:
        return [finding.model_copy(update={"url": _joined(base, finding.url)}) for finding in findings]

    rules = [rule.model_copy(update={"url": _joined(base, rule.url)}) for rule in report.rules]
    findings, others = linked(report.findings), linked(report.other_findings)
    return report.model_copy(update={"rules": rules, "findings": findings, "other_findings": others})


def _joined(base: str, url: str | None) -> str | None:
    return None if url is None else urljoin(base, url)
