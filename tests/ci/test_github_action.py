"""The composite action: valid, safe, and run for real, by a runner of our own and by act."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import SaveImage
from tests.reports.test_output_is_data import poisoned
from tests.support.fit import fit_image
from tests.support.pipelines import ROOT, Action, blocks, commit, put_on_path, read_yaml, snapshot

ACTION = ROOT / "action.yml"
DEMO = ROOT / "testdata" / "demo.tar.gz"
PROGRAMS = Path(sys.executable).parent
ACT = shutil.which("act")
REPORTS = {"json": "json", "sarif": "sarif", "junit": "junit.xml", "markdown": "md", "html": "html"}
COMMAND = re.compile(rb"(?m)^\s*::|##(?:\[|vso\[)")
ANNOTATION = re.compile(rb"(?m)^::(?:error|warning|notice) (?:file=[^:]*,)?title=\S+ \S+::")


@pytest.fixture
def act_on(tmp_path: Path) -> Callable[..., Action]:
    """Return a function that runs the action with inputs, in a workspace with the demo, without installing anything."""
    workspace = tmp_path / "work space"
    workspace.mkdir()
    shutil.copy(DEMO, workspace)
    shutil.copy(DEMO.parent / "demo" / "Dockerfile", workspace)
    environment = put_on_path(tmp_path / "bin", os.environ)

    def act(**inputs: str) -> Action:
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        return Action(workspace, environment, {"image": DEMO.name, "install": "false", **given})

    return act


def test_the_action_is_valid() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", str(ACTION)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_zizmor_finds_nothing() -> None:
    command = [str(PROGRAMS / "zizmor"), "--offline", "--no-config", "--persona=auditor", "--format=json", str(ACTION)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert json.loads(done.stdout) == []
    assert done.returncode == 0


def test_no_step_has_an_expression_in_its_script_or_uses_what_moves() -> None:
    for step in read_yaml(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert "uses" not in step


def test_reports_are_written_before_the_step_fails(act_on: Callable[..., Action], tmp_path: Path) -> None:
    run = act_on()
    assert run.code == 1
    reports = {name: f"ocianalyze-reports/ocianalyze.{suffix}" for name, suffix in REPORTS.items()}
    assert run.outputs == {**reports, "verdict": "fail", "errors": "3", "warnings": "6", "exit-code": "1"}
    for path in reports.values():
        assert (tmp_path / "work space" / path).stat().st_size > 1000
    assert run.summary == (tmp_path / "work space" / reports["markdown"]).read_bytes()
    assert len(ANNOTATION.findall(run.output)) == len(COMMAND.findall(run.output)) > 5
    assert b"FAIL   studio-jupyterlab" in run.output
    assert run.written == b""


def test_the_inputs_are_obeyed(act_on: Callable[..., Action], tmp_path: Path) -> None:
    assert act_on(fail_on="never").code == 0
    assert act_on(fail_on="nevr").code == 2
    located = act_on(dockerfile="Dockerfile", output_directory="out/reports")
    assert b"::warning file=Dockerfile,line=20,endLine=20,title=USR001 " in located.output
    assert located.outputs["json"] == "out/reports/ocianalyze.json"
    assert act_on(baseline="out/reports/ocianalyze.json").code == 0
    assert act_on(profile="hyperpod-spaces").outputs["warnings"] == "4"
    config = tmp_path / "work space" / "config.json"
    config.write_text('{"AppImageConfigName": "a_b", "JupyterLabAppImageConfig": {}}', encoding="utf-8")
    assert b"title=CFG001 " in act_on(app_image_config="config.json").output


@pytest.mark.parametrize(("image", "code"), [("cut.tar", 3), ("localhost:1/team/image:1.0", 4)])
def test_what_cannot_be_analysed_is_reported(
    act_on: Callable[..., Action], tmp_path: Path, save_image: SaveImage, image: str, code: int
) -> None:
    whole = save_image(fit_image()).read_bytes()
    (tmp_path / "work space" / "cut.tar").write_bytes(whole[: len(whole) // 2])
    act_on()
    run = act_on(image=image)
    assert (run.code, run.outputs["exit-code"], run.outputs["verdict"]) == (code, str(code), "error")
    assert run.outputs["errors"] == run.outputs["warnings"] == ""
    stored = json.loads((tmp_path / "work space" / run.outputs["json"]).read_bytes())
    assert stored["verdict"] == "error"
    assert stored["image"]["config_digest"] is None
    assert len(ANNOTATION.findall(run.output)) <= len(COMMAND.findall(run.output)) == 1
    assert b"could not be analysed" in run.summary


def test_no_older_report_stays_after_wrong_usage(act_on: Callable[..., Action], tmp_path: Path) -> None:
    act_on()
    run = act_on(image="no.tar")
    assert (run.code, run.outputs["verdict"], run.outputs["json"], run.outputs["errors"]) == (2, "error", "", "")
    assert list((tmp_path / "work space" / "ocianalyze-reports").iterdir()) == []


HOSTILE = (
    "$(touch pwned) `touch pwned`;touch pwned #.tar",
    "--help",
    "a'b\"c\\ .tar",
    "::error::x##[set-env name=A]B.tar",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_image_changes_nothing(
    act_on: Callable[..., Action], tmp_path: Path, save_image: SaveImage, name: str
) -> None:
    workspace = tmp_path / "work space"
    save_image(poisoned()).rename(workspace / name)
    before = sorted(path.name for path in workspace.iterdir())
    run = act_on(image=f"./{name}" if name.startswith("::") else name)
    assert run.code == 1
    assert run.outputs["verdict"] == "fail"
    assert run.written == b""
    assert sorted(path.name for path in workspace.iterdir()) == sorted([*before, "ocianalyze-reports"])
    for output, value in run.outputs.items():
        assert re.fullmatch(r"\d+|fail|ocianalyze-reports/ocianalyze\.[a-z.]+", value), output
    assert len(ANNOTATION.findall(run.output)) == len(COMMAND.findall(run.output))
    assert COMMAND.search(run.summary) is None


@pytest.mark.parametrize("directory", ["", "-x", "a\nverdict=pass", "$(touch pwned)", "a b"])
def test_a_strange_directory_is_refused(act_on: Callable[..., Action], tmp_path: Path, directory: str) -> None:
    run = act_on(output_directory=directory)
    assert run.code == 2
    assert run.output.startswith(b"::error title=ocianalyze::output-directory may have letters")
    assert set(run.outputs.values()) == {""}
    assert sorted(path.name for path in (tmp_path / "work space").iterdir()) == ["Dockerfile", DEMO.name]


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    for name in ("bash", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    for name in ("python3", "python3.11"):
        (tmp_path / name).write_text("#!/bin/bash\nexit 1\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    run = Action(tmp_path, {"PATH": str(tmp_path)}, {"image": "x"})
    assert run.code == 2
    assert run.output.startswith(b"::error title=ocianalyze::ocianalyze needs Python 3.11 or newer.")


WORKFLOW = """
on: push
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - run: cp "{files}"/* .
{step}
      - if: always()
        env:
          RESULT: ${{{{ steps.scan.outcome }}}} ${{{{ steps.scan.outputs.errors }}}} ${{{{ steps.scan.outputs.json }}}}
        run: |
          echo "result: $RESULT"
          cat "$GITHUB_STEP_SUMMARY"
          cp -r ocianalyze-reports "{files}"
"""


@pytest.mark.skipif(ACT is None, reason="act is not installed (Go: github.com/nektos/act)")
def test_act_runs_the_lines_of_the_page(tmp_path: Path) -> None:
    (step,) = [block for block in blocks("yaml") if "uses:" in block]
    revision, workspace, files = "0" * 40, tmp_path / "workspace", tmp_path / "files"
    files.mkdir()
    shutil.copy(DEMO, files / "image.tar")
    shutil.copy(DEMO.parent / "demo" / "Dockerfile", files)
    lines = "".join(f"      {line}\n" for line in step.replace("COMMIT", revision).splitlines())
    (workspace / ".github" / "workflows").mkdir(parents=True)
    workflow = WORKFLOW.format(step=lines, files=files)
    (workspace / ".github" / "workflows" / "ci.yml").write_text(workflow, encoding="utf-8")
    commit(workspace)
    (tmp_path / "action").mkdir()
    command = [ACT or "", "push", "--platform=ubuntu-latest=-self-hosted", "--pull=false"]
    command.append(f"--local-repository=OWNER/ocianalyze@{revision}={snapshot(tmp_path / 'action')}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OCIANALYZE_")}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, cwd=workspace, env={**environment, "HOME": str(tmp_path)}, capture_output=True, check=False
    )
    said = done.stdout.decode()
    assert "Success - Main Install ocianalyze" in said, said
    assert "Failure - Main Decide" in said
    assert "Job failed" in said
    assert "result: failure 3 ocianalyze-reports/ocianalyze.json" in said
    assert "USR001" in said
    report = json.loads((files / "ocianalyze-reports" / "ocianalyze.json").read_bytes())
    assert report["findings"][0]["source"]["file"] == "Dockerfile"
