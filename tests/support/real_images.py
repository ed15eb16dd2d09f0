"""Real images: a real Debian, real packages, built and converted by tools that are not ours.

mmdebstrap makes the root file system; useradd, dpkg, pip and ipykernel really run in it; umoci makes the layers;
skopeo, podman, buildah, a Docker daemon and its containerd convert. All of it is kept in `build/real-images/` and made
again when what makes it changes, so that only the first run is slow.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tests.support.daemons import Docker, docker_daemon
from tests.support.debian import bootstrap
from tests.support.forms import write_archive
from tests.support.images import ImageSpec
from tests.support.recipes import RECIPES, Recipe
from tests.support.samples import SAMPLES
from tests.support.tools import run, skip_or_fail

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

_TOOLS = ("root", "mmdebstrap", "umoci", "skopeo")
_FORM_TOOLS: Mapping[str, Sequence[str]] = {
    "podman-docker": ("podman",),
    "podman-oci": ("podman",),
    "buildah-oci": ("podman", "buildah"),
    "docker-save": ("dockerd", "docker"),
    "containerd": ("dockerd", "docker", "ctr"),
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

    def __call__(self, name: str, form: RealForm = "docker-archive") -> Path:
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

    def _build(self, name: str) -> None:
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

    def _build_base(self, name: str) -> None:
        _remove(self._layout)
        image = f"{self._layout}:{name}"
        run("umoci", "init", "--layout", self._layout)
        run("umoci", "new", "--image", image)
        run("umoci", "raw", "add-layer", "--image", image, "--history.created_by=ADD rootfs.tar /", self._root())
        run("umoci", "config", "--image", image, "--config.cmd=/bin/bash", "--no-history")

    def sample(self, name: str) -> Path:
        """Return the docker archive of one of AWS's samples: one layer with all that its Dockerfile makes."""
        path = self.directory / f"{name}.tar"
        if not path.exists():
            skip_or_fail(("root", "mmdebstrap"))
            sample = SAMPLES[name]
            with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
                rootfs, tar = Path(scratch, "rootfs"), Path(scratch, "layer.tar")
                rootfs.mkdir()
                run("tar", "--extract", "--file", self._root(), "--directory", rootfs, "--numeric-owner")
                sample.make(rootfs, Path(scratch))
                run("tar", "--create", "--file", tar, "--directory", rootfs, "--numeric-owner", ".")
                spec = ImageSpec(layers=[tar], config=sample.config, history=[{"created_by": sample.line}])
                write_archive(Path(scratch, "image.tar"), spec, "docker-25").rename(path)
        return path

    def _root(self) -> Path:
        """Return the tar of the Debian that all images start from."""
        path = self.directory / "root.tar"
        if not path.exists():
            bootstrap(path.with_name("partial-root.tar"), ["python3", "python3-venv"]).rename(path)
        return path

    def _convert(self, name: str, form: RealForm, target: Path) -> None:
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

    def _pull(self, name: str, tag: str) -> None:
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
    sources = b"".join(
        here.with_name(name).read_bytes() for name in ("real_images.py", "recipes.py", "samples.py", "debian.py")
    )
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
