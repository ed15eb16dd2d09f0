"""Stored reports may come from anywhere: each is refused, or written as a valid document that commands nobody."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import cmarkgfm
import jsonschema
import pytest
from lxml import etree

from ocianalyze.errors import UsageError
from ocianalyze.reports.baseline import compare
from ocianalyze.reports.formats import FORMS, render
from ocianalyze.reports.pages import web_address
from ocianalyze.reports.report import Report
from tests.reports.formats.samples import report
from tests.reports.formats.test_every_format import JUNIT, SARIF
from tests.reports.formats.test_texts import ANNOTATION
from tests.reports.test_output_is_data import POISON, obeyed

MARKUP = "x) `a` | ![i](http://evil.example/i) <img src=http://evil.example> [j](javascript:alert(1))"
SCHEMA = jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker())
MARKS = str.maketrans(dict.fromkeys("✅❌❓💥"))


def stored(name: str) -> dict[str, Any]:
    """Return a report as it is stored, with one or two of everything."""
    value: dict[str, Any] = json.loads(report(name).to_json())
    for key in ("findings", "other_findings", "rules", "layers", "history", "diagnostics"):
        value[key] = value[key][:2]
    value["timing"]["layers"] = []
    for finding in value["findings"][:1]:
        finding["source"] = {"file": "Dockerfile", "line": 3, "end_line": 4, "instruction": "RUN"}
        finding["baseline"] = "new"
    return value


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any JSON value
    """Yield where in a document there is something."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*place, key)
        yield from places(item, (*place, key))


def changed(value: dict[str, Any], place: tuple[Any, ...], item: object) -> bytes:
    """Return the document with another item at a place."""
    value = copy.deepcopy(value)
    inner: Any = value
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = item
    return json.dumps(value).encode()


def check(found: Report) -> None:
    """Hold every format against those who read it."""
    SCHEMA.validate(json.loads(render(found, "sarif")))
    JUNIT.assertValid(etree.fromstring(render(found, "junit")))
    for form in FORMS:
        text = render(found, form).decode()
        if form == "github":
            assert all(ANNOTATION.fullmatch(line.replace(PLACE, "")) for line in text.splitlines()), text
        else:
            assert list(obeyed(text.translate(MARKS))) == [], form
    html = cmarkgfm.github_flavored_markdown_to_html(render(found, "markdown").decode())
    assert not any(part in html for part in ("<img", 'href="http://evil', 'href="javascript')), html


PLACE = "file=Dockerfile,line=3,endLine=4,"


@pytest.mark.parametrize("item", [POISON, MARKUP, -1], ids=["poison", "markup", "negative"])
@pytest.mark.parametrize("name", ["demo", "not-analysed"])
def test_whatever_stands_in_a_stored_report(name: str, item: object) -> None:
    value = stored(name)
    accepted = 0
    for place in places(value):
        if place[-2:] == ("source", "file") or place[-1] == "source":
            continue
        try:
            found = Report.from_json(changed(value, place, item))
        except UsageError:
            continue
        check(found)
        accepted += 1
    assert accepted or item == -1


@pytest.mark.parametrize(
    ("place", "item"),
    [
        (("findings", 0, "rule"), "KRN001\n"),
        (("findings", 0, "name"), "a b"),
        (("findings", 0, "source", "line"), 0),
        (("findings", 0, "source", "end_line"), -5),
        (("findings", 0, "severities"), {"a\x1b": "error"}),
        (("rules", 0, "id"), "##[error]"),
        (("request", "profiles"), ["\0"]),
        (("profiles", "studio-jupyterlab", "title"), "@team"),
        (("tool", "version"), "<b>"),
        (("timing", "started"), "2026-13-01T00:00:00Z"),
        (("timing", "started"), "yesterday"),
        (("timing", "seconds"), -0.5),
    ],
)
def test_our_own_words_are_checked(place: tuple[Any, ...], item: object) -> None:
    with pytest.raises(UsageError, match="is not valid at"):
        Report.from_json(changed(stored("demo"), place, item))


def test_deep_nesting_is_refused() -> None:
    """Every Python draws the line at the same depth, and what is below it can be written."""

    def nested(depth: int) -> bytes:
        raw = changed(stored("demo"), ("findings", 0, "data"), {"x": "HERE"})
        return raw.replace(b'"HERE"', b"[" * depth + b"]" * depth)

    around = 4  # the report, its findings, one of them, and its data
    found = Report.from_json(nested(200 - around))
    check(found)
    assert Report.from_json(found.to_json()) == found
    for depth in (201 - around, 600, 1000, 100_000):
        with pytest.raises(UsageError, match=r"nested too deeply|not JSON"):
            Report.from_json(nested(depth))


def test_lines_that_end_before_they_begin() -> None:
    found = Report.from_json(changed(stored("demo"), ("findings", 0, "source", "end_line"), 1))
    for result in json.loads(render(found, "sarif"))["runs"][0]["results"]:
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] <= region["endLine"]


def test_many_findings_take_linear_time() -> None:
    value = stored("demo")
    first = {**value["findings"][0], "source": None, "path": None}
    value["findings"] = [{**first, "fingerprint": f"{number:064x}:1"} for number in range(20_000)]
    found = Report.from_json(json.dumps(value).encode())
    lines = [issue["location"]["lines"]["begin"] for issue in json.loads(render(found, "gitlab-codequality"))]
    assert lines == list(range(1, 20_001))
    assert compare(found, found).baseline is not None


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://example.com/docs/KRN001.html?a=b#c", True),
        ("http://localhost:8080/x%20y", True),
        ("javascript:alert(1)", False),
        ("https://example.com/a) ![x](http://evil", False),
        ("https://user@evil.example/", False),
        ("https://example.com/\n", False),
        ("docs/rules/KRN001.md", False),
        (None, False),
    ],
)
def test_only_addresses_on_the_web_are_links(url: str | None, fits: bool) -> None:  # noqa: FBT001 - what is expected
    assert web_address(url) == (url if fits else None)
