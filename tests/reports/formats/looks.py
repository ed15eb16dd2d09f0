"""What parts of the HTML report look like; run as a program, this writes what the tests compare with."""

import json
from typing import Any, Final

from playwright.sync_api import Browser

from ocianalyze.reports.formats import render
from tests.support.browser import Visit, browser, colours, serving

PARTS: Final = (".top", "#profiles", "#findings .finding", "svg.map", "#layers")


def look(started: Browser, address: str, scheme: Any, part: str) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return the size of a part of a page, and the average colours of a grid over it."""
    with Visit(started, address, color_scheme=scheme) as visit:
        found = visit.page.locator(part).first
        box = found.bounding_box()
        assert box is not None
        return {
            "width": round(box["width"]),
            "height": round(box["height"]),
            "colours": colours(started, found.screenshot()),
        }


def main() -> None:
    """Write the file."""
    from tests.reports.formats.test_html import every_report
    from tests.reports.formats.test_html_in_a_browser import LOOKS

    with browser() as started, serving({"tree": render(dict(every_report())["tree"], "html")}) as address:
        place = f"{address}/tree"
        looks = {scheme: {part: look(started, place, scheme, part) for part in PARTS} for scheme in ("light", "dark")}
    LOOKS.write_text(json.dumps(looks) + "\n")


if __name__ == "__main__":
    main()
