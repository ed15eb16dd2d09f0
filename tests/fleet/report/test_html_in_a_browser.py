"""The page in Chromium: nothing goes wrong, nothing is asked for, and everybody can read it."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from ocianalyze.fleet.report import render
from tests.fleet.report.conftest import asked
from tests.fleet.report.samples import hostile, sample
from tests.support.browser import Visit, browser, serving
from tests.support.fleets import run, write_fleet
from tests.support.tools import requires

pytestmark = requires("chromium")
NAMES = ("sample", "hostile", "empty")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("pages")
    files = {
        "sample": sample(directory / "sample"),
        "hostile": hostile(directory / "hostile"),
        "empty": write_fleet(directory / "empty", run()),
    }
    with serving({name: render(asked(path), "html") for name, path in files.items()}) as address:
        yield address


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_goes_wrong_and_nothing_is_asked_for(chromium: Browser, server: str, name: str, width: int) -> None:
    with Visit(chromium, f"{server}/{name}", width=width) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        visit.page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.page.evaluate("window.pwned") is None
        visit.page.wait_for_load_state("networkidle")
        assert visit.said == []
        assert visit.asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(chromium: Browser, server: str, name: str, scheme: Any) -> None:  # noqa: ANN401 - a literal
    with Visit(chromium, f"{server}/{name}", color_scheme=scheme) as visit:
        visit.page.evaluate("for (const item of document.querySelectorAll('details')) item.open = true")
        found = Axe().run(visit.page).response
        assert found["passes"]
        assert [(item["id"], [node["html"][:200] for node in item["nodes"]]) for item in found["violations"]] == []


@pytest.mark.parametrize("name", NAMES)
def test_jenkins_shows_everything(chromium: Browser, server: str, name: str) -> None:
    """Without style sheets and scripts the page says the same."""
    with Visit(chromium, f"{server}/jenkins/{name}") as blocked, Visit(chromium, f"{server}/{name}") as whole:
        assert any("'style-src 'self''" in text for text in blocked.said), "the style sheet was not blocked"
        for selector in ("h1", "h2", "h3", ".verdict", "dd", "td", "th", "li"):
            shown, expected = (
                [" ".join(item.split()) for item in visit.page.locator(selector).all_text_contents()]
                for visit in (blocked, whole)
            )
            assert shown == expected


def test_images_can_be_searched_and_filtered(chromium: Browser, server: str) -> None:
    with Visit(chromium, f"{server}/sample") as visit:
        page = visit.page
        shown = page.locator("#images tbody tr:visible")
        everything = shown.count()
        page.get_by_role("searchbox").fill("space carol")
        some = shown.count()
        assert 0 < some < everything
        assert f"{some} of {everything} shown" in page.locator("output").inner_text()
        page.get_by_role("searchbox").fill("")
        page.get_by_role("button", name="fail", exact=True).click()
        assert page.locator("#images tbody .v-fail:visible").count() == 0
        assert 0 < shown.count() < everything
        page.get_by_role("button", name="fail", exact=True).press("Enter")
        assert shown.count() == everything


@pytest.mark.parametrize("javascript", [True, False])
def test_all_is_printed(chromium: Browser, server: str, javascript: bool) -> None:  # noqa: FBT001 - both are tried
    with Visit(chromium, f"{server}/sample", java_script_enabled=javascript) as visit:
        visit.page.emulate_media(media="print")
        assert not visit.page.locator("nav").is_visible()
        assert visit.page.pdf(format="A4").startswith(b"%PDF-")
