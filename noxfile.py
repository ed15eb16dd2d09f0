"""The tests with every supported Python: `nox -s tests-3.13` runs all, `nox -s smoke` a small part with each.

A Python that is not found is skipped, and nox says so. It is looked for on PATH and in pyenv's directories.
"""

import os
import shutil
import subprocess
from pathlib import Path

import nox
from packaging.requirements import Requirement

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PACKAGE = ("ocianalyze", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE")
"""What `pip install .` needs."""
TESTS = ("tests", "testdata", "docs", "pyproject.toml")
NEEDED = ("cmarkgfm", "hypothesis", "jsonschema", "junitparser", "lxml", "pytest", "pytest-timeout")
"""The part of the dev group that the smoke test needs."""
SMOKE = ("tests/test_demo.py", "tests/reports/formats/test_stored.py", "tests/settings")
"""Tests that take seconds: the demo image from the command line to the report, and reports and settings as text."""

nox.options.sessions = ["smoke"]
nox.options.envdir = "build/nox"
nox.options.error_on_missing_interpreters = False


def _find_pythons() -> None:
    """Let nox find the Pythons of pyenv, whose shims do nothing unless their version is switched on."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for version in PYTHONS:
        if not _runs(f"python{version}") and (found := sorted(pyenv.glob(f"versions/{version}*/bin/python{version}"))):
            os.environ["PATH"] = os.pathsep.join((str(found[-1].parent), os.environ["PATH"]))


def _runs(program: str) -> bool:
    found = shutil.which(program)
    return found is not None and subprocess.run((found, "-V"), capture_output=True, check=False).returncode == 0


def _copy(names: tuple[str, ...], directory: Path) -> Path:
    """Copy a part of the project into a new directory: what is installed is to be tested, not what lies beside it."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    for name in names:
        if Path(name).is_dir():
            shutil.copytree(name, directory / name, ignore=ignored)
        else:
            shutil.copy(name, directory)
    return directory


_find_pythons()
os.environ.pop("PYTHONPATH", None)
DEV = nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "dev")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests, or those that the arguments after -- select."""
    session.install("--editable", ".", *DEV)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(python=PYTHONS)
def smoke(session: nox.Session) -> None:
    """Install the package as users do, and run a small part of the tests with it."""
    directory = Path(session.create_tmp())
    session.install(*(line for line in DEV if Requirement(line).name in NEEDED))
    session.install(str(_copy(PACKAGE, directory / "package")))
    session.chdir(_copy(TESTS, directory / "tests"))
    session.run("ocianalyze", "--version")
    session.run("python", "-m", "pytest", "--quiet", *SMOKE)
