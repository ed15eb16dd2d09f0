"""The project as it is built: its version, its point in time, and its own wheels, with the same bytes every time."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
_SOURCES = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "ocianalyze")
_NO_SOURCES = shutil.ignore_patterns("*.so", "__pycache__")
_WITHOUT_GIT = 1580601600
"""What hatchling takes where nothing states a time."""


def version() -> Version:
    """Return the version of the project."""
    names: dict[str, str] = {}
    exec(ROOT.joinpath("ocianalyze/version.py").read_text(), names)  # noqa: S102 - our own
    return Version(names["__version__"])


def revision() -> str | None:
    """Return the commit that is checked out, if this is a checkout."""
    return _git("rev-parse", "HEAD")


def epoch() -> int:
    """Return the point in time that files of a build have: SOURCE_DATE_EPOCH, or that of the commit."""
    stated = os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct")
    return int(stated) if stated else _WITHOUT_GIT


def build_wheels(directory: Path) -> list[Path]:
    """Build our own wheels into a directory and return them.

    The first has no compiled code and is for every platform. The second has it, for every Python of this machine's
    platform, and is left out without a C compiler.
    """
    directory.mkdir(parents=True, exist_ok=True)
    wheels = [_build(directory, {"OCIANALYZE_PURE_PYTHON": "1"})]
    with tempfile.TemporaryDirectory() as scratch:
        # Neither debugging information nor a run path: both would name directories of this machine.
        compiled = _build(Path(scratch), {"CFLAGS": "-g0", "LDSHARED": "cc -shared -Wl,--strip-all,--no-as-needed"})
        if not compiled.name.endswith("-any.whl"):
            wheels.append(_repair(compiled, directory))
    return wheels


def run(*command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Run a command, with the same umask for everybody; if it fails, show what it says and end."""
    done = subprocess.run(command, env=env, cwd=cwd, umask=0o022, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def tool(name: str) -> Path:
    """Return where a program is that was installed beside this Python."""
    return Path(sys.executable).with_name(name)


def _build(directory: Path, environment: Mapping[str, str]) -> Path:
    """Build a wheel from a copy of the sources, because a build compiles beside them."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in _SOURCES:
            source, target = ROOT / name, Path(scratch, name)
            if source.is_dir():
                shutil.copytree(source, target, ignore=_NO_SOURCES)
            else:
                shutil.copy(source, target)
        before = set(directory.glob("*.whl"))
        kept = {name: value for name, value in os.environ.items() if name != "OCIANALYZE_PURE_PYTHON"}
        run(
            *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"),
            *("--no-deps", "--no-build-isolation", "--no-cache-dir", f"--wheel-dir={directory.resolve()}", "."),
            env={**kept, "SOURCE_DATE_EPOCH": str(epoch()), **environment},
            cwd=Path(scratch),
        )
        return next(iter(set(directory.glob("*.whl")) - before))


def _repair(wheel: Path, directory: Path) -> Path:
    """Tag a wheel with the oldest C library that it runs with, as auditwheel finds it in the symbols."""
    before = set(directory.iterdir())
    run(
        *(tool("auditwheel"), "repair", f"--wheel-dir={directory}", wheel),
        env=os.environ | {"PATH": f"{tool('python').parent}:{os.environ['PATH']}", "SOURCE_DATE_EPOCH": str(epoch())},
    )
    return next(iter(set(directory.iterdir()) - before))


def _git(*arguments: str) -> str | None:
    if not ROOT.joinpath(".git").exists():
        return None
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
