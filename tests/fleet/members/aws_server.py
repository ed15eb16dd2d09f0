"""A server in the place of AWS: moto's, and before it answers of our own where moto has none or is simpler than AWS.

What we answer is held against the shapes that botocore knows, as is what we are asked.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, TypeAlias
from urllib.request import Request, urlopen

import pytest
from boto3.session import Session
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.registries import free_port

ACCOUNT = "123456789012"
REGION = "eu-west-1"
_SERVICES = {"SageMaker": "sagemaker", "AmazonEC2ContainerRegistry_V20150921": "ecr"}
_MOTO = "import sys; from moto.server import main; main(sys.argv[1:])"
_PATIENCE = 60


class Refusal(NamedTuple):
    """An error that AWS answers."""

    code: str
    message: str = ""
    status: int = 400


Respond: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | Refusal | None]
"""What is answered to a request; None to ask moto."""


@dataclass(slots=True)
class AwsServer:
    """The server: what it answers instead of moto, by operation, what it was asked, and what was wrong with either."""

    proxy: FaultProxy
    own: dict[str, Respond] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    clients: dict[str, Any] = field(default_factory=dict)

    def refuse(self, operation: str, code: str, message: str = "", status: int = 400) -> None:
        """Refuse an operation from now on."""
        self.own[operation] = lambda _: Refusal(code, message, status)

    def count(self, operation: str) -> int:
        """Return how often an operation was asked for."""
        return sum(name == operation for name, _ in self.asked)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes as it goes
        """Return a client, to fill moto with."""
        if service not in self.clients:
            self.clients[service] = Session().client(service, region_name=REGION)
        return self.clients[service]

    def _serve(self, seen: Seen) -> Answer | None:
        prefix, _, operation = seen.headers["x-amz-target"].rpartition(".")
        request = json.loads(seen.headers["(body)"])
        self.asked.append((operation, request))
        respond = self.own.get(operation)
        answer = respond(request) if respond else None
        if answer is None:
            return None
        if isinstance(answer, Refusal):
            return _answer({"__type": answer.code, "message": answer.message}, answer.status)
        model = _service(_SERVICES[prefix]).operation_model(operation)
        for value, shape in ((request, model.input_shape), (answer, model.output_shape)):
            report = ParamValidator().validate(value, shape).generate_report()
            if report:
                self.problems.append(f"{operation}: {report}")
        return _answer(answer)


def pages(key: str, items: list[dict[str, Any]], size: int) -> Respond:
    """Return what lists `items` under `key`, `size` of them at a time, and names the next page as AWS does."""
    token = "NextToken" if key[0].isupper() else "nextToken"

    def respond(request: dict[str, Any]) -> dict[str, Any]:
        start = int(request.get(token, "page-0").removeprefix("page-"))
        more = {token: f"page-{start + size}"} if start + size < len(items) else {}
        return {key: items[start : start + size], **more}

    return respond


@contextmanager
def moto() -> Iterator[str]:
    """Run moto's server, and give its host and port."""
    host = f"127.0.0.1:{free_port()}"
    command = (sys.executable, "-W", "ignore", "-c", _MOTO, "-H", "127.0.0.1", "-p", host.rpartition(":")[2])
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await(host, process)
            yield host
        finally:
            process.terminate()


def _await(host: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError):
            _reset(host)
            return
        time.sleep(0.05)
    pytest.fail("moto's server did not start")


def _reset(host: str) -> None:
    urlopen(Request(f"http://{host}/moto-api/reset", method="POST"), timeout=_PATIENCE).close()


@contextmanager
def aws_server(upstream: str, monkeypatch: pytest.MonkeyPatch, nowhere: str) -> Iterator[AwsServer]:
    """Run a server before an empty moto, and let boto3 find it; nothing but the environment says who we are."""
    _reset(upstream)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with fault_proxy(upstream) as proxy:
        server = AwsServer(proxy)
        proxy.behaviour = server._serve
        for name, value in (
            ("AWS_ENDPOINT_URL", f"http://{proxy.host}"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_CONFIG_FILE", nowhere),
            ("AWS_SHARED_CREDENTIALS_FILE", nowhere),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ):
            monkeypatch.setenv(name, value)
        yield server
        for client in server.clients.values():
            client.close()
    assert server.problems == []


@cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def _answer(document: object, status: int = 200) -> Answer:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return Answer(status=status, headers=headers, body=json.dumps(document).encode())
