"""The GitLab component: valid, and its jobs run for real, by a runner of our own and by gitlab-ci-local."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.reports.test_output_is_data import poisoned
from tests.support.forms import write_archive
from tests.support.pipelines import ROOT, blocks, commit, put_on_path, read_yaml, snapshot
from tests.support.tools import requires, run

TEMPLATE = ROOT / "templates" / "scan.yml"
DEMO = ROOT / "testdata" / "demo.tar.gz"
GITLAB_CI_LOCAL = shutil.which("gitlab-ci-local")
ARTIFACTS = {
    "ocianalyze.json",
    "ocianalyze.sarif",
    "ocianalyze.junit.xml",
    "ocianalyze.html",
    "ocianalyze.md",
    "gl-code-quality-report.json",
}
_INPUT = re.compile(r"\$\[\[ inputs\.([\w-]+) \]\]")


def parts() -> tuple[str, str]:
    """Return the two documents of the component: its inputs, and its jobs."""
    header, jobs = TEMPLATE.read_text(encoding="utf-8").split("\n---\n")
    return header, jobs


def interpolated(**inputs: str) -> str:
    """Return the jobs with the inputs in their places, as GitLab makes them."""
    header, jobs = parts()
    known = read_yaml(header)["spec"]["inputs"]
    values = {name: item.get("default") for name, item in known.items()}
    values |= {name.replace("_", "-"): value for name, value in inputs.items()}
    return _INPUT.sub(lambda match: str(values[match[1]]), jobs)


def run_job(name: str, workspace: Path, environment: Mapping[str, str], **inputs: str) -> tuple[int, bytes]:
    """Run the script of a job as a runner does: in one shell, which ends with the first command that fails."""
    jobs = read_yaml(interpolated(job_image="x", **inputs))
    job = jobs[name]
    base = jobs[job["extends"]]
    script = "\n".join(["set -e", *base["before_script"], *job["script"]])
    variables = {**base["variables"], **job["variables"]}
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=workspace,
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_component_is_valid(tmp_path: Path) -> None:
    (example,) = [block for block in blocks("yaml") if "component:" in block]
    files = (*parts(), interpolated(image="a.tar", job_image="x@sha256:1"), example)
    for number, text in enumerate(files):
        (tmp_path / f"{number}.yml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    done = subprocess.run([*command, *tmp_path.iterdir()], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_no_script_has_an_input_in_it_and_all_inputs_are_used() -> None:
    header, jobs = parts()
    for job in read_yaml(jobs).values():
        assert "$[[" not in "".join(job.get("script", []) + job.get("before_script", []))
    assert set(_INPUT.findall(jobs)) == set(read_yaml(header)["spec"]["inputs"])


def test_one_job_reports_and_the_other_decides(tmp_path: Path) -> None:
    shutil.copy(DEMO, tmp_path)
    environment = put_on_path(tmp_path / "bin", os.environ)
    code, said = run_job("ocianalyze", tmp_path, environment, image=DEMO.name)
    assert code == 0, said.decode()
    assert {path.name for path in tmp_path.iterdir()} == ARTIFACTS | {"bin", DEMO.name}
    code, said = run_job("ocianalyze-gate", tmp_path, environment, image=DEMO.name)
    assert (code, len(said.splitlines()) > 5) == (1, True)
    assert run_job("ocianalyze-gate", tmp_path, environment, image=DEMO.name, fail_on="never")[0] == 0


def test_the_artifacts_are_those_that_are_written() -> None:
    artifacts = read_yaml(parts()[1])["$[[ inputs.job ]]"]["artifacts"]
    assert set(artifacts["paths"]) == ARTIFACTS
    assert artifacts["when"] == "always"
    assert set(artifacts["reports"].values()) <= ARTIFACTS


def test_an_image_that_cannot_be_analysed_fails_the_job_that_reports(tmp_path: Path) -> None:
    (tmp_path / "cut.tar").write_bytes(DEMO.read_bytes()[:5000])
    code, _ = run_job("ocianalyze", tmp_path, put_on_path(tmp_path / "bin", os.environ), image="cut.tar")
    assert code == 3
    assert json.loads((tmp_path / "ocianalyze.json").read_bytes())["verdict"] == "error"
    assert json.loads((tmp_path / "gl-code-quality-report.json").read_bytes())[0]["severity"] == "blocker"


@requires("git")
def test_a_package_is_installed_for_the_job(tmp_path: Path) -> None:
    for name in ("source", "workspace"):
        (tmp_path / name).mkdir()
    shutil.copy(DEMO, tmp_path / "workspace")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OCIANALYZE_", "PYTHON"))}
    source = snapshot(tmp_path / "source")
    package = f"git+file://{source}@{run('git', 'rev-parse', 'HEAD', cwd=source).decode().strip()}"
    code, said = run_job("ocianalyze", tmp_path / "workspace", kept, image=DEMO.name, package=package)
    assert code == 0, said.decode()
    assert (tmp_path / "workspace" / ".ocianalyze-venv" / "bin" / "ocianalyze").exists()
    assert ARTIFACTS.issubset(path.name for path in (tmp_path / "workspace").iterdir())


def test_a_hostile_name_is_no_command(tmp_path: Path) -> None:
    name = "$(touch pwned) `touch pwned`;touch pwned #.tar"
    write_archive(tmp_path / name, [poisoned()], "docker-25")
    code, said = run_job("ocianalyze", tmp_path, put_on_path(tmp_path / "bin", os.environ), image=name)
    assert code == 0, said.decode()
    assert not (tmp_path / "pwned").exists()
    assert b"\x1b" not in said


@pytest.mark.skipif(GITLAB_CI_LOCAL is None, reason="gitlab-ci-local is not installed (npm: gitlab-ci-local)")
def test_gitlab_ci_local_runs_the_lines_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    shutil.copy(TEMPLATE, tmp_path / "templates")
    shutil.copy(DEMO, tmp_path / "image.tar")
    (example,) = [block for block in blocks("yaml") if "component:" in block]
    local = re.sub(r"component: \S+", "local: templates/scan.yml", example)
    (tmp_path / ".gitlab-ci.yml").write_text(local, encoding="utf-8")
    commit(tmp_path)
    run("git", "remote", "add", "origin", "https://gitlab.example.com/team/notebook.git", cwd=tmp_path)
    environment = {**put_on_path(tmp_path / "bin", os.environ), "HOME": str(tmp_path / "home")}
    command = [GITLAB_CI_LOCAL or "", "--force-shell-executor", "--shell-isolation"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout.decode())
    assert re.search(r"PASS +ocianalyze *\n +FAIL +ocianalyze-gate", said), said
    assert done.returncode == 1
    kept = tmp_path / ".gitlab-ci-local" / "artifacts" / "ocianalyze"
    assert ARTIFACTS.issubset(path.name for path in kept.iterdir())
    (tmp_path / ".gitlab-ci.yml").write_text(f"{local}      fail-on: never\n", encoding="utf-8")
    assert subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False).returncode == 0
