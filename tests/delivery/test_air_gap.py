"""The commands of docs/air-gap.md do what the page says, in a namespace without a network and with an empty home."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from delivery import zipapp
from delivery.targets import TARGETS, this_target
from tests.support.fault_proxy import Answer, fault_proxy
from tests.support.tools import requires

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/air-gap.md").read_text()
DEMO = ROOT / "testdata/demo.tar.gz"
FOUND = 1
"""The exit code of the demo, which has errors."""
COMMANDS = (
    ("explain", "KRN005"),
    ("scan", "--no-cache", "--offline", "image.tar"),
    ("convert", "report.json", "-f", "sarif"),
)
pytestmark = [requires("unshare", "root", "namespaces"), pytest.mark.timeout(900)]


def commands(name: str) -> list[str]:
    """Return the commands of the block that the page names for tests."""
    block = re.search(rf"<!-- test: {name} -->\n```console\n(.*?)```", PAGE, re.DOTALL)
    assert block, name
    return re.findall(r"^\$ (.*)$", block[1], re.MULTILINE)


def offline(directory: Path, *command: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run a command without a network, with an empty home and nothing of this Python's environment."""
    home = directory / "home"
    home.mkdir(exist_ok=True)
    beside = directory / "bin"
    beside.mkdir(exist_ok=True)
    if not (beside / "python3").exists():
        (beside / "python3").symlink_to(Path(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info)))
    environment = {"HOME": str(home), "PATH": f"{beside}:/usr/bin:/bin", "COLUMNS": "100", "LANG": "C.UTF-8"}
    return subprocess.run(
        ["unshare", "--net", *command], cwd=directory, env=environment, capture_output=True, check=False
    )


def assert_same_as_here(directory: Path, *program: str | Path) -> None:
    """Compare what a delivery prints with what this checkout prints, byte by byte."""
    environment = os.environ | {"COLUMNS": "100", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    here = (sys.executable, "-m", "ocianalyze")
    report = subprocess.run((*here, "scan", DEMO, "-f", "json"), env=environment, capture_output=True, check=False)
    (directory / "report.json").write_bytes(report.stdout)
    for arguments in COMMANDS:
        expected = subprocess.run((*here, *arguments), cwd=directory, env=environment, capture_output=True, check=False)
        done = offline(directory, *program, *arguments)
        assert (done.returncode, done.stderr) == (expected.returncode, expected.stderr)
        assert timeless(done.stdout) == timeless(expected.stdout)
        assert done.stdout


def timeless(output: bytes) -> bytes:
    """Leave out the line that says how long a scan took."""
    return re.sub(rb"(?m)^  time .*\n", b"", output)


def test_the_wheelhouse(wheelhouse: Path, tmp_path: Path) -> None:
    subprocess.run(
        ["tar", "--create", "--file", tmp_path / "wheelhouse.tar", "--directory", wheelhouse.parent, "wheelhouse"],
        check=True,
    )
    shutil.copy(DEMO, tmp_path / "image.tar")
    *before, scan = commands("wheelhouse")
    for command in before:
        done = offline(tmp_path, "sh", "-c", command)
        assert done.returncode == 0, (command, done.stderr.decode())
    assert offline(tmp_path, "sh", "-c", scan).returncode == FOUND
    assert_same_as_here(tmp_path, tmp_path / "ocianalyze/bin/ocianalyze")


def test_the_extra(wheelhouse: Path, tmp_path: Path) -> None:
    (tmp_path / "wheelhouse").symlink_to(wheelhouse)
    for command in commands("wheelhouse")[2:4]:
        done = offline(tmp_path, "sh", "-c", command.replace("requirements.txt", "requirements-ecr.txt"))
        assert done.returncode == 0, done.stderr.decode()
    asked = (
        "import boto3; from importlib.metadata import metadata; print(metadata('ocianalyze').get_all('Provides-Extra'))"
    )
    assert offline(tmp_path, "ocianalyze/bin/python", "-c", asked).stdout == b"['aws', 'dask', 'ecr', 'parquet']\n"
    assert _ecr_login(tmp_path / "ocianalyze/bin/python") == "('AWS', 'of-a-fake')\n"


def _ecr_login(python: Path) -> str:
    """Return what an installed package gets for a login from a server in the place of AWS."""
    token = base64.b64encode(b"AWS:of-a-fake").decode()
    body = json.dumps({"authorizationData": [{"authorizationToken": token}]}).encode()
    asked = (
        "from ocianalyze.sources.registry.login import ecr;"
        "print(ecr.login('123456789012.dkr.ecr.eu-west-1.amazonaws.com'))"
    )
    with fault_proxy(None, lambda _: Answer(status=200, body=body)) as aws:
        environment = {
            "AWS_ENDPOINT_URL_ECR": f"http://{aws.host}",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        done = subprocess.run([python, "-c", asked], env=environment, capture_output=True, text=True, check=True)
        assert len(aws.seen) == 1
    return done.stdout


def test_a_changed_wheel_is_refused(wheelhouse: Path, tmp_path: Path) -> None:
    shutil.copytree(wheelhouse, tmp_path / "wheelhouse")
    changed = next((tmp_path / "wheelhouse/wheels").glob("typer-*.whl"))
    changed.write_bytes(changed.read_bytes() + b"x")
    _, check, make, install, _ = commands("wheelhouse")
    assert b"typer" in offline(tmp_path, "sh", "-c", check).stdout
    offline(tmp_path, "sh", "-c", make)
    done = offline(tmp_path, "sh", "-c", install)
    assert done.returncode
    assert b"DO NOT MATCH THE HASHES" in done.stderr


def test_the_zipapp(pyz: Path, tmp_path: Path) -> None:
    shutil.copy(pyz, tmp_path / "ocianalyze.pyz")
    shutil.copy(DEMO, tmp_path / "image.tar")
    (command,) = commands("zipapp")
    done = offline(tmp_path, "sh", "-c", command)
    assert done.returncode == FOUND, done.stderr.decode()
    assert_same_as_here(tmp_path, "python3", "ocianalyze.pyz")


def test_a_zipapp_that_cannot_unpack_itself_found_nothing(pyz: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = f"SHIV_ROOT=file/below python3 {pyz} --version"
    done = offline(tmp_path, "sh", "-c", command)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(b"ocianalyze: cannot unpack into file/below: ")
    assert done.stderr.endswith(b"; set SHIV_ROOT to a writable directory\n")


def test_a_zipapp_for_another_python_says_so(wheelhouse: Path, tmp_path: Path) -> None:
    other = next(target for target in TARGETS if target.name != this_target().name)
    (tmp_path / "wheelhouse").symlink_to(wheelhouse)
    done = offline(tmp_path, "python3", zipapp.make(tmp_path, other), "--version")
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(f"ocianalyze: this file is for CPython {other.python} on Linux".encode())


def test_the_zipapp_is_the_same_twice(pyz: Path, wheelhouse: Path, tmp_path: Path) -> None:
    (tmp_path / "wheelhouse").symlink_to(wheelhouse)
    before = os.umask(0o077)
    try:
        again = zipapp.make(tmp_path, this_target())
    finally:
        os.umask(before)
    assert again.read_bytes() == pyz.read_bytes()
