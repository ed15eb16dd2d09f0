"""What is built contains everything that runs."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]


def test_the_wheel_has_every_file_of_the_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    environment = {**os.environ, "OCIANALYZE_PURE_PYTHON": "1"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    built = set(ZipFile(wheel).namelist())
    files = (path for path in (ROOT / "ocianalyze").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    wanted = {path.relative_to(ROOT).as_posix() for path in files if path.suffix not in (".c", ".so", ".pyc")}
    assert "ocianalyze/reports/formats/html/report.css" in wanted
    assert wanted <= built
