"""The AppImageConfig that fits an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.policy import DEFAULT_PROFILE
from ocianalyze.rules.profiles import choose_profiles

if TYPE_CHECKING:
    from ocianalyze.analysis.source import Source
    from ocianalyze.reports.registration import Registration


def fit_app_image_config(source: Source, *, profile: str = DEFAULT_PROFILE, name: str | None = None) -> Registration:
    """Return the AppImageConfig that fits an image; raises the errors of `ocianalyze.reports.registration.register`."""
    (chosen,) = choose_profiles([profile])
    with source.open() as image:
        layers, _ = source.read(image)
        filesystem = source.merge(layers)
        from ocianalyze.reports.registration import register

        return register(image, filesystem, profile=chosen, name=name)
