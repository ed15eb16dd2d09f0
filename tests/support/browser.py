"""A browser for the HTML report, and a server that shows it as Jenkins does, or as any other server."""

import base64
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.support.tools import find

JENKINS: Final = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"
"""The Content-Security-Policy of files in Jenkins (``DirectoryBrowserSupport.java``)."""
_OPTIONS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb")
_GRID: Final = 12


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the Chromium of this machine."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find("chromium"), args=list(_OPTIONS))
        yield started
        started.close()


@contextmanager
def serving(pages: Mapping[str, bytes]) -> Iterator[str]:
    """Serve pages at ``/NAME``, and at ``/jenkins/NAME`` as Jenkins does; yield the address of the server."""

    class Handler(BaseHTTPRequestHandler):
        """Answers with one of the pages."""

        def do_GET(self) -> None:
            """Send the page."""
            content = pages.get(self.path.rpartition("/")[2])
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if self.path.startswith("/jenkins/"):
                self.send_header("Content-Security-Policy", JENKINS)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Visit:
    """A page that is open, with what went wrong on it, and what it asked for besides itself."""

    def __init__(self, started: Browser, address: str, *, width: int = 1280, **options: Any) -> None:  # noqa: ANN401
        """Open a page; `options` are those of a context."""
        self.context = started.new_context(viewport={"width": width, "height": 900}, **options)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self._address = address
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.route("**/*", self._route)
        self.page.goto(address)

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the page."""
        self.context.close()

    def _route(self, route: Route) -> None:
        if route.request.url.partition("#")[0] == self._address:
            route.continue_()
        else:
            self.asked.append(route.request.url)
            route.abort()


def colours(started: Browser, picture: bytes) -> list[list[int]]:
    """Return the average colours of the fields of a grid that a picture in PNG is divided into, row by row."""
    page = started.new_page()
    fields: list[list[int]] = page.evaluate(
        """async ([content, n]) => {
            const image = new Image();
            image.src = "data:image/png;base64," + content;
            await image.decode();
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.width, image.height];
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            const fields = [];
            for (let row = 0; row < n; row++) for (let column = 0; column < n; column++) {
                const [x, y] = [Math.floor(column * image.width / n), Math.floor(row * image.height / n)];
                const [w, h] = [Math.floor(image.width / n), Math.floor(image.height / n)];
                const data = context.getImageData(x, y, w, h).data;
                const sum = [0, 0, 0];
                data.forEach((value, at) => { if (at % 4 < 3) sum[at % 4] += value; });
                fields.push(sum.map((value) => Math.round(value / (w * h))));
            }
            return fields;
        }""",
        [base64.b64encode(picture).decode(), _GRID],
    )
    page.close()
    return fields
