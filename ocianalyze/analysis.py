"""The whole program in the order in which it happens: image, layers, file system, facts, findings, report."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from time import perf_counter
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, TypeAlias

from ocianalyze.errors import UsageError
from ocianalyze.facts import READS, gather
from ocianalyze.facts.app_image_config import validate
from ocianalyze.filesystem.merge import merge
from ocianalyze.layers.capture import Capture
from ocianalyze.layers.limits import DEFAULT_LIMITS, Limits
from ocianalyze.layers.progress import SILENT, Progress
from ocianalyze.layers.reader import Reading, verify
from ocianalyze.layers.reading import read_layers
from ocianalyze.oci.reference import Reference
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import CLASSIC, choose_profiles
from ocianalyze.rules.registry import all_rules, wanted_contents
from ocianalyze.rules.rule import SIZE_LIMIT, Declaration
from ocianalyze.rules.selection import check_names
from ocianalyze.sources.opening import open_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ocianalyze.facts.app_image_config import AppImageConfig
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.layers.cache import LayerCache
    from ocianalyze.layers.reader import ReadLayer
    from ocianalyze.oci.image import Image
    from ocianalyze.reports.registration import Registration
    from ocianalyze.reports.report import Report
    from ocianalyze.rules.engine import Outcome
    from ocianalyze.rules.rule import Severity
    from ocianalyze.rules.waivers import Waiver
    from ocianalyze.sources.registry.access import RegistryAccess

DEFAULT_PROFILE = CLASSIC
FailOn: TypeAlias = Literal["error", "warning", "note", "never"]

_log = logging.getLogger(__name__)

_VERSION: Final = re.compile(r"\d{1,5}(\.\d{1,5}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which image is meant, and how it is read.

    Attributes:
        reference: a path, ``-`` or a reference in skopeo's syntax.
        platform: which platform of several, such as ``linux/amd64``.
        name: which image of several: a name, ``@`` and a position, or a digest.
        stdin: where ``-`` is read from.
        access: how registries are reached; None for anonymously, and as this machine trusts.
        cache: where what is learned of layers is kept for the next scan; None for nowhere.
        verify_all: read and hash everything, the uncompressed layers too.
        jobs: how many layers are read at a time; None for as many as there are processors.
        limits: how much the image may ask for.
        wanted: the contents to keep of an image that streams by beyond those that facts are made of, as `Capture`
            patterns.
        progress: told how far the reading of layers is.
    """

    reference: str
    platform: str | None = None
    name: str | None = None
    stdin: BinaryIO | None = None
    access: RegistryAccess | None = None
    cache: LayerCache | None = None
    verify_all: bool = False
    jobs: int | None = None
    limits: Limits = DEFAULT_LIMITS
    wanted: frozenset[str] = frozenset()
    progress: Progress = SILENT

    @contextmanager
    def open(self, *, read_layers: bool = True) -> Iterator[Image]:
        """Open the image for the time of the block; errors are those of `open_image`."""
        reference = Reference.parse(self.reference)
        with open_image(
            reference,
            self._reading(),
            platform=self.platform,
            name=self.name,
            stdin=self.stdin,
            access=self.access,
            read_layers=read_layers,
        ) as image:
            yield image

    def read(
        self, image: Image, *, meanwhile: Callable[[], object] | None = None
    ) -> tuple[list[ReadLayer], list[tuple[str, ...]]]:
        """Return the layers of the open image, read, and which of their digests were verified.

        `meanwhile` is called once, while others read where there are others, to make use of the time; not where there
        is nothing to read.

        Raises:
            DigestMismatchError: a layer's bytes contradict its digest, its diff_id or its size.
        """
        layers = read_layers(image, self._reading(), jobs=self.jobs, meanwhile=meanwhile)
        return layers, [verify(layer, result) for layer, result in zip(image.layers, layers, strict=True)]

    def merge(self, layers: Sequence[ReadLayer]) -> Filesystem:
        """Return the file system that the layers make."""
        return merge([layer.changeset for layer in layers], [layer.contents for layer in layers], self.limits)

    def _reading(self) -> Reading:
        return Reading(
            limits=self.limits,
            capture=Capture(READS | self.wanted),
            verify=self.verify_all,
            cache=self.cache,
            progress=self.progress,
        )


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
    the least severity that makes the verdict ``fail``: error, warning, note or never. `app_image_config` is what the
    image is to be registered with, as JSON decodes it; `size_limit` is how large it may be, in bytes; `driver_version`
    is that of the host's NVIDIA driver, in digits and dots. `severity` is how bad the findings of some rules are,
    whatever the rules say; findings that one of `waivers` matches are shown and decide nothing. `details` adds where
    the bytes are, which is there anyhow for an image near the limit. `on_early` is told what is known without layers
    while there are layers to read.

    Raises:
        UsageError: the request cannot be carried out as it was put.
        AnalysisError: the image could not be analysed; nothing is said of it.
    """
    judge = _judge(
        profiles=profiles,
        select=select,
        ignore=ignore,
        app_image_config=app_image_config,
        driver_version=driver_version,
        severity=severity,
        waivers=waivers,
    )
    clock = _Clock()
    source = replace(source, wanted=source.wanted | wanted_contents())
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
    return assemble(subject, outcome, layers, verified, request=request, phases=clock.phases, details=details)


def preview(
    image: Image,
    *,
    profiles: Sequence[str] = (DEFAULT_PROFILE,),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    app_image_config: AppImageConfig | None = None,
    size_limit: int = SIZE_LIMIT,
    driver_version: str | None = None,
    severity: Mapping[str, Severity] | None = None,
    waivers: Sequence[Waiver] = (),
) -> Outcome:
    """Return what can be said of an open image without reading its layers; parameters and errors as of `analyze`."""
    judge = _judge(
        profiles=profiles,
        select=select,
        ignore=ignore,
        app_image_config=app_image_config,
        driver_version=driver_version,
        severity=severity,
        waivers=waivers,
    )
    return judge(
        Declaration(image, app_image_config=app_image_config, size_limit=size_limit, driver_version=driver_version)
    )


def _judge(
    *,
    profiles: Sequence[str],
    select: Sequence[str],
    ignore: Sequence[str],
    app_image_config: AppImageConfig | None,
    driver_version: str | None,
    severity: Mapping[str, Severity] | None,
    waivers: Sequence[Waiver],
) -> partial[Outcome]:
    """Return `run` as it is to be called, after all that was asked for has been checked."""
    chosen = choose_profiles(profiles)
    if app_image_config is not None:
        validate(app_image_config, what="the AppImageConfig")
    if driver_version is not None:
        check_driver_version(driver_version)
    if select or ignore or severity or waivers:
        check_names(
            all_rules(), select=select, ignore=ignore, severity=severity or (), waivers=waivers, profiles=chosen
        )
    return partial(run, profiles=chosen, select=select, ignore=ignore, severity=severity, waivers=waivers)


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


def check_driver_version(text: str) -> str:
    """Return the version of a driver as it is; raises UsageError if it is none."""
    if not _VERSION.fullmatch(text):
        raise UsageError(f"the driver version {text[:100]!r} is not of digits and dots, such as 535.104.05")
    return text


def fit_app_image_config(source: Source, *, profile: str = DEFAULT_PROFILE, name: str | None = None) -> Registration:
    """Return the AppImageConfig that fits an image; errors are those of `ocianalyze.reports.registration.register`."""
    (chosen,) = choose_profiles([profile])
    with source.open() as image:
        layers, _ = source.read(image)
        filesystem = source.merge(layers)
        from ocianalyze.reports.registration import register

        return register(image, filesystem, profile=chosen, name=name)


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
