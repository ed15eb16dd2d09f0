"""The images of Amazon ECR: boto3 asks moto, and a server of our own for what moto does not know."""

import hashlib
import json
import logging
import sys
from typing import Any

import pytest

from ocianalyze.errors import AuthenticationError, InvalidReferenceError, NoMatchError, RegistryError, UsageError
from ocianalyze.fleet.members import aws as calls
from ocianalyze.fleet.members.ecr import PERMISSIONS, ecr_members
from ocianalyze.oci import media_types
from ocianalyze.oci.repository import RepositoryName
from tests.fleet.members.aws_server import ACCOUNT, REGION, AwsServer, Refusal, pages
from tests.support.forward_proxy import forward_proxy

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
HELM = "application/vnd.cncf.helm.config.v1+json"
NOTATION = "application/vnd.cncf.notary.signature"
SOCI = "application/vnd.amazon.soci.index.v1+json"
IN_TOTO = "application/vnd.in-toto+json"


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def push(aws: AwsServer, repository: str, *tags: str) -> str:
    """Put an image of its own into moto, and return its digest."""
    client = aws.client("ecr")
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_MANIFEST,
        "config": {"mediaType": media_types.DOCKER_CONFIG, "size": 2, "digest": digest(f"{repository}:{tags}")},
        "layers": [],
    }
    raw = json.dumps(manifest)
    answers = [client.put_image(repositoryName=repository, imageManifest=raw, imageTag=tag) for tag in tags]
    (found,) = {answer["image"]["imageId"]["imageDigest"] for answer in answers}
    return str(found)


def create(aws: AwsServer, *repositories: str) -> None:
    for repository in repositories:
        aws.client("ecr").create_repository(repositoryName=repository)


def image(
    name: str, *tags: str, config: str | None = media_types.OCI_CONFIG, manifest: str | None = None
) -> dict[str, Any]:
    """Return what DescribeImages tells of an image; `config` is the type of what is in it."""
    described = {
        "registryId": ACCOUNT,
        "imageDigest": digest(name),
        "imageTags": list(tags),
        "imageManifestMediaType": manifest or media_types.OCI_MANIFEST,
    }
    return described if config is None else described | {"artifactMediaType": config}


def references(text: str) -> list[str]:
    """Return the members' references, without the registry and the digest."""
    return [member.reference.removeprefix(f"{HOST}/").partition("@")[0] for member in ecr_members(text)]


@pytest.fixture
def repositories(aws: AwsServer) -> AwsServer:
    create(aws, "team/app", "team/tools", "other")
    push(aws, "team/app", "v1.10")
    push(aws, "team/app", "v1.9")
    push(aws, "team/app", "v2.0", "latest", "stable")
    push(aws, "team/tools", "v1.0")
    push(aws, "other", "latest")
    return aws


def test_the_images_of_repositories(repositories: AwsServer) -> None:
    assert references(f"ecr://{HOST}/team/*") == [
        "team/app:latest",
        "team/app:v1.9",
        "team/app:v1.10",
        "team/tools:v1.0",
    ]
    assert {f"ecr:{name}" for name, _ in repositories.asked if name.startswith("Describe")} == set(PERMISSIONS)
    assert {request["registryId"] for name, request in repositories.asked if name.startswith("Describe")} == {ACCOUNT}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("team/app", ["team/app:latest", "team/app:v1.9", "team/app:v1.10"]),
        ("team/*:v1.*", ["team/app:v1.9", "team/app:v1.10", "team/tools:v1.0"]),
        ("team/app:v[2-9].*", ["team/app:v2.0"]),
        ("*:latest", ["other:latest", "team/app:latest"]),
        ("team/app:stable", ["team/app:stable"]),
        ("*app", ["team/app:latest", "team/app:v1.9", "team/app:v1.10"]),
        ("", ["other:latest", "team/app:latest", "team/app:v1.9", "team/app:v1.10", "team/tools:v1.0"]),
    ],
)
def test_patterns(repositories: AwsServer, pattern: str, expected: list[str]) -> None:
    assert references(f"ecr://{HOST}/{pattern}") == expected
    assert bool(repositories.count("DescribeRepositories")) == ("*" in pattern.partition(":")[0] or not pattern)


def test_an_image_with_several_tags_is_one_member(aws: AwsServer) -> None:
    create(aws, "app")
    pushed = push(aws, "app", "stable", "v10", "v9", "latest")
    (member,) = ecr_members(f"ecr://{HOST}/app")
    assert member.reference == f"{HOST}/app:latest@{pushed}"
    assert str(RepositoryName.parse(member.reference)) == member.reference
    assert member.title == "app:latest, stable, v9, v10"
    assert (member.app_image_config, member.profile, member.users, member.error) == (None, None, (), None)
    (member,) = ecr_members(f"ecr://{HOST}/app:v*")
    assert member.reference == f"{HOST}/app:v9@{pushed}"
    assert member.title == "app:v9, v10"


def test_a_title_shows_some_tags(aws: AwsServer) -> None:
    create(aws, "app")
    push(aws, "app", *(f"v{number}" for number in range(1, 13)))
    (member,) = ecr_members(f"ecr://{HOST}/app")
    assert member.title == "app:v1, v2, v3, v4, v5 and 7 more"


def test_all_pages_are_read(aws: AwsServer) -> None:
    names = [f"team/app{number}" for number in range(7)]
    listed = [{"registryId": ACCOUNT, "repositoryName": name} for name in names]
    aws.own["DescribeRepositories"] = pages("repositories", listed, 3)
    aws.own["DescribeImages"] = pages("imageDetails", [image(f"{number}", f"v{number}") for number in range(5)], 2)
    found = references(f"ecr://{HOST}/team/*")
    assert found == [f"{name}:v{number}" for name in names for number in range(5)]
    assert (aws.count("DescribeRepositories"), aws.count("DescribeImages")) == (3, 21)
    tokens = [request.get("nextToken") for name, request in aws.asked if name == "DescribeRepositories"]
    assert tokens == [None, "page-3", "page-6"]
    assert all(request["filter"] == {"tagStatus": "TAGGED"} for name, request in aws.asked if name == "DescribeImages")


def test_what_is_not_an_image(aws: AwsServer, caplog: pytest.LogCaptureFixture) -> None:
    """As ECR tells it: cosign's signatures say that they are images, and only their tags say what they are."""
    signed = digest("image").replace(":", "-")
    aws.own["DescribeImages"] = pages(
        "imageDetails",
        [
            image("image", "v1"),
            image("docker", "v2", config=media_types.DOCKER_CONFIG, manifest=media_types.DOCKER_MANIFEST),
            image("index", "v3", config=None, manifest=media_types.OCI_INDEX),
            image("list", "v4", config=None, manifest=media_types.DOCKER_LIST),
            image("index with a type", "v5", config=SOCI, manifest=media_types.OCI_INDEX),
            {"imageDigest": digest("unknown"), "imageTags": ["v6"]},
            image("old", "v7", config="application/octet-stream"),
            image("signature", f"{signed}.sig"),
            image("attestation", f"{signed}.att"),
            image("sbom", f"{signed}.sbom"),
            image("referrers", signed, config=None, manifest=media_types.OCI_INDEX),
            image("chart", "chart-1.0", config=HELM),
            image("notation", "notation", config=NOTATION),
            image("soci", "soci", config=SOCI),
            image("in-toto", "provenance", config=IN_TOTO),
            image("artifact", "artifact", config=None, manifest="application/vnd.oci.artifact.manifest.v1+json"),
        ],
        100,
    )
    with caplog.at_level(logging.DEBUG, "ocianalyze"):
        assert references(f"ecr://{HOST}/app") == [f"app:v{number}" for number in range(1, 8)]
    assert f"{HOST}/app:chart-1.0 is not an image" in caplog.messages
    with pytest.raises(NoMatchError):
        references(f"ecr://{HOST}/app:chart-*")


def test_a_tag_that_no_reference_can_have_is_left_out_of_it(aws: AwsServer) -> None:
    aws.own["DescribeImages"] = pages("imageDetails", [image("image", "v" * 200)], 100)
    (member,) = ecr_members(f"ecr://{HOST}/app")
    assert member.reference == f"{HOST}/app@{digest('image')}"


def test_nothing_matches(repositories: AwsServer) -> None:
    create(repositories, "empty")
    for pattern in ("nobody/*", "team/*:v3.*", "team/app:missing", "empty"):
        with pytest.raises(NoMatchError, match=f"no tagged image of {HOST} matches"):
            references(f"ecr://{HOST}/{pattern}")


def test_a_repository_that_does_not_exist(aws: AwsServer) -> None:
    with pytest.raises(calls.NotFoundError, match="AWS found nothing for ecr:DescribeImages in eu-west-1: Repository"):
        references(f"ecr://{HOST}/missing")
    listed = [{"registryId": ACCOUNT, "repositoryName": name} for name in ("deleted", "app")]
    aws.own["DescribeRepositories"] = pages("repositories", listed, 100)
    answer = pages("imageDetails", [image("image", "v1")], 100)
    gone = Refusal("RepositoryNotFoundException", "it is gone")
    aws.own["DescribeImages"] = lambda request: gone if request["repositoryName"] == "deleted" else answer(request)
    assert references(f"ecr://{HOST}/*") == ["app:v1"]


@pytest.mark.parametrize("operation", ["DescribeRepositories", "DescribeImages"])
def test_a_user_without_permission(repositories: AwsServer, operation: str) -> None:
    said = f"User: arn:aws:iam::{ACCOUNT}:user/alice is not authorized to perform: ecr:{operation}"
    repositories.refuse(operation, "AccessDeniedException", said)
    with pytest.raises(AuthenticationError) as error:
        references(f"ecr://{HOST}/team/*")
    assert error.value.message == f"AWS denies ecr:{operation} in {REGION}: AccessDeniedException: {said}"
    assert error.value.hint == f"Allow ecr:{operation} for the AWS user or role that you use"
    assert repositories.count(operation) == 1, "it is not repeated"


def test_a_long_answer_is_cut(aws: AwsServer) -> None:
    aws.refuse("DescribeImages", "AccessDeniedException", "x" * 10_000)
    with pytest.raises(AuthenticationError) as error:
        references(f"ecr://{HOST}/app")
    assert len(error.value.message) < 400


@pytest.mark.parametrize(
    ("code", "status", "kind", "message"),
    [
        ("ExpiredTokenException", 400, AuthenticationError, "AWS does not accept the credentials for ecr:Describe"),
        ("UnrecognizedClientException", 400, AuthenticationError, "AWS does not accept the credentials"),
        ("InvalidSignatureException", 403, AuthenticationError, "AWS does not accept the credentials"),
        ("ThrottlingException", 400, RegistryError, "AWS throttles ecr:DescribeImages in eu-west-1"),
        ("ServerException", 500, RegistryError, "AWS could not answer ecr:DescribeImages in eu-west-1"),
    ],
)
def test_other_refusals(
    aws: AwsServer, monkeypatch: pytest.MonkeyPatch, code: str, status: int, kind: type[RegistryError], message: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    aws.refuse("DescribeImages", code, "no", status)
    with pytest.raises(RegistryError, match=f"^{message}.*: {code}: no$") as error:
        references(f"ecr://{HOST}/app")
    assert type(error.value) is kind
    assert error.value.hint


def test_throttled_requests_are_repeated(aws: AwsServer) -> None:
    answer = pages("imageDetails", [image("image", "v1")], 100)
    throttled = Refusal("ThrottlingException", "Rate exceeded")
    aws.own["DescribeImages"] = lambda request: throttled if aws.count("DescribeImages") == 1 else answer(request)
    assert references(f"ecr://{HOST}/app") == ["app:v1"]
    assert aws.count("DescribeImages") == 2


def test_nobody_is_logged_in(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AuthenticationError, match="cannot ask ecr in eu-west-1: there are no AWS credentials") as error:
        references(f"ecr://{HOST}/app")
    assert error.value.hint == "Log in to AWS, or set AWS_PROFILE"
    assert aws.asked == []


def test_a_profile_that_does_not_exist(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(AuthenticationError, match="there is no AWS profile gone"):
        references(f"ecr://{HOST}/app")
    assert aws.asked == []


def test_aws_that_cannot_be_reached(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(
        RegistryError, match="cannot ask ecr in eu-west-1: AWS cannot be reached at http://127"
    ) as error:
        references(f"ecr://{HOST}/app")
    assert error.value.hint == "Check the network and HTTPS_PROXY"
    assert not isinstance(error.value, AuthenticationError)
    assert aws.asked == []


def test_an_answer_that_is_none(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    aws.own["DescribeImages"] = lambda _: {"imageDetails": [], "nextToken": "the same"}
    with pytest.raises(
        RegistryError, match=r"cannot ask ecr in eu-west-1: PaginationError: .*same next token"
    ) as error:
        references(f"ecr://{HOST}/app")
    assert type(error.value) is RegistryError


def test_boto3_is_not_installed(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    members = ecr_members(f"ecr://{HOST}/app")
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(UsageError, match="finding images in AWS needs boto3") as error:
        next(members)
    assert error.value.hint == "Install 'ocianalyze[aws]'"
    assert aws.asked == []


@pytest.mark.parametrize(
    ("host", "more", "region"),
    [
        ("dkr.ecr.us-east-1", ".amazonaws.com", "us-east-1"),
        ("dkr.ecr.cn-north-1", ".amazonaws.com.cn", "cn-north-1"),
        ("dkr.ecr.cn-north-1.amazonaws.com.cn", "", "cn-north-1"),
        ("dkr.ecr-fips.us-gov-west-1.amazonaws.com", "", "us-gov-west-1"),
        ("dkr-ecr.us-east-2.on.aws", "", "us-east-2"),
    ],
)
def test_the_host_decides_which_region_is_asked(aws: AwsServer, host: str, more: str, region: str) -> None:
    aws.own["DescribeImages"] = pages("imageDetails", [image("image", "v1")], 100)
    (member,) = ecr_members(f"ecr://{ACCOUNT}.{host}/app")
    assert member.reference == f"{ACCOUNT}.{host}{more}/app:v1@{digest('image')}"
    assert f"/{region}/ecr/aws4_request" in aws.proxy.seen[-1].headers["authorization"]


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("dkr.ecr.us-east-1.amazonaws.com", "api.ecr.us-east-1.amazonaws.com"),
        ("dkr.ecr-fips.us-gov-west-1.amazonaws.com", "api.ecr-fips.us-gov-west-1.amazonaws.com"),
        ("dkr-ecr.us-east-1.on.aws", "ecr.us-east-1.api.aws"),
        ("dkr.ecr.cn-north-1", "api.ecr.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_host_decides_which_endpoint_is_asked(
    aws: AwsServer, monkeypatch: pytest.MonkeyPatch, host: str, endpoint: str
) -> None:
    """Through a proxy that lets nobody through. Versions of botocore differ in which of two names they use."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with forward_proxy() as proxy:
        proxy.refusal = 403, {}, b""
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
        with pytest.raises(RegistryError, match=f"the proxy http://{proxy.host} cannot be reached"):
            references(f"ecr://{ACCOUNT}.{host}/app")
        ((request, _),) = proxy.seen
        assert request in (f"CONNECT {endpoint}:443", f"CONNECT {endpoint.removeprefix('api.')}:443")
    assert aws.asked == []


def test_the_password_of_a_proxy_is_not_shown(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary@127.0.0.1:1")
    with pytest.raises(RegistryError, match=r"the proxy .*127\.0\.0\.1:1 cannot be reached") as error:
        references(f"ecr://{HOST}/app")
    assert "canary" not in error.value.one_line()
    assert aws.asked == []


def test_how_often_requests_are_repeated(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = calls.client("ecr", REGION)
    assert client.meta.config.retries == {"mode": "adaptive", "total_max_attempts": 5}
    client.close()
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
    client = calls.client("ecr", REGION)
    assert client.meta.config.retries == {"mode": "adaptive", "total_max_attempts": 9}
    client.close()
    assert aws.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "ecr://",
        "ecr:///app",
        "ecr://registry.example.com/app",
        "ecr://public.ecr.aws/sagemaker/*",
        "ecr://*.dkr.ecr.eu-west-1.amazonaws.com/app",
        f"ecr://{HOST}.example.com/app",
        f"{HOST}/app",
        f"ecr://{HOST}/app@{digest('image')}",
        f"ecr://{HOST}/Team/*",
        f"ecr://{HOST}/team/app:v1:v2",
        f"ecr://{HOST}/team app",
        f"ecr://{HOST}//app",
    ],
)
def test_names_that_are_wrong(text: str) -> None:
    with pytest.raises(InvalidReferenceError) as error:
        ecr_members(text)
    assert error.value.hint
