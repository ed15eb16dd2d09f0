"""Images that could not be analysed, by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.fleet.report.document import FailedImage, Failures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.fleet.report.document import ImageFacts

_IMAGE: Final = "IMAGE"


def group_failures(images: Sequence[ImageFacts]) -> list[Failures]:
    """Return the images that could not be analysed, those together whose messages differ in names and numbers only."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, image in enumerate(images):
        if image.error is not None:
            texts = (image.error.message, image.error.hint or "")
            key = (image.error.code, *(_kept(text, image.reference) for text in texts))
            groups.setdefault(key, []).append(place)
    return [_failures(images, places) for places in sorted(groups.values(), key=lambda places: -len(places))]


def _failures(images: Sequence[ImageFacts], places: Sequence[int]) -> Failures:
    errors = [(place, error) for place in places if (error := images[place].error) is not None]
    first = errors[0][1]
    return Failures(
        code=first.code,
        reason=first.message,
        hint=first.hint,
        images=[FailedImage(image=place, message=error.message) for place, error in errors],
    )


def _kept(text: str, reference: str) -> str:
    """Return what a message says whatever it is about: without the image, paths, digests and numbers."""
    words = text.replace(reference, _IMAGE).split()
    return " ".join(word for word in words if "/" not in word and not any(map(str.isdigit, word)))
