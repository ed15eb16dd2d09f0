"""The forms of a report for other programs and places: each module writes one, and takes nothing but a `Report`.

All text of a report is safe only where it was made so: each form escapes what its readers would obey.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import UsageError, suggest

if TYPE_CHECKING:
    from pathlib import PurePath

    from ocianalyze.reports.report import Report


SARIF_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class Joined(NamedTuple):
    """What makes one document of the reports on several images: the bytes before, between and after their parts."""

    head: bytes = b""
    between: bytes = b""
    tail: bytes = b""


class Form(NamedTuple):
    """A form of a report.

    Attributes:
        module: the module whose function `write` makes it.
        suffixes: how the names of its files end; the first is the usual one.
        for_people: whether people read it, too, so that it may stand beside other output.
        joined: how the reports on several images stand in one file; None if each needs its own.
    """

    module: str
    suffixes: tuple[str, ...] = ()
    for_people: bool = False
    joined: Joined | None = Joined()


_RUNS: Final = Joined(f'{{"$schema":"{SARIF_SCHEMA}","version":"2.1.0","runs":[\n'.encode(), b",\n", b"\n]}\n")
_SUITES: Final = Joined(b"<?xml version='1.0' encoding='UTF-8'?>\n<testsuites>\n", b"", b"</testsuites>\n")
_LIST: Final = Joined(b"[\n", b",\n", b"\n]\n")

FORMS: Final = {
    "json": Form("documents", (".json",)),
    "sarif": Form("sarif", (".sarif", ".sarif.json"), joined=_RUNS),
    "junit": Form("junit", (".xml",), joined=_SUITES),
    "gitlab-codequality": Form("codequality", ("gl-code-quality-report.json",), joined=_LIST),
    "github": Form("github", for_people=True),
    "markdown": Form("markdown", (".md",), for_people=True, joined=Joined(between=b"\n")),
    "html": Form("html", (".html",), joined=None),
    "line": Form("lines", for_people=True),
}
"""All forms but the table, which depends on the screen."""


def render(report: Report, form: str) -> bytes:
    """Return a report in one of `FORMS`, such as ``sarif``, as UTF-8.

    Raises:
        UsageError: there is no such form.
    """
    if form not in FORMS:
        raise UsageError(f"unknown format {form[:100]!r}", hint=suggest(form, list(FORMS)))
    content: bytes = import_module(f"{__name__}.{FORMS[form].module}").write(report)
    return content


def render_part(report: Report, form: str, name: str) -> bytes:
    """Return what a report adds to a file about several images, as `FORMS` says that they stand there; maybe nothing.

    `name` is the image's, which no other in that file has.
    """
    module = import_module(f"{__name__}.{FORMS[form].module}")
    content: bytes = module.part(report, name) if hasattr(module, "part") else module.write(report)
    return content


def form_of(file: PurePath) -> str | None:
    """Return the form that the name of a file stands for: the one with the longest suffix; None if none has it."""
    name = file.name.lower()
    fitting = [(len(end), form) for form, it in FORMS.items() for end in it.suffixes if name.endswith(end)]
    return max(fitting)[1] if fitting else None
