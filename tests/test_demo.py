"""The demo image, scanned as users scan it, gives the report in docs/examples."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "testdata" / "demo.tar.gz"


def _without_times(raw: bytes) -> dict[str, Any]:
    """Return a report without what differs from run to run, and from machine to machine."""
    report: dict[str, Any] = json.loads(raw)
    del report["timing"]
    report["image"]["reference"] = Path(report["image"]["reference"]).name
    return report


def test_the_report_is_the_example() -> None:
    command = (sys.executable, "-m", "ocianalyze", "scan", DEMO, "--isolated", "--inventory", "--format", "json")
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    example = (ROOT / "docs" / "examples" / "ocianalyze.json").read_bytes()
    assert _without_times(done.stdout) == _without_times(example)
