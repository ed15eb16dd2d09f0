"""Static analysis of OCI images for Amazon SageMaker Studio, without a container runtime.

::

    from ocianalyze import analyze

    report = analyze("image.tar")
    print(report.verdict, [finding.message for finding in report.findings])

A name is imported when it is first used, so that ``import ocianalyze`` is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ocianalyze.version import __version__

if TYPE_CHECKING:
    from ocianalyze.analysis import Observer, Policy, Source, analyze, fit_app_image_config, measure, preview
    from ocianalyze.errors import (
        AnalysisError,
        LimitExceededError,
        OcianalyzeError,
        RegistryError,
        RuleError,
        UndecidedError,
        UsageError,
    )
    from ocianalyze.facts import Facts
    from ocianalyze.facts.registration import AppImageConfig
    from ocianalyze.filesystem.node import Node, Resolution, Tree
    from ocianalyze.filesystem.tree import Filesystem, LayerUsage
    from ocianalyze.layers.changeset.changeset import Diagnostic
    from ocianalyze.layers.metering.budget import Budget
    from ocianalyze.layers.metering.limits import Limits
    from ocianalyze.layers.metering.progress import LayerProgress, Progress
    from ocianalyze.layers.reading.cache import CacheUsage, LayerCache
    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.layers.reading.stores import LayerStore, RecentLayers
    from ocianalyze.layers.tar.entry import Attributes, Kind
    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob, ByteRange, Image, Layer
    from ocianalyze.oci.models import Execution, History, ImageConfig, Platform, RootFS
    from ocianalyze.reports.difference.comparing import diff
    from ocianalyze.reports.difference.document import (
        Change,
        Difference,
        DirectoryChange,
        PackageChange,
        Side,
        SizeChange,
    )
    from ocianalyze.reports.formats import render
    from ocianalyze.reports.registration import Registration
    from ocianalyze.reports.report import (
        AvoidablePart,
        Baseline,
        Cause,
        Configuration,
        CudaNeed,
        DiagnosticReport,
        DirectoryUsage,
        DriverFile,
        DriverVerdict,
        FactsReport,
        Failure,
        FilesystemFacts,
        FindingReport,
        HiddenPart,
        HistoryStep,
        ImageSummary,
        Inventory,
        KernelFacts,
        KernelStep,
        LayerIndex,
        LayerReference,
        LayerReport,
        LayerTiming,
        NvidiaFacts,
        PackageFacts,
        ProfileVerdict,
        Report,
        Request,
        RuleReport,
        SizeFacts,
        SizeNode,
        SizePiece,
        SourceLines,
        Summary,
        Timing,
        Tool,
        UserFacts,
        WasteReport,
        WastingReport,
    )
    from ocianalyze.reports.size.report import DuplicateFile, DuplicatePlace, SizeReport
    from ocianalyze.rules.engine import Outcome
    from ocianalyze.rules.judgement import Judgement
    from ocianalyze.rules.page import Page
    from ocianalyze.rules.rule import Declaration, EarlyRule, Finding, Rule, Severity, Subject, rule
    from ocianalyze.rules.target import Target
    from ocianalyze.rules.waivers import Remark, Waiver
    from ocianalyze.sources.registry.access import HostAccess, HostSettings, RegistryAccess

__all__ = [
    "AnalysisError",
    "AppImageConfig",
    "Attributes",
    "AvoidablePart",
    "Baseline",
    "Blob",
    "Budget",
    "ByteRange",
    "CacheUsage",
    "Cause",
    "Change",
    "Configuration",
    "CudaNeed",
    "Declaration",
    "Diagnostic",
    "DiagnosticReport",
    "Difference",
    "Digest",
    "DirectoryChange",
    "DirectoryUsage",
    "DriverFile",
    "DriverVerdict",
    "DuplicateFile",
    "DuplicatePlace",
    "EarlyRule",
    "Execution",
    "Facts",
    "FactsReport",
    "Failure",
    "Filesystem",
    "FilesystemFacts",
    "Finding",
    "FindingReport",
    "HiddenPart",
    "History",
    "HistoryStep",
    "HostAccess",
    "HostSettings",
    "Image",
    "ImageConfig",
    "ImageSummary",
    "Inventory",
    "Judgement",
    "KernelFacts",
    "KernelStep",
    "Kind",
    "Layer",
    "LayerCache",
    "LayerIndex",
    "LayerProgress",
    "LayerReference",
    "LayerReport",
    "LayerStore",
    "LayerTiming",
    "LayerUsage",
    "LimitExceededError",
    "Limits",
    "Node",
    "NvidiaFacts",
    "Observer",
    "OcianalyzeError",
    "Outcome",
    "PackageChange",
    "PackageFacts",
    "Page",
    "Platform",
    "Policy",
    "ProfileVerdict",
    "Progress",
    "ReadLayer",
    "RecentLayers",
    "Registration",
    "RegistryAccess",
    "RegistryError",
    "Remark",
    "Report",
    "Request",
    "Resolution",
    "RootFS",
    "Rule",
    "RuleError",
    "RuleReport",
    "Severity",
    "Side",
    "SizeChange",
    "SizeFacts",
    "SizeNode",
    "SizePiece",
    "SizeReport",
    "Source",
    "SourceLines",
    "Subject",
    "Summary",
    "Target",
    "Timing",
    "Tool",
    "Tree",
    "UndecidedError",
    "UsageError",
    "UserFacts",
    "Waiver",
    "WasteReport",
    "WastingReport",
    "__version__",
    "analyze",
    "diff",
    "fit_app_image_config",
    "measure",
    "preview",
    "render",
    "rule",
]

_MODULES = {
    "analysis": "Observer Policy Source analyze fit_app_image_config measure preview",
    "errors": ("AnalysisError LimitExceededError OcianalyzeError RegistryError RuleError UndecidedError UsageError"),
    "facts": "Facts",
    "facts.registration": "AppImageConfig",
    "filesystem.node": "Tree Node Resolution",
    "filesystem.tree": "Filesystem LayerUsage",
    "layers.changeset.changeset": "Diagnostic",
    "layers.metering.budget": "Budget",
    "layers.metering.limits": "Limits",
    "layers.metering.progress": "LayerProgress Progress",
    "layers.reading.cache": "CacheUsage LayerCache",
    "layers.reading.reader": "ReadLayer",
    "layers.reading.stores": "LayerStore RecentLayers",
    "layers.tar.entry": "Attributes Kind",
    "oci.digest": "Digest",
    "oci.image": "Blob ByteRange Image Layer",
    "oci.models": "Execution History ImageConfig Platform RootFS",
    "reports.difference.comparing": "diff",
    "reports.difference.document": "Change Difference DirectoryChange PackageChange Side SizeChange",
    "reports.formats": "render",
    "reports.report": (
        "AvoidablePart Baseline Cause Configuration CudaNeed DiagnosticReport DirectoryUsage DriverFile DriverVerdict "
        "FactsReport Failure FilesystemFacts FindingReport HiddenPart HistoryStep ImageSummary Inventory KernelFacts "
        "KernelStep LayerIndex LayerReference LayerReport LayerTiming NvidiaFacts PackageFacts ProfileVerdict Report "
        "Request RuleReport SizeFacts SizeNode SizePiece SourceLines Summary Timing Tool UserFacts WasteReport "
        "WastingReport"
    ),
    "reports.registration": "Registration",
    "reports.size.report": "DuplicateFile DuplicatePlace SizeReport",
    "rules.engine": "Outcome",
    "rules.judgement": "Judgement",
    "rules.page": "Page",
    "rules.rule": "Declaration EarlyRule Finding Rule Severity Subject rule",
    "rules.target": "Target",
    "rules.waivers": "Remark Waiver",
    "sources.registry.access": "HostAccess HostSettings RegistryAccess",
}
"""Which module has which names."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    module = next((module for module, names in _MODULES.items() if name in names.split()), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    return list(__all__)
