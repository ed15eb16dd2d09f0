"""The whole analysis in order: image, layers, file system, facts, findings, report."""

from __future__ import annotations

from functools import cache
from os import fspath
from typing import TYPE_CHECKING

from ocianalyze.analysis.measuring import measure
from ocianalyze.analysis.observing import Clock, Log, Observer, Observers
from ocianalyze.analysis.registration import fit_app_image_config
from ocianalyze.analysis.source import Source
from ocianalyze.facts import gather
from ocianalyze.rules.policy import FailOn, Policy
from ocianalyze.rules.registry import all_rules, wanted_contents

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.oci.image import Image
    from ocianalyze.reports.report import Report
    from ocianalyze.rules.engine import Outcome
    from ocianalyze.rules.rule import Declaration

__all__ = [
    "FailOn",
    "Observer",
    "Policy",
    "Source",
    "analyze",
    "fit_app_image_config",
    "measure",
    "preview",
]

_DEFAULT = Policy()


def analyze(
    source: Source | str | PathLike[str], policy: Policy = _DEFAULT, *, observers: Iterable[Observer] = ()
) -> Report:
    """Analyse an image and return the report.

    `source` says which image to read and how. A path or a registry name is enough. `policy` says which profiles and
    rules to check. `observers` receive the events of the analysis.

    Raises:
        UsageError: the request is wrong or cannot be carried out.
        AnalysisError: the image could not be analysed; there is no report.
    """
    if not isinstance(source, Source):
        source = Source(reference=fspath(source))
    policy, clock = policy.checked(), Clock()
    observer = Observers((clock, Log(), *observers))
    source = source.with_budget(wanted_contents() | (_lists_of_files() if policy.inventory else frozenset()))
    with source.open() as image:
        observer.opened(image)
        declaration = policy.declare(image)

        @cache
        def foresee() -> Outcome:
            """Run the rules that need no layers, once: while other processes read the layers, if there are any."""
            _import_the_rest()
            outcome = policy.judge(declaration)
            observer.foreseen(outcome)
            return outcome

        subject: Declaration = declaration
        layers: list[ReadLayer] = []
        verified: list[tuple[str, ...]] = []
        if not (policy.fail_fast and foresee().decisive(policy.fail_on)):
            layers, verified = source.read(image, meanwhile=foresee)
            observer.read(image, layers)
            filesystem = source.merge(layers)
            observer.merged(filesystem)
            facts = gather(image, filesystem, app_image_config=policy.app_image_config)
            subject = declaration.with_layers(filesystem, facts)
        outcome = policy.judge(subject, earlier=foresee())
        observer.judged(outcome)
        from ocianalyze.reports.assembly import assemble

        # Facts that no rule needed are collected now, while the image can still be read.
        return assemble(subject, outcome, layers, verified, policy=policy, started=clock.started, phases=clock.phases)


def preview(image: Image, policy: Policy = _DEFAULT) -> Outcome:
    """Run the rules that need no layers on an open image; raises the same errors as `analyze`."""
    policy = policy.checked()
    return policy.judge(policy.declare(image))


def _lists_of_files() -> frozenset[str]:
    """Return what an inventory reads in addition; others do not wait for its import."""
    from ocianalyze.facts.packages import FILE_LISTS

    return FILE_LISTS


def _import_the_rest() -> None:
    """Import modules that are needed only after the layers are read, while other processes read them."""
    from ocianalyze.reports import assembly  # noqa: F401 - only loaded here

    all_rules()
