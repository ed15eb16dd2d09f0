"""Reports that are attached to images in real registries, and read back with other people's tools."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.oci.digest import Digest
from tests.sources.registry.conftest import Registries
from tests.support.credentials import basic, write
from tests.support.fit import fit_image
from tests.support.forms import write_archive
from tests.support.registries import PASSWORD, USER, Registry, listing_registry, registry
from tests.support.tools import requires, run

pytestmark = requires("docker-registry", "skopeo", "openssl", "htpasswd")

TYPE = "application/vnd.ocianalyze.report.v1+json"
IMAGE = fit_image()
NO_TYPE = "application/vnd.oci.empty.v1+json"
"""What go-containerregistry's registry lists instead of the types of artifacts: those of their configs."""


def ocianalyze(*arguments: object, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OCIANALYZE_")}
    return subprocess.run(
        [sys.executable, "-m", "ocianalyze", *map(str, arguments)],
        input=stdin,
        text=True,
        env={**clean, "OCIANALYZE_ISOLATED": "1", **variables},
        capture_output=True,
        check=False,
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return what was printed, which is no error."""
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small image."""
    return write_archive(tmp_path_factory.mktemp("small") / "image.tar", IMAGE, "oci", compression="gzip")


def registry_v3(directory: Path) -> AbstractContextManager[Registry]:
    return registry(directory, program="registry-v3")


SERVERS: dict[str, Callable[[Path], AbstractContextManager[Registry]]] = {
    "docker-registry": registry,
    "registry-v3": registry_v3,
    "one that lists referrers": listing_registry,
}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=requires("registry-v3") if "v3" in name else ()) for name in SERVERS],
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, small: Path) -> Iterator[Registry]:
    with SERVERS[request.param](tmp_path_factory.mktemp("server")) as running:
        running.push(f"oci-archive:{small}", "team/image:1.0")
        yield running


@pytest.fixture(scope="module")
def reports(server: Registry, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a report on the image in the server, as JSON and as SARIF."""
    directory = tmp_path_factory.mktemp("reports")
    found = directory / "my report.json", directory / "my.sarif"
    done = ocianalyze("scan", f"{server.host}/team/image:1.0", "--plain-http", "-o", found[0], "-o", found[1])
    assert done.returncode == 0, done.stderr
    return found


def types(server: Registry, *expected: str) -> set[str]:
    """Return the types that a server lists for artifacts of these types."""
    return {NO_TYPE} if server.lists_referrers else set(expected)


def raw_manifest(name: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(run("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{name}"))
    return manifest


@requires("oras")
def test_what_is_attached_is_found_by_others(server: Registry, reports: tuple[Path, Path], tmp_path: Path) -> None:
    name = f"{server.host}/team/image:1.0"
    line = said(ocianalyze("attach", name, *reports, "--plain-http"))
    artifact = line.partition(" ")[0]
    assert line == f"{artifact} (see it with 'ocianalyze inspect {name}')\n"
    assert artifact.startswith(f"{server.host}/team/image@sha256:")
    manifest = raw_manifest(artifact)
    subject = json.loads(reports[0].read_text())["image"]["digest"]
    assert (manifest["artifactType"], manifest["subject"]["digest"]) == (TYPE, subject)
    found = json.loads(run("oras", "discover", "--plain-http", "--format", "json", name))
    listed = found.get("referrers") or found["manifests"]
    assert [one["digest"] for one in listed] == [artifact.partition("@")[2]]
    assert {one["artifactType"] for one in listed} == types(server, TYPE)
    run("oras", "pull", "--plain-http", "-o", tmp_path, artifact)
    assert [(tmp_path / f"ocianalyze{report.suffix}").read_bytes() for report in reports] == [
        report.read_bytes() for report in reports
    ]


def test_the_same_reports_are_attached_once(server: Registry, small: Path, reports: tuple[Path, Path]) -> None:
    server.push(f"oci-archive:{small}", "team/once:1.0")
    name = f"{server.host}/team/once:1.0"
    first = json.loads(said(ocianalyze("attach", name, *reports, "--plain-http", "-f", "json")))
    again = json.loads(said(ocianalyze("attach", name, *reversed(reports), "--plain-http", "--format", "json")))
    assert (first.pop("pushed"), again.pop("pushed")) == (True, False)
    assert first == again
    assert "was there already" in said(ocianalyze("attach", name, *reports, "--plain-http"))
    other = said(ocianalyze("attach", name, "-", "--plain-http", stdin=reports[0].read_text()))
    referrers = json.loads(said(ocianalyze("inspect", name, "--plain-http", "-f", "json")))["referrers"]
    assert {one["digest"] for one in referrers} == {first["digest"], other.partition(" ")[0].partition("@")[2]}
    started = None if server.lists_referrers else json.loads(reports[0].read_text())["timing"]["started"]
    assert {one["artifact_type"] for one in referrers} == types(server, TYPE)
    assert {one["created"] for one in referrers} == {started}
    assert (first["fallback_tag"] is None) == server.lists_referrers
    table = said(ocianalyze("inspect", name, "--plain-http", COLUMNS="40"))
    assert table.count(types(server, TYPE).pop()) == 2
    assert first["digest"] in table
    filtered = ocianalyze("inspect", name, "--plain-http", "-f", "json", "--artifact-type", "application/x-other")
    assert json.loads(said(filtered))["referrers"] == []


@requires("oras")
def test_what_others_attached_stays(server: Registry, small: Path, reports: tuple[Path, Path], tmp_path: Path) -> None:
    server.push(f"oci-archive:{small}", "team/shared:1.0")
    name = f"{server.host}/team/shared:1.0"
    (tmp_path / "sbom.json").write_text("{}")

    def attach_with_oras(kind: str) -> None:
        command = ("oras", "attach", "--plain-http", "--artifact-type", kind, name, "sbom.json:application/json")
        run(*command, cwd=tmp_path)

    attach_with_oras("application/x-before")
    assert ocianalyze("attach", name, reports[1], "--plain-http", "--quiet").stdout == ""
    attach_with_oras("application/x-after")
    referrers = json.loads(said(ocianalyze("inspect", name, "--plain-http", "-f", "json")))["referrers"]
    assert len(referrers) == 3
    expected = types(server, "application/x-before", TYPE, "application/x-after")
    assert {one["artifact_type"] for one in referrers} == expected


def test_only_attach_asks_to_push(registries: Registries, small: Path, tmp_path: Path) -> None:
    server = registries("token")
    assert server.tokens is not None
    server.push(f"oci-archive:{small}", "team/guarded:1.0")
    name = f"{server.host}/team/guarded:1.0"
    login = ("--plain-http", "--username", USER, "--password-stdin")
    server.tokens.requests.clear()
    done = ocianalyze("scan", name, *login, "-o", tmp_path / "r.json", stdin=PASSWORD)
    assert done.returncode == 0, done.stderr
    said(ocianalyze("inspect", name, *login, stdin=PASSWORD))
    assert "push" not in str(server.tokens.requests)
    said(ocianalyze("attach", name, tmp_path / "r.json", *login, stdin=PASSWORD))
    paths = [path for path, _ in server.tokens.requests]
    assert sum("scope=repository%3Ateam%2Fguarded%3Apull%2Cpush" in path for path in paths) == 1
    found = json.loads(said(ocianalyze("inspect", name, *login, "-f", "json", stdin=PASSWORD)))
    assert len(found["referrers"]) == 1


def test_a_password_is_needed(registries: Registries, small: Path, tmp_path: Path) -> None:
    server = registries("htpasswd", tls=True)
    server.push(f"oci-archive:{small}", "team/guarded:1.0")
    name = f"{server.host}/team/guarded:1.0"
    trust = ("--ca-file", server.authority)
    credentials = {"OCIANALYZE_REGISTRY_PASSWORD": PASSWORD}
    login = (*trust, "--username", USER)
    assert ocianalyze("scan", name, *login, "-o", tmp_path / "r.json", **credentials).returncode == 0
    denied = ocianalyze("attach", name, tmp_path / "r.json", *trust)
    assert denied.returncode == 4
    assert "denied access to team/guarded (without credentials, status 401)" in denied.stderr
    said(ocianalyze("attach", name, tmp_path / "r.json", *login, **credentials))


def test_mirrors_are_never_pushed_to(tmp_path: Path, small: Path) -> None:
    with ExitStack() as stack:
        own = stack.enter_context(registry(tmp_path / "own"))
        mirror = stack.enter_context(registry(tmp_path / "mirror"))
        for one in (own, mirror):
            one.push(f"oci-archive:{small}", "team/image:1.0")
        name = f"{own.host}/team/image:1.0"
        options = ("--mirror", f"{own.host}=http://{mirror.host}")
        plain = {"OCIANALYZE_PLAIN_HTTP": own.host}
        report = tmp_path / "r.json"
        assert ocianalyze("scan", name, *options, "-o", report, **plain).returncode == 0
        assert json.loads(report.read_text())["image"]["read_from"] == [f"http://{mirror.host}"]
        line = said(ocianalyze("attach", name, report, *options, **plain))
        assert line.startswith(f"{own.host}/team/image@sha256:")

        def referrers(*more: str) -> list[object]:
            found: list[object] = json.loads(said(ocianalyze("inspect", name, "-f", "json", *more, **plain)))[
                "referrers"
            ]
            return found

        assert len(referrers()) == 1
        assert referrers(*options) == [], "the mirror was asked, and has none"


def test_a_cache_takes_no_reports(tmp_path: Path, small: Path) -> None:
    with registry(tmp_path / "own") as own, registry(tmp_path / "cache", cache_of=f"http://{own.host}") as cache:
        own.push(f"oci-archive:{small}", "team/image:1.0")
        name, report = f"{cache.host}/team/image:1.0", tmp_path / "r.json"
        assert ocianalyze("scan", name, "--plain-http", "-o", report).returncode == 0
        done = ocianalyze("attach", name, report, "--plain-http")
        assert done.returncode == 4
        assert f"http://{cache.host} takes no pushes to team/image (status 405)" in done.stderr
        assert "unsupported. Attach to the image in its own registry: this one may be a read-only cache" in done.stderr


@requires("oras")
def test_an_image_of_an_index(server: Registry, tmp_path: Path) -> None:
    both = [fit_image(platform="linux/amd64"), fit_image(platform="linux/arm64")]
    path = write_archive(tmp_path / "both.tar", both, "oci-nested", compression="gzip")
    server.push(f"oci-archive:{path}", "team/both:1.0", "--all")
    name = f"{server.host}/team/both:1.0"
    (tmp_path / "sbom.json").write_text("{}")
    run("oras", "attach", "--plain-http", "--artifact-type", "application/x-of-index", name, "sbom.json", cwd=tmp_path)
    for platform in ("linux/amd64", "linux/arm64"):
        report, sarif = tmp_path / "r.json", tmp_path / "r.sarif"
        ocianalyze("scan", name, "--plain-http", "--platform", platform, "-o", report, "-o", sarif)
        done = json.loads(said(ocianalyze("attach", name, report, sarif, "--plain-http", "-f", "json")))
        assert done["subject"] == json.loads(report.read_text())["image"]["digest"]
        found = ocianalyze("inspect", name, "--plain-http", "--platform", platform, "-f", "json")
        of_index, ours = json.loads(said(found))["referrers"]
        assert (ours["digest"], ours["subject"]) == (done["digest"], done["subject"])
        assert of_index["subject"] == Digest.of(
            run("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{name}")
        )


def test_credentials_of_a_file(registries: Registries, small: Path, tmp_path: Path) -> None:
    server = registries("token")
    server.push(f"oci-archive:{small}", "team/filed:1.0")
    name = f"{server.host}/team/filed:1.0"
    login = ("--plain-http", "--authfile", write(tmp_path / "auth.json", auths={server.host: basic(USER, PASSWORD)}))
    assert ocianalyze("scan", name, *login, "-o", tmp_path / "r.json").returncode == 0
    said(ocianalyze("attach", name, tmp_path / "r.json", *login))
