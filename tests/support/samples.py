"""AWS's published sample images, with their recipes re-enacted: the same commands, on a Debian.

Source: aws-samples/sagemaker-studio-custom-image-samples, `examples/`; AWS's guide for custom images of JupyterLab.
What a sample starts from is not at hand where images cannot be pulled, so the decisive part of it is made here: where
its Python lies, who its users are. conda's own packages are not on PyPI; its prefixes are made with Python's venv.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.support.debian import chroot, install_packages, install_wheels
from tests.support.recipes import add_user

_Command: TypeAlias = Callable[[Path, Path], None]

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CONDA_PATH = f"/opt/conda/bin:{_PATH}"
_START = (
    'jupyter lab --ip 0.0.0.0 --port 8888 --ServerApp.base_url="/jupyterlab/default" '
    "--ServerApp.token='' --ServerApp.allow_origin='*'"
)
_JUPYTERLAB = ("jupyterlab>=4.0.0,<5.0.0", "urllib3", "jupyter-activity-monitor-extension")


def _python_in_usr_local(rootfs: Path, _scratch: Path) -> None:
    """Make what Docker's `python` images have: a Python whose prefix is /usr/local."""
    chroot(rootfs, "python3", "-m", "venv", "--without-pip", "--copies", "/usr/local")


def _user_with_sudo(rootfs: Path, scratch: Path) -> None:
    install_packages(rootfs, scratch, "sudo")
    chroot(rootfs, *("useradd", "-m", "-s", "/bin/bash", "-N", "-u", "1000", "sagemaker-user"))
    chroot(rootfs, "chmod", "g+w", "/etc/passwd")
    with (rootfs / "etc/sudoers").open("a") as sudoers:
        sudoers.write("sagemaker-user    ALL=(ALL)    NOPASSWD:    ALL\n")


def _ipykernel(rootfs: Path, scratch: Path) -> None:
    install_wheels(rootfs, scratch, "ipykernel", python="/usr/local/bin/python")
    chroot(rootfs, "/usr/local/bin/python", "-m", "ipykernel", "install", "--sys-prefix")


def _echo_kernel(rootfs: Path, scratch: Path) -> None:
    install_wheels(rootfs, scratch, *("echo_kernel", "jupyter_client", "ipykernel"), python="/usr/local/bin/python")
    chroot(rootfs, "/usr/local/bin/python", "-m", "echo_kernel.install", "--sys-prefix")


def _requirements(rootfs: Path, scratch: Path) -> None:
    install_wheels(rootfs, scratch, "numpy", python="/usr/local/bin/python")


def _poetry(rootfs: Path, scratch: Path) -> None:
    install_wheels(rootfs, scratch, "poetry", python="/usr/local/bin/python")


def _conda(rootfs: Path, *environments: str) -> None:
    for prefix in ("/opt/conda", *(f"/opt/conda/envs/{name}" for name in environments)):
        chroot(rootfs, "python3", "-m", "venv", "--without-pip", "--copies", prefix)
        metadata = rootfs / prefix[1:] / "conda-meta"
        metadata.mkdir()
        (metadata / "history").write_text("==> 2026-01-02 03:04:05 <==\n")
    conda = rootfs / "opt/conda/bin/conda"
    conda.write_text("#!/opt/conda/bin/python\nfrom conda.cli import main\n\nmain()\n")
    conda.chmod(0o755)
    activate = rootfs / "opt/conda/bin/activate"
    activate.chmod(0o755)


def _conda_environment(rootfs: Path, scratch: Path) -> None:
    """`conda env update` of the base environment, with ipykernel, whose conda package names its Python in full."""
    _conda(rootfs)
    install_wheels(rootfs, scratch, "ipykernel", python="/opt/conda/bin/python")
    chroot(rootfs, "/opt/conda/bin/python", "-m", "ipykernel", "install", "--sys-prefix")


def _rapids(rootfs: Path, scratch: Path) -> None:
    _conda(rootfs, "rapids")
    install_wheels(rootfs, scratch, "ipykernel", python="/opt/conda/envs/rapids/bin/python")
    chroot(rootfs, "/opt/conda/envs/rapids/bin/python", "-m", "ipykernel", "install", "--sys-prefix")


def _two_users(rootfs: Path, _scratch: Path) -> None:
    chroot(rootfs, *("useradd", "--create-home", "--shell", "/bin/bash", "--gid", "100", "--uid", "1000", "jovyan"))
    chroot(
        rootfs,
        *("useradd", "--non-unique", "--create-home", "--shell", "/bin/bash", "--gid", "100", "--uid", "1000"),
        "sagemaker-user",
    )


def _r(rootfs: Path, scratch: Path) -> None:
    """R and IRkernel, whose kernel Debian's package does not install."""
    install_packages(rootfs, scratch, "r-base-core", "r-cran-irkernel")
    kernel = rootfs / "usr/lib/R/site-library/IRkernel/kernelspec"
    target = rootfs / "usr/local/share/jupyter/kernels/ir"
    target.mkdir(parents=True)
    for file in kernel.iterdir():
        (target / file.name).write_bytes(file.read_bytes())


def _tensorflow(rootfs: Path, scratch: Path) -> None:
    """What tensorflow's images have: the distribution's Python, and a `python` that leads to it."""
    (rootfs / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    install_wheels(rootfs, scratch, "ipykernel", python="/usr/bin/python3")
    chroot(rootfs, "python", "-m", "ipykernel", "install", "--sys-prefix")
    (rootfs / "root/my-file.txt").write_text("This is a file in the home directory of root.\n")


def _jupyterlab(rootfs: Path, scratch: Path) -> None:
    install_wheels(rootfs, scratch, *_JUPYTERLAB)


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample: the last line of its Dockerfile, what all its lines do, and what they say of the image."""

    line: str
    commands: Sequence[_Command]
    config: Mapping[str, object] = field(default_factory=dict)

    def make(self, rootfs: Path, scratch: Path) -> None:
        """Do to a Debian's root file system what the Dockerfile does."""
        for number, command in enumerate(self.commands):
            downloads = scratch / f"downloads-{number}"
            downloads.mkdir()
            command(rootfs, downloads)


SAMPLES: Mapping[str, Sample] = {
    "sample-echo": Sample(
        "RUN pip install echo_kernel && python -m echo_kernel.install --sys-prefix",
        (_python_in_usr_local, _user_with_sudo, _echo_kernel),
        {"User": "1000", "Env": ["SHELL=/bin/bash", f"PATH={_PATH}"]},
    ),
    "sample-pip-venv": Sample(
        "RUN pip install -r requirements.txt",
        (_python_in_usr_local, _ipykernel, _requirements),
        {"Env": [f"PATH={_PATH}"]},
    ),
    "sample-poetry": Sample(
        "RUN poetry install && python -m ipykernel install --sys-prefix",
        (_python_in_usr_local, _user_with_sudo, _poetry, _ipykernel),
        {"User": "1000", "Env": ["SHELL=/bin/bash", f"PATH={_PATH}"]},
    ),
    "sample-conda-env": Sample(
        "RUN conda env update -f environment.yml --prune", (_conda_environment,), {"Env": [f"PATH={_CONDA_PATH}"]}
    ),
    "sample-rapids": Sample(
        "RUN pip install ipykernel && python -m ipykernel install --sys-prefix",
        (_rapids,),
        {"Env": [f"PATH=/opt/conda/envs/rapids/bin:{_CONDA_PATH}"]},
    ),
    "sample-r": Sample(
        "RUN useradd --non-unique --create-home ...",
        (_r, _two_users),
        {
            "User": "1000",
            "Env": ["HOME=/home/sagemaker-user", f"PATH={_PATH}"],
            "WorkingDir": "/home/sagemaker-user",
        },
    ),
    "sample-tensorflow": Sample(
        "RUN pip install ipykernel && python -m ipykernel install --sys-prefix",
        (_tensorflow,),
        {"Env": [f"PATH={_PATH}"]},
    ),
    "sample-jupyterlab": Sample(
        f"RUN python3 -m pip install --ignore-installed {' '.join(_JUPYTERLAB)}",
        (add_user, _jupyterlab),
        {"User": "1000", "Cmd": ["/bin/sh", "-c", _START]},
    ),
}
"""The samples by name, each as one layer on Debian."""
