"""Our own image is the same each time it is made, other people's programs read it, and it scans as we do here."""

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delivery.project import epoch
from ocianalyze import __version__
from tests.support.daemons import docker_daemon
from tests.support.own_image import Podman, make_image, podman
from tests.support.tools import ROOT as AS_ROOT
from tests.support.tools import requires, run, skip_or_fail

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "testdata" / "demo.tar.gz"
NAME = f"ocianalyze:{__version__}"
_LOOK = """
import os, ssl, boto3
authorities = ssl.create_default_context().cert_store_stats()["x509_ca"]
print(os.getuid(), os.getgid(), authorities > 50)
"""
_TOOLS = (AS_ROOT, "mmdebstrap", "dpkg-deb")


@pytest.fixture(scope="session")
def wheels(wheelhouse: Path) -> Path:
    skip_or_fail(_TOOLS)
    return wheelhouse.parent


@pytest.fixture(scope="session")
def image(wheels: Path) -> Path:
    return make_image(wheels, umask=0o022, variables={"TZ": "UTC"})


@pytest.fixture(scope="session")
def container(image: Path) -> Iterator[Podman]:
    skip_or_fail(("podman", "runc"))
    with podman(image, NAME) as engine:
        yield engine


@pytest.fixture(scope="session")
def digest(image: Path) -> str:
    with tarfile.open(image) as archive:
        member = archive.extractfile("index.json")
        assert member is not None
        return str(json.load(member)["manifests"][0]["digest"])


def test_it_is_the_same_each_time(image: Path, wheels: Path) -> None:
    first = image.read_bytes()
    again = make_image(wheels, umask=0o077, variables={"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"})
    assert again.read_bytes() == first


def test_its_first_layer_has_nothing_of_ours(image: Path) -> None:
    """All versions that are made of the same packages share it."""
    with tarfile.open(image) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        first, second = json.load(manifest)[0]["Layers"]
        with tarfile.open(fileobj=archive.extractfile(first)) as layer:
            base = {member.name: member.mtime for member in layer}
        with tarfile.open(fileobj=archive.extractfile(second)) as layer:
            ours = {member.name: member.mtime for member in layer if member.name not in base}
    assert set(ours.values()) == {epoch()}
    assert epoch() not in base.values()
    assert not [name for name in base if "ocianalyze/" in name or "/dist-packages/" in name]


@requires("skopeo")
def test_skopeo_reads_it(image: Path, digest: str) -> None:
    seen = json.loads(run("skopeo", "inspect", f"oci-archive:{image}"))
    config = json.loads(run("skopeo", "inspect", "--config", f"oci-archive:{image}"))
    labels = {name.rpartition(".")[2]: value for name, value in seen["Labels"].items()}
    assert seen["Digest"] == digest
    assert labels["version"] == __version__
    assert labels["licenses"] == "Apache-2.0"
    assert labels["created"] == config["created"] == config["history"][0]["created"]
    assert labels["revision"] == run("git", "-C", ROOT, "rev-parse", "HEAD").decode().strip()
    assert config["config"]["User"] == "65532:65532"
    assert [step.get("empty_layer", False) for step in config["history"]].count(False) == len(seen["Layers"]) == 2


@requires("skopeo")
def test_skopeo_converts_it(image: Path, tmp_path: Path) -> None:
    copy = tmp_path / "docker.tar"
    run("skopeo", "copy", f"oci-archive:{image}", f"docker-archive:{copy}:{NAME}")
    loaded = run("skopeo", "inspect", f"docker-archive:{copy}")
    assert json.loads(loaded)["Labels"]["org.opencontainers.image.title"] == "ocianalyze"


@requires("dockerd", "docker")
def test_docker_loads_it(image: Path) -> None:
    with docker_daemon() as daemon:
        assert NAME in daemon.docker("load", "--input", image)
        assert daemon.docker("image", "inspect", "--format={{.Config.User}}", NAME).strip() == "65532:65532"


@requires("umoci", "tar")
def test_umoci_unpacks_it_and_nothing_names_this_machine(image: Path, tmp_path: Path) -> None:
    layout, bundle = tmp_path / "layout", tmp_path / "bundle"
    layout.mkdir()
    run("tar", "--extract", f"--file={image}", f"--directory={layout}")
    run("umoci", "unpack", "--image", f"{layout}:{NAME}", bundle)
    root = bundle / "rootfs"
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 5000
    ours = (str(ROOT).encode(), str(Path(sys.prefix)).encode())
    assert [path for path in files if any(name in path.read_bytes() for name in ours)] == []
    assert not [path for path in files if path.name in ("sources.list", "machine-id", "hostname", "resolv.conf")]
    assert not list(root.glob("etc/apt*")) + list(root.glob("var/cache/*")) + list(root.glob("var/log/*"))
    assert [path for path in files if path.stat().st_mode & 0o7022] == []
    compiled = [path for path in files if path.suffix == ".pyc"]
    assert {path.read_bytes()[4:8] for path in compiled} == {b"\x01\0\0\0"}  # never compared with their sources


def test_our_scanner_finds_it_sound(image: Path) -> None:
    """It can be unpacked and run; rules about apps, kernels and users fail, because it is not made for Studio."""
    rules = "--select=LAY,IMG,SIZ,RTM,FSR,CFG,GPU"
    command = ("scan", image, "--profile=all", "--verify", "--fail-on=warning", "--format=json", rules)
    done = subprocess.run([sys.executable, "-m", "ocianalyze", *command], capture_output=True, check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert {finding["rule"] for finding in report["findings"]} == {"FSR006", "RTM003"}
    assert all(layer["verified"] == ["digest", "diff_id"] for layer in report["layers"])
    assert report["facts"]["size"]["compressed"] < 100_000_000


def test_our_scanner_sees_its_packages(image: Path) -> None:
    size = json.loads(run(sys.executable, "-m", "ocianalyze", "size", image, "--format=json"))
    packages = {(package["manager"], package["name"]) for package in size["inventory"]["packages"]}
    assert {("dpkg", "libc6"), ("dpkg", "libssl3"), ("python", "ocianalyze"), ("python", "boto3")} <= packages
    assert ("dpkg", "dpkg") not in packages


def test_it_runs_without_root_network_and_writable_files(container: Podman) -> None:
    done = container.run("--version")
    assert done.stdout.decode() == f"ocianalyze {__version__}\n"
    done = container.run("-c", _LOOK, options=("--entrypoint=python3",))
    assert done.stdout.split() == [b"65532", b"65532", b"True"], done.stderr


def test_it_is_a_job_image(container: Podman) -> None:
    """GitLab starts a shell, and gives it the script on standard input."""
    script = "printf hello | grep -c hello && ocianalyze --version"
    done = container.run("sh", "-c", script, options=("--entrypoint=",))
    assert done.stdout.decode().splitlines() == ["1", f"ocianalyze {__version__}"], done.stderr


@pytest.mark.parametrize("by", ["stdin", "mount"])
def test_it_scans_as_we_do(container: Podman, by: str) -> None:
    command = ("scan", "-" if by == "stdin" else "/data/demo.tar.gz", "--format=json", "--no-cache")
    options = () if by == "stdin" else (f"--volume={DEMO}:/data/demo.tar.gz:ro",)
    inside = container.run(*command, options=options, stdin=DEMO if by == "stdin" else None)
    with DEMO.open("rb") as archive:
        words = [sys.executable, "-m", "ocianalyze", "scan", "-" if by == "stdin" else DEMO, *command[2:]]
        outside = subprocess.run(words, stdin=archive, capture_output=True, check=False)
    assert inside.returncode == outside.returncode == 1, inside.stderr
    assert _comparable(inside.stdout) == _comparable(outside.stdout)


def test_a_volume_keeps_its_cache(container: Podman, image: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    options = (f"--volume={tmp_path}:/home/ocianalyze/.cache", f"--volume={image}:/data/image.tar:ro")
    for read in ("full", "cache"):
        done = container.run("scan", "image.tar", "--format=json", options=options)
        assert {layer["read"] for layer in json.loads(done.stdout)["layers"]} == {read}, done.stderr


def _comparable(report: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(report)
    del document["timing"]
    document["image"]["reference"] = document["image"]["reference"].rpartition("/")[2]
    return document
