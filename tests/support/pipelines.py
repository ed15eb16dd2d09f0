"""The files for CI services: reading them, and running what they say.

`Action` runs the steps of our composite action as GitHub's runner does, as far as they need it: inputs and outputs of
steps in expressions, bash with ``-eo pipefail``, and the files that steps write to.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.tools import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "ci.md"
_EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
_STEP_OUTPUT = re.compile(r"steps\.([\w-]+)\.outputs\.([\w-]+)")


def read_yaml(text: str) -> Any:  # noqa: ANN401 - what the file has
    """Return the value of a YAML document."""
    return YAML(typ="safe").load(text)


def blocks(language: str) -> list[str]:
    """Return the blocks of code in one language on the page about CI services."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


def put_on_path(directory: Path, base: Mapping[str, str]) -> dict[str, str]:
    """Return an environment whose PATH has the program ``ocianalyze`` as these tests import it, in `directory`."""
    directory.mkdir(exist_ok=True)
    program = directory / "ocianalyze"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m ocianalyze "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    kept = {name: value for name, value in base.items() if not name.startswith(("OCIANALYZE_", "GITHUB_"))}
    return {**kept, "PATH": f"{directory}:{base['PATH']}"}


def snapshot(directory: Path) -> Path:
    """Return a new git repository with the files of this one as they are now, committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("the files are not in a git repository")
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).decode().split("\0")
    for name in filter(None, names):
        if not name.startswith(("tests/", "testdata/", "benchmarks/")) and (ROOT / name).is_file():
            place = directory / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place)
    commit(directory)
    return directory


def commit(directory: Path) -> str:
    """Make a directory a git repository with one commit, and return its hash."""
    run("git", "init", "--quiet", "--initial-branch=main", cwd=directory)
    run("git", "add", "--all", cwd=directory)
    who = ("-c", "user.name=ci", "-c", "user.email=ci@localhost")
    run("git", *who, "commit", "--quiet", "--message=x", cwd=directory)
    return run("git", "rev-parse", "HEAD", cwd=directory).decode().strip()


class Action:
    """A run of the composite action.

    Attributes:
        output: what it printed.
        code: the exit code of the step that failed; 0 if none did.
        outputs: its outputs.
        summary: the job summary.
        written: all that steps wrote to other files of the runner, such as ``GITHUB_ENV``; nothing is expected.
    """

    def __init__(self, workspace: Path, environment: Mapping[str, str], inputs: Mapping[str, str]) -> None:
        self._action = read_yaml((ROOT / "action.yml").read_text(encoding="utf-8"))
        self._steps: dict[str, dict[str, str]] = {}
        self._temp = workspace.parent / "runner"
        self._temp.mkdir(exist_ok=True)
        self._inputs = {name: item.get("default", "") for name, item in self._action["inputs"].items()} | dict(inputs)
        self._files = {name: self._temp / name for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE")}
        self._files["GITHUB_STEP_SUMMARY"] = self._temp / "summary"
        for path in self._files.values():
            path.write_bytes(b"")
        self._environment = {
            **environment,
            **{name: str(path) for name, path in self._files.items()},
            "GITHUB_ACTION_PATH": str(ROOT),
            "RUNNER_TEMP": str(self._temp),
        }
        self.output, self.code = b"", 0
        for step in self._action["runs"]["steps"]:
            if self.code == 0 and self._applies(step.get("if", "")):
                self._run(step, workspace)
        self.outputs = {name: self._evaluate(item["value"]) for name, item in self._action["outputs"].items()}
        self.summary = self._files.pop("GITHUB_STEP_SUMMARY").read_bytes()
        self.written = b"".join(path.read_bytes() for path in self._files.values())

    def _run(self, step: Mapping[str, Any], workspace: Path) -> None:
        out = self._temp / "output"
        out.write_bytes(b"")
        values = {name: self._evaluate(value) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            [step["shell"], "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=workspace,
            env={**self._environment, **values, "GITHUB_OUTPUT": str(out)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self.output += done.stdout
        self.code = done.returncode
        if "id" in step:
            lines = out.read_text(encoding="utf-8").splitlines()
            self._steps[step["id"]] = dict(line.split("=", 1) for line in lines)

    def _applies(self, condition: str) -> bool:
        """Return whether a step is run: there are comparisons with a text only."""
        if not condition:
            return True
        left, comparison, right = condition.split(" ")
        return (self._value(left) == right.strip("'")) == {"==": True, "!=": False}[comparison]

    def _evaluate(self, text: str) -> str:
        return _EXPRESSION.sub(lambda match: self._value(match[1]), text)

    def _value(self, expression: str) -> str:
        if expression.startswith("inputs."):
            return str(self._inputs[expression.removeprefix("inputs.")])
        step = _STEP_OUTPUT.fullmatch(expression)
        assert step is not None, expression
        return self._steps.get(step[1], {}).get(step[2], "")
