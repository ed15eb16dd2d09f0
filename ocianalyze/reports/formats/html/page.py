"""The frame of a page: one file that loads nothing, and runs no script and no style sheet but its own."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from ocianalyze.reports.formats.html.markup import Markup, element, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.reports.formats.html.markup import Section


def page(title: str, header: Markup, sections: Sequence[Section], footer: Markup, *, style: str, script: str) -> bytes:
    """Return a page as UTF-8: `style` and `script` are ours, all other text is escaped by `markup`.

    `script` comes after what all pages share (page.js).
    """
    script = resource(__package__, "page.js") + script
    main = element("main", header, *(part.markup for part in sections), id="main")
    body = element("body", _navigation(sections), main, footer, Markup(f"<script>{script}</script>\n"))
    whole = element("html", _head(title, style, script), body, lang="en")
    return f"<!DOCTYPE html>\n{whole}\n".encode()


def resource(package: str, name: str) -> str:
    """Return the text of a file of a package, such as its style sheet."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def _head(title: str, style: str, script: str) -> Markup:
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        Markup(f"<style>{style}</style>\n"),
    )


def _digest(content: str) -> str:
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


def _navigation(sections: Sequence[Section]) -> Markup:
    links = (join((element("a", part.title, href=f"#{part.id}"), Markup("\n"))) for part in sections)
    return element("nav", element("p", *links), aria_label="Sections") if sections else Markup()
