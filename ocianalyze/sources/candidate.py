"""The images that a source holds, and the choice of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ocianalyze.errors import ImageChoiceError, InvalidImageError
from ocianalyze.oci.image import Image, Layer, build_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.oci.digest import Digest
    from ocianalyze.oci.image import Blob
    from ocianalyze.oci.models import ImageConfig, Platform

DEFAULT_PLATFORM = "linux/amd64"
"""The platform of every instance type that Studio apps run on (botocore, ``AppInstanceType``)."""


class StoredLayer(NamedTuple):
    """Where a layer is stored, and what its descriptor states of it."""

    blob: Blob
    digest: Digest | None = None
    size: int | None = None
    media_type: str | None = None


class Candidate(NamedTuple):
    """One image of a source: its names, its config, and where its layers are."""

    names: tuple[str, ...]
    config: ImageConfig
    config_digest: Digest
    layers: tuple[StoredLayer, ...]
    digest: Digest | None = None
    media_type: str | None = None

    @property
    def platform(self) -> Platform:
        """The platform that the config states."""
        return self.config.platform

    def image(self, *, reference: str, source: str, form: str | None = None) -> Image:
        """Return the image.

        Raises:
            InvalidImageError: the config does not name as many layers as there are.
        """
        diff_ids = self.config.rootfs.diff_ids
        if len(diff_ids) != len(self.layers):
            raise InvalidImageError(
                f"the image is inconsistent: {len(self.layers)} layers, but its config has {len(diff_ids)} diff_ids"
            )
        steps = build_steps(self.config.history, len(diff_ids))
        layers = tuple(
            Layer(
                position=position,
                diff_id=diff_id,
                digest=stored.digest,
                size=stored.size,
                media_type=stored.media_type,
                created_by=step,
                blob=stored.blob,
            )
            for position, (diff_id, stored, step) in enumerate(zip(diff_ids, self.layers, steps, strict=True))
        )
        return Image(
            reference=reference,
            source=source,
            names=self.names,
            digest=self.digest,
            media_type=self.media_type,
            config_digest=self.config_digest,
            config=self.config,
            layers=layers,
            form=form or source,
        )


def choose(candidates: Sequence[Candidate], *, name: str | None, platform: str | None) -> Candidate:
    """Return the one candidate that fits.

    `name` is a name of the image, ``@`` and a position (from 0), or a digest. `platform` is only needed where there
    are several, and is then linux/amd64 if it is not given.

    Raises:
        ImageChoiceError: none fits, or several do; the error lists what there is.
    """
    if not candidates:
        raise InvalidImageError("the archive holds no image")
    left = _merge_names(candidates if name is None else _named(candidates, name))
    if platform is None and _are_unrelated(left):
        raise _none_chosen(left)
    if len(left) > 1 or platform is not None:
        wanted = platform or DEFAULT_PLATFORM
        fitting = [candidate for candidate in left if fits(candidate.platform, wanted)]
        if not fitting:
            raise ImageChoiceError(
                f"there is no image for the platform {wanted}",
                choices=sorted({str(candidate.platform) or "unknown" for candidate in left}),
                hint="choose one of those that exist with --platform",
            )
        left = fitting
    if len(left) > 1:
        raise _none_chosen(left)
    return left[0]


def _none_chosen(candidates: Sequence[Candidate]) -> ImageChoiceError:
    return ImageChoiceError(
        f"there are {len(candidates)} images and none was chosen",
        choices=_titles(candidates),
        hint="choose one with --image NAME or --image @POSITION",
    )


def _are_unrelated(candidates: Sequence[Candidate]) -> bool:
    """Tell whether there are images that share no name, so that a platform does not tell which of them is meant."""
    related: set[str] = set()
    for candidate in candidates:
        if related and related.isdisjoint(candidate.names):
            return True
        related.update(candidate.names)
    return False


def _named(candidates: Sequence[Candidate], name: str) -> list[Candidate]:
    ordered = _merge_names(candidates)
    if name.startswith("@") and name[1:].isdecimal():
        position = int(name[1:])
        found = ordered[position : position + 1]
    else:
        found = [
            candidate
            for candidate in candidates
            if name in (candidate.digest, candidate.config_digest)
            or any(familiar(known) == familiar(name) for known in candidate.names)
        ]
    if not found:
        raise ImageChoiceError(
            f"there is no image {name!r}", choices=_titles(ordered), hint="choose one of those that exist with --image"
        )
    return found


def _merge_names(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return each image once, with all its names."""
    merged: dict[tuple[Digest, tuple[Digest | None, ...]], Candidate] = {}
    for candidate in candidates:
        key = candidate.config_digest, tuple(layer.digest for layer in candidate.layers)
        known = merged.get(key)
        names = dict.fromkeys((known.names if known else ()) + candidate.names)
        merged[key] = (known or candidate)._replace(names=tuple(names))
    return list(merged.values())


def familiar(name: str) -> str:
    """Return a name as docker shows it: without Docker Hub's host and library, with a tag."""
    for prefix in ("docker.io/", "index.docker.io/"):
        name = name.removeprefix(prefix)
    name = name.removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"


def fits(platform: Platform, wanted: str) -> bool:
    """Tell whether a platform is the one that is wanted, whose variant may be left out."""
    parts = [part for part in (platform.os, platform.architecture, platform.variant) if part]
    return wanted.split("/") in (parts, parts[:2])


def _titles(candidates: Sequence[Candidate]) -> list[str]:
    return [
        f"@{position}: {', '.join(image.names) or image.digest or image.config_digest} ({image.platform})"
        for position, image in enumerate(candidates)
    ]
