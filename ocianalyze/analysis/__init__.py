"""The whole program in the order in which it happens: image, layers, file system, facts, findings, report."""

from __future__ import annotations

from functools import cache
from os import fspath
from typing import TYPE_CHECKING

from ocianalyze.analysis.observing import Clock, Log, Observer, Observers
from ocianalyze.analysis.registration import fit_app_image_config
from ocianalyze.analysis.source import Source
from ocianalyze.facts import gather
from ocianalyze.rules.policy import DEFAULT_PROFILE, FailOn, Policy
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
    "DEFAULT_PROFILE",
    "FailOn",
    "Observer",
    "Policy",
    "Source",
    "analyze",
    "fit_app_image_config",
    "preview",
]

_DEFAULT = Policy()


def analyze(
    source: Source | str | PathLike[str], policy: Policy = _DEFAULT, *, observers: Iterable[Observer] = ()
) -> Report:
    """Return the report on an image.

    `source` is which image is meant and how it is read, or only the former: a path, or a name in a registry. `policy`
    is what it is held against. `observers` are told what happens in between.

    Raises:
        UsageError: the request cannot be carried out as it was put.
        AnalysisError: the image could not be analysed; nothing is said of it.
    """
    if not isinstance(source, Source):
        source = Source(reference=fspath(source))
    policy, clock = policy.checked(), Clock()
    observer = Observers((clock, Log(), *observers))
    source = source.with_budget(wanted_contents())
    with source.open() as image:
        observer.opened(image)
        declaration = policy.declare(image)

        @cache
        def foresee() -> Outcome:
            """Judge what needs no layer, once: while others read the layers, if there are others."""
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

        # Facts that no rule asked for are found out now, while the image can still be read.
        return assemble(subject, outcome, layers, verified, policy=policy, phases=clock.phases)


def preview(image: Image, policy: Policy = _DEFAULT) -> Outcome:
    """Return what can be said of an open image without reading its layers; errors are those of `analyze`."""
    policy = policy.checked()
    return policy.judge(policy.declare(image))


def _import_the_rest() -> None:
    """Import what is not needed before the layers are read, and so can be imported while other processes read them."""
    from ocianalyze.reports import assembly  # noqa: F401 - only loaded here

    all_rules()
