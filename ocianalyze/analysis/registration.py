"""The AppImageConfig that fits an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.errors import UsageError
from ocianalyze.facts import gather
from ocianalyze.rules.profiles import choose_profiles
from ocianalyze.rules.rule import Subject
from ocianalyze.rules.target import find_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.analysis.source import Source
    from ocianalyze.reports.registration import Registration


def fit_app_image_config(source: Source, *, profile: str | Sequence[str] = (), name: str | None = None) -> Registration:
    """Return the AppImageConfig that fits an image; raises the errors of `ocianalyze.reports.registration.register`.

    `profile` is the app that it is for; none for the one that the image is meant for.
    """
    requested = choose_profiles([profile] if isinstance(profile, str) else profile)
    if len(requested) > 1:
        raise UsageError(
            f"an AppImageConfig is for one kind of app, not for {', '.join(requested)}", hint="Choose one profile"
        )
    with source.open() as image:
        layers, _ = source.read(image)
        filesystem = source.merge(layers)
        from ocianalyze.reports.registration import register

        subject = Subject(image, filesystem, gather(image, filesystem))
        return register(subject, profile=find_target(subject, requested).profiles[0], name=name)
