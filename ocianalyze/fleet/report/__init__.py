"""What a results file says, as people and programs read it: `ask` it, then print or render the answer."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError, suggest
from ocianalyze.fleet.report.asking import ask
from ocianalyze.fleet.report.table import print_table

if TYPE_CHECKING:
    from ocianalyze.fleet.report.document import FleetReport

__all__ = ["FORMATS", "ask", "print_table", "render"]

_MODULES: Final = {
    "json": "documents",
    "csv": "tabular.spreadsheet",
    "html": "html",
    "parquet": "tabular.parquet",
}
FORMATS: Final = tuple(_MODULES)
"""All forms but the table, which depends on the screen."""


def render(report: FleetReport, form: str) -> bytes:
    """Return a report in one of `FORMATS`, such as ``html``; all but Parquet are UTF-8.

    Raises:
        UsageError: there is no such form, or what it needs is not installed.
    """
    if form not in _MODULES:
        raise UsageError(f"unknown format {form[:100]!r}", hint=suggest(form, list(FORMATS)))
    content: bytes = import_module(f"{__name__}.{_MODULES[form]}").write(report)
    return content
