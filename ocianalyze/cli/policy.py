"""What an image is held against, from the options and the settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.cli.input import either, read_app_image_config, read_severities, several

if TYPE_CHECKING:
    from pathlib import Path

    from ocianalyze.rules.policy import Policy
    from ocianalyze.settings.model import Settings


class PolicyOptions(NamedTuple):
    """The options that say what is asked of an image, as they are given."""

    profile: list[str] | None
    select: list[str] | None
    ignore: list[str] | None
    severity: list[str] | None
    app_image_config: Path | None
    driver_version: str | None
    size_limit: int | None = None
    fail_on: str | None = None
    fail_fast: bool = False
    details: bool = False
    inventory: bool = False


def make_policy(given: PolicyOptions, settings: Settings, *, image: str) -> Policy:
    """Return the policy of the settings, with what is given instead; `image` may be read from standard input, too.

    Raises:
        UsageError: a severity is none, or the AppImageConfig cannot be read.
    """
    policy = settings.policy
    config = given.app_image_config or settings.app_image_config
    return replace(
        policy,
        profiles=several(given.profile) or policy.profiles,
        select=several(given.select) or policy.select,
        ignore=several(given.ignore) or policy.ignore,
        severity={**policy.severity, **read_severities(several(given.severity))},
        app_image_config=read_app_image_config(config, image=image) if config else None,
        driver_version=either(given.driver_version, policy.driver_version),
        size_limit=either(given.size_limit, policy.size_limit),
        fail_on=either(given.fail_on, policy.fail_on),
        fail_fast=given.fail_fast,
        details=given.details,
        inventory=given.inventory,
    )
