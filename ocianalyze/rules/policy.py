"""What an image is held against: the profiles, which rules, how severe, and under which circumstances."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ocianalyze.errors import UsageError
from ocianalyze.facts.registration import validate
from ocianalyze.regex import regex
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

FailOn: TypeAlias = Literal["error", "warning", "note", "never"]

DEFAULT_PROFILE: Final = CLASSIC

_VERSION: Final = regex(r"\d{1,5}(\.\d{1,5}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is asked of an image.

    Attributes:
        profiles: the profiles that decide the verdict.
        select: only these rules; ids, names or prefixes of ids.
        ignore: not these rules.
        severity: how severe the findings of some rules are instead, by the ids of the rules.
        waivers: findings that one of them matches are shown and decide nothing.
        app_image_config: what the image is to be registered with, as JSON decodes it.
        size_limit: how large the image may be, in bytes.
        driver_version: the version of the host's NVIDIA driver, in digits and dots.
        fail_on: the least severity for which the command line exits with 1; it decides no verdict.
        fail_fast: read no layer if what is known without them is as severe as `fail_on` already.
        details: report where the bytes are, even if the image is not near the size limit.
    """

    profiles: Sequence[str] = (DEFAULT_PROFILE,)
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    waivers: Sequence[Waiver] = ()
    app_image_config: AppImageConfig | None = None
    size_limit: int = SIZE_LIMIT
    driver_version: str | None = None
    fail_on: FailOn = "error"
    fail_fast: bool = False
    details: bool = False

    def checked(self) -> Policy:
        """Return the policy with the full names of its profiles.

        Raises:
            UsageError: it names what there is not, or its AppImageConfig or driver version is none.
        """
        chosen = choose_profiles(self.profiles)
        if self.app_image_config is not None:
            validate(self.app_image_config, what="the AppImageConfig")
        if self.driver_version is not None:
            check_driver_version(self.driver_version)
        if self.select or self.ignore or self.severity or self.waivers:
            check_names(
                all_rules(),
                select=self.select,
                ignore=self.ignore,
                severity=self.severity,
                waivers=self.waivers,
                profiles=chosen,
            )
        return replace(self, profiles=chosen)

    def declare(self, image: Image) -> Declaration:
        """Return what can be judged of an open image before its layers are read."""
        return Declaration(
            image,
            app_image_config=self.app_image_config,
            size_limit=self.size_limit,
            driver_version=self.driver_version,
        )

    def judge(self, subject: Declaration, *, earlier: Outcome | None = None) -> Outcome:
        """Return what the rules say of a subject; `earlier` is what they said of it before its layers were read."""
        return run(
            subject,
            self.profiles,
            select=self.select,
            ignore=self.ignore,
            severity=self.severity,
            waivers=self.waivers,
            earlier=earlier,
        )


def check_driver_version(text: str) -> str:
    """Return the version of a driver as it is; raises UsageError if it is none."""
    if not _VERSION.fullmatch(text):
        raise UsageError(f"the driver version {text[:100]!r} is not of digits and dots, such as 535.104.05")
    return text
