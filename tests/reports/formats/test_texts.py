"""Forms that people read: annotations, Markdown, lines."""

import re
from dataclasses import replace

import cmarkgfm
from cmarkgfm.cmark import Options

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.reports.formats import render
from tests.conftest import SaveImage
from tests.reports.formats.samples import NAMES, report
from tests.support.fit import fit_image
from tests.support.tarballs import file

ANNOTATION = re.compile(r"::(error|warning|notice) title=([^:,%\n]|%(?:25|3A|2C))*::[^\n]*")
MENTIONS = "@team #12 ![x](http://evil.example/x) [y](http://evil.example) <img src=http://evil.example> `a` | b"


def test_annotations_are_ours() -> None:
    for name in NAMES:
        for line in render(report(name), "github").decode().splitlines():
            assert ANNOTATION.fullmatch(line), line
            assert "##" not in line.replace("\\x23#", "")


def test_ten_annotations_of_a_kind_are_shown() -> None:
    lines = render(report("hostile"), "github").decode().splitlines()
    for kind in ("error", "warning", "notice"):
        mine = [line for line in lines if line.startswith(f"::{kind} ")]
        assert len(mine) <= 10
        assert len(mine) < 10 or " more of severity " in mine[-1]


def test_markdown_of_an_image_stays_text(save_image: SaveImage) -> None:
    spec = fit_image([file(f"opt/ml/{MENTIONS.replace('/', '-')}", b"x")], config={"User": MENTIONS})
    spec = replace(spec, history=[{"created_by": f"RUN echo {MENTIONS} ``` {MENTIONS}"}] * len(spec.layers))
    found = analyze(Source(reference=str(save_image(spec, "docker-25"))), Policy(profiles=("all",)))
    text = render(found, "markdown").decode()
    assert "@team" in text
    html = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
    outside = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
    assert "@team" not in outside
    assert "evil" not in outside
    assert "<img" not in html
    assert html.count("<a ") == 0
    assert html.count("<table>") <= 2
    rows = re.findall(r"<tr>.*?</tr>", html, flags=re.DOTALL)
    assert all(row.count("<td>") in (0, 4) for row in rows)


def test_markdown_fits_a_comment() -> None:
    for name in NAMES:
        assert len(render(report(name), "markdown").decode()) < 65_536, name


def test_lines_can_be_searched() -> None:
    lines = render(report("demo"), "line").decode().splitlines()
    found = [finding for finding in report("demo").findings if finding.waived is None]
    assert len(lines) == len(found)
    assert (
        "demo.tar.gz:/tmp: warning RTM004: /tmp is not writable for all users: mode 0755, expected 1777 (layer 0)"
        in lines
    )
    assert "demo.tar.gz: error APP001: JupyterLab is not installed" in lines
    assert render(report("fit"), "line") == b""
