"""What an image is checked for: the profiles, the rules, their severities, and the context."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ocianalyze.errors import UsageError
from ocianalyze.facts.registration import validate
from ocianalyze.regex import regex
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import choose_profiles
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import SIZE_LIMIT, Declaration
from ocianalyze.rules.selection import check_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocianalyze.facts.registration import AppImageConfig
    from ocianalyze.oci.image import Image
    from ocianalyze.rules.engine import Outcome
    from ocianalyze.rules.rule import Severity
    from ocianalyze.rules.target import Target
    from ocianalyze.rules.waivers import Waiver

FailOn: TypeAlias = Literal["error", "warning", "note", "never"]

_VERSION: Final = regex(r"\d{1,5}(\.\d{1,5}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What an image is checked for.

    Attributes:
        profiles: the profiles that decide the verdict; none for those of the apps that the image is meant for, and
            ``all`` for every profile.
        select: run only these rules; ids, names or prefixes of ids.
        ignore: skip these rules.
        severity: overrides the severity of the findings of some rules, by the ids of the rules.
        waivers: findings that match one of them are shown but do not count.
        app_image_config: the AppImageConfig that the image is registered with, as decoded JSON.
        size_limit: the maximum size of the image, in bytes.
        driver_version: the version of the host's NVIDIA driver, in digits and dots.
        fail_on: the lowest severity for which the command line exits with 1; it does not affect verdicts.
        fail_fast: stop before reading layers if the configuration already has findings as severe as `fail_on`.
        details: report the largest files and directories, even if the image is not near the size limit.
        inventory: report sizes by directory, packages and environment, and what of the image is avoidable.
    """

    profiles: Sequence[str] = ()
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
    inventory: bool = False

    def checked(self) -> Policy:
        """Return the policy with the full names of its profiles.

        Raises:
            UsageError: it contains an unknown name, or an invalid AppImageConfig or driver version.
        """
        chosen = choose_profiles(self.profiles)
        if self.app_image_config is not None:
            validate(self.app_image_config, what="the AppImageConfig")
        if self.driver_version is not None:
            check_driver_version(self.driver_version)
        self._check_names(chosen)
        return replace(self, profiles=chosen)

    def _check_names(self, profiles: Sequence[str]) -> None:
        if self.select or self.ignore or self.severity or self.waivers:
            check_names(
                all_rules(),
                select=self.select,
                ignore=self.ignore,
                severity=self.severity,
                waivers=self.waivers,
                profiles=profiles,
            )

    def declare(self, image: Image) -> Declaration:
        """Return the part of an open image that can be judged before its layers are read."""
        return Declaration(
            image,
            app_image_config=self.app_image_config,
            size_limit=self.size_limit,
            driver_version=self.driver_version,
        )

    def target(self, subject: Declaration) -> Target:
        """Return the profiles to judge a subject for, and why these."""
        from ocianalyze.rules.target import find_target

        return find_target(subject, self.profiles)

    def judge(self, subject: Declaration, *, earlier: Outcome | None = None) -> Outcome:
        """Return the outcome of the rules for a subject; `earlier` is the outcome before its layers were read.

        Raises:
            RuleError: a rule failed.
            UsageError: no rule is left for the app that the image is meant for.
        """
        target = self.target(subject)
        if not self.profiles:
            self._check_names(target.profiles)
        return run(
            subject,
            target.profiles,
            settled=target.is_known,
            select=self.select,
            ignore=self.ignore,
            severity=self.severity,
            waivers=self.waivers,
            earlier=earlier,
        )


def check_driver_version(text: str) -> str:
    """Return the version of a driver unchanged; raises UsageError if it is invalid."""
    if not _VERSION.fullmatch(text):
        raise UsageError(f"invalid driver version {text[:100]!r}", hint="Use digits and dots, such as 535.104.05")
    return text
