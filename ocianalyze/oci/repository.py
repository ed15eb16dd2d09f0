"""The name of an image in a registry, brought to the form that registries are asked with.

Sources: distribution/reference (``reference.go``, ``normalize.go``), which Docker, skopeo and podman share;
distribution-spec, "Pulling manifests".
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from ocianalyze.errors import InvalidImageError, InvalidReferenceError
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.urls import is_url, name_of

DOCKER_HUB: Final = "docker.io"
DOCKER_HUB_NAMES: Final = frozenset(("docker.io", "index.docker.io", "registry-1.docker.io"))
_DOCKER_HUB_API: Final = "registry-1.docker.io"
_DEFAULT_TAG: Final = "latest"
_MAX_NAME: Final = 255

_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9])"
_HOST = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[0-9a-fA-F:]+\])(?::[0-9]{{1,5}})?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"(?a)[\w][\w.-]{0,127}"
_WITH_LOGIN = r"[^/@]+:[^/@]*@([^/@]+/.*)"
_IMAGE_ID = r"[0-9a-f]{64}"


class RepositoryName(NamedTuple):
    """An image in a registry.

    Attributes:
        registry: the registry's host as people know it, with its port if one is given.
        repository: the path of the repository there.
        tag: the tag; None where only a digest is given.
        digest: the digest of the manifest or index, which decides where there is a tag too.
    """

    registry: str
    repository: str
    tag: str | None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> RepositoryName:
        """Return the name that `text` is, with what it leaves out: ``ubuntu`` is ``docker.io/library/ubuntu:latest``.

        The first component is a registry if it holds a dot, a colon or an upper-case letter, or is ``localhost``.

        Raises:
            InvalidReferenceError: it is no name of an image.
        """
        if re.fullmatch(_IMAGE_ID, text):
            raise InvalidReferenceError(f"{text} is a digest, not an image name", hint=f"Write NAME@sha256:{text}")
        if is_url(text):
            raise of_url(text)
        check_login(text)
        rest, at, digest_text = text.partition("@")
        digest = None
        if at:
            try:
                digest = Digest.parse(digest_text)
            except InvalidImageError as error:
                raise InvalidReferenceError(f"{text!r}: {error.message}", hint=error.hint) from error
        registry, path = split_registry(rest)
        tag = None
        if ":" in path.rpartition("/")[2]:
            path, _, tag = path.rpartition(":")
            if not re.fullmatch(_TAG, tag):
                raise InvalidReferenceError(f"{text!r}: invalid tag {tag[:150]!r}")
        if registry == DOCKER_HUB and path and "/" not in path:
            path = f"library/{path}"
        if not re.fullmatch(_HOST, registry) or not _is_port(registry) or not _is_address(registry):
            raise InvalidReferenceError(f"{text!r}: invalid registry name {registry!r}")
        if not re.fullmatch(_PATH, path) or len(path) > _MAX_NAME:
            lower = lower_cased(text)
            raise InvalidReferenceError(
                f"invalid image name {text!r}",
                hint=f"Write {lower}: image names are in lower case"
                if lower
                else "Use the form registry.example.com/team/image:tag",
            )
        return cls(registry, path, tag or (None if digest else _DEFAULT_TAG), digest)

    @property
    def api_host(self) -> str:
        """The host that answers for the registry."""
        return _DOCKER_HUB_API if self.registry == DOCKER_HUB else self.registry

    @property
    def selector(self) -> str:
        """What the manifest is asked for by: the digest if there is one, else the tag."""
        return self.digest or self.tag or _DEFAULT_TAG

    @property
    def name(self) -> str:
        """The registry and the repository."""
        return f"{self.registry}/{self.repository}"

    def __str__(self) -> str:
        """Return the name in full."""
        return f"{self.name}{f':{self.tag}' if self.tag else ''}{f'@{self.digest}' if self.digest else ''}"


def lower_cased(text: str) -> str | None:
    """Return a text in lower case, its tag and digest as they are, if that and only that makes it a name."""
    rest, at, digest = text.partition("@")
    head, slash, last = rest.rpartition("/")
    last, colon, tag = last.partition(":")
    name = f"{head}{slash}{last}".lower()
    lower = f"{name}{colon}{tag}{at}{digest}"
    if name == f"{head}{slash}{last}":
        return None
    try:
        RepositoryName.parse(lower)
    except InvalidReferenceError:
        return None
    return lower


def of_url(text: str) -> InvalidReferenceError:
    """Return the error for the address of a page, which says what name it may mean."""
    try:
        name = name_of(text)
        RepositoryName.parse(name)
    except (ValueError, InvalidReferenceError):
        name = ""
    if "/" not in name:
        name = "registry.example.com/team/image:tag"
    plain = " and add --plain-http" if text.lower().startswith("http:") else ""
    shown = re.sub(r"//[^/]*@", "//", text.partition("?")[0])
    return InvalidReferenceError(f"{shown[:200]!r} is a URL, not an image name", hint=f"Write {name}{plain}")


def check_login(text: str) -> None:
    """Raise InvalidReferenceError if a user and a password stand in front of the registry; they are not shown."""
    found = re.fullmatch(_WITH_LOGIN, text, re.DOTALL)
    if found is not None:
        raise InvalidReferenceError(
            f"{f'…@{found[1]}'[:200]!r}: an image name holds no user and no password",
            hint="Leave them out, and use --username with --password-stdin",
        )


def is_tag(text: str) -> bool:
    """Tell whether a text can be a tag."""
    return re.fullmatch(_TAG, text) is not None


def is_repository(text: str) -> bool:
    """Tell whether a text can be the path of a repository."""
    return len(text) <= _MAX_NAME and re.fullmatch(_PATH, text) is not None


def split_registry(text: str) -> tuple[str, str]:
    """Return the registry that a name begins with, Docker Hub if it begins with none, and the rest of the name."""
    first, slash, rest = text.partition("/")
    if not slash or not (first == "localhost" or "." in first or ":" in first or first != first.lower()):
        return DOCKER_HUB, text
    return DOCKER_HUB if first.lower() in DOCKER_HUB_NAMES else first, rest


def _is_port(host: str) -> bool:
    port = host.rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
    return not port or 0 < int(port) < 1 << 16


def _is_address(host: str) -> bool:
    """Tell whether what stands in brackets, if anything does, is an address of IPv6."""
    address, bracket, _ = host.removeprefix("[").partition("]")
    try:
        return not bracket or bool(IPv6Address(address).packed)
    except ValueError:
        return False
