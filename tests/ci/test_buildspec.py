"""The buildspec for AWS CodeBuild: its commands, run in order as CodeBuild does, with a real Docker daemon."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.daemons import docker_daemon
from tests.support.pipelines import ROOT, blocks, put_on_path, read_yaml
from tests.support.tools import ROOT as AS_ROOT
from tests.support.tools import requires

SPEC = read_yaml((ROOT / "ci" / "buildspec.yml").read_text(encoding="utf-8"))
DOCKERFILE = "FROM scratch\nCOPY a /etc/passwd\nUSER 1234\n"


def run_phases(directory: Path, environment: Mapping[str, str]) -> dict[str, int]:
    """Run the phases, each in one shell until a command fails; POST_BUILD is run after a BUILD that failed, too."""
    codes = {}
    for phase in ("build", "post_build"):
        script = "\n".join(["set -e", *SPEC["phases"][phase]["commands"]])
        done = subprocess.run(
            [SPEC["env"]["shell"], "-c", script],
            cwd=directory,
            env={**SPEC["env"]["variables"], **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        codes[phase] = done.returncode
    return codes


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a directory with a Dockerfile."""
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    (directory / "a").write_text("root:x:0:0::/:/bin/sh\n", encoding="utf-8")
    return directory


@requires("docker", "dockerd", AS_ROOT)
def test_an_image_is_built_and_scanned_while_it_is_saved(project: Path, tmp_path: Path) -> None:
    environment = put_on_path(tmp_path / "bin", os.environ)
    with docker_daemon() as daemon:
        environment["DOCKER_HOST"] = f"unix://{daemon.directory}/socket"
        assert run_phases(project, {**environment, "DOCKER_BUILDKIT": "0"}) == {"build": 0, "post_build": 1}
        report = json.loads((project / "ocianalyze.json").read_bytes())
        (user,) = [item for item in report["findings"] if item["rule"] == "USR001"]
        assert (report["image"]["source"], user["source"]["line"]) == ("stdin", 3)
        (project / "Dockerfile").write_text("FROM scratch\nCOPY nothing /\n", encoding="utf-8")
        failed = run_phases(project, {**environment, "DOCKER_BUILDKIT": "0", "IMAGE": "none:1"})
        assert failed["build"] != 0


@requires("docker")
def test_an_image_that_docker_cannot_save_is_not_taken_for_one_that_works(project: Path, tmp_path: Path) -> None:
    environment = put_on_path(tmp_path / "bin", os.environ) | {"DOCKER_HOST": f"unix://{tmp_path}/no"}
    script = f"set -e\n{SPEC['phases']['build']['commands'][1]}"
    done = subprocess.run(["bash", "-c", script], cwd=project, env=environment, capture_output=True, check=False)
    assert done.returncode == 3
    assert json.loads((project / "ocianalyze.json").read_bytes())["verdict"] == "error"


def test_the_reports_are_those_that_are_written_and_the_page_shows_the_phases() -> None:
    scan = SPEC["phases"]["build"]["commands"][1]
    (group,) = SPEC["reports"].values()
    assert (group["file-format"], group["files"]) == ("JUNITXML", ["ocianalyze.junit.xml"])
    assert f"--output {group['files'][0]} " in scan
    (phases,) = [block for block in blocks("yaml") if block.startswith("phases:")]
    assert phases in (ROOT / "ci" / "buildspec.yml").read_text(encoding="utf-8")
