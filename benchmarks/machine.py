"""What the figures were measured on, without anything that tells whose machine it is."""

import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ocianalyze import __version__


def describe() -> dict[str, str]:
    """Return the machine and the versions of what ran on it, by name."""
    programs = {name: _program_version(name) for name in ("igzip", "skopeo", "tar", "umoci")}
    packages = {name: _package_version(name) for name in ("isal", "zstandard")}
    found = {
        "ocianalyze": __version__,
        "processor": _processor(),
        "processors": str(_processors()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
    }
    return found | {name: text for name, text in (packages | programs).items() if text}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _program_version(name: str) -> str:
    if shutil.which(name) is None:
        return ""
    done = subprocess.run([name, "--version"], capture_output=True, check=False)
    lines = (done.stdout or done.stderr).decode(errors="replace").splitlines()
    return lines[0].strip() if lines else ""


def _package_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
