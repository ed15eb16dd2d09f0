"""Who uses which custom images in SageMaker's domains, as the settings of domains, user profiles and spaces say.

Custom images are those of the account itself, not those that AWS provides. RStudio's are left out: no profile is for
them. What is chosen when an app is started is not in the settings, unless a space keeps it.

Sources: SageMaker API, ``DescribeDomain``, ``DescribeUserProfile``, ``DescribeSpace`` and the types that they hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.errors import InvalidReferenceError
from ocianalyze.facts.registration import part
from ocianalyze.fleet.members import aws
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, UNIFIED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

APPS: Final = {
    "KernelGatewayAppSettings": CLASSIC,
    "JupyterLabAppSettings": JUPYTERLAB,
    "CodeEditorAppSettings": CODE_EDITOR,
}
"""The settings of each kind of app, and the profile that it is."""

_PAGE: Final = 100


class ImageVersion(NamedTuple):
    """A version of a SageMaker image: the latest if there is neither a number nor an alias.

    `account` is how the ARNs of the account in the region begin, such as ``arn:aws:sagemaker:eu-west-1:123456789012``.
    """

    account: str
    image: str
    number: int | None = None
    alias: str | None = None

    @property
    def title(self) -> str:
        """The image and the version, such as ``my-image/3``."""
        version = self.number or self.alias
        return f"{self.image}/{version}" if version else self.image

    @property
    def arn(self) -> str:
        """The ARN of the version, or that of the image if the version has no number."""
        kind, name = ("image-version", self.title) if self.number else ("image", self.image)
        return f"{self.account}:{kind}/{name}"


class Use(NamedTuple):
    """A use of an image version: with which AppImageConfig, as which profile, and by whom."""

    version: ImageVersion
    config: str | None
    profile: str
    user: str


class _Domain(NamedTuple):
    """What holds everywhere in a domain: who it is, how its ARNs begin, and the profiles of each kind of app."""

    user: str
    account: str
    profiles: Mapping[str, tuple[str, ...]]


def uses(client: Any, domain_id: str | None) -> Iterator[Use]:  # noqa: ANN401 - boto3's classes
    """Yield the uses of custom images in one domain, or in all: by domain, then by user profile, then by space.

    Raises:
        InvalidReferenceError: there is no such domain.
        RegistryError: AWS cannot be reached, or denies a call.
    """
    if domain_id is not None:
        ids = [domain_id]
    else:
        ids = sorted(domain["DomainId"] for domain in aws.pages(client, "list_domains", "Domains", size=_PAGE))
    for id_ in ids:
        try:
            domain = aws.ask(client, "describe_domain", DomainId=id_)
        except aws.NotFoundError as error:
            if domain_id is None:
                continue  # it was deleted after it was listed
            raise InvalidReferenceError(
                f"there is no SageMaker domain {id_} in {client.meta.region_name}",
                hint="Check the region and the AWS account that you are logged in to",
            ) from error
        yield from _of_domain(client, id_, domain)


def _of_domain(client: Any, id_: str, description: dict[str, Any]) -> Iterator[Use]:  # noqa: ANN401
    account = str(description.get("DomainArn", "")).partition(":domain/")[0]
    domain = _Domain(f"domain {id_}", account, _profiles(description))
    defaults, shared = part(description, "DefaultUserSettings"), part(description, "DefaultSpaceSettings")
    yield from _of_settings(domain, domain.user, [defaults])
    yield from _of_settings(domain, f"{domain.user}, shared spaces", [shared, defaults])
    users = _described(client, id_, "UserProfileName", ("list_user_profiles", "UserProfiles", "describe_user_profile"))
    for name, user in users.items():
        yield from _of_settings(domain, f"{domain.user}, user {name}", [part(user, "UserSettings"), defaults])
    for name, space in _described(client, id_, "SpaceName", ("list_spaces", "Spaces", "describe_space")).items():
        if part(space, "SpaceSharingSettings").get("SharingType") == "Shared":
            inherited = shared
        else:
            owner = part(space, "OwnershipSettings").get("OwnerUserProfileName", "")
            inherited = part(users.get(owner), "UserSettings")
        chain = [part(space, "SpaceSettings"), inherited, defaults]
        yield from _of_settings(domain, f"{domain.user}, space {name}", chain)


def _profiles(domain: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the profiles of each kind of app: that of Unified Studio, or both if Studio opens the domain too."""
    unified = part(domain, "DomainSettings", "UnifiedStudioSettings")
    if not (unified.get("DomainId") or unified.get("ProjectId")):
        return {app: (profile,) for app, profile in APPS.items()}
    too = unified.get("StudioWebPortalAccess") == "ENABLED"
    return {
        app: (profile,) if profile == CLASSIC else (UNIFIED, profile) if too else (UNIFIED,)
        for app, profile in APPS.items()
    }


def _described(
    client: Any,  # noqa: ANN401 - boto3's classes
    domain_id: str,
    key: str,
    calls: tuple[str, str, str],
) -> dict[str, dict[str, Any]]:
    """Return the descriptions of what a domain lists, by name; what is deleted in the meantime is left out."""
    list_, listed, describe = calls

    def ask(name: str) -> dict[str, Any] | None:
        try:
            return aws.ask(client, describe, DomainId=domain_id, **{key: name})
        except aws.NotFoundError:
            return None

    names = sorted(item[key] for item in aws.pages(client, list_, listed, size=_PAGE, DomainIdEquals=domain_id))
    found = zip(names, aws.concurrently(ask, names), strict=True)
    return {name: description for name, description in found if description is not None}


def _of_settings(domain: _Domain, user: str, chain: Sequence[Mapping[str, Any]]) -> Iterator[Use]:
    """Yield what the first of `chain` uses; the others are settings that it inherits from."""
    for app, profiles in domain.profiles.items():
        own = part(chain[0], app)
        pairs = [
            (
                ImageVersion(domain.account, image["ImageName"], image.get("ImageVersionNumber") or None),
                image.get("AppImageConfigName"),
            )
            for image in own.get("CustomImages", ())
        ]
        default = _default(part(own, "DefaultResourceSpec"), domain.account)
        if default is not None:
            pairs.append((default, _config(default, [part(settings, app) for settings in chain])))
        for version, config in pairs:
            yield from (Use(version, config or None, profile, user) for profile in profiles)


def _default(spec: Mapping[str, Any], account: str) -> ImageVersion | None:
    """Return the custom image that apps start with, or None if it is AWS's own or is not set."""
    image = str(spec.get("SageMakerImageArn", ""))
    version = str(spec.get("SageMakerImageVersionArn", ""))
    name = image.removeprefix(f"{account}:image/")
    name_too, _, number = version.removeprefix(f"{account}:image-version/").rpartition("/")
    if version.startswith(f"{account}:image-version/") and number.isdecimal():
        return ImageVersion(account, name if name != image else name_too, int(number))
    if name != image:
        return ImageVersion(account, name, alias=spec.get("SageMakerImageVersionAlias"))
    return None


def _config(version: ImageVersion, chain: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the AppImageConfig that an image is attached with: of this version, else of any, the nearest first."""
    found = [image for app in chain for image in app.get("CustomImages", ()) if image["ImageName"] == version.image]
    numbers = [image.get("ImageVersionNumber") or None for image in found]
    ranks = [0 if number == version.number else 1 if None in (number, version.number) else 2 for number in numbers]
    nearest = min(zip(ranks, range(len(found)), strict=True), default=None)
    return None if nearest is None else found[nearest[1]].get("AppImageConfigName")
