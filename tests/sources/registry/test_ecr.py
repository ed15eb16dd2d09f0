"""Amazon ECR: the request for a login is the real boto3's, sent to a server of our own."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocianalyze.errors import AuthenticationError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.login import ecr
from ocianalyze.sources.registry.login.credentials import Credentials
from tests.sources.registry.conftest import Registries
from tests.support.fault_proxy import Answer, FaultProxy, fault_proxy
from tests.support.forward_proxy import forward_proxy
from tests.support.registries import ECR, PASSWORD, USER, registry_access
from tests.support.tools import requires

PRIVATE = ECR
TOKEN = base64.b64encode(b"AWS:a-password").decode()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultProxy]:
    """A server in the place of AWS, and the credentials of somebody."""
    nowhere = str(tmp_path_factory.mktemp("aws") / "none")
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with fault_proxy(None) as proxy:
        for name, value in (
            ("AWS_ENDPOINT_URL", f"http://{proxy.host}"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_CONFIG_FILE", nowhere),
            ("AWS_SHARED_CREDENTIALS_FILE", nowhere),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ):
            monkeypatch.setenv(name, value)
        yield proxy


def answer(document: object, status: int = 200) -> Answer:
    return Answer(
        status=status, headers={"Content-Type": "application/x-amz-json-1.1"}, body=json.dumps(document).encode()
    )


@pytest.mark.parametrize(
    ("registry", "region"),
    [
        (PRIVATE, "eu-west-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("123456789012.dkr-ecr.us-east-2.on.aws", "us-east-2"),
    ],
)
def test_the_login_for_a_private_registry(aws: FaultProxy, registry: str, region: str) -> None:
    aws.behaviour = lambda _: answer({"authorizationData": [{"authorizationToken": TOKEN, "proxyEndpoint": "x"}]})
    name = RepositoryName.parse(f"{registry}/team/image:1.0")
    found = Credentials(registry_access(), own=registry).find(name)
    assert found is not None
    assert (found.username, found.secret) == ("AWS", "a-password")
    assert "a-password" not in repr(found)
    (request,) = aws.seen
    assert request.headers["x-amz-target"].endswith(".GetAuthorizationToken")
    assert f"/{region}/ecr/aws4_request" in request.headers["authorization"]
    assert json.loads(request.headers["(body)"]) == {"registryIds": ["123456789012"]}


def test_the_login_for_the_public_registry(aws: FaultProxy) -> None:
    aws.behaviour = lambda _: answer({"authorizationData": {"authorizationToken": TOKEN}})
    assert ecr.login("public.ecr.aws") == ("AWS", "a-password")
    assert "/us-east-1/ecr-public/aws4_request" in aws.seen[0].headers["authorization"]


def test_who_may_not(aws: FaultProxy) -> None:
    aws.behaviour = lambda _: answer({"__type": "AccessDeniedException", "Message": "not you"}, 400)
    with pytest.raises(
        AuthenticationError, match=f"refused the login to {PRIVATE}: AccessDeniedException: not you$"
    ) as error:
        ecr.login(PRIVATE)
    assert "GetAuthorizationToken" in str(error.value.hint)
    assert ecr.login("public.ecr.aws") is None, "it can be read by everybody"


@pytest.mark.parametrize(
    "document", [{}, {"authorizationData": []}, {"authorizationData": [{"authorizationToken": "%"}]}]
)
def test_an_answer_that_is_none(aws: FaultProxy, document: object) -> None:
    aws.behaviour = lambda _: answer(document)
    with pytest.raises(AuthenticationError, match="invalid login"):
        ecr.login(PRIVATE)


def test_nobody_is_logged_in(aws: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert ecr.login(PRIVATE) is None
    assert aws.seen == []


@pytest.mark.parametrize(
    ("registry", "endpoint"),
    [
        (PRIVATE, "https://api.ecr.eu-west-1.amazonaws.com"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "https://ecr-fips.us-gov-west-1.amazonaws.com"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "https://api.ecr.cn-north-1.amazonaws.com.cn"),
        ("123456789012.dkr-ecr.us-east-2.on.aws", "https://ecr.us-east-2.api.aws"),
        ("public.ecr.aws", "https://api.ecr-public.us-east-1.amazonaws.com"),
    ],
)
def test_the_host_decides_which_endpoint_is_asked(registry: str, endpoint: str) -> None:
    assert ecr.client(registry).meta.endpoint_url == endpoint


def logged_in_as(aws: FaultProxy) -> str:
    """Return the key that a request for a login was signed with, after one."""
    aws.behaviour = lambda _: answer({"authorizationData": [{"authorizationToken": TOKEN}]})
    assert ecr.login(PRIVATE) == ("AWS", "a-password")
    return aws.seen[-1].headers["authorization"].partition("Credential=")[2].partition("/")[0]


def test_the_credentials_of_a_profile(aws: FaultProxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert logged_in_as(aws) == "AKIDEXAMPLE"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    shared = tmp_path / "credentials"
    shared.write_text("[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = x\n")
    with shared.open("a") as stream:
        stream.write("[ci]\naws_access_key_id = AKIDCI\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    assert logged_in_as(aws) == "AKIDDEFAULT"
    monkeypatch.setenv("AWS_PROFILE", "ci")
    assert logged_in_as(aws) == "AKIDCI"
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(AuthenticationError, match="there is no AWS profile gone"):
        ecr.login(PRIVATE)


def test_the_credentials_of_a_container(aws: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in ECS, EKS and CodeBuild: the role's credentials come from an endpoint on loopback."""
    role = {
        "AccessKeyId": "AKIDROLE",
        "SecretAccessKey": "canary-secret",
        "Token": "session",
        "Expiration": "2099-01-01T00:00:00Z",
    }
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", f"http://{aws.host}")
    with fault_proxy(None, lambda _: answer(role)) as container:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://{container.host}/role")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of-the-container")
        assert logged_in_as(aws) == "AKIDROLE"
        assert aws.seen[-1].headers["x-amz-security-token"] == "session"
        assert [(seen.path, seen.headers["authorization"]) for seen in container.seen] == [
            ("/role", "of-the-container")
        ]
        container.behaviour = lambda _: Answer(status=400, body=b"canary-secret")
        with pytest.raises(AuthenticationError, match=r"the AWS credentials cannot be obtained from") as error:
            ecr.login(PRIVATE)
    assert "canary" not in error.value.one_line()


def test_aws_that_nobody_reaches(aws: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    assert aws.host
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(AuthenticationError, match="AWS cannot be reached at http://127") as error:
        ecr.login(PRIVATE)
    assert error.value.hint == "Check the network and HTTPS_PROXY"


@requires("docker-registry", "skopeo", "openssl", "htpasswd")
def test_an_image_in_ecr(aws: FaultProxy, registries: Registries) -> None:
    """The whole way: the image's name, a login from AWS's API, and a registry that wants it, behind a proxy."""
    registry = registries("htpasswd", tls=True)
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    aws.behaviour = lambda _: answer({"authorizationData": [{"authorizationToken": login}]})
    command = (sys.executable, "-m", "ocianalyze", "inspect", f"{ECR}/team/image:1.0")
    with forward_proxy() as proxy:
        proxy.names[ECR] = registry.host
        environment = {**os.environ, "HTTPS_PROXY": f"http://{proxy.host}", "SSL_CERT_FILE": str(registry.authority)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        aws.behaviour = lambda _: answer({"__type": "AccessDeniedException", "Message": "not you"}, 400)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert f"AWS refused the login to {ECR}: AccessDeniedException: not you. Log in to AWS" in done.stderr
    assert PASSWORD not in done.stderr
