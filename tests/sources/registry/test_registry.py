"""Real registries, filled by skopeo: the report is that of the same image as a file."""

import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.errors import AuthenticationError, ImageChoiceError, InvalidImageError, RegistryError
from ocianalyze.sources.registry.access import RegistryAccess
from tests.sources.registry.conftest import IMAGE, Registries
from tests.support.fault_proxy import fault_proxy
from tests.support.forms import write_archive
from tests.support.registries import PASSWORD, ROBOT, USER, Guard, Registry, registry_access
from tests.support.tools import NAMESPACES, ROOT, requires, run
from tests.test_analysis import ABOUT_THE_SOURCE, comparable

pytestmark = requires("docker-registry", "skopeo", "openssl", "htpasswd")


def scan(reference: str, access: RegistryAccess | None = None, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    source = Source(reference=reference, access=access, **options)
    return analyze(source, Policy(ignore=ABOUT_THE_SOURCE)).model_dump(by_alias=True)


def plain(**options: Any) -> RegistryAccess:  # noqa: ANN401
    return registry_access(plain_http=True, **options)


def with_authority(registry: Registry, directory: Path, **options: Any) -> RegistryAccess:  # noqa: ANN401
    assert registry.authority is not None
    certificates = directory / "certificates"
    certificates.mkdir()
    (certificates / "ca.crt").write_bytes(registry.authority.read_bytes())
    return registry_access(cert_dir=certificates, **options)


@pytest.fixture(scope="module")
def expected(archive: Path) -> dict[str, Any]:
    return comparable(scan(str(archive)))


@pytest.mark.parametrize("guard", ["open", "htpasswd", "token"])
def test_the_report_is_that_of_the_archive(registries: Registries, guard: Guard, expected: dict[str, Any]) -> None:
    access = plain() if guard == "open" else plain(username=USER, password=PASSWORD)
    report = scan(f"{registries(guard).host}/team/image:1.0", access)
    assert report["image"]["source"] == "registry"
    assert report["image"]["names"] == [f"{registries(guard).host}/team/image:1.0"]
    assert [layer["verified"] for layer in report["layers"]] == [["digest"]] * len(report["layers"])
    assert comparable(report) == expected


def test_a_robot_of_harbor(registries: Registries, expected: dict[str, Any], tmp_path: Path) -> None:
    """Harbor's flow: Basic to /service/token for the service harbor-registry, as a user with a dollar in its name."""
    image = f"{registries('harbor').host}/team/image:1.0"
    assert comparable(scan(image, plain(username=ROBOT, password=PASSWORD))) == expected
    auth = base64.b64encode(f"{ROBOT}:{PASSWORD}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registries("harbor").host: {"auth": auth}}}))
    command = (sys.executable, "-m", "ocianalyze", "inspect", "--plain-http", image)
    subprocess.run((*command, "--username", ROBOT, "--password-stdin"), input=f"{PASSWORD}\n".encode(), check=True)
    variable = (tmp_path / "config.json").read_text()
    subprocess.run(command, env={**os.environ, "DOCKER_AUTH_CONFIG": variable}, check=True)
    subprocess.run(command, env={**os.environ, "DOCKER_CONFIG": str(tmp_path)}, check=True)


@requires("podman", "unshare", ROOT, NAMESPACES)
@pytest.mark.parametrize("program", ["podman", "skopeo"])
def test_what_root_logged_in_with(registries: Registries, tmp_path: Path, program: str) -> None:
    """Without XDG_RUNTIME_DIR, as in CI, both programs write to /run/containers, which is replaced here."""
    host = registries("htpasswd").host
    login = f"{program} login --tls-verify=false --username {USER} --password-stdin {host}"
    script = (
        f'mount -t tmpfs none /run && echo {PASSWORD} | {login} && test -e /run/containers/0/auth.json && exec "$@"'
    )
    inspect = (sys.executable, "-m", "ocianalyze", "inspect", "--plain-http", f"{host}/team/image:1.0")
    elsewhere = ("XDG_RUNTIME_DIR", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "DOCKER_AUTH_CONFIG")
    environment = {key: value for key, value in os.environ.items() if key not in elsewhere} | {"HOME": str(tmp_path)}
    command = ("unshare", "--mount", "sh", "-c", script, "sh", *inspect)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("guard", ["open", "htpasswd"])
def test_over_tls_with_an_authority_of_ones_own(
    registries: Registries, guard: Guard, expected: dict[str, Any], tmp_path: Path
) -> None:
    registry = registries(guard, tls=True)
    login: dict[str, Any] = {} if guard == "open" else {"username": USER, "password": PASSWORD}
    reference = f"docker://{registry.host}/team/image:1.0"
    assert comparable(scan(reference, with_authority(registry, tmp_path, **login))) == expected
    assert comparable(scan(reference, registry_access(tls_verify=False, **login))) == expected
    with pytest.raises(RegistryError, match="is not trusted"):
        scan(reference, registry_access(**login))


def test_in_each_format(registries: Registries, tmp_path: Path, expected: dict[str, Any]) -> None:
    registry = registries()
    gzip = write_archive(tmp_path / "gzip.tar", IMAGE, "oci", compression="gzip")
    zstd = write_archive(tmp_path / "zstd.tar", IMAGE, "oci", compression="zstd")
    for path, option in ((gzip, "--format=v2s2"), (zstd, "--format=oci")):
        compression = path.stem
        registry.push(f"oci-archive:{path}", f"formats/{compression}:1.0", option)
        report = scan(f"{registry.host}/formats/{compression}:1.0", plain())
        assert {layer["compression"] for layer in report["layers"]} == {compression}
        assert comparable(report) == expected


def test_by_digest_and_verified_in_full(registries: Registries, expected: dict[str, Any]) -> None:
    host = registries().host
    digest = scan(f"{host}/team/image:1.0", plain())["image"]["digest"]
    report = scan(f"{host}/team/image:other@{digest}", plain(), verify_all=True)
    assert report["image"]["digest"] == digest
    assert {tuple(layer["verified"]) for layer in report["layers"]} == {("digest", "diff_id")}
    assert comparable(report) == expected


@pytest.fixture(scope="module")
def platforms(registries: Registries, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An index of two platforms and an attestation, as buildx pushes it."""
    registry = registries()
    specs = [replace(IMAGE, platform=platform) for platform in ("linux/amd64", "linux/arm64")]
    path = write_archive(tmp_path_factory.mktemp("platforms") / "image.tar", specs, "oci-nested", compression="gzip")
    registry.push(f"oci-archive:{path}", "team/platforms:1.0", "--all")
    return f"{registry.host}/team/platforms:1.0"


def test_a_platform_is_chosen(platforms: str, expected: dict[str, Any]) -> None:
    raw = json.loads(run("skopeo", "inspect", "--tls-verify=false", "--raw", f"docker://{platforms}"))
    assert len(raw["manifests"]) >= 2
    assert comparable(scan(platforms, plain()))["facts"] == expected["facts"]
    assert scan(platforms, plain(), platform="linux/arm64")["image"]["platform"] == "linux/arm64"
    with pytest.raises(ImageChoiceError) as error:
        scan(platforms, plain(), platform="linux/s390x")
    assert set(error.value.choices) == {"linux/amd64", "linux/arm64"}


def test_what_is_not_there(registries: Registries) -> None:
    host = registries().host
    for name in ("team/image:2.0", "team/other", f"team/image@sha256:{'0' * 64}"):
        with pytest.raises(RegistryError, match=r"there is no such|not found") as error:
            scan(f"{host}/{name}", plain())
        assert error.value.exit_code == 4


@pytest.mark.parametrize("guard", ["htpasswd", "token"])
def test_who_is_refused_is_told_what_was_tried(registries: Registries, guard: Guard, tmp_path: Path) -> None:
    host = registries(guard).host
    with pytest.raises(AuthenticationError, match="without credentials") as error:
        scan(f"{host}/team/image:1.0", plain())
    assert "docker login" in str(error.value.hint)
    auth = tmp_path / "auth.json"
    auth.write_text(json.dumps({"auths": {host: {"username": USER, "password": "wrong-canary"}}}))
    with pytest.raises(AuthenticationError, match=str(auth)) as error:
        scan(f"{host}/team/image:1.0", plain(authfile=auth))
    assert "wrong-canary" not in error.value.one_line()


def test_the_configuration_costs_kilobytes(registries: Registries) -> None:
    source = Source(reference=f"{registries().host}/team/image:1.0", access=plain())
    with source.open(read_layers=False) as image:
        assert image.config.config.user == "1001"
        assert len(image.layers) == len(IMAGE.layers)


def test_what_needs_no_layer_asks_for_none(registries: Registries, platforms: str) -> None:
    """``inspect`` and ``scan --fail-fast``: of all blobs only the config is asked for, and no layer."""
    host, _, path = platforms.partition("/")
    assert host == registries().host
    # the index, the manifest, the config; then where the name leads, and for both the list of referrers or its tag
    for command, code, requests in ((("inspect",), 0, 3 + 1 + 2 * 2), (("scan", "--fail-fast"), 1, 3)):
        with fault_proxy(host) as proxy:
            arguments = (*command, f"{proxy.host}/{path}", "--plain-http", "--platform=linux/arm64", "--format=json")
            done = subprocess.run(
                [sys.executable, "-m", "ocianalyze", *arguments], capture_output=True, check=False, text=True
            )
        assert (done.returncode, done.stderr) == (code, "")
        told = json.loads(done.stdout)
        assert [finding["rule"] for finding in told["findings"] if finding["severity"] == "error"] == ["IMG001"]
        config = told["config_digest"] if command == ("inspect",) else told["image"]["config_digest"]
        assert [request.path.rpartition("/")[2] for request in proxy.blobs] == [config]
        assert len(proxy.seen) == requests


def test_nobody_listens() -> None:
    with pytest.raises(RegistryError, match="refused the connection"):
        scan("127.0.0.1:1/team/image", plain())
    with pytest.raises(RegistryError, match="cannot resolve the host name"):
        scan("registry.invalid/team/image", plain())


def test_a_registry_that_speaks_no_tls(registries: Registries) -> None:
    with pytest.raises(RegistryError, match="does not speak TLS") as error:
        scan(f"{registries().host}/team/image:1.0", registry_access())
    assert "--plain-http" in str(error.value.hint)


def test_an_artifact_is_no_image(registries: Registries, tmp_path: Path) -> None:
    host = registries().host
    from oras.client import OrasClient

    artifact = tmp_path / "note.txt"
    artifact.write_text("not an image")
    OrasClient(insecure=True).push(
        target=f"{host}/team/artifact:1.0", files=[str(artifact)], disable_path_validation=True
    )
    with pytest.raises(InvalidImageError, match=r"media type|is not an image"):
        scan(f"{host}/team/artifact:1.0", plain())
