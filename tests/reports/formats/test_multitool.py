"""SARIF held against the rules of Microsoft's SARIF Multitool, with those of GitHub (``.ci/run`` installs it)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ocianalyze.reports.formats import render
from tests.reports.formats.samples import NAMES, report

MULTITOOL = shutil.which("Sarif.Multitool")
EXPECTED = {"SARIF2005"}
"""The tool has no public page yet that it could name (``informationUri``)."""


@pytest.mark.skipif(
    MULTITOOL is None, reason="Sarif.Multitool is not installed (npm: @microsoft/sarif-multitool-linux)"
)
@pytest.mark.parametrize("name", NAMES)
def test_the_rules_of_the_multitool(tmp_path: Path, name: str) -> None:
    log, said = tmp_path / "r.sarif", tmp_path / "said.sarif"
    log.write_bytes(render(report(name), "sarif"))
    command = [MULTITOOL or "", "validate", str(log), "--rule-kind", "Sarif;Ghas", "-o", str(said)]
    subprocess.run(command, check=True, capture_output=True)
    (run,) = json.loads(said.read_text(encoding="utf-8-sig"))["runs"]
    found = {result["ruleId"]: result["message"] for result in run.get("results", [])}
    assert found.keys() <= EXPECTED, found
