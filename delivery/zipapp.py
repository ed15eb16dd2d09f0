"""Makes `dist/ocianalyze-VERSION-TARGET.pyz`: a file that runs with a Python alone, by shiv from the wheelhouse.

``python -m delivery.zipapp [DIRECTORY [TARGET...]]`` needs no network.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from delivery.project import DIST, epoch, run, tool, version
from delivery.targets import TARGETS, Target

_MAIN = Path(__file__).with_name("zipapp_main.py")
_MODE = 0o100644 << 16


def main(directory: str = str(DIST), *names: str) -> None:
    """Make the zipapps of some targets, or of all, from the wheelhouse in a directory."""
    if unknown := set(names) - {target.name for target in TARGETS}:
        sys.exit(f"no such target: {', '.join(sorted(unknown))}; choose from {' '.join(t.name for t in TARGETS)}")
    for target in TARGETS:
        if not names or target.name in names:
            made = make(Path(directory), target)
            print(f"{made}: {made.stat().st_size / 1e6:.1f} MB")


def make(directory: Path, target: Target) -> Path:
    """Make the zipapp of a target beside the wheelhouse, with its checksum, and return it."""
    zipapp = directory / f"ocianalyze-{version()}-{target.name}.pyz"
    with tempfile.TemporaryDirectory() as scratch:
        packages, shiv = Path(scratch, "packages"), Path(scratch, "shiv.pyz")
        _unpack(directory / "wheelhouse", target, packages)
        run(
            *(tool("shiv"), f"--site-packages={packages}", "--entry-point=ocianalyze.cli.main:command"),
            *(f"--python=/usr/bin/env python{target.python}", f"--output-file={shiv}"),
            env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch())},
        )
        _with_our_main(shiv, target, zipapp)
    digest = hashlib.sha256(zipapp.read_bytes()).hexdigest()
    zipapp.with_name(f"{zipapp.name}.sha256").write_text(f"{digest}  {zipapp.name}\n")
    return zipapp


def _unpack(wheelhouse: Path, target: Target, packages: Path) -> None:
    """Unpack the wheels of a target; pip chooses them and compares their hashes."""
    with tempfile.TemporaryDirectory() as chosen:
        run(
            *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"),
            *("--no-index", f"--find-links={wheelhouse / 'wheels'}", "--no-deps", "--require-hashes"),
            *(*target.pip_options, f"--dest={chosen}", f"--requirement={wheelhouse / 'requirements.txt'}"),
        )
        for wheel in sorted(Path(chosen).glob("*.whl")):
            with ZipFile(wheel) as archive:
                archive.extractall(packages)


def _with_our_main(shiv: Path, target: Target, zipapp: Path) -> None:
    """Copy what shiv made, with a start of our own, and with the same modes on every machine."""
    text = _MAIN.read_text().replace("PYTHON = (0, 0)", f"PYTHON = ({target.python.replace('.', ', ')})", 1)
    text = text.replace('MACHINE = ""', f'MACHINE = "{target.machine}"', 1)
    made = zipapp.with_suffix(".new")
    with ZipFile(shiv) as old, made.open("wb") as file:
        file.write(f"#!/usr/bin/env python{target.python}\n".encode())
        with ZipFile(file, "w", ZIP_DEFLATED) as new:
            for entry in old.infolist():
                copy = ZipInfo(entry.filename, entry.date_time)
                copy.external_attr = _MODE
                data = text.encode() if entry.filename == "__main__.py" else old.read(entry)
                new.writestr(copy, data, ZIP_DEFLATED)
    made.chmod(0o755)
    shutil.move(made, zipapp)


if __name__ == "__main__":
    main(*sys.argv[1:])
