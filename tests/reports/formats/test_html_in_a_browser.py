"""The page in Chromium: nothing goes wrong, nothing is asked for, everybody can read it, and it looks as it should."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from ocianalyze.reports.formats import render
from tests.reports.formats.looks import PARTS, look
from tests.reports.formats.samples import report
from tests.reports.formats.test_html import every_report
from tests.support.browser import Visit, browser, serving
from tests.support.size_trees import with_tree
from tests.support.tools import requires

pytestmark = requires("chromium")

NAMES = [name for name, _ in every_report()]
LOOKS = Path(__file__).parents[2] / "data" / "html-looks.json"
"""What parts of the page look like: their sizes, and the colours of a grid. ``python -m tests.reports.formats.looks``
writes it."""
FURTHEST = 40
"""How much a colour may differ, of 255: fonts differ from machine to machine."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pages = {name: render(found, "html") for name, found in every_report()}
    pages["large"] = render(with_tree(report("all-profiles"), 20_000), "html")
    with serving(pages) as address:
        yield address


@pytest.mark.parametrize("name", [*NAMES, "large"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_goes_wrong_and_nothing_is_asked_for(chromium: Browser, server: str, name: str, width: int) -> None:
    with Visit(chromium, f"{server}/{name}", width=width) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.page.evaluate("window.pwned") is None
        visit.page.wait_for_load_state("networkidle")
        assert visit.said == []
        assert visit.asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["all-profiles", "waived", "not-analysed", "known", "markup", "empty", "large"])
def test_axe_finds_nothing(chromium: Browser, server: str, name: str, scheme: Any) -> None:  # noqa: ANN401 - a literal
    with Visit(chromium, f"{server}/{name}", color_scheme=scheme) as visit:
        visit.page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true")
        found = Axe().run(visit.page).response
        assert found["passes"]
        assert [(item["id"], [node["html"][:200] for node in item["nodes"]]) for item in found["violations"]] == []


@pytest.mark.parametrize("name", ["demo", "all-profiles", "waived", "hostile", "tree", "markup", "not-analysed"])
def test_jenkins_shows_everything(chromium: Browser, server: str, name: str) -> None:
    """Without style sheets and scripts the page says the same, apart from what is folded."""
    with Visit(chromium, f"{server}/jenkins/{name}") as blocked, Visit(chromium, f"{server}/{name}") as whole:
        assert any("'style-src 'self''" in text for text in blocked.said), "the style sheet was not blocked"
        assert any("allow-scripts" in text for text in blocked.said), "the script was not blocked"
        assert blocked.asked == []
        assert blocked.page.locator("details:not([open]) > summary").count() == whole.page.locator("summary").count()
        for selector in ("h1", "h2", "h3", "h4", ".message", ".verdict", "dd", "td", "th", ".fix p", "pre"):
            shown = [" ".join(item.split()) for item in blocked.page.locator(selector).all_text_contents()]
            expected = [" ".join(item.split()) for item in whole.page.locator(selector).all_text_contents()]
            assert shown == expected
        for item in blocked.page.locator("main h2, .message, .verdict, svg.map").all():
            assert item.is_visible() or item.evaluate("(item) => item.closest('details') !== null")
        if name == "tree":
            cells = blocked.page.locator("svg.map").first.locator("svg")
            boxes = [cell.bounding_box() for cell in cells.all()[:5]]
            assert all(box is not None and box["width"] > 20 and box["height"] > 20 for box in boxes)
            assert (
                cells.first.locator("rect").first.evaluate("(item) => getComputedStyle(item).fill")
                == "rgb(207, 225, 245)"
            )


@pytest.mark.parametrize("address", ["tree", "jenkins/tree"])
def test_without_scripts(chromium: Browser, server: str, address: str) -> None:
    with Visit(chromium, f"{server}/{address}", java_script_enabled=False) as visit:
        assert visit.page.get_by_role("button").count() == 0
        assert visit.page.get_by_role("heading", name="Findings").is_visible()
        folded = visit.page.locator("details", has_text="The same as a table").first
        folded.locator("summary").click()
        assert folded.locator("tbody tr").count() == 50
        assert folded.locator("tbody tr").last.is_visible()


def test_findings_can_be_searched_and_filtered(chromium: Browser, server: str) -> None:
    with Visit(chromium, f"{server}/demo") as visit:
        page = visit.page
        shown = page.locator("#findings .finding:visible")
        everything = shown.count()
        page.get_by_role("searchbox").fill("KRN008 hidden")
        assert shown.count() == 1
        assert "KRN008" in shown.first.inner_text()
        assert f"1 of {everything} shown" in page.locator("output").inner_text()
        page.get_by_role("searchbox").fill("")
        page.get_by_role("button", name="Errors").click()
        assert page.locator(".finding.error:visible").count() == 0
        assert shown.count() == everything - page.locator("#findings .finding.error").count()
        page.get_by_role("button", name="Errors").press("Enter")
        assert shown.count() == everything


def test_lines_can_be_copied(chromium: Browser, server: str) -> None:
    with Visit(chromium, f"{server}/demo", permissions=["clipboard-read", "clipboard-write"]) as visit:
        block = visit.page.locator(".copied", has_text="chmod 1777")
        block.get_by_role("button").click()
        expect(block.get_by_role("button")).to_have_text("Copied")
        copied = visit.page.evaluate("navigator.clipboard.readText()")
        assert copied == "USER root\nRUN chmod 1777 /tmp\nUSER 1001"


def test_maps_can_be_entered_by_mouse_and_keyboard(chromium: Browser, server: str) -> None:
    with Visit(chromium, f"{server}/tree") as visit:
        page = visit.page
        area = page.locator("svg.map").first
        visible = area.locator("svg:not([display])")
        everything = visible.count()
        first = area.locator("svg[role=button]").first
        name = first.get_attribute("aria-label")
        first.click(position={"x": 10, "y": 8})
        assert 0 < visible.count() < everything
        crumbs = page.locator(".crumbs").first
        assert crumbs.get_by_role("button").all_inner_texts()[0] == "whole image"
        boxes = area.evaluate(
            "(map) => [...map.children].filter((item) => item.dataset.b && !item.hasAttribute('display'))"
            ".map((item) => item.getBoundingClientRect().toJSON())"
        )
        outside = area.bounding_box()
        assert outside is not None
        assert max(box["right"] for box in boxes) <= outside["x"] + outside["width"] + 1
        assert max(box["right"] for box in boxes) >= outside["x"] + outside["width"] - 1
        crumbs.get_by_role("button").first.click()
        assert visible.count() == everything
        area.locator("svg[tabindex='0']").focus()
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") != name
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        assert visible.count() < everything
        page.keyboard.press("Escape")
        assert visible.count() == everything
        assert area.locator("svg[tabindex='0']").count() == 1
        assert visit.said == []


@pytest.mark.parametrize("javascript", [True, False])
def test_all_is_printed(chromium: Browser, server: str, javascript: bool) -> None:  # noqa: FBT001 - both are tried
    with Visit(chromium, f"{server}/tree", java_script_enabled=javascript) as visit:
        visit.page.emulate_media(media="print")
        assert not visit.page.locator("nav").is_visible()
        assert visit.page.locator("details").count() > 2
        for row in visit.page.locator("details table").all():
            assert row.is_visible()
            box = row.bounding_box()
            assert box is not None
            assert box["height"] > 20
        assert visit.page.pdf(format="A4").startswith(b"%PDF-")


def test_hostile_text_does_nothing(chromium: Browser, server: str) -> None:
    with Visit(chromium, f"{server}/markup") as visit:
        page = visit.page
        page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true")
        for item in page.locator("a, button, svg[role=button]").all()[:40]:
            item.hover(force=True)
        for button in page.locator("button").all()[:20]:
            button.click()
        assert page.evaluate("window.pwned") is None
        assert page.locator("img, iframe, object, embed, link, base, form").count() == 0
        assert page.locator("script").count() == 1
        assert visit.asked == []
        assert [text for text in visit.said if "clipboard" not in text.lower()] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_looks_as_it_should(chromium: Browser, server: str, scheme: str) -> None:
    expected = json.loads(LOOKS.read_text())[scheme]
    for part in PARTS:
        found = look(chromium, f"{server}/tree", scheme, part)
        assert found["width"] == pytest.approx(expected[part]["width"], rel=0.03), part
        assert found["height"] == pytest.approx(expected[part]["height"], rel=0.25), part
        far = [
            max(abs(a - b) for a, b in zip(before, after, strict=True))
            for before, after in zip(expected[part]["colours"], found["colours"], strict=True)
        ]
        assert sum(far) / len(far) < FURTHEST / 3, part
        assert sum(one > FURTHEST for one in far) <= len(far) // 10, part
