"""Which image of a source is meant, by its name first and then by the platform; no more of others is read for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from ocianalyze.errors import ImageChoiceError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from ocianalyze.oci.platforms import Wanted
    from ocianalyze.sources.candidate import Candidate

_LONGEST_POSITION: Final = 10


class Choice(Protocol):
    """One image of a source, perhaps for several platforms, of which no more is known than how it is called."""

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called, if it is called anything."""

    @property
    def key(self) -> Hashable:
        """What two choices have in common if they are one image for all platforms."""

    def identity(self, wanted: Wanted | None) -> Hashable | None:
        """Return what two choices have in common if they are one image for a platform; None if there is none for it."""

    def exists(self) -> bool:
        """Tell whether anything of it is there, and whether it is an image at all; otherwise it is no choice."""

    def called(self, names: tuple[str, ...]) -> Choice:
        """Return the same image under these names."""

    def narrowed(self, text: str) -> Choice | None:
        """Return what of this is meant by a digest, or by a name that none is called by, if any of it is."""

    def title(self) -> str:
        """Return what tells it from others: its names, or its digest, and its platforms."""

    def platforms(self) -> list[str]:
        """Return the platforms that it is for."""

    def load(self, wanted: Wanted | None) -> Candidate:
        """Return the image for a platform, linux/amd64 if none is wanted and there are several.

        Raises:
            ImageChoiceError: there is none, or there are several.
            InvalidImageError: it is not what it must be, or parts of it are missing.
        """


def choose(choices: Sequence[Choice], *, name: str | None, wanted: Wanted | None) -> Choice:
    """Return the one image that is meant.

    `name` is a name of the image, ``@`` and a position (from 0), or a digest. Where there are several images, the
    platform tells which is meant only if it is said, for they are not one image for several platforms.

    Raises:
        ImageChoiceError: none fits, or several do; the error lists what there is.
    """
    left = those_that_exist(choices) if name is None else _named(choices, name)
    if len(left) == 1:
        return left[0]
    found = [(choice, choice.identity(wanted)) for choice in left]
    if wanted is not None:
        found = [each for each in found if each[1] is not None]
        if not found:
            raise none_fits(wanted, [platform for choice in left for platform in choice.platforms()])
    if None not in (identities := {identity for _, identity in found}) and len(identities) == 1:
        return found[0][0].called(tuple(dict.fromkeys(known for choice, _ in found for known in choice.names)))
    raise ImageChoiceError(
        f"there are {len(found)} images to choose from",
        choices=_titles([choice for choice, _ in found]),
        hint="Choose one with --image NAME or --image @POSITION",
    )


def none_fits(wanted: Wanted, platforms: Sequence[str]) -> ImageChoiceError:
    """Return the error that there is no image for a platform."""
    return ImageChoiceError(
        f"there is no image for platform {wanted}" + (", only for" if platforms else ""),
        choices=sorted({platform or "unknown" for platform in platforms}),
        hint="Choose an available platform with --platform",
    )


def familiar(name: str) -> str:
    """Return a name as docker shows it: without Docker Hub's host and library, with a tag."""
    for prefix in ("docker.io/", "index.docker.io/"):
        name = name.removeprefix(prefix)
    name = name.removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"


def goes_by(names: Sequence[str], name: str) -> bool:
    """Tell whether one of `names` is the one that is meant by `name`."""
    return any(familiar(known) == familiar(name) for known in names)


def _named(choices: Sequence[Choice], name: str) -> list[Choice]:
    if name.startswith("@") and name[1:].isdecimal() and len(name) <= _LONGEST_POSITION:
        position = int(name[1:])
        found = those_that_exist(choices)[position : position + 1]
    else:
        merged = _merged(choices)
        found = [choice for choice in merged if goes_by(choice.names, name)] or [
            narrowed for choice in merged if (narrowed := choice.narrowed(name)) is not None
        ]
    if not found:
        raise ImageChoiceError(
            f"there is no image {name[:200]!r}, only",
            choices=_titles(those_that_exist(choices)),
            hint="Choose an available image with --image",
        )
    return found


def those_that_exist(choices: Sequence[Choice]) -> list[Choice]:
    """Return each image that is there, by its position; if none is, one that tells why."""
    merged = _merged(choices)
    return merged if len(merged) == 1 else [choice for choice in merged if choice.exists()] or merged[:1]


def _merged(choices: Sequence[Choice]) -> list[Choice]:
    """Return each image once, with all its names."""
    merged: dict[Hashable, Choice] = {}
    for choice in choices:
        known = merged.get(choice.key)
        merged[choice.key] = (
            choice if known is None else known.called(tuple(dict.fromkeys((*known.names, *choice.names))))
        )
    return list(merged.values())


def _titles(choices: Sequence[Choice]) -> list[str]:
    return [f"@{position} {choice.title()}" for position, choice in enumerate(choices)]
