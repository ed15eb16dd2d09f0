"""Patterns that stand for several images of a registry, such as ``registry.example.com/team/app:v1.*``.

``*``, ``?`` and ``[...]`` are those of `fnmatch`, and capitals count. A pattern may stand in the tag, in the repository
or in both, but not in the name of the registry. As in any name, a missing tag is ``latest``.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.errors import InvalidReferenceError
from ocianalyze.oci.repository import DOCKER_HUB, RepositoryName, split_registry

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEFAULT_TAG: Final = "latest"
_WILD: Final = frozenset("*?[")
_MOST: Final = 512
"""How many characters a pattern may have: more than any name of an image."""
_REPOSITORY: Final = r"[a-z0-9._/*?\[\]!-]+"
_TAG: Final = r"[A-Za-z0-9._*?\[\]!-]+"
_ATTACHED: Final = r"sha256-[0-9a-f]{64}(?:\..*)?"
"""Tags of signatures and other things that belong to an image (distribution-spec, "Referrers Tag Schema"; cosign)."""


class ImagePattern(NamedTuple):
    """A registry, and patterns of a repository and of a tag there."""

    registry: str
    repository: str
    tag: str

    @classmethod
    def parse(cls, text: str) -> ImagePattern | None:
        """Return the pattern that `text` is, None if it is the name of one image.

        Raises:
            InvalidReferenceError: it is a pattern that no name of an image can match.
        """
        registry, path = split_registry(text)
        if not _is_wild(path) or "@" in path:
            return None
        repository, _, tag = path.partition(":")
        if registry == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        if (
            len(text) > _MOST
            or not re.fullmatch(_REPOSITORY, repository)
            or not re.fullmatch(_TAG, tag or _DEFAULT_TAG)
        ):
            raise InvalidReferenceError(
                f"invalid pattern {text[:100]!r}", hint="Use the form registry.example.com/team/image:v1.*"
            )
        RepositoryName.parse(f"{registry}/{'image' if _is_wild(repository) else repository}")
        return cls(registry, repository, tag or _DEFAULT_TAG)

    @property
    def repository_is_wild(self) -> bool:
        """Whether several repositories may match, so that the registry has to list its own."""
        return _is_wild(self.repository)

    @property
    def directory(self) -> str:
        """The part of the repository before the first component that is a pattern."""
        parts = self.repository.split("/")
        return "/".join(parts[: next((n for n, part in enumerate(parts) if _is_wild(part)), len(parts))])

    def repositories(self, known: Iterable[str]) -> list[str]:
        """Return those of the repositories that match, in natural order."""
        return sorted((name for name in known if fnmatchcase(name, self.repository)), key=natural)

    def tags(self, known: Iterable[str]) -> list[str]:
        """Return those of the tags that match, in natural order, without tags of what belongs to an image."""
        found = (tag for tag in known if fnmatchcase(tag, self.tag))
        if not self.tag.startswith("sha256-"):
            found = (tag for tag in found if not is_attached(tag))
        return sorted(found, key=natural)


def is_attached(tag: str) -> bool:
    """Tell whether a tag is that of what belongs to an image, and of none itself."""
    return re.fullmatch(_ATTACHED, tag) is not None


def natural(text: str) -> list[tuple[bool, int, str]]:
    """Return the key by which texts are sorted as people do: ``v2`` before ``v10``."""
    parts = filter(None, re.split(r"([0-9]+)", text))
    return [(False, int(part), part) if part.isdecimal() else (True, 0, part) for part in parts]


def _is_wild(text: str) -> bool:
    return not _WILD.isdisjoint(text)
