"""The images of repositories in Amazon ECR, such as ``ecr://123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/*``.

ECR is asked through its own API: as a registry it does not list its repositories, and it does not tell which tags name
the same image. Untagged images, such as those for one platform that an index lists, are not members.

Sources: Amazon ECR API, ``DescribeRepositories``, ``DescribeImages``; Amazon ECR user guide, "Private registries".
"""

from __future__ import annotations

import logging
import re
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.errors import InvalidReferenceError, NoMatchError
from ocianalyze.fleet.members import aws
from ocianalyze.fleet.members.member import Member
from ocianalyze.oci import media_types
from ocianalyze.oci.patterns import ImagePattern, natural
from ocianalyze.oci.repository import RepositoryName, is_tag
from ocianalyze.sources.registry.login.ecr import is_ecr

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME: Final = "ecr://"
PERMISSIONS: Final = ("ecr:DescribeImages", "ecr:DescribeRepositories")
"""What the AWS user or role needs; the latter only for a pattern of repositories."""

_FORM: Final = f"{SCHEME}ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY*:TAG*"
_HOST: Final = r"(?P<account>\d{12})\.dkr[.-]ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9-]+)(?P<domain>\..*)?"
_PAGE: Final = 1000
_MOST_SHOWN: Final = 5

_LOGGER: Final = logging.getLogger(__name__)


class _Registry(NamedTuple):
    """A private registry of ECR."""

    host: str
    account: str
    region: str
    fips: bool
    dual_stack: bool


def ecr_members(text: str) -> Iterator[Member]:
    """Return the tagged images that a name such as ``ecr://ACCOUNT.dkr.ecr.REGION.amazonaws.com/team/*:v1.*`` matches.

    Without a tag all tagged images match; without a repository all repositories do. An image of a repository is one
    member whatever the number of its tags: its reference has the first tag that matches in natural order and the
    digest, and its title lists the tags that match. What an artifact is, such as a Helm chart or a signature, is left
    out.

    Raises:
        InvalidReferenceError: `text` is no such name.
        NoMatchError: no image matches; raised when the members are asked for, as are the following.
        UsageError: boto3 is not installed.
        RegistryError: AWS cannot be reached, or denies a call.
    """
    return _members(*_parse(text))


def _parse(text: str) -> tuple[_Registry, ImagePattern]:
    host, _, path = text.removeprefix(SCHEME).partition("/")
    match = re.fullmatch(_HOST, host, re.ASCII)
    if match is not None and match["domain"] is None:
        host += ".amazonaws.com.cn" if match["region"].startswith("cn-") else ".amazonaws.com"
    if match is None or not is_ecr(host) or not text.startswith(SCHEME) or "@" in path:
        raise InvalidReferenceError(
            f"invalid name of images in Amazon ECR: {text[:200]!r}", hint=f"Use the form {_FORM}"
        )
    repository, _, tag = path.partition(":")
    name = f"{host}/{repository or '*'}:{tag or '*'}"
    pattern = ImagePattern.parse(name)
    if pattern is None:
        one = RepositoryName.parse(name)
        pattern = ImagePattern(one.registry, one.repository, tag)
    registry = _Registry(host, match["account"], match["region"], bool(match["fips"]), ".on." in host)
    return registry, pattern


def _members(registry: _Registry, pattern: ImagePattern) -> Iterator[Member]:
    found = False
    with closing(aws.client("ecr", registry.region, fips=registry.fips, dual_stack=registry.dual_stack)) as client:
        for repository in _repositories(client, registry, pattern):
            for member in _images(client, registry, pattern, repository):
                found = True
                yield member
    if not found:
        raise NoMatchError(
            f"no tagged image of {registry.host} matches {pattern.repository}:{pattern.tag}",
            hint="Check the names of the repository and of the tag",
        )


def _repositories(client: Any, registry: _Registry, pattern: ImagePattern) -> list[str]:  # noqa: ANN401
    if not pattern.repository_is_wild:
        return [pattern.repository]
    listed = aws.pages(client, "describe_repositories", "repositories", size=_PAGE, registryId=registry.account)
    return pattern.repositories([repository["repositoryName"] for repository in listed])


def _images(
    client: Any,  # noqa: ANN401 - boto3's classes
    registry: _Registry,
    pattern: ImagePattern,
    repository: str,
) -> Iterator[Member]:
    """Yield the members of a repository; none if it was deleted after it was listed."""
    listed = aws.pages(
        client,
        "describe_images",
        "imageDetails",
        size=_PAGE,
        registryId=registry.account,
        repositoryName=repository,
        filter={"tagStatus": "TAGGED"},
    )
    found = []
    try:
        for image in listed:
            if tags := pattern.tags(image.get("imageTags", ())):
                if _is_image(image):
                    found.append((tags, image["imageDigest"]))
                else:
                    _LOGGER.debug("%s/%s:%s is not an image", registry.host, repository, tags[0])
    except aws.NotFoundError:
        if pattern.repository_is_wild:
            return
        raise
    for tags, digest in sorted(found, key=lambda image: natural(image[0][0])):
        tag = f":{tags[0]}" if is_tag(tags[0]) else ""
        yield Member(f"{registry.host}/{repository}{tag}@{digest}", title=_title(repository, tags))


def _is_image(image: dict[str, Any]) -> bool:
    """Tell whether what ECR describes is an image or an index, as far as media types say.

    What an index lists is not known here. Media types are missing where a manifest states none.
    """
    manifest = image.get("imageManifestMediaType", "")
    if manifest in media_types.INDEXES:
        return True
    config = image.get("artifactMediaType", "")
    return (not manifest or manifest in media_types.DOCUMENTS) and config in (
        media_types.CONFIGS | media_types.OLD_CONFIGS
    )


def _title(repository: str, tags: list[str]) -> str:
    more = f" and {len(tags) - _MOST_SHOWN} more" if len(tags) > _MOST_SHOWN else ""
    return f"{repository}:{', '.join(tags[:_MOST_SHOWN])}{more}"
