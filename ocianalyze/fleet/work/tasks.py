"""What processes of a fleet ask of each other: values that say all that is needed, and no secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.errors import OcianalyzeError
    from ocianalyze.facts.registration import AppImageConfig
    from ocianalyze.fleet.work.rows import Rows
    from ocianalyze.sources.registry.documents import StoredDocument


class ImageTask(NamedTuple):
    """An image to be judged.

    Attributes:
        reference: the image as people named it.
        pinned: the same with the digest that it led to when the run began.
        name: which image of a file it is.
        documents: its manifests and its config, by digest, if it is in a registry.
        app_image_config: the AppImageConfig that it is registered with.
        profile: the profile that it is registered for.
    """

    reference: str
    pinned: str
    name: str | None = None
    documents: Mapping[str, StoredDocument] = {}
    app_image_config: AppImageConfig | None = None
    profile: str | None = None


class LayerTask(NamedTuple):
    """A layer to be read, as the one at `position` of an image that has it."""

    image: ImageTask
    position: int


Task: TypeAlias = "ImageTask | LayerTask"


class LayerRead(NamedTuple):
    """What came of a layer.

    Attributes:
        bytes_read: the number of bytes that were read of it; 0 if it was known.
        handed: the result itself, by its keys, for whoever judges an image with it; empty if a store has it.
        warnings: what people are to know even if all went well.
    """

    bytes_read: int
    handed: Mapping[str, bytes] = {}
    warnings: tuple[str, ...] = ()


class Judged(NamedTuple):
    """What came of an image, as it is stored; `warnings` as above."""

    rows: Rows
    warnings: tuple[str, ...] = ()


class Failed(NamedTuple):
    """Why a layer could not be read, or why there is no answer at all."""

    error: OcianalyzeError


Outcome: TypeAlias = "LayerRead | Judged | Failed"
