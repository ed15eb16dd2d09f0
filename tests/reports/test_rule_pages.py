"""Absolute addresses of the rules' pages."""

import json

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.reports.formats import render
from ocianalyze.reports.pages import check_base, with_pages
from tests.reports.formats.samples import report


@pytest.mark.parametrize("base", ["https://git.example.com/mirror/ocianalyze", "http://[::1]:8080/x/"])
def test_pages_lie_below_an_address(base: str) -> None:
    linked = with_pages(report("demo"), base)
    place = f"{base.rstrip('/')}/docs/rules/"
    urls = [rule.url for rule in linked.rules] + [item.url for item in (*linked.findings, *linked.other_findings)]
    assert all((url or "").startswith(place) for url in urls)
    (run,) = json.loads(render(linked, "sarif"))["runs"]
    assert all(rule["helpUri"].startswith(place) for rule in run["tool"]["driver"]["rules"])
    assert f"[APP001]({place}APP001.md)" in render(linked, "markdown").decode()


def test_addresses_of_other_packages_stay() -> None:
    demo = report("demo")
    other = demo.findings[0].model_copy(update={"url": "https://example.com/ACM001"})
    none = demo.findings[1].model_copy(update={"url": None})
    found = with_pages(demo.model_copy(update={"findings": [other, none]}), "https://docs.example.com").findings
    assert [finding.url for finding in found] == ["https://example.com/ACM001", None]


@pytest.mark.parametrize(
    "base", ["", "docs", "ftp://x/y", "https://", "javascript:alert(1)", "https://a b/", "http://[", "https://a/\n"]
)
def test_what_is_no_address(base: str) -> None:
    with pytest.raises(UsageError, match="is not an http or https URL"):
        check_base(base)
