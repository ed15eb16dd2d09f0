"""What the tests of AWS share."""

from collections.abc import Iterator

import pytest

from tests.fleet.members.aws_server import AwsServer, aws_server, moto


@pytest.fixture(scope="package")
def moto_server() -> Iterator[str]:
    """One moto for all tests."""
    with moto() as host:
        yield host


@pytest.fixture
def aws(
    moto_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AwsServer]:
    """AWS, in which nothing is yet."""
    with aws_server(moto_server, monkeypatch, str(tmp_path_factory.mktemp("aws") / "none")) as server:
        yield server
