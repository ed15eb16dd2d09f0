"""Amazon ECR: the request for a login is the real boto3's, sent to a server of our own."""

import base64
import json
from collections.abc import Iterator

import pytest

from ocianalyze.errors import AuthenticationError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry import ecr
from ocianalyze.sources.registry.credentials import Credentials
from tests.support.fault_proxy import Answer, FaultProxy, fault_proxy
from tests.support.registries import registry_access

PRIVATE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
TOKEN = base64.b64encode(b"AWS:a-password").decode()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultProxy]:
    """A server in the place of AWS, and the credentials of somebody."""
    nowhere = str(tmp_path_factory.mktemp("aws") / "none")
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
    with pytest.raises(AuthenticationError, match="not you") as error:
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
