"""Makes `dist/wheelhouse`: everything that pip needs on a machine without a package index.

``python -m delivery.wheelhouse`` needs an index; what it takes from there must have the hashes of the lock.
"""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from delivery.lock import EXTRAS, LOCKS, lines, read_lock
from delivery.project import DIST, build_wheels, run, version
from delivery.targets import TARGETS, Target

WHEELHOUSE = DIST / "wheelhouse"


def main() -> None:
    """Make the wheelhouse anew and say what is in it."""
    with tempfile.TemporaryDirectory(prefix="wheelhouse-", dir=_made(DIST)) as scratch:
        made = Path(scratch, "wheelhouse")
        make(made)
        shutil.rmtree(WHEELHOUSE, ignore_errors=True)
        made.rename(WHEELHOUSE)
    wheels = list(WHEELHOUSE.glob("wheels/*.whl"))
    size = sum(wheel.stat().st_size for wheel in wheels)
    print(f"{WHEELHOUSE}: {len(wheels)} wheels, {size / 1e6:.1f} MB, for {len(TARGETS)} targets")


def make(directory: Path) -> None:
    """Put the wheels for all targets, their requirements files and checksums into a new directory."""
    wheels = _made(directory / "wheels")
    ours = build_wheels(wheels)
    for target in TARGETS:
        _download(target, wheels)
    for name, lock in LOCKS.items():
        own = Requirement(f"ocianalyze{EXTRAS[name]}=={version()}")
        present = [(locked.requirement, locked.hashes & _hashes(wheels, locked.name)) for locked in read_lock(lock)]
        needed = [(requirement, hashes) for requirement, hashes in present if hashes]
        text = lines([(own, [_digest(wheel) for wheel in ours]), *needed])
        directory.joinpath(f"{name}.txt").write_text(text)
    write_checksums(directory)


def write_checksums(directory: Path) -> None:
    """Write SHA256SUMS of all files in a directory, as ``sha256sum --check`` reads it."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    sums = (f"{_digest(path).removeprefix('sha256:')}  {path.relative_to(directory)}\n" for path in files)
    directory.joinpath("SHA256SUMS").write_text("".join(sums))


def _download(target: Target, directory: Path) -> None:
    """Download the wheels that a target needs; that one has none is an error that names it."""
    locked = {entry.name: entry for lock in LOCKS.values() for entry in read_lock(lock) if entry.applies_to(target)}
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch, "requirements.txt")
        bare = ((Requirement(f"{entry.name}{entry.requirement.specifier}"), entry.hashes) for entry in locked.values())
        requirements.write_text(lines(bare))
        run(
            *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"),
            *("--no-deps", "--require-hashes", *target.pip_options),
            f"--dest={directory}",
            f"--requirement={requirements}",
        )


def _hashes(directory: Path, name: str) -> set[str]:
    """Return the hashes of the wheels of a package."""
    wheels = directory.glob("*.whl")
    return {_digest(wheel) for wheel in wheels if canonicalize_name(parse_wheel_filename(wheel.name)[0]) == name}


def _digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


if __name__ == "__main__":
    main()
