"""The custom images of Amazon SageMaker Studio, such as ``sagemaker://eu-west-1`` or ``sagemaker://eu-west-1/d-abc``.

Each image is what its image version in SageMaker was made of, and comes with the AppImageConfig that it is used with.
HyperPod keeps its images elsewhere and is left out.

Sources: SageMaker API, ``DescribeImageVersion``, ``DescribeAppImageConfig``.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.errors import AnalysisError, InvalidReferenceError
from ocianalyze.facts.registration import CODE_EDITOR_APP, JUPYTERLAB_APP, KERNEL_GATEWAY
from ocianalyze.fleet.members import aws
from ocianalyze.fleet.members.custom_images import ImageVersion, uses
from ocianalyze.fleet.members.member import Member
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.registration import AppImageConfig
    from ocianalyze.fleet.members.custom_images import Use

SCHEME: Final = "sagemaker://"
PERMISSIONS: Final = (
    "sagemaker:DescribeAppImageConfig",
    "sagemaker:DescribeDomain",
    "sagemaker:DescribeImageVersion",
    "sagemaker:DescribeSpace",
    "sagemaker:DescribeUserProfile",
    "sagemaker:ListDomains",
    "sagemaker:ListSpaces",
    "sagemaker:ListUserProfiles",
)
"""What the AWS user or role needs; ListDomains only where no domain is named."""

_NAME: Final = regex(r"sagemaker://(?P<region>[a-z]+(?:-[a-z]+)+-[0-9]+)(?:/(?P<domain>d-(?:-*[a-z0-9]){1,61}))?/?")
_CREATED: Final = "CREATED"
_TO_DO: Final = {
    "CREATING": "Try again when it is created",
    "CREATE_FAILED": "Create the image version again",
    "DELETING": "Attach another version",
    "DELETE_FAILED": "Attach another version, and delete this one again",
}
"""What to do about an image version in a state that is not `_CREATED`."""
_LONGEST_REASON: Final = 300
_DETACH: Final = "Create it again, or detach the image"


class _Image(NamedTuple):
    """The image that an image version names, or why there is none."""

    reference: str
    title: str
    error: AnalysisError | None = None


def sagemaker_members(text: str) -> Iterator[Member]:
    """Return the custom images of all domains in a region, or of one: ``sagemaker://REGION[/DOMAIN-ID]``.

    Each image, AppImageConfig and kind of app is one member, whoever uses it; its title is the image version, such as
    ``my-image/3``, or all that name the image. A member has an `error` if its image version or AppImageConfig does not
    exist or is not ready; its reference is the ARN of the image version if the image is unknown. There may be no
    members.

    Raises:
        InvalidReferenceError: `text` is no such name; or there is no such domain, which is raised when the members are
            asked for, as are the following.
        UsageError: boto3 is not installed.
        RegistryError: AWS cannot be reached, or denies a call.
    """
    match = _NAME.fullmatch(text)
    if match is None:
        raise InvalidReferenceError(
            f"invalid name of SageMaker domains: {text[:200]!r}",
            hint="Use the form sagemaker://eu-west-1 or sagemaker://eu-west-1/d-abcdefghijkl",
        )
    return _members(match["region"], match["domain"])


def _members(region: str, domain: str | None) -> Iterator[Member]:
    with closing(aws.client("sagemaker", region)) as client:
        found = list(uses(client, domain))
        versions = list(dict.fromkeys(use.version for use in found))
        images = dict(zip(versions, aws.concurrently(lambda version: _image(client, version), versions), strict=True))
        names = list(dict.fromkeys(use.config for use in found if use.config is not None))
        configs = dict(zip(names, aws.concurrently(lambda name: _config(client, name), names), strict=True))
    groups: dict[tuple[str, str | None, str], list[Use]] = {}
    for use in found:
        groups.setdefault((images[use.version].reference, use.config, use.profile), []).append(use)
    for (reference, name, profile), group in groups.items():
        config = configs[name] if name is not None else None
        missing = config if isinstance(config, AnalysisError) else None
        yield Member(
            reference,
            title=", ".join(dict.fromkeys(images[use.version].title for use in group)),
            app_image_config=None if isinstance(config, AnalysisError) else config,
            profile=profile,
            users=tuple(dict.fromkeys(use.user for use in group)),
            error=images[group[0].version].error or missing,
        )


def _image(client: Any, version: ImageVersion) -> _Image:  # noqa: ANN401 - boto3's classes
    """Return the image that a version names, or why there is none."""
    which = {"Version": version.number} if version.number else {"Alias": version.alias} if version.alias else {}
    try:
        answer = aws.ask(client, "describe_image_version", ImageName=version.image, **which)
    except aws.NotFoundError:
        what = "image version" if which else "version of the image"
        error = AnalysisError(f"there is no {what} {version.title} in SageMaker", hint=_DETACH)
        return _Image(version.arn, version.title, error)
    exact = version._replace(number=answer.get("Version") or version.number)
    status = str(answer.get("ImageVersionStatus", _CREATED))
    if status != _CREATED:
        reason = str(answer.get("FailureReason", ""))[:_LONGEST_REASON]
        message = f"image version {exact.title} is in state {status}{': ' if reason else ''}{reason}"
        return _Image(exact.arn, exact.title, AnalysisError(message, hint=_TO_DO.get(status)))
    reference = answer.get("ContainerImage") or answer.get("BaseImage")
    if not reference:
        error = AnalysisError(f"image version {exact.title} names no container image", hint="Create it again")
        return _Image(exact.arn, exact.title, error)
    return _Image(str(reference), exact.title)


def _config(client: Any, name: str) -> AppImageConfig | AnalysisError:  # noqa: ANN401 - boto3's classes
    """Return an AppImageConfig as CreateAppImageConfig takes it, or the error that there is none."""
    try:
        answer = aws.ask(client, "describe_app_image_config", AppImageConfigName=name)
    except aws.NotFoundError:
        return AnalysisError(f"there is no AppImageConfig {name} in SageMaker", hint=_DETACH)
    kept = ("AppImageConfigName", KERNEL_GATEWAY, JUPYTERLAB_APP, CODE_EDITOR_APP)
    return {key: answer[key] for key in kept if key in answer}
