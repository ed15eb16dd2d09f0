"""What is asked of an image, checked before it is opened; and what can be answered without its layers."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import UsageError
from ocianalyze.facts.registration import validate
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import CLASSIC, choose_profiles
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import SIZE_LIMIT, Declaration
from ocianalyze.rules.selection import check_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.registration import AppImageConfig
    from ocianalyze.oci.image import Image
    from ocianalyze.rules.engine import Outcome
    from ocianalyze.rules.rule import Severity
    from ocianalyze.rules.waivers import Waiver

DEFAULT_PROFILE = CLASSIC

_VERSION: Final = re.compile(r"\d{1,5}(\.\d{1,5}){0,3}", re.ASCII)


def prepare(
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
    """Return what can be said of an open image without reading its layers.

    Parameters and errors are those of `ocianalyze.analysis.analyze`.
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
    return judge(
        Declaration(image, app_image_config=app_image_config, size_limit=size_limit, driver_version=driver_version)
    )


def check_driver_version(text: str) -> str:
    """Return the version of a driver as it is; raises UsageError if it is none."""
    if not _VERSION.fullmatch(text):
        raise UsageError(f"the driver version {text[:100]!r} is not of digits and dots, such as 535.104.05")
    return text
