"""How an image is named on the command line: a path, ``-``, or one of skopeo's explicit forms.

Source: containers-transports(5).
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, TypeAlias

from ocianalyze.errors import InvalidReferenceError
from ocianalyze.oci.repository import DOCKER_HUB, DOCKER_HUB_NAMES, RepositoryName, of_url, split_registry
from ocianalyze.oci.urls import is_url
from ocianalyze.regex import regex

Transport: TypeAlias = Literal["path", "stdin", "docker-archive", "oci-archive", "oci", "registry"]

_WITH_PATH: Final[dict[str, Transport]] = {
    "docker-archive": "docker-archive",
    "oci-archive": "oci-archive",
    "oci": "oci",
}
_UNSUPPORTED: Final = ("docker-daemon", "containers-storage", "sif", "ostree", "dir", "tarball")
_ARCHIVES: Final = "tar|tgz|tbz2?|txz|tzst|oci|zip|img|gz|zst|xz|bz2"
_FILE = regex(rf"[./~].*|.*\.(?:{_ARCHIVES})(?:\.[a-z0-9]+)?|.*[/\\]", re.IGNORECASE | re.DOTALL)
"""What is meant to be a file, even if it is missing: nobody wants a typing error to be looked for in a registry."""


class Reference(NamedTuple):
    """A transport, a location in its terms, and which of several images is meant, if that is said."""

    transport: Transport
    location: str
    image: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Return the reference that `text` is.

        ``docker-archive:path[:name|@position]``, ``oci-archive:path[:name]``, ``oci:directory[:name]``,
        ``docker://name``, ``-``, or a path.

        Raises:
            InvalidReferenceError: it is empty, or of a transport that needs a container runtime, or a URL.
        """
        if text == "-":
            return cls("stdin", "-")
        if text.startswith("docker://"):
            return cls("registry", text.removeprefix("docker://"))
        if is_url(text):
            raise of_url(text)
        prefix, colon, rest = text.partition(":")
        if colon and prefix in _WITH_PATH:
            path, _, image = rest.partition(":")
            if path:
                return cls(_WITH_PATH[prefix], path, image or None)
        elif colon and prefix in _UNSUPPORTED:
            raise InvalidReferenceError(
                f"the transport {prefix!r} is not supported",
                hint="Save the image to a file first, with 'docker save', 'podman save' or 'skopeo copy'",
            )
        elif text:
            return cls("path", text)
        raise InvalidReferenceError(f"{text!r} does not name an image", hint="Give a path, '-' or transport:path")

    @property
    def may_be_pattern(self) -> bool:
        """Tell whether the location could be a pattern of images in a registry, and does not look like a file.

        ``build/*`` looks like one: patterns of Docker Hub need a tag.
        """
        return not _FILE.fullmatch(self.location) and (
            ":" in self.location or split_registry(self.location)[0] != DOCKER_HUB
        )

    @property
    def may_be_name(self) -> bool:
        """Tell whether the location could be the name of an image in a registry, and does not look like a file.

        ``build/image`` looks like one: of Docker Hub's names with a slash, only those with a tag or a digest do not.
        """
        if _FILE.fullmatch(self.location):
            return False
        try:
            name = RepositoryName.parse(self.location)
        except InvalidReferenceError:
            return False
        is_bare = ":" not in self.location and "@" not in self.location
        of_docker_hub = name.registry == DOCKER_HUB and not self.location.lower().startswith(tuple(DOCKER_HUB_NAMES))
        return not (is_bare and of_docker_hub and "/" in self.location)
