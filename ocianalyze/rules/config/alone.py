"""What the rules find in an AppImageConfig alone, without the image that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.oci.digest import Digest
from ocianalyze.oci.image import Image
from ocianalyze.oci.models import ImageConfig, RootFS
from ocianalyze.rules.config.config_name_invalid import config_name_invalid
from ocianalyze.rules.config.container_config_invalid import container_config_invalid
from ocianalyze.rules.config.file_system_config_invalid import file_system_config_invalid
from ocianalyze.rules.config.file_system_config_unsupported import file_system_config_unsupported
from ocianalyze.rules.config.kernel_list_invalid import kernel_list_invalid
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import PROFILES
from ocianalyze.rules.rule import Declaration

if TYPE_CHECKING:
    from ocianalyze.facts.registration import AppImageConfig
    from ocianalyze.rules.judgement import Judgement


def judge_alone(config: AppImageConfig) -> tuple[Judgement, ...]:
    """Return the findings of the rules that look at nothing but the config, the most severe first.

    Each has its highest severity for any profile. CFG006 is not among them: it is about the app that is scanned for.
    """
    rules = (
        config_name_invalid,
        kernel_list_invalid,
        file_system_config_invalid,
        file_system_config_unsupported,
        container_config_invalid,
    )
    return run(Declaration(_NO_IMAGE, app_image_config=config), tuple(PROFILES), rules=rules).judgements


_NO_IMAGE = Image(
    reference="",
    source="",
    names=(),
    digest=None,
    media_type=None,
    config_digest=Digest.of(b"{}"),
    config=ImageConfig(rootfs=RootFS()),
    layers=(),
)
"""An image that says nothing."""
