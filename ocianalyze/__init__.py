"""Static analysis of OCI images for Amazon SageMaker Studio, without a container runtime.

::

    from ocianalyze import analyze

    report = analyze("image.tar")
    print(report.verdict, [finding.message for finding in report.findings])

Nothing is imported before it is asked for: `ocianalyze --version` is not to wait for what a scan needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ocianalyze.version import __version__

if TYPE_CHECKING:
    from ocianalyze.analysis import Observer, Policy, Source, analyze
    from ocianalyze.errors import AnalysisError, OcianalyzeError, UsageError
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.reports.report import Report
    from ocianalyze.rules.rule import Declaration, Finding, Severity, Subject, rule
    from ocianalyze.rules.waivers import Waiver

__all__ = [
    "AnalysisError",
    "Declaration",
    "Filesystem",
    "Finding",
    "Limits",
    "Observer",
    "OcianalyzeError",
    "Policy",
    "Report",
    "Severity",
    "Source",
    "Subject",
    "UsageError",
    "Waiver",
    "__version__",
    "analyze",
    "rule",
]

_HOMES = {
    "Observer": "analysis",
    "Policy": "analysis",
    "Source": "analysis",
    "analyze": "analysis",
    "AnalysisError": "errors",
    "OcianalyzeError": "errors",
    "UsageError": "errors",
    "Filesystem": "filesystem.tree",
    "Limits": "layers.metering.limits",
    "Report": "reports.report",
    "Declaration": "rules.rule",
    "Finding": "rules.rule",
    "Severity": "rules.rule",
    "Subject": "rules.rule",
    "rule": "rules.rule",
    "Waiver": "rules.waivers",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return list(__all__)
