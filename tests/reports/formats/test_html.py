"""The page as a document: well-formed, small, complete, and the same whatever an image says."""

import json
import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from itertools import pairwise
from typing import Any

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ocianalyze.errors import UsageError
from ocianalyze.reports.baseline import compare
from ocianalyze.reports.formats import render
from ocianalyze.reports.formats.html.markup import element, text
from ocianalyze.reports.report import Report
from ocianalyze.reports.text import visible
from tests.reports.formats.samples import NAMES, report
from tests.reports.formats.test_stored import places, stored
from tests.reports.test_output_is_data import CONTROLS, obeyed
from tests.support.size_trees import with_tree

MARKUP = (
    "</script></style></title></svg></code></pre><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
    "<svg onload=window.pwned=1><a href='javascript:window.pwned=1'>x</a>\" onmouseover=\"window.pwned=1\" x='"
    f"<!-- ]]> &lt; &#60; ##[error]x ::error::y ##vso[a.b]c ###[d] {CONTROLS}"
)
LIMIT = 500_000


def page(found: Report) -> str:
    """Return the page of a report."""
    return render(found, "html").decode()


def parsed(content: str) -> Any:  # noqa: ANN401 - html5lib has no types
    """Return the tree of a page; raises if browsers would have to guess what it means."""
    return html5lib.HTMLParser(strict=True, tree=html5lib.getTreeBuilder("lxml")).parse(content)


def shape(content: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of a page with the names of their attributes."""
    return [(str(item.tag), tuple(sorted(map(str, item.attrib)))) for item in parsed(content).iter(etree.Element)]


@cache
def filled(value: str) -> Report:
    """Return a report in which all text of an image that may be anything is `value`."""
    found = with_tree(report("all-profiles"), 60)
    filled = json.loads(found.to_json())
    filled["findings"][0]["source"] = {"file": "Dockerfile", "line": 3, "end_line": 4, "instruction": "RUN"}
    filled["diagnostics"] = [{"code": "duplicate-entry", "message": "m", "layer": 0, "path": "/a"}]
    filled["facts"]["kernels"][0]["chain"] = [{"kind": "command", "text": "x", "note": "y"}]
    for key in ("findings", "other_findings", "rules"):
        filled[key] = filled[key][:3]
    for place in list(places(filled)):
        inner: Any = filled
        for key in place[:-1]:
            inner = inner[key]
        before = inner[place[-1]]
        if isinstance(before, str) and before and place[-1] != "profiles_reason":
            inner[place[-1]] = value
            try:
                Report.from_json(json.dumps(filled).encode())
            except UsageError:
                inner[place[-1]] = before
    return Report.from_json(json.dumps(filled).encode())


def every_report() -> Iterator[tuple[str, Report]]:
    """Yield reports of every kind."""
    for name in NAMES:
        yield name, report(name)
    yield "tree", with_tree(report("demo"), 3000)
    yield "known", compare(report("demo"), report("demo"))
    yield "new", compare(report("demo"), report("fit"))
    yield "markup", filled(MARKUP)
    lists = ("findings", "other_findings", "rules", "layers", "history", "diagnostics")
    nothing: dict[str, list[object]] = {name: [] for name in lists}
    yield "empty", report("demo").model_copy(update={**nothing, "facts": None, "profiles": {}})


@pytest.mark.parametrize("name", [name for name, _ in every_report()])
def test_pages_are_well_formed(name: str) -> None:
    content = page(dict(every_report())[name])
    tree = parsed(content)
    names = [item.get("id") for item in tree.iter(etree.Element) if item.get("id")]
    assert len(names) == len(set(names))
    targets = {item.get("href").removeprefix("#") for item in tree.iter("{*}a") if item.get("href").startswith("#")}
    assert targets <= set(names)
    levels = [int(item.tag[-1]) for item in tree.iter(etree.Element) if re.search(r"}h[1-6]$", str(item.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert not any(item.get("style") for item in tree.iter(etree.Element))
    assert len(content) < LIMIT
    assert list(obeyed(content)) == []


def test_text_of_an_image_adds_no_element() -> None:
    hostile, harmless = page(filled(MARKUP)), page(filled("x" * len(MARKUP)))
    assert "onerror" in hostile
    assert shape(hostile) == shape(harmless)
    tree = parsed(hostile)
    assert len(list(tree.iter("{*}script"))) == len(list(tree.iter("{*}style"))) == 1
    assert not any(key.startswith("on") for item in tree.iter(etree.Element) for key in item.attrib)


def test_text_stays_what_it_is_where_it_can() -> None:
    assert text("a##[error]b ###[c] ::d::e <&>\"'") == (
        "a&#35;#[error]b &#35;&#35;#[c] &#58;:d&#58;:e &lt;&amp;&gt;&quot;&#x27;"
    )
    assert text("a\u202eb\x00\udcff") == "a\\u202eb\\x00\\xff"
    assert element("p", "<b>", element("i", "&"), None, class_='a"b', title=None) == (
        '<p class="a&quot;b">&lt;b&gt;<i>&amp;</i></p>\n'
    )


@given(st.text() | st.text(alphabet="#:[vso]error<>&;'\"\n x"))
def test_any_text_is_read_as_it_is_shown(value: str) -> None:
    content = f"<!DOCTYPE html><title>x</title><p>{text(value)}</p>"
    (paragraph,) = parsed(content).iter("{*}p")
    assert "".join(paragraph.itertext()) == visible(value)
    assert len(paragraph) == 0
    assert list(obeyed(content)) == list(obeyed(f"\n{text(value)}")) == []


def said(content: str) -> str:
    """Return the text of a page with single spaces."""
    tree = parsed(content)
    return " ".join("".join(tree.getroot().itertext()).split())


@pytest.mark.parametrize("name", ["demo", "all-profiles", "waived", "fail-fast", "hostile"])
def test_everything_is_said(name: str) -> None:
    found = report(name)
    content = said(page(found))

    def shown(value: str) -> bool:
        return " ".join(unescape(text(value)).split()) in content

    for finding in [*found.findings, *(item for item in found.other_findings if item.waived is None)]:
        assert finding.rule in content
        assert shown(finding.message), finding.message
        if finding.path is not None:
            assert shown(finding.path), finding.path
        for title in finding.profiles:
            assert found.profiles[title].title in content
        if finding.waived is not None:
            assert shown(finding.waived.reason)
    assert found.image.config_digest is not None
    for value in (found.image.config_digest, found.image.platform, found.tool.version, *found.image.names):
        assert shown(value), value
    for rule in found.rules:
        assert f"{rule.id} {rule.name}" in content
    if found.facts is not None and found.facts.kernels:
        assert all(shown(kernel.path) for kernel in found.facts.kernels)
    assert ("no layer was read" in content) == (found.stopped is not None)


def test_lines_can_be_pasted() -> None:
    tree = parsed(page(report("demo")))
    blocks = ["".join(item.itertext()) for item in tree.iter("{*}pre")]
    assert "USER root\nRUN chmod 1777 /tmp\nUSER 1001" in blocks
    assert "ENV SHELL=/bin/bash" in blocks


def test_known_and_new_findings_are_marked() -> None:
    known = compare(report("demo"), report("demo"))
    content = said(page(known))
    assert "0 new" in content
    assert "Known from the baseline" in content
    assert "Nothing was found." in content
    new = said(page(compare(report("demo"), report("fit"))))
    assert "Error new " in new


def test_lines_of_the_dockerfile_are_said() -> None:
    value = stored("demo")
    content = said(page(Report.from_json(json.dumps(value).encode())))
    assert "Dockerfile, lines 3 to 4 (RUN)" in content


def test_large_images_stay_small() -> None:
    content = page(with_tree(report("demo"), 20_000))
    assert 200_000 < len(content) < LIMIT
    assert content.count('data-b="') > 500


def test_opened_directories_show_what_is_in_them() -> None:
    """Also where a map has less room than it needs, because names are long."""
    found = with_tree(report("demo"), 5000)
    assert found.facts is not None
    assert found.facts.size.tree is not None
    tree = [node.model_copy(update={"name": node.name * 9}) for node in found.facts.size.tree]
    size = found.facts.size.model_copy(update={"tree": tree})
    found = found.model_copy(update={"facts": found.facts.model_copy(update={"size": size})})
    for picture in (item for item in parsed(page(found)).iter("{*}svg") if item.get("class") == "map"):
        cells = [item for item in picture if item.get("data-b")]
        assert len(cells) > 100
        parents = {int(cell.get("data-p")) for cell in cells if cell.get("data-p")}
        assert parents == {n for n, cell in enumerate(cells) if cell.get("class").endswith(" d")}
        for parent in parents:
            inside = sum(int(cell.get("data-b")) for cell in cells if cell.get("data-p") == str(parent))
            assert 0.9 * int(cells[parent].get("data-b")) < inside <= int(cells[parent].get("data-b"))


def test_many_findings_stay_small() -> None:
    value = stored("demo")
    first = value["findings"][0]
    value["findings"] = [
        {
            **first,
            "severity": severity,
            "kind": kind,
            "message": f"{'m' * 900} {number}",
            "hint": f"{'h' * 900} {number}",
        }
        for severity in ("error", "warning", "note")
        for kind in ("finding", "undecided")
        for number in range(2000)
    ]
    value["other_findings"] = value["findings"]
    value["diagnostics"] = [{"code": "odd", "message": "m" * 900, "layer": None, "path": "p" * 900}] * 2000
    value["layers"] = [{**value["layers"][0], "position": number, "created_by": "R" * 300} for number in range(2000)]
    value["history"] = [{"created_by": "ENV " + "R" * 300, "created": None, "layer": None}] * 2000
    value["rules"] = [value["rules"][0]] * 2000
    value["facts"]["kernels"] = [value["facts"]["kernels"][0]] * 2000
    value["facts"]["nvidia"]["driver_files"] *= 2000
    found = Report.from_json(json.dumps(value).encode())
    content = page(with_tree(found, 20_000))
    assert len(content) < LIMIT
    assert "more findings are in the JSON report" in content


def test_findings_that_are_alike_stay_small() -> None:
    value = stored("demo")
    first = {**value["findings"][0], "caused_by": None}
    cause = {key: first[key] for key in ("rule", "path", "message")}
    caused = {**first, "rule": "KRN001", "caused_by": cause}
    value["findings"] = [first, *({**first, "message": f"{'m' * 500}{n}"} for n in range(3000))]
    value["findings"] += [{**caused, "message": f"{'c' * 500}{n}"} for n in range(3000)]
    content = page(Report.from_json(json.dumps(value).encode()))
    assert len(content) < 150_000
    assert "2,981 more like these are in the JSON report" in content
    assert "2,980 more in the JSON report" in content


def test_what_is_not_needed_and_installed_is_said() -> None:
    value = json.loads(report("all-profiles").to_json())
    inventory = value["facts"]["inventory"]
    inventory["avoidable"] = [
        {
            "kind": "apt-lists",
            "title": "package lists of apt",
            "path": "/var/lib/apt/lists",
            "layer": 0,
            "bytes": 5_000_000,
            "files": 3,
            "hint": "Add '&& rm -rf /var/lib/apt/lists/*'",
        }
    ]
    package = {"manager": "conda", "name": "numpy", "version": "2.1", "place": "/opt/conda", "bytes": 7_000_000}
    inventory["packages"] = [{**package, "name": "small", "bytes": None}, package]
    inventory["gaps"] = ["the packages of rpm are not listed"]
    tree = parsed(page(Report.from_json(json.dumps(value).encode())))
    rows = [["".join(cell.itertext()) for cell in row] for row in tree.iter("{*}tr")]
    assert ["package lists of apt", "/var/lib/apt/lists", "5 MB", "Add '&& rm -rf /var/lib/apt/lists/*'"] in rows
    assert ["numpy", "2.1", "conda", "/opt/conda", "7 MB"] in rows
    assert ["small", "2.1", "conda", "/opt/conda", ""] in rows
    assert "Not read: the packages of rpm are not listed." in "".join(tree.getroot().itertext())


def test_what_is_hidden_is_said() -> None:
    value = stored("demo")
    places = [
        {"path": f"/opt/{change}", "layer": 0, "bytes": 5_000_000, "change": change, "value": stated}
        for change, stated in (("deleted", None), ("owner", "1000:100"), ("mode", None), ("again", None))
    ]
    value["facts"]["size"]["wasting"] = [{"layer": 1, "bytes": 20_000_000, "places": places}]
    value["facts"]["size"]["wasted"] = [{"layer": 0, "bytes": 20_000_000, "directories": []}]
    tree = parsed(page(Report.from_json(json.dumps(value).encode())))
    rows = [["".join(cell.itertext()) for cell in row] for row in tree.iter("{*}tr")]
    assert ["/opt/owner", "5 MB", "0", "1", "stored again, owner 1000:100", ""] in rows
    assert ["/opt/mode", "5 MB", "0", "1", "stored again, mode changed", ""] in rows
    assert any(row[-2:] == ["Hidden by later layers", "Hides of earlier layers"] for row in rows)


def test_undecided_checks_have_their_own_section() -> None:
    found = report("all-profiles")
    undecided = [item for item in found.findings if item.kind == "undecided"]
    assert undecided
    content = said(page(found)).partition("These checks could not be completed.")[2]
    assert all(item.message in content for item in undecided)
