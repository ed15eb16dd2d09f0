"""The hooks for pre-commit, installed and run by it from this repository, in the lines of the page."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable

import pytest
from ruamel.yaml import YAML

from tests.support.pipelines import ROOT, blocks, commit, read_yaml, snapshot
from tests.support.tools import requires, run

PRE_COMMIT = (sys.executable, "-m", "pre_commit")
DEMO = ROOT / "testdata" / "demo.tar.gz"
HOOKS = read_yaml((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
GOOD = {
    "aws/app-image-config.json": '{"AppImageConfigName": "a", "JupyterLabAppImageConfig": {}}',
    "ocianalyze.toml": 'profile = "studio-jupyterlab"\n',
    "notes.json": "{",
}
BAD = {
    "aws/MyAppImageConfig-1.json": '{"AppImageConfigName": "a_b"}',
    "sub/ocianalyze.toml": "profiles = []\n",
}

Outcome = tuple[int, str]


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Outcome]:
    """Return a function that runs a hook on the files of a repository which uses it; it is installed once."""
    source, project = tmp_path_factory.mktemp("hooks"), tmp_path_factory.mktemp("project")
    (example,) = [block for block in blocks("yaml") if block.startswith("repos:")]
    config = read_yaml(example)
    snapshot(source)
    config["repos"][0] |= {"repo": str(source), "rev": run("git", "rev-parse", "HEAD", cwd=source).decode().strip()}
    with (project / ".pre-commit-config.yaml").open("wb") as file:
        YAML(typ="safe").dump(config, file)
    for name, text in {**GOOD, **BAD}.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    (project / "build").mkdir()
    for name in ("a.tar.gz", "$(touch pwned) `touch pwned`;.tar", "build/image.tar"):
        shutil.copy(DEMO, project / name)
    shutil.copy(DEMO.with_name("docker-save.tar.zst"), project)
    commit(project)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OCIANALYZE_", "GIT_"))}
    kept.pop("PYTHONPATH", None)
    kept["PRE_COMMIT_HOME"] = str(tmp_path_factory.mktemp("store"))

    def run_hook(name: str, files: Iterable[str] = (), *options: str) -> Outcome:
        chosen = ["--files", *files] if files else ["--all-files"]
        command = [*PRE_COMMIT, "run", name, *chosen, *options]
        done = subprocess.run(command, cwd=project, env=kept, capture_output=True, check=False)
        assert not (project / "pwned").exists()
        return done.returncode, (done.stdout + done.stderr).decode()

    return run_hook


def test_the_manifest_is_valid_and_the_page_has_all_hooks() -> None:
    done = subprocess.run(
        [*PRE_COMMIT, "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode()
    (example,) = [block for block in blocks("yaml") if block.startswith("repos:")]
    used = [hook["id"] for repository in read_yaml(example)["repos"] for hook in repository["hooks"]]
    assert used == [hook["id"] for hook in HOOKS]


@requires("git")
def test_app_image_configs_are_checked(hooks: Callable[..., Outcome]) -> None:
    name = "ocianalyze-app-image-config"
    assert hooks(name, GOOD)[0] == 0
    code, said = hooks(name)
    assert code == 1
    assert "aws/MyAppImageConfig-1.json: error CFG001: AppImageConfigName is 'a_b'" in said
    assert "notes.json" not in said


@requires("git")
def test_settings_are_checked(hooks: Callable[..., Outcome]) -> None:
    assert hooks("ocianalyze-settings", GOOD)[0] == 0
    code, said = hooks("ocianalyze-settings")
    assert code == 1
    assert "sub/ocianalyze.toml:1: profiles: unknown key. Did you mean 'profile'?" in said


@requires("git")
def test_archives_are_scanned_one_after_the_other(hooks: Callable[..., Outcome]) -> None:
    code, said = hooks("ocianalyze-archives")
    assert code == 1
    for name in ("a.tar.gz", "$(touch pwned) `touch pwned`;.tar", "image.tar", "docker-save.tar.zst"):
        assert f"\n{name}: error APP001: " in said
    assert hooks("ocianalyze-archives", GOOD)[0] == 0


@requires("git")
def test_a_named_image_is_scanned_before_a_push(hooks: Callable[..., Outcome]) -> None:
    assert "ocianalyze-scan" in hooks("ocianalyze-scan")[1]
    code, said = hooks("ocianalyze-scan", (), "--hook-stage", "manual")
    assert code == 1
    assert "FAIL   studio-jupyterlab" in said
