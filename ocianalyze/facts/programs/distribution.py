"""SageMaker Distribution: whether an image is made from it, from which version, and until when that is supported.

Sources: aws/sagemaker-distribution (the label, and ``template/*/dirs/usr/local/bin``); AWS, "SageMaker Studio image
support policy", https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-distribution.html, as of 2026-11-28.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.programs.applications import DISTRIBUTION_PROGRAMS
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

LABEL: Final = "org.amazon.sagemaker-distribution.image.version"
"""The label of SageMaker Distribution images, and of images that are made from them."""

UNIFIED_PROGRAM: Final = "entrypoint-sagemaker-ui-jupyter-server"
"""The entry point that SageMaker Unified Studio starts."""

_FIRST_UNIFIED: Final = (2, 6)
"""The first version that SageMaker Unified Studio takes."""

_PLACE: Final = "/usr/local/bin/"
_VERSION: Final = regex(r"v?(\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?(?:[-+.].*)?", re.ASCII)
_ENDS: Final = (
    ((2,), date(2026, 9, 9)),
    ((3,), date(2026, 9, 29)),
    ((4, 0), date(2026, 10, 31)),
    ((4, 1), date(2026, 10, 31)),
    ((4, 2), date(2026, 11, 30)),
)
"""The last days of support of versions that begin so."""


class SageMakerDistribution(NamedTuple):
    """The SageMaker Distribution that an image is made from.

    Attributes:
        stated: the version as the label states it, if there is a label.
        version: its first two numbers, if it can be told.
        program: one of its programs in the image, if there are any.
    """

    stated: str | None
    version: tuple[int, int] | None
    program: Node | None

    @property
    def runs_in_unified_studio(self) -> bool:
        """Whether it is known to be a version that SageMaker Unified Studio takes."""
        return self.version is not None and self.version >= _FIRST_UNIFIED

    @property
    def end(self) -> date | None:
        """The last day on which it is supported, if that is announced."""
        version = self.version or ()
        return next((day for begin, day in _ENDS if version[: len(begin)] == begin), None)


def find_distribution(filesystem: Filesystem, labels: Mapping[str, str]) -> SageMakerDistribution | None:
    """Return what an image is made from, by its label and its files; None if neither tells of it."""
    stated = labels.get(LABEL)
    nodes = (filesystem.lookup(_PLACE + name) for name in DISTRIBUTION_PROGRAMS)
    program = next((node for node in nodes if node is not None and node.is_file), None)
    if stated is None and program is None:
        return None
    match = _VERSION.fullmatch((stated or "").strip())
    return SageMakerDistribution(stated, (int(match[1]), int(match[2])) if match else None, program)
