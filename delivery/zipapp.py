"""Makes one file with all of ocianalyze in it, which a Python runs: ``python -m delivery.zipapp``.

What it is made of is what the wheelhouse has, so that comes first. Compiled modules cannot be imported from a zip: the
file is for one Python on one platform, as its name says, and unpacks itself to SHIV_ROOT when it first runs.
"""

import os
import sys
import tempfile
from pathlib import Path

from delivery.project import DIST, epoch, run, tool, version
from delivery.targets import Target, this_target
from delivery.wheelhouse import WHEELHOUSE


def main() -> None:
    """Make the file for this Python and platform and say how large it is."""
    made = make(WHEELHOUSE, DIST, this_target())
    print(f"{made}: {made.stat().st_size / 1e6:.1f} MB")


def make(wheelhouse: Path, directory: Path, target: Target) -> Path:
    """Make the file for a target from a wheelhouse and return it."""
    made = directory / f"ocianalyze-{version()}-{target.name}.pyz"
    with tempfile.TemporaryDirectory() as scratch:
        run(
            *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"),
            *("--no-index", "--no-compile", "--require-hashes", *target.pip_options),
            f"--find-links={wheelhouse / 'wheels'}",
            f"--requirement={wheelhouse / 'requirements.txt'}",
            f"--target={scratch}",
        )
        run(
            *(tool("shiv"), "--reproducible", "--console-script=ocianalyze"),
            *(f"--python=/usr/bin/env python{target.python}", f"--site-packages={scratch}"),
            f"--output-file={made}",
            env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch())},
        )
    return made


if __name__ == "__main__":
    main()
