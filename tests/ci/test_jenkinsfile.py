"""The Jenkinsfile: compiled by Groovy, of which Jenkins has the same version as Debian, and its commands run for real.

No Jenkins runs here: the order of stages and of ``post`` is that of `declarative.groovy`, and that the plugins know the
steps ``junit`` and ``recordIssues`` is not tried.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.reports.test_output_is_data import poisoned
from tests.support.forms import write_archive
from tests.support.pipelines import ROOT, blocks, put_on_path
from tests.support.tools import requires

DEMO = ROOT / "testdata" / "demo.tar.gz"
JENKINSFILE = ROOT / "ci" / "Jenkinsfile"
INTERPRETER = Path(__file__).with_name("declarative.groovy")
REPORTS = "ocianalyze.html ocianalyze.json ocianalyze.junit.xml ocianalyze.md ocianalyze.sarif"


def build(workspace: Path, directory: Path, **parameters: str) -> tuple[int, list[str]]:
    """Run the Jenkinsfile in a workspace, and return its exit code and what it did."""
    environment = put_on_path(directory / "bin", os.environ) | parameters
    java = shutil.which("java")
    if java is not None:
        environment["JAVA_HOME"] = str(Path(java).resolve().parents[1])
    command = ["groovy", str(INTERPRETER), str(JENKINSFILE), str(workspace)]
    done = subprocess.run(command, env=environment, cwd=directory, capture_output=True, check=False)
    assert b"Caught:" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode().splitlines()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a workspace with an image."""
    directory = tmp_path / "workspace"
    directory.mkdir()
    shutil.copy(DEMO, directory / "image.tar")
    return directory


@requires("groovy")
def test_reports_are_published_and_then_the_build_fails(workspace: Path, tmp_path: Path) -> None:
    published = [
        f"Scan the image: archiveArtifacts {REPORTS}",
        "Scan the image: junit ocianalyze.junit.xml",
        "Scan the image: recordIssues ocianalyze.sarif",
    ]
    scanned = ["Scan the image: sh 0", "Scan the image: sh 0", *published]
    assert build(workspace, tmp_path) == (1, [*scanned, "Decide: sh 1"])
    assert build(workspace, tmp_path, FAIL_ON="never") == (0, [*scanned, "Decide: sh 0"])


@requires("groovy")
def test_reports_are_published_if_the_image_cannot_be_analysed(workspace: Path, tmp_path: Path) -> None:
    (workspace / "image.tar").write_bytes(DEMO.read_bytes()[:5000])
    code, done = build(workspace, tmp_path)
    assert code == 3
    assert done[1:3] == ["Scan the image: sh 3", f"Scan the image: archiveArtifacts {REPORTS}"]
    assert done[-1] == "skipped: Decide"
    assert json.loads((workspace / "ocianalyze.json").read_bytes())["verdict"] == "error"


@requires("groovy")
def test_a_hostile_name_is_no_command(workspace: Path, tmp_path: Path) -> None:
    name = "$(touch pwned) `touch pwned`;touch pwned #.tar"
    write_archive(workspace / name, [poisoned()], "docker-25")
    assert build(workspace, tmp_path, IMAGE=name)[0] == 1
    assert not (workspace / "pwned").exists()


def test_the_page_shows_the_stages() -> None:
    (stages,) = blocks("groovy")
    assert stages in JENKINSFILE.read_text(encoding="utf-8")
