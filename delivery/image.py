"""Makes `dist/ocianalyze-image.tar`: our own container image, without a container engine. See docs/image.md.

``python -m delivery.image [DIRECTORY [SOURCES]]`` takes wheels from ``DIRECTORY/wheelhouse``, and Debian's packages
from where the lines of the file SOURCES say, else from where this machine gets them.
"""

import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from delivery import contents, debian, oci_layout
from delivery.oci_layout import Entry, Image, Layer
from delivery.project import DIST, epoch, revision, run, version
from delivery.targets import Target

NAME = "ocianalyze-image.tar"
_REQUIREMENTS = "requirements-ecr.txt"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_SPEC = "org.opencontainers.image"


def main(directory: str = str(DIST), sources: str | None = None) -> None:
    """Make the image and say its size and digest."""
    archive, wheelhouse = Path(directory, NAME), Path(directory, "wheelhouse")
    if missing := [program for program in debian.PROGRAMS if shutil.which(program) is None]:
        sys.exit(f"Install {', '.join(missing)}: the image is made of packages of Debian")
    if not wheelhouse.is_dir():
        sys.exit(f"{wheelhouse} is missing; run: make wheelhouse")
    lines = debian.sources_of_this_machine() if sources is None else Path(sources).read_text().splitlines()
    digest = make(archive, wheelhouse, lines)
    print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB, {digest}")


def make(archive: Path, wheelhouse: Path, sources: Sequence[str]) -> str:
    """Make the image from wheels and Debian's packages, and return its digest."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        scratch.chmod(0o755)
        site = _installed(wheelhouse, scratch / "site")
        system = debian.make(scratch, site, sources)
        base, ours = contents.layers(system, epoch())
    return oci_layout.write(archive, _image(base, ours))


def _installed(wheelhouse: Path, site: Path) -> Path:
    """Install us into a new directory as pip would do with the image's Python, and return it."""
    target = Target(debian.PYTHON, platform.machine())
    run(
        *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"),
        *("--no-index", f"--find-links={wheelhouse / 'wheels'}", "--require-hashes", "--no-compile", "--no-deps"),
        *(*target.pip_options, f"--target={site}", f"--requirement={wheelhouse / _REQUIREMENTS}"),
    )
    shutil.rmtree(site / "bin")  # starts this machine's Python
    return site


def _image(base: Sequence[Entry], ours: Sequence[Entry]) -> Image:
    created = datetime.fromtimestamp(epoch(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    annotations = {
        f"{_SPEC}.created": created,
        f"{_SPEC}.description": "Tells whether a container image will work in SageMaker Studio",
        f"{_SPEC}.licenses": "Apache-2.0",
        f"{_SPEC}.title": "ocianalyze",
        f"{_SPEC}.version": str(version()),
    }
    if commit := revision():
        annotations[f"{_SPEC}.revision"] = commit
    return Image(
        name=f"ocianalyze:{version()}",
        architecture=_ARCHITECTURES[platform.machine()],
        layers=(
            Layer(base, f"ADD Debian {debian.SUITE} with Python {debian.PYTHON} /"),
            Layer(ours, f"RUN pip install 'ocianalyze[ecr]=={version()}'"),
        ),
        lines=(
            "ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8",
            f"USER {contents.UID}:{contents.UID}",
            f"WORKDIR /{contents.WORK}",
            f'ENTRYPOINT ["/{contents.PROGRAM}"]',
            'CMD ["--help"]',
        ),
        config={
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"],
            "User": f"{contents.UID}:{contents.UID}",
            "WorkingDir": f"/{contents.WORK}",
            "Entrypoint": [f"/{contents.PROGRAM}"],
            "Cmd": ["--help"],
        },
        annotations=annotations,
        created=created,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
