"""What an archive or a directory holds instead of an image, told from the names in it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from ocianalyze.sources.diagnosis import SAVE, Cause

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_DOCUMENTS: Final = ("index.json", "manifest.json")
_ROOT: Final = frozenset(
    (
        "bin",
        "boot",
        "dev",
        "etc",
        "home",
        "lib",
        "lib64",
        "mnt",
        "opt",
        "proc",
        "root",
        "run",
        "sbin",
        "sys",
        "tmp",
        "usr",
    )
)
_TELLING: Final = frozenset(("bin", "etc", "usr", "lib", "var", ".dockerenv"))
_WINDOWS: Final = frozenset(("Files", "Hives", "UtilityVM"))
_LAYERS: Final = (".tar", ".tar.gz")
_FEW: Final = 2
_SHOWN: Final = 200
_LOOKED_AT: Final = 100_000
"""How many names are looked at: only for advice, so that more of them are not worth the time."""
_PACK: Final = "pack its contents: tar -C {folder} -cf image.tar ."
_ARCHIVES: Final = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".oci")

_BY_NAME: Final = (
    ("Dockerfile", "a build context", "Build the image, then save it with 'docker save'"),
    ("Containerfile", "a build context", "Build the image, then save it with 'podman save'"),
    ("Chart.yaml", "a Helm chart", "Use one of the images that it deploys"),
    ("layer.tar", "one layer of an image that Docker saved", "Pack the whole directory that 'docker save' wrote"),
    ("oci-layout", "an OCI layout without its index.json", "Copy or pack the whole directory again"),
    ("control.tar.xz", "an unpacked Debian package", SAVE),
)
"""What a name at the top tells."""


def of_names(names: Iterable[str]) -> Cause | None:
    """Return what holds members or files of these `names` instead of an image, if they tell it."""
    seen = set(islice(names, _LOOKED_AT))
    seen = {name for name in seen if not name.rpartition("/")[2].startswith("._")}
    if not seen:
        return Cause("is not an image: it contains no files")
    return next(filter(None, (tell(seen) for tell in _TELLERS)), None)


def of_backslashes(names: Iterable[str]) -> Cause | None:
    r"""Return that names are written with backslashes, as programs on Windows write them, if some are."""
    for name in islice(names, _LOOKED_AT):
        if "\\" in name and (name.startswith("blobs\\") or name.endswith(("\\layer.tar", "\\index.json", "\\json"))):
            return Cause(
                f"contains names with backslashes, such as {name[:100]!r}",
                "Pack it again with a program that writes '/', such as tar",
            )
    return None


def _in_a_directory(names: Collection[str]) -> Cause | None:
    """Return that the image is in a directory of what was given, the first of those that are least deep."""
    folders = {name.rpartition("/")[0] for name in names if name.rpartition("/")[2] in _DOCUMENTS and "/" in name}
    images = sorted(folders.intersection(_with_layers(names)), key=lambda folder: (folder.count("/"), folder))
    if not images:
        return None
    more = f" (one of {len(images)} such directories)" if len(images) > 1 else ""
    return Cause(
        f"is not an image, but its directory {images[0][:_SHOWN]!r} is{more}",
        f"Use that directory, or {_PACK.format(folder=_quoted(images[0][:_SHOWN]))}",
    )


def _with_layers(names: Collection[str]) -> Iterator[str]:
    """Yield the directories that have more of an image than a document whose name many programs use."""
    for name in names:
        folder, _, base = name.rpartition("/")
        if base == "oci-layout":
            yield folder
        elif base.endswith(_LAYERS):
            yield folder
            yield folder.rpartition("/")[0]
        above, blobs, _ = name.partition("/blobs/")
        if blobs:
            yield above


def _root_file_system(names: Collection[str]) -> Cause | None:
    """Return that this is a root file system, or what is in the one directory that there is."""
    top = {name.partition("/")[0] for name in names}
    if len(top) == 1:
        names = {name.partition("/")[2] for name in names}
    elif "config.json" in names and "rootfs" in top:
        return Cause("is not an image but a runc bundle", "Save the image that it was unpacked from")
    top = {name.partition("/")[0] for name in names}
    found = (_ROOT | _TELLING).intersection(top)
    if (len(found) < _FEW or found.isdisjoint(_TELLING)) and len(_WINDOWS.intersection(top)) < _FEW:
        return None
    if any(name.rpartition("/")[2].startswith(".wh.") for name in names):
        return Cause("is not an image but one layer of an image, with whiteouts")
    return Cause(
        "is not an image but a root file system, as written by docker export or buildx --output type=tar or type=local",
        "Save the image with 'docker save', or build it with 'docker buildx build --output type=docker,dest=FILE'",
    )


def _by_name(names: Collection[str]) -> Cause | None:
    for name, what, hint in _BY_NAME:
        if name in names or (name == "Chart.yaml" and any(_at_depth_one(each, name) for each in names)):
            return Cause(f"is not an image but {what}", hint)
    if any(name.startswith("blobs/") for name in names):
        return Cause("contains blobs, but no index.json or manifest.json", "Copy or pack the whole directory again")
    return None


def _archives_inside(names: Collection[str]) -> Cause | None:
    archives = sorted(name for name in names if name.endswith(_ARCHIVES) and name.count("/") <= 1)
    if not archives:
        return None
    return Cause(
        f"contains no manifest.json or index.json, but the archive {archives[0][:_SHOWN]!r}",
        "Unpack it, and scan that archive",
    )


_TELLERS: Final = (_in_a_directory, of_backslashes, _root_file_system, _by_name, _archives_inside)


def _at_depth_one(name: str, base: str) -> bool:
    folder, slash, last = name.partition("/")
    return bool(folder and slash) and last == base


def _quoted(name: str) -> str:
    return name if name.replace("/", "").replace("-", "").replace(".", "").replace("_", "").isalnum() else repr(name)
