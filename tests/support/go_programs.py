"""Small Go programs around the libraries that Docker and containerd share: built when they are first asked for."""

import atexit
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.support.tools import REQUIRE_TOOLS


@cache
def go_program(name: str, modules: str = "go.mod") -> Path:
    """Return the program whose source is the directory `name` beside this file, built with the versions in `modules`.

    It needs Go, and modules from its proxy the first time; where it cannot be built the test is skipped, or fails.
    """
    directory = mkdtemp(prefix=f"{name}-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    program = Path(directory) / name
    source = Path(__file__).parent / name
    build = ("go", "build", f"-modfile={modules}", "-o", program, ".")
    done = subprocess.run(build, cwd=source, capture_output=True, check=False)
    if done.returncode:
        problem = f"the Go program {name} cannot be built: {done.stderr.decode(errors='replace').strip()}"
        if os.environ.get(REQUIRE_TOOLS) == "1":
            pytest.fail(problem, pytrace=False)
        pytest.skip(problem)
    return program
