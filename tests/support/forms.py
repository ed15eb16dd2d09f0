"""Every form in which an image comes as a file or directory, under one name each.

archive(spec, "docker-29")                               # the bytes of a tar
write_archive(path, [spec, other], "podman-save")        # streamed to a file
write_directory(path, spec, "oci", compression="zstd")   # an OCI layout
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import Literal, TypeAlias

from tests.support.compress import Compression
from tests.support.docker_archives import docker_25, docker_29, docker_legacy, kaniko, podman_save
from tests.support.images import BuiltImage, ImageSpec, build
from tests.support.layouts import LayoutOptions, layout
from tests.support.tarballs import Item, directory, layer, write_tar

FormName: TypeAlias = Literal[
    "docker-legacy",
    "docker-legacy-symlinked",
    "docker-25",
    "docker-29",
    "docker-29-list",
    "podman-save",
    "kaniko",
    "buildx-docker",
    "buildx-oci",
    "oci",
    "oci-nested",
    "oci-docker-types",
]
Order: TypeAlias = Literal["natural", "metadata-first", "metadata-last"]


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its members, the compression that its tool uses, and whether it is a docker archive."""

    members: Callable[[Sequence[BuiltImage]], list[Item]]
    compression: Compression = "none"
    docker: bool = True


_DOCKER_29 = LayoutOptions(attestation=True, absent_platforms=("linux/arm64/v8", "linux/s390x"), containerd_names=True)
_DOCKER_29_LIST = LayoutOptions(media_types="docker", nested=True, containerd_names=True)
_BUILDX_DOCKER = LayoutOptions(containerd_names=True)
_BUILDX_OCI = LayoutOptions(attestation=True, containerd_names=True)

FORMS: Mapping[FormName, Form] = {
    "docker-legacy": Form(docker_legacy),
    "docker-legacy-symlinked": Form(partial(docker_legacy, symlinked=True)),
    "docker-25": Form(docker_25),
    "docker-29": Form(partial(docker_29, options=_DOCKER_29), "gzip"),
    "docker-29-list": Form(partial(docker_29, options=_DOCKER_29_LIST), "gzip"),
    "podman-save": Form(podman_save),
    "kaniko": Form(kaniko, "gzip"),
    "buildx-docker": Form(partial(docker_29, options=_BUILDX_DOCKER), "gzip"),
    "buildx-oci": Form(partial(layout, options=_BUILDX_OCI), "gzip", docker=False),
    "oci": Form(layout, "gzip", docker=False),
    "oci-nested": Form(partial(layout, options=LayoutOptions(nested=True)), "gzip", docker=False),
    "oci-docker-types": Form(partial(layout, options=LayoutOptions(media_types="docker")), "gzip", docker=False),
}
LAYOUT_FORMS: tuple[FormName, ...] = ("oci", "oci-nested", "oci-docker-types", "buildx-oci", "docker-25", "docker-29")

Specs: TypeAlias = ImageSpec | Sequence[ImageSpec]


def archive_items(
    images: Specs,
    form: FormName,
    *,
    compression: Compression | Sequence[Compression] | None = None,
    order: Order = "natural",
    dot_slash: bool = False,
) -> list[Item]:
    """Return the members of an archive, so that a test can alter them before it writes them with `layer`.

    Args:
        images: One image or several; consecutive ones with the same tags are platforms of one image where the form has
            an index.
        form: Which tool's archive it is.
        compression: Of the layers, one for all or one each; the form's own by default.
        order: Whether layers come after or before everything else; the tool's own order by default.
        dot_slash: Name members as `tar c .` does.

    """
    kinds = FORMS[form].compression if compression is None else compression
    built = [build(spec, compression=kinds) for spec in ([images] if isinstance(images, ImageSpec) else images)]
    items = FORMS[form].members(built)
    if order != "natural":
        bodies = {id(layer.stored.content) for image in built for layer in image.layers}
        items.sort(key=lambda item: (id(item.content) in bodies) is (order == "metadata-first"))
    if dot_slash:
        items = [directory("."), *(replace(item, path=f"./{item.path}") for item in items)]
    return items


def archive(
    images: Specs,
    form: FormName,
    *,
    compression: Compression | Sequence[Compression] | None = None,
    order: Order = "natural",
    dot_slash: bool = False,
) -> bytes:
    """Return an archive; the parameters are those of `archive_items`."""
    return layer(archive_items(images, form, compression=compression, order=order, dot_slash=dot_slash))


def write_archive(
    path: Path,
    images: Specs,
    form: FormName,
    *,
    compression: Compression | Sequence[Compression] | None = None,
    order: Order = "natural",
    dot_slash: bool = False,
) -> Path:
    """Write an archive to `path`, which is returned, streaming layers that are files."""
    with path.open("wb") as sink:
        write_tar(archive_items(images, form, compression=compression, order=order, dot_slash=dot_slash), sink)
    return path


def write_directory(
    path: Path,
    images: Specs,
    form: FormName = "oci",
    *,
    compression: Compression | Sequence[Compression] | None = None,
) -> Path:
    """Write the members as files below `path`, which is made and returned: an OCI layout, if the form is one."""
    for item in archive_items(images, form, compression=compression):
        target = path / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if item.kind == "directory":
            target.mkdir(exist_ok=True)
        elif item.kind == "symlink":
            target.symlink_to(item.target)
        elif isinstance(item.content, Path):
            copyfile(item.content, target)
        else:
            target.write_bytes(item.content)
    return path
