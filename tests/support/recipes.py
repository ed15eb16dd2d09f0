"""What real images are made of: the steps that a Dockerfile would have, really done to a root file system."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.debian import chroot, install_packages, install_wheels

# An old release, because the newest takes a quarter of a gigabyte.
_TOOLKIT = ("nvidia-cuda-runtime-cu12==12.1.105", "nvidia-cuda-nvrtc-cu12==12.1.105")


@dataclass(frozen=True, slots=True)
class Step:
    """One layer: the Dockerfile line that its history shows, and what is really done to the root file system."""

    line: str
    apply: Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image: the one it starts from, its steps, and `umoci config` options."""

    parent: str | None
    steps: Sequence[Step]
    config: Sequence[str] = field(default=())


def add_user(rootfs: Path, _scratch: Path) -> None:
    chroot(
        rootfs,
        *("useradd", "--create-home", "--shell", "/bin/bash", "--gid", "100", "--uid", "1000", "sagemaker-user"),
    )


def _add_kernel(rootfs: Path, scratch: Path) -> None:
    install_wheels(rootfs, scratch, "ipykernel")
    chroot(rootfs, "python3", "-m", "ipykernel", "install")


def _add_driver(rootfs: Path, scratch: Path) -> None:
    install_packages(rootfs, scratch, "libcuda1")


def _add_toolkit(rootfs: Path, scratch: Path) -> None:
    install_wheels(rootfs, scratch, *_TOOLKIT)


def _add_environments(rootfs: Path, scratch: Path) -> None:
    """Make a prefix that is laid out as conda's is, with Python's own venv: conda's packages are not on PyPI."""
    for prefix in ("/opt/conda", "/opt/conda/envs/science"):
        chroot(rootfs, "python3", "-m", "venv", "--without-pip", "--copies", prefix)
        metadata = rootfs / prefix[1:] / "conda-meta"
        metadata.mkdir()
        (metadata / "history").write_text("==> 2026-01-02 03:04:05 <==\n")
    conda = rootfs / "opt/conda/bin/conda"  # which is asked for its environments
    conda.write_text("#!/opt/conda/bin/python\nfrom conda.cli import main\n\nmain()\n")
    conda.chmod(0o755)
    install_wheels(rootfs, scratch, "ipykernel", python="/opt/conda/envs/science/bin/python3")


RECIPES: Mapping[str, Recipe] = {
    "base": Recipe(None, ()),
    "golden": Recipe(
        "base",
        (
            Step(
                'RUN useradd --create-home --shell /bin/bash --gid "${NB_GID}" --uid ${NB_UID} ${NB_USER}',
                add_user,
            ),
            Step("RUN python3 -m pip install ipykernel && python3 -m ipykernel install", _add_kernel),
        ),
        ("--config.user=1000",),
    ),
    "driver": Recipe(
        "golden",
        (Step("RUN apt-get install --yes --no-install-recommends libcuda1", _add_driver),),
    ),
    "toolkit": Recipe(
        "golden",
        (Step(f"RUN python3 -m pip install {' '.join(_TOOLKIT)}", _add_toolkit),),
    ),
    "conda": Recipe(
        "base",
        (
            Step("RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user", add_user),
            Step(
                "RUN python3 -m venv /opt/conda/envs/science && python3 -m pip install ipykernel",
                _add_environments,
            ),
        ),
        (
            "--config.user=1000",
            "--config.env=PATH=/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
    ),
}
