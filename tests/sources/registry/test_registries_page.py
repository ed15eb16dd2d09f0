"""The lines of docs/registries.md, run as they stand, against registries that ask for logins as those do."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sources.registry.conftest import IMAGE
from tests.support.authorities import Authority, serving_with
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.images import build
from tests.support.served import serving_image
from tests.support.tools import requires

pytestmark = requires("openssl", "bash")

PAGE = Path(__file__).parents[3] / "docs" / "registries.md"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
KEY = json.dumps({"type": "service_account", "private_key": "-----BEGIN-----\ncanary\n-----END-----\n"}, indent=2)
ROBOT = "canary-robot"


class Guard(NamedTuple):
    """Who may read a registry, and the URL of its token server; none where it asks for Basic, or for nothing."""

    user: str | None = None
    password: str = ""
    realm: str | None = None


GUARDS = {
    "registry-1.docker.io": Guard("me", ROBOT, "https://auth.docker.io/token"),
    ECR: Guard("AWS", "canary-aws"),
    "ghcr.io": Guard("octocat", ROBOT, "https://ghcr.io/token"),
    "registry.gitlab.com": Guard("gitlab-ci-token", ROBOT, "https://gitlab.com/jwt/auth"),
    "registry.gitlab.example.com": Guard("me", ROBOT, "https://gitlab.example.com/jwt/auth"),
    "harbor.example.com": Guard("robot$team+ci", ROBOT, "https://harbor.example.com/service/token"),
    "artifactory.example.com": Guard("me", ROBOT, "https://artifactory.example.com/artifactory/api/docker/v2/token"),
    "nexus.example.com:8443": Guard("me", ROBOT),
    "quay.io": Guard("team+ci", ROBOT, "https://quay.io/v2/auth"),
    "europe-docker.pkg.dev": Guard("_json_key", KEY, "https://europe-docker.pkg.dev/v2/token"),
    "team.azurecr.io": Guard("00000000-0000-0000-0000-000000000000", ROBOT, "https://team.azurecr.io/oauth2/token"),
    "mirror.example.com": Guard(),
    "registry.example.com": Guard(),
}
"""As each of them answers, or is documented to."""
TOKEN_SERVERS = {str(guard.realm).split("/")[2]: guard for guard in GUARDS.values() if guard.realm}
PRINTED = {"aws": "canary-aws", "az": ROBOT, "gcloud": "canary-google"}
"""What the programs of the clouds print: a password or a token."""
ENVIRONMENT = {
    "GITHUB_TOKEN": ROBOT,
    "GITHUB_ACTOR": "octocat",
    "CI_REGISTRY": "registry.gitlab.com",
    "CI_REGISTRY_USER": "gitlab-ci-token",
    "CI_REGISTRY_PASSWORD": ROBOT,
    "CI_REGISTRY_IMAGE": "registry.gitlab.com/team/notebook",
    "OCIANALYZE_FAIL_ON": "never",
    "OCIANALYZE_NO_CACHE": "1",
}


def blocks() -> Iterator[tuple[str, list[str]]]:
    """Yield the headings of the registries on the page, and the commands of each of their blocks."""
    text = PAGE.read_text(encoding="utf-8").partition("## Your registry\n")[2].partition("\n## ")[0]
    for section in text.split("\n### ")[1:]:
        heading, _, body = section.partition("\n")
        for block in re.findall(r"```console\n(.*?)```", body, flags=re.DOTALL):
            yield heading, [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


def allowed(guard: Guard, authorization: str) -> bool:
    scheme, _, value = authorization.partition(" ")
    if scheme != "Basic":
        return False
    user, _, password = base64.b64decode(value).decode().partition(":")
    return (user, password) in ((guard.user, guard.password), ("oauth2accesstoken", PRINTED["gcloud"]))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FaultProxy, ForwardProxy, Authority]]:
    """All registries in one server, to which a proxy leads; each answers by its name."""
    serve = serving_image(build(IMAGE, compression="gzip"))

    def behave(seen: Seen) -> Answer | None:
        host, sent = seen.headers["host"], seen.headers.get("authorization", "")
        if not seen.path.startswith("/v2/") or "auth" in seen.path or "token" in seen.path:
            granted = allowed(TOKEN_SERVERS[host], sent)
            return Answer(status=200, body=b'{"token": "granted"}') if granted else Answer(status=401)
        guard = GUARDS[host]
        if guard.user is None or sent == "Bearer granted" or (guard.realm is None and allowed(guard, sent)):
            return serve(seen)
        asked = 'Basic realm="x"' if guard.realm is None else f'Bearer realm="{guard.realm}",service="{host}"'
        return Answer(status=401, headers={"WWW-Authenticate": asked})

    authority = Authority(tmp_path_factory.mktemp("page"))
    hosts = {host.partition(":")[0] for host in (*GUARDS, *TOKEN_SERVERS)}
    leaf = authority.issue("leaf", names=",".join(f"DNS:{host}" for host in sorted(hosts)))
    with fault_proxy(None, behave, tls=serving_with(*leaf)) as registries, forward_proxy() as proxy:
        proxy.names.update(dict.fromkeys(hosts, registries.host))
        yield registries, proxy, authority


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the files and the programs that the page names."""
    (tmp_path / "token.txt").write_text(f"{ROBOT}\n")
    (tmp_path / "key.json").write_text(f"{KEY}\n")
    (tmp_path / "bin").mkdir()
    programs = {name: f"echo {printed}" for name, printed in PRINTED.items()}
    for name, line in {**programs, "ocianalyze": f'exec {sys.executable} -m ocianalyze "$@"'}.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / ".docker").mkdir()
    auth = base64.b64encode(f"me:{ROBOT}".encode()).decode()
    config = {"auths": {"https://index.docker.io/v1/": {"auth": auth}}}  # as docker login leaves it
    (tmp_path / ".docker" / "config.json").write_text(json.dumps(config))
    return tmp_path


BLOCKS = list(blocks())


@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=[f"{n}-{heading}" for n, (heading, _) in enumerate(BLOCKS)])
def test_the_lines_read_the_image(number: int, world: tuple[FaultProxy, ForwardProxy, Authority], home: Path) -> None:
    registries, proxy, authority = world
    heading, lines = BLOCKS[number]
    environment = {
        **ENVIRONMENT,
        "HOME": str(home),
        "PATH": f"{home}/bin:{os.environ['PATH']}",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "HTTPS_PROXY": f"http://{proxy.host}",
        "SSL_CERT_FILE": str(authority.certificate),
    }
    if heading == "A private certificate authority":
        del environment["SSL_CERT_FILE"]
        (home / "ca.pem").write_bytes(authority.certificate.read_bytes())
    if heading == "Behind a proxy":
        del environment["HTTPS_PROXY"]
        (home / ".docker" / "config.json").write_text(
            json.dumps({"auths": {"quay.io": {"username": "team+ci", "password": ROBOT}}})
        )
    if lines[0].startswith("pip install"):  # then AWS is asked by boto3: tests/sources/registry/test_ecr.py
        environment["OCIANALYZE_REGISTRY_HOST"] = ECR
        environment |= {"OCIANALYZE_REGISTRY_USERNAME": "AWS", "OCIANALYZE_REGISTRY_PASSWORD": "canary-aws"}
    script = [line for line in lines if not line.startswith(("pip install", "docker login"))]
    registries.seen.clear()
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(script).replace("proxy.example.com:3128", proxy.host)],
        cwd=home, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "canary" not in done.stdout + done.stderr
    (host,) = {seen.headers["host"] for seen in registries.blobs}
    named = {"registry-1.docker.io": "docker.io", "registry.gitlab.com": "$CI_REGISTRY_IMAGE"}.get(host, host)
    assert any(named in line for line in script)


def test_every_registry_has_its_lines() -> None:
    assert len(BLOCKS) >= 14
    assert all(any("ocianalyze scan" in line for line in lines) for _, lines in BLOCKS)
