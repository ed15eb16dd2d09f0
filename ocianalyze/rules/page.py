"""A rule's page: the docstring of its file, under fixed headings."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADINGS: Final = ("What it checks", "Why it matters", "How to fix", "Data", "References")
"""The headings of every page, in this order."""

_HEADING: Final = regex(r"^## (.+)$", re.MULTILINE)


class Page(NamedTuple):
    """A rule's page: a sentence, and a section of Markdown for each of `HEADINGS`."""

    summary: str
    sections: Mapping[str, str]


def parse_page(docstring: str) -> Page:
    """Return the page in a docstring."""
    head, *rest = _HEADING.split(cleandoc(docstring))
    sections = {title.strip(): text.strip() for title, text in zip(rest[::2], rest[1::2], strict=True)}
    return Page(" ".join(head.split()), sections)
