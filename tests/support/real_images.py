"""Real images: a real Debian, real packages, built and converted by tools that are not ours.

mmdebstrap makes the root file system; useradd, dpkg, pip and ipykernel really run in it; umoci makes the layers;
skopeo, podman, buildah, a Docker daemon and its containerd convert. All of it is kept in `build/real-images/` and made
again when this file changes, so that only the first run is slow.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from tests.support.daemons import Docker, docker_daemon
from tests.support.debian import bootstrap, chroot, install_packages, install_wheels
from tests.support.tools import run, skip_or_fail

RecipeName: TypeAlias = Literal["base", "golden", "driver", "toolkit", "conda"]
RealForm: TypeAlias = Literal[
    "oci",
    "oci-zstd",
    "oci-archive",
    "docker-archive",
    "podman-docker",
    "podman-oci",
    "buildah-oci",
    "docker-save",
    "containerd",
]

# An old release, because the newest takes a quarter of a gigabyte.
_TOOLKIT = ("nvidia-cuda-runtime-cu12==12.1.105", "nvidia-cuda-nvrtc-cu12==12.1.105")
_TOOLS = ("root", "mmdebstrap", "umoci", "skopeo")
_FORM_TOOLS: Mapping[str, Sequence[str]] = {
    "podman-docker": ("podman",),
    "podman-oci": ("podman",),
    "buildah-oci": ("podman", "buildah"),
    "docker-save": ("dockerd", "docker"),
    "containerd": ("dockerd", "docker", "ctr"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One layer: the Dockerfile line that its history shows, and what is really done to the root file system."""

    line: str
    apply: Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image: the one it starts from, its steps, and `umoci config` options."""

    parent: RecipeName | None
    steps: Sequence[Step]
    config: Sequence[str] = field(default=())


def _add_user(rootfs: Path, _scratch: Path) -> None:
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
    install_wheels(rootfs, scratch, "ipykernel", python="/opt/conda/envs/science/bin/python3")


RECIPES: Mapping[RecipeName, Recipe] = {
    "base": Recipe(None, ()),
    "golden": Recipe(
        "base",
        (
            Step(
                'RUN useradd --create-home --shell /bin/bash --gid "${NB_GID}" --uid ${NB_UID} ${NB_USER}',
                _add_user,
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
            Step("RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user", _add_user),
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


@dataclass(slots=True)
class RealImages:
    """Makes real images on demand: `images("golden", "docker-archive")` is a path.

    Tests that ask for one carry `pytest.mark.real`. What cannot be made here is skipped, or an error where all tools
    must be present.
    """

    directory: Path
    stack: ExitStack
    _docker: Docker | None = None
    _scratch: Path | None = None

    def __call__(self, name: RecipeName, form: RealForm = "docker-archive") -> Path:
        """Return where the image is: a directory if the form is `oci` or `oci-zstd`, else a tar."""
        path = self.directory / (f"{name}-{form}" if form in ("oci", "oci-zstd") else f"{name}-{form}.tar")
        if not path.exists():
            skip_or_fail((*_TOOLS, *_FORM_TOOLS.get(form, ())))
            self._build(name)
            partial = path.with_name(f"partial-{path.name}")
            _remove(partial)
            self._convert(name, form, partial)
            partial.rename(path)
        return path

    @property
    def docker(self) -> Docker:
        """A Docker daemon, started when it is first asked for, that stays until the tests end."""
        if self._docker is None:
            skip_or_fail(("root", "dockerd", "docker"))
            self._docker = self.stack.enter_context(docker_daemon())
        return self._docker

    @property
    def _layout(self) -> Path:
        """All images as umoci made them, one tag each."""
        return self.directory / "layout"

    def _build(self, name: RecipeName) -> None:
        done = self.directory / f"{name}.built"
        if done.exists():
            return
        recipe = RECIPES[name]
        if recipe.parent is None:
            self._build_base(name)
        else:
            self._build(recipe.parent)
            with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
                _build_steps(f"{self._layout}:{recipe.parent}", f"{self._layout}:{name}", recipe, Path(scratch))
        done.touch()

    def _build_base(self, name: RecipeName) -> None:
        _remove(self._layout)
        image = f"{self._layout}:{name}"
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            tar = bootstrap(Path(scratch, "root.tar"), ["python3", "python3-venv"])
            run("umoci", "init", "--layout", self._layout)
            run("umoci", "new", "--image", image)
            run("umoci", "raw", "add-layer", "--image", image, "--history.created_by=ADD rootfs.tar /", tar)
            run("umoci", "config", "--image", image, "--config.cmd=/bin/bash", "--no-history")

    def _convert(self, name: RecipeName, form: RealForm, target: Path) -> None:
        source, tag = f"oci:{self._layout}:{name}", f"example.com/real/{name}:1.0"
        match form:
            case "oci":
                run("skopeo", "copy", source, f"oci:{target}:{name}")
            case "oci-zstd":
                run("skopeo", "copy", "--dest-compress-format=zstd", source, f"oci:{target}:{name}")
            case "oci-archive" | "docker-archive":
                run("skopeo", "copy", source, f"{form}:{target}:{tag}")
            case "podman-docker" | "podman-oci":
                kind = "docker-archive" if form == "podman-docker" else "oci-archive"
                self._pull(name, tag)
                run("podman", *self._storage, "save", f"--format={kind}", f"--output={target}", tag)
            case "buildah-oci":
                self._pull(name, tag)
                destination = f"oci-archive:{target}:{tag}"
                run("buildah", *self._storage, "push", "--compression-format=zstd", tag, destination)
            case "docker-save":
                self.docker.docker("load", "--input", self(name, "docker-archive"))
                self.docker.docker("save", "--output", target, tag)
            case "containerd":
                self.docker.ctr("images", "import", "--no-unpack", self(name, "oci-archive"))
                self.docker.ctr("images", "export", target, tag)

    @property
    def _storage(self) -> tuple[str, ...]:
        """Options that give podman and buildah a storage of their own, removed when the tests end."""
        if self._scratch is None:
            # Not below build/: podman wants a short path.
            self._scratch = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="podman-")))
        return (f"--root={self._scratch}/storage", f"--runroot={self._scratch}/run")

    def _pull(self, name: RecipeName, tag: str) -> None:
        """Have podman and buildah know an image."""
        if not run("podman", *self._storage, "images", "--quiet", tag):
            image = run("podman", *self._storage, "pull", "--quiet", f"oci:{self._layout}:{name}").decode().strip()
            run("podman", *self._storage, "tag", image, tag)


def _build_steps(parent: str, image: str, recipe: Recipe, scratch: Path) -> None:
    bundle = scratch / "bundle"
    run("umoci", "unpack", "--image", parent, bundle)
    run("umoci", "tag", "--image", parent, image.rpartition(":")[2])
    for number, step in enumerate(recipe.steps):
        downloads = scratch / f"downloads-{number}"
        downloads.mkdir()
        step.apply(bundle / "rootfs", downloads)
        refresh = ("--refresh-bundle",) if number + 1 < len(recipe.steps) else ()
        run("umoci", "repack", *refresh, "--image", image, f"--history.created_by={step.line}", bundle)
    if recipe.config:
        run("umoci", "config", "--image", image, *recipe.config, "--history.created_by=USER ${NB_UID}")


def images_directory(root: Path) -> Path:
    """Return the directory for images as this source makes them, and remove those that an older one made."""
    here = Path(__file__)
    sources = b"".join(here.with_name(name).read_bytes() for name in ("real_images.py", "debian.py"))
    directory = root / hashlib.sha256(sources).hexdigest()[:12]
    for old in root.glob("*"):
        if old != directory:
            _remove(old)
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
