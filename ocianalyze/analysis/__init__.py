"""The whole program in the order in which it happens: image, layers, file system, facts, findings, report."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache, partial
from time import perf_counter
from typing import TYPE_CHECKING, Literal, TypeAlias

from ocianalyze.analysis.judging import DEFAULT_PROFILE, check_driver_version, prepare, preview
from ocianalyze.analysis.registration import fit_app_image_config
from ocianalyze.analysis.source import Source
from ocianalyze.facts import gather
from ocianalyze.layers.budget import Budget
from ocianalyze.rules.registry import all_rules, wanted_contents
from ocianalyze.rules.rule import SIZE_LIMIT, Declaration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ocianalyze.facts.registration import AppImageConfig
    from ocianalyze.layers.reader import ReadLayer
    from ocianalyze.reports.report import Report
    from ocianalyze.rules.engine import Outcome
    from ocianalyze.rules.rule import Severity
    from ocianalyze.rules.waivers import Waiver

__all__ = [
    "DEFAULT_PROFILE",
    "FailOn",
    "Source",
    "analyze",
    "check_driver_version",
    "fit_app_image_config",
    "preview",
]

FailOn: TypeAlias = Literal["error", "warning", "note", "never"]

_log = logging.getLogger(__name__)


def analyze(
    source: Source,
    *,
    profiles: Sequence[str] = (DEFAULT_PROFILE,),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fail_on: FailOn = "error",
    app_image_config: AppImageConfig | None = None,
    size_limit: int = SIZE_LIMIT,
    driver_version: str | None = None,
    severity: Mapping[str, Severity] | None = None,
    waivers: Sequence[Waiver] = (),
    details: bool = False,
    fail_fast: bool = False,
    on_early: Callable[[Outcome], object] | None = None,
) -> Report:
    """Return the report on an image.

    `profiles` are those that decide the verdict; `select` and `ignore` are rule ids or prefixes of them; `fail_on` is
    the least severity for which the command line exits with 1: error, warning, note or never; it is no part of the
    verdict, but what `fail_fast` stops at. `app_image_config` is what the
    image is to be registered with, as JSON decodes it; `size_limit` is how large it may be, in bytes; `driver_version`
    is that of the host's NVIDIA driver, in digits and dots. `severity` is how bad the findings of some rules are,
    whatever the rules say; findings that one of `waivers` matches are shown and decide nothing. `details` adds where
    the bytes are, which is there anyhow for an image near the limit. `on_early` is told what is known without layers
    while there are layers to read.

    Raises:
        UsageError: the request cannot be carried out as it was put.
        AnalysisError: the image could not be analysed; nothing is said of it.
    """
    judge = prepare(
        profiles=profiles,
        select=select,
        ignore=ignore,
        app_image_config=app_image_config,
        driver_version=driver_version,
        severity=severity,
        waivers=waivers,
    )
    clock = _Clock()
    source = replace(source, wanted=source.wanted | wanted_contents(), budget=Budget(source.limits))
    with source.open() as image:
        clock.lap("open")
        _log.debug("%s: %s, %s, %d layers", image.reference, image.source, image.config.platform, len(image.layers))
        subject: Declaration = Declaration(
            image, app_image_config=app_image_config, size_limit=size_limit, driver_version=driver_version
        )
        look_ahead = cache(partial(_look_ahead, subject, judge))
        tell_early = cache(partial(_tell_early, look_ahead, on_early))
        layers: list[ReadLayer] = []
        verified: list[tuple[str, ...]] = []
        if not (fail_fast and tell_early().decisive(fail_on)):
            layers, verified = source.read(image, meanwhile=tell_early)
            clock.lap("layers")
            for layer, read in zip(image.layers, layers, strict=True):
                _log.debug(
                    "layer %d: %s, %s bytes, %s entries, read %s",
                    *(layer.position, read.compression, f"{read.size:,}", f"{len(read.changeset):,}", read.read),
                )
            filesystem = source.merge(layers)
            clock.lap("merge")
            _log.debug("%s paths after merging; now the facts and the rules", f"{filesystem.entries:,}")
            subject = subject.with_layers(filesystem, gather(image, filesystem, app_image_config=app_image_config))
        outcome = judge(subject, earlier=look_ahead())
        clock.lap("rules")
        from ocianalyze.reports.assembly import assemble
        from ocianalyze.reports.report import Request

        request = Request(fail_on=fail_on, select=list(select), ignore=list(ignore))
        # Facts that no rule asked for are found out now, while the image can still be read.
        return assemble(subject, outcome, layers, verified, request=request, phases=clock.phases, details=details)


def _look_ahead(declaration: Declaration, judge: partial[Outcome]) -> Outcome:
    """Return what is known without layers."""
    _import_the_rest()
    early = judge(declaration)
    for item in early.judgements:
        _log.debug("known without layers: %s %s: %s", item.severity, item.rule.id, item.finding.message)
    return early


def _tell_early(look_ahead: Callable[[], Outcome], on_early: Callable[[Outcome], object] | None) -> Outcome:
    """Return what is known without layers, and tell it at once."""
    early = look_ahead()
    if on_early is not None:
        on_early(early)
    return early


def _import_the_rest() -> None:
    """Import what is not needed before the layers are read, and so can be imported while other processes read them."""
    from ocianalyze.reports import assembly  # noqa: F401 - only loaded here

    all_rules()


class _Clock:
    """Measures how long each phase takes, in seconds."""

    def __init__(self) -> None:
        self.phases: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, phase: str) -> None:
        now = perf_counter()
        self.phases[phase] = now - self._last
        self._last = now
