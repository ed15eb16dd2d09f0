"""The custom images of SageMaker Studio: boto3 asks moto for domains, and a server of our own for the rest."""

import sys
from typing import Any

import pytest

from ocianalyze.errors import AnalysisError, AuthenticationError, InvalidReferenceError, RegistryError, UsageError
from ocianalyze.facts.registration import validate, violations
from ocianalyze.fleet.members.member import Member
from ocianalyze.fleet.members.sagemaker import PERMISSIONS, sagemaker_members
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, UNIFIED
from tests.fleet.members.aws_server import REGION, AwsServer, Refusal, pages
from tests.fleet.members.studio import ARN, AWS_OWN, REGISTRY, Studio, attached
from tests.support.sagemaker import complaints

ALL = f"sagemaker://{REGION}"
KERNELS = {"KernelSpecs": [{"Name": "python3", "DisplayName": "Python"}], "FileSystemConfig": {"DefaultUid": 0}}
CONTAINER = {"ContainerConfig": {"ContainerEntrypoint": ["/start"], "ContainerEnvironmentVariables": {"A": "b"}}}


@pytest.fixture
def studio(aws: AwsServer) -> Studio:
    return Studio(aws)


def lab(*images: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"JupyterLabAppSettings": {"CustomImages": list(images), **more}}


def default(image: str | None = None, version: str | None = None, alias: str | None = None) -> dict[str, Any]:
    """Return a DefaultResourceSpec."""
    members = {"SageMakerImageArn": image, "SageMakerImageVersionArn": version, "SageMakerImageVersionAlias": alias}
    return {"DefaultResourceSpec": {key: value for key, value in members.items() if value is not None}}


def failure(member: Member) -> AnalysisError:
    assert isinstance(member.error, AnalysisError)
    return member.error


def test_the_images_of_a_domain(studio: Studio) -> None:
    image, other = studio.image("notebook"), studio.image("editor")
    kernels = studio.config("kernels", KernelGatewayImageConfig=KERNELS)
    container = studio.config("container", JupyterLabAppImageConfig=CONTAINER)
    empty = studio.config("empty", CodeEditorAppImageConfig={})
    domain = studio.domain(
        DefaultUserSettings={
            "KernelGatewayAppSettings": {"CustomImages": [attached("notebook", "kernels", 1)]},
            **lab(attached("notebook", "container", 1)),
            "CodeEditorAppSettings": {"CustomImages": [attached("editor", "empty")]},
        }
    )
    users = (f"domain {domain}",)
    assert list(sagemaker_members(ALL)) == [
        Member(image, title="notebook/1", app_image_config=kernels, profile=CLASSIC, users=users),
        Member(image, title="notebook/1", app_image_config=container, profile=JUPYTERLAB, users=users),
        Member(other, title="editor/1", app_image_config=empty, profile=CODE_EDITOR, users=users),
    ]


def test_an_app_image_config_is_what_the_api_takes(studio: Studio) -> None:
    studio.image("notebook")
    everything = {**CONTAINER, "FileSystemConfig": {"MountPath": "/home/sagemaker-user", "DefaultUid": 1000}}
    studio.config(
        "all",
        KernelGatewayImageConfig=KERNELS,
        JupyterLabAppImageConfig=everything,
        CodeEditorAppImageConfig=everything,
    )
    studio.domain(DefaultUserSettings=lab(attached("notebook", "all")))
    (member,) = sagemaker_members(ALL)
    assert member.app_image_config is not None
    validate(member.app_image_config, what="it")
    assert list(violations(member.app_image_config, *member.app_image_config)) == []
    assert complaints(dict(member.app_image_config)) == []


def test_an_image_of_many_users_is_one_member(studio: Studio) -> None:
    image = studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    domains = sorted(studio.domain(name) for name in ("one", "two"))
    for domain in domains:
        for number in reversed(range(30)):
            studio.user(domain, f"user{number:02}", **lab(attached("notebook", "lab", 1), attached("notebook", "lab")))
    (member,) = sagemaker_members(ALL)
    assert (member.reference, member.title) == (image, "notebook/1")
    assert member.users == tuple(f"domain {domain}, user user{n:02}" for domain in domains for n in range(30))
    asked = studio.aws.asked
    assert [request for name, request in asked if name == "DescribeImageVersion"] in (
        [{"ImageName": "notebook", "Version": 1}, {"ImageName": "notebook"}],
        [{"ImageName": "notebook"}, {"ImageName": "notebook", "Version": 1}],
    )
    assert studio.aws.count("DescribeAppImageConfig") == 1
    assert {f"sagemaker:{name}" for name, _ in asked if name != "CreateDomain"} == set(PERMISSIONS) - {
        "sagemaker:DescribeSpace"
    }


def test_all_pages_are_read(studio: Studio) -> None:
    studio.page = 2
    studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    domain = studio.domain()
    for number in range(5):
        studio.user(domain, f"user{number}", **lab(attached("notebook", "lab")))
        studio.space(domain, f"space{number}", KernelGatewayAppSettings={"CustomImages": [attached("notebook", "lab")]})
    in_lab, in_classic = sagemaker_members(f"{ALL}/{domain}")
    assert in_lab.users == tuple(f"domain {domain}, user user{number}" for number in range(5))
    assert in_classic.users == tuple(f"domain {domain}, space space{number}" for number in range(5))
    assert (studio.aws.count("ListUserProfiles"), studio.aws.count("ListSpaces")) == (3, 3)
    sizes = {request["MaxResults"] for name, request in studio.aws.asked if name.startswith("List")}
    assert sizes == {100}


def test_all_pages_of_domains_are_read(studio: Studio) -> None:
    studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    made = [studio.domain(f"domain-{n}", DefaultUserSettings=lab(attached("notebook", "lab"))) for n in range(5)]
    studio.aws.own["ListDomains"] = pages("Domains", [{"DomainId": domain} for domain in sorted(made, reverse=True)], 2)
    (member,) = sagemaker_members(ALL)
    assert member.users == tuple(f"domain {domain}" for domain in sorted(made))
    assert studio.aws.count("ListDomains") == 3


def test_one_domain_is_asked_for(studio: Studio) -> None:
    studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    settings = lab(attached("notebook", "lab"))
    one, _ = (studio.domain(name, DefaultUserSettings=settings) for name in ("one", "two"))
    (member,) = sagemaker_members(f"{ALL}/{one}")
    assert member.users == (f"domain {one}",)
    assert studio.aws.count("ListDomains") == 0


def test_a_region_without_custom_images(studio: Studio) -> None:
    assert list(sagemaker_members(ALL)) == []
    studio.domain()
    assert list(sagemaker_members(ALL)) == []


def test_the_latest_version_is_that_of_its_number(studio: Studio) -> None:
    studio.image("notebook")
    newest = studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    domain = studio.domain(DefaultUserSettings=lab(attached("notebook", "lab")))
    studio.user(domain, "alice", **lab(attached("notebook", "lab", 2)))
    studio.user(domain, "bob", **lab(attached("notebook", "lab", 1)))
    latest, first = sagemaker_members(ALL)
    assert (latest.reference, latest.title) == (newest, "notebook/2")
    assert latest.users == (f"domain {domain}", f"domain {domain}, user alice")
    assert (first.title, first.users) == ("notebook/1", (f"domain {domain}, user bob",))


def test_two_versions_of_one_container_image(studio: Studio) -> None:
    image = studio.image("notebook")
    studio.image("copy", ContainerImage=image)
    studio.config("lab", JupyterLabAppImageConfig={})
    studio.config("other", JupyterLabAppImageConfig=CONTAINER)
    images = attached("notebook", "lab"), attached("copy", "lab"), attached("copy", "other")
    studio.domain(DefaultUserSettings=lab(*images))
    assert [(member.reference, member.title) for member in sagemaker_members(ALL)] == [
        (image, "notebook/1, copy/1"),
        (image, "copy/1"),
    ]


def test_a_version_without_a_container_image_is_its_base_image(studio: Studio) -> None:
    studio.image("notebook")
    del studio.versions["notebook"][0]["ContainerImage"]
    studio.config("lab", JupyterLabAppImageConfig={})
    studio.domain(DefaultUserSettings=lab(attached("notebook", "lab")))
    (member,) = sagemaker_members(ALL)
    assert member.reference == f"{REGISTRY}/notebook:1"
    del studio.versions["notebook"][0]["BaseImage"]
    (member,) = sagemaker_members(ALL)
    assert failure(member).message == "image version notebook/1 names no container image"


def test_shared_spaces(studio: Studio) -> None:
    studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    domain = studio.domain(
        DefaultSpaceSettings={"ExecutionRole": "arn:aws:iam::1:role/x", **lab(attached("notebook", "lab"))}
    )
    (member,) = sagemaker_members(ALL)
    assert member.users == (f"domain {domain}, shared spaces",)


def test_a_default_image_has_the_app_image_config_that_it_is_attached_with(studio: Studio) -> None:
    """That of its version, the nearest first; it is no second member."""
    first, second = studio.image("notebook"), studio.image("notebook")
    configs = {name: studio.config(name, JupyterLabAppImageConfig={}) for name in ("domain", "user", "shared")}
    version = f"{ARN}:image-version/notebook/1"
    domain = studio.domain(
        DefaultUserSettings=lab(attached("notebook", "domain", 1)),
        DefaultSpaceSettings={"ExecutionRole": "arn:aws:iam::1:role/x", **lab(attached("notebook", "shared", 2))},
    )
    by_number = default(f"{ARN}:image/notebook", version)
    studio.user(domain, "alice", **lab(attached("notebook", "user", 1), **by_number))
    studio.user(domain, "bob", **lab(**by_number))
    studio.space(domain, "hers", owner="alice", JupyterLabAppSettings=by_number)
    studio.space(domain, "his", owner="bob", JupyterLabAppSettings=default(version=version))
    studio.space(domain, "theirs", JupyterLabAppSettings=default(f"{ARN}:image/notebook"))
    found = {
        (member.title, member.reference, str(member.app_image_config)): member for member in sagemaker_members(ALL)
    }
    users = {key: [user.removeprefix(f"domain {domain}") for user in member.users] for key, member in found.items()}
    assert users == {
        ("notebook/1", first, str(configs["domain"])): ["", ", user bob", ", space his"],
        ("notebook/2", second, str(configs["shared"])): [", shared spaces", ", space theirs"],
        ("notebook/1", first, str(configs["user"])): [", user alice", ", space hers"],
    }


def test_a_default_image_is_attached_in_many_ways(studio: Studio) -> None:
    """The same version counts more than what is nearer, and an attachment of any version more than another version."""
    images = [studio.image("notebook") for _ in range(3)]
    studio.image("other")
    for name in ("one", "two", "latest", "unrelated"):
        studio.config(name, JupyterLabAppImageConfig={})
    attachments = attached("notebook", "latest"), attached("notebook", "one", 1)
    domain = studio.domain(DefaultUserSettings=lab(*attachments))
    own = attached("other", "unrelated"), attached("notebook", "two", 2)
    for number in (1, 2, 3):
        version = default(f"{ARN}:image/notebook", f"{ARN}:image-version/notebook/{number}")
        studio.user(domain, f"user{number}", **lab(*own, **version))
    user = f"domain {domain}, user user"
    found = {
        (member.reference, member.app_image_config["AppImageConfigName"]): member.users
        for member in sagemaker_members(ALL)
        if member.app_image_config is not None and member.title != "other/1"
    }
    assert found == {
        (images[0], "one"): (f"domain {domain}", f"{user}1"),
        (images[1], "two"): (f"{user}1", f"{user}2", f"{user}3"),
        (images[2], "latest"): (f"domain {domain}", f"{user}3"),
    }


def test_the_arn_of_a_version_is_in_lower_case(studio: Studio) -> None:
    image = studio.image("Notebook")
    spec = default(f"{ARN}:image/Notebook", f"{ARN}:image-version/notebook/1")
    studio.domain(DefaultUserSettings=lab(**spec))
    (member,) = sagemaker_members(ALL)
    assert (member.reference, member.title) == (image, "Notebook/1")


def test_a_default_image_that_is_not_attached(studio: Studio) -> None:
    image = studio.image("notebook", ReleaseNotes="1.2.0")
    domain = studio.domain()
    studio.space(domain, "code", CodeEditorAppSettings=default(f"{ARN}:image/notebook", alias="1.2.0"))
    (member,) = sagemaker_members(ALL)
    assert (member.reference, member.profile, member.app_image_config) == (image, CODE_EDITOR, None)
    assert (member.title, member.error) == ("notebook/1", None)
    assert ("DescribeImageVersion", {"ImageName": "notebook", "Alias": "1.2.0"}) in studio.aws.asked
    assert studio.aws.count("DescribeAppImageConfig") == 0


def test_the_images_of_aws_are_not_custom_images(studio: Studio) -> None:
    image, version = f"{AWS_OWN}:image/sagemaker-distribution-cpu", f"{AWS_OWN}:image-version/jupyter-server-3/1"
    specs = (
        default(image),
        default(image, version),
        default(image, "None", "2.4.1"),
        default(version=version),
        default(),
    )
    domain = studio.domain(DefaultUserSettings={"KernelGatewayAppSettings": specs[0]})
    for number, spec in enumerate(specs):
        studio.space(domain, f"space{number}", JupyterLabAppSettings=spec)
    assert list(sagemaker_members(ALL)) == []
    assert studio.aws.count("DescribeImageVersion") == 0


@pytest.mark.parametrize(("access", "profiles"), [("DISABLED", [UNIFIED]), ("ENABLED", [UNIFIED, JUPYTERLAB])])
def test_the_domain_of_a_project_in_unified_studio(studio: Studio, access: str, profiles: list[str]) -> None:
    studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    studio.domain(
        DefaultUserSettings=lab(attached("notebook", "lab")),
        DomainSettings={"UnifiedStudioSettings": {"DomainId": "dzd_abc", "StudioWebPortalAccess": access}},
    )
    assert [member.profile for member in sagemaker_members(ALL)] == profiles


def test_an_image_version_that_does_not_exist(studio: Studio) -> None:
    studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    domain = studio.domain(DefaultUserSettings=lab(attached("notebook", "lab", 7), attached("notebook", "lab", 1)))
    studio.user(domain, "alice", **lab(attached("notebook", "lab", 7), attached("deleted", "lab")))
    missing, present, deleted = sagemaker_members(ALL)
    assert failure(missing).message == "there is no image version notebook/7 in SageMaker"
    assert failure(missing).hint == "Create it again, or detach the image"
    assert (missing.reference, missing.title) == (f"{ARN}:image-version/notebook/7", "notebook/7")
    assert missing.users == (f"domain {domain}", f"domain {domain}, user alice")
    assert (present.title, present.error) == ("notebook/1", None)
    assert failure(deleted).message == "there is no version of the image deleted in SageMaker"
    assert (deleted.reference, deleted.title) == (f"{ARN}:image/deleted", "deleted")


@pytest.mark.parametrize("status", ["CREATING", "CREATE_FAILED", "DELETING", "DELETE_FAILED"])
def test_an_image_version_that_is_not_ready(studio: Studio, status: str) -> None:
    studio.image("notebook", ImageVersionStatus=status, FailureReason="the base image " + "x" * 900)
    studio.config("lab", JupyterLabAppImageConfig={})
    studio.domain(DefaultUserSettings=lab(attached("notebook", "lab")))
    (member,) = sagemaker_members(ALL)
    assert failure(member).message.startswith(f"image version notebook/1 is in state {status}: the base image xxx")
    assert len(failure(member).message) < 400
    assert failure(member).hint
    assert (member.reference, member.title) == (f"{ARN}:image-version/notebook/1", "notebook/1")


def test_an_app_image_config_that_does_not_exist(studio: Studio) -> None:
    image = studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    studio.domain(DefaultUserSettings=lab(attached("notebook", "deleted"), attached("notebook", "lab")))
    missing, present = sagemaker_members(ALL)
    assert (missing.reference, missing.title, missing.app_image_config) == (image, "notebook/1", None)
    assert failure(missing).message == "there is no AppImageConfig deleted in SageMaker"
    assert present.error is None


def test_what_is_deleted_in_the_meantime(studio: Studio) -> None:
    studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    domain, other = studio.domain("one"), studio.domain("two")
    for name in ("alice", "bob"):
        studio.user(domain, name, **lab(attached("notebook", "lab")))
    describe = studio.aws.own["DescribeUserProfile"]
    gone = Refusal("ResourceNotFound", "it is gone")
    studio.aws.own["DescribeUserProfile"] = lambda asked: gone if asked["UserProfileName"] == "bob" else describe(asked)
    studio.aws.own["DescribeDomain"] = lambda asked: gone if asked["DomainId"] == other else None
    (member,) = sagemaker_members(ALL)
    assert member.users == (f"domain {domain}, user alice",)
    with pytest.raises(InvalidReferenceError, match=f"there is no SageMaker domain {other} in {REGION}") as error:
        list(sagemaker_members(f"{ALL}/{other}"))
    assert error.value.hint


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_user_without_permission(studio: Studio, permission: str) -> None:
    operation = permission.removeprefix("sagemaker:")
    studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    domain = studio.domain(DefaultUserSettings=lab(attached("notebook", "lab")))
    for number in range(20):
        studio.user(domain, f"user{number}")
        studio.space(domain, f"space{number}")
    studio.aws.refuse(operation, "AccessDeniedException", f"User: alice is not authorized to perform: {permission}")
    with pytest.raises(AuthenticationError) as error:
        list(sagemaker_members(ALL))
    assert error.value.message == (
        f"AWS denies {permission} in {REGION}: "
        f"AccessDeniedException: User: alice is not authorized to perform: {permission}"
    )
    assert error.value.hint == f"Allow {permission} for the AWS user or role that you use"


def test_throttled_requests_are_repeated(studio: Studio) -> None:
    studio.image("notebook")
    studio.config("lab", JupyterLabAppImageConfig={})
    domain = studio.domain()
    studio.user(domain, "alice", **lab(attached("notebook", "lab")))
    describe = studio.aws.own["DescribeUserProfile"]
    throttled = Refusal("ThrottlingException", "Rate exceeded")
    studio.aws.own["DescribeUserProfile"] = lambda asked: (
        throttled if studio.aws.count("DescribeUserProfile") == 1 else describe(asked)
    )
    (member,) = sagemaker_members(ALL)
    assert member.error is None
    assert studio.aws.count("DescribeUserProfile") == 2


def test_requests_that_stay_throttled(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    studio.aws.refuse("ListDomains", "ThrottlingException", "Rate exceeded")
    with pytest.raises(RegistryError, match=f"^AWS throttles sagemaker:ListDomains in {REGION}: Thr.*: Rate exceeded$"):
        list(sagemaker_members(ALL))


def test_aws_that_cannot_be_reached(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(RegistryError, match=f"cannot ask sagemaker in {REGION}: AWS cannot be reached at http://127"):
        list(sagemaker_members(ALL))
    assert studio.aws.asked == []


def test_boto3_is_not_installed(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(UsageError, match="finding images in AWS needs boto3") as error:
        list(sagemaker_members(ALL))
    assert error.value.hint == "Install 'ocianalyze[aws]'"
    assert studio.aws.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "sagemaker://",
        "sagemaker:///d-abc",
        "sagemaker://eu-west",
        "sagemaker://eu-west-1/abc",
        "sagemaker://eu-west-1/d-ABC",
        "sagemaker://eu-west-1/d-abc/alice",
        "sagemaker://eu-west-1.example.com",
        "eu-west-1",
    ],
)
def test_names_that_are_wrong(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match="invalid name of SageMaker domains") as error:
        sagemaker_members(text)
    assert error.value.hint
