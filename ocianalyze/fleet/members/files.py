"""Images in files: archives in a directory, and several images in one archive or layout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import InvalidReferenceError, OcianalyzeError
from ocianalyze.fleet.members.member import Member
from ocianalyze.layers.contents.capture import Capture
from ocianalyze.layers.reading.reader import Reading
from ocianalyze.oci.reference import Reference
from ocianalyze.paths import is_file
from ocianalyze.reports.text import encodable
from ocianalyze.sources.opening import list_images, passes_once
from ocianalyze.sources.store import INDEX_JSON, MANIFEST_JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.fleet.work.conditions import Conditions

_ARCHIVES: Final = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".oci")


def is_layout(path: Path) -> bool:
    """Tell whether a directory is an image, or several of them, and not a directory of images."""
    return any(is_file(path / name) for name in (INDEX_JSON, MANIFEST_JSON))


def in_directory(source: str, conditions: Conditions, warn: Callable[[str], object]) -> Iterator[Member]:
    """Yield the images of all archives and layouts in a directory and below it, by name.

    Raises:
        InvalidReferenceError: the directory cannot be read, or has none.
    """
    others, is_any = 0, False
    for path in _walk(Path(source)):
        if path.is_dir() or (is_file(path) and path.name.lower().endswith(_ARCHIVES)):
            is_any = True
            yield from _all_in(path, conditions, warn)
        else:
            others += 1
    if not is_any:
        raise InvalidReferenceError(f"{source} contains no image", hint=f"Archives end in {', '.join(_ARCHIVES)}")
    if others:
        warn(f"{source}: skipped {others:,} other {'file' if others == 1 else 'files'}")


def in_file(source: str, conditions: Conditions, warn: Callable[[str], object]) -> Iterator[Member]:  # noqa: ARG001 - one of several kinds
    """Yield each image of an archive or a layout, or the one that is named; raises the errors of `list_images`."""
    reference = Reference.parse(source)
    if reference.image is not None or passes_once(reference):
        yield Member(source)
        return
    images = list_images(reference, Reading(limits=conditions.limits, capture=Capture(frozenset())))
    if len(images) == 1:
        yield Member(source)
        return
    for position, names in enumerate(images):
        yield Member(source, name=f"@{position}", title=names[0] if names else None)


def _all_in(path: Path, conditions: Conditions, warn: Callable[[str], object]) -> Iterator[Member]:
    """Yield the images of a file in a directory, whatever it is called."""
    source = str(path)
    if encodable(source) != source:
        error = InvalidReferenceError(f"the name {encodable(source)} is not valid UTF-8", hint="Rename the file")
        yield Member(encodable(source), error=error)
        return
    if Reference.parse(source) != ("path", source, None):  # such as docker-archive:a.tar, or -
        source = f"./{source}"
    try:
        yield from in_file(source, conditions, warn)
    except OcianalyzeError as error:
        yield Member(source, error=error)


def _walk(directory: Path) -> Iterator[Path]:
    """Yield all files and layouts below a directory by name; links to directories are not followed."""

    def fail(error: OSError) -> None:
        raise InvalidReferenceError(f"{error.filename} cannot be read: {error.strerror}") from error

    for root, directories, files in os.walk(directory, onerror=fail):
        directories.sort()
        for name in list(directories):
            if is_layout(Path(root, name)):
                directories.remove(name)
                yield Path(root, name)
        for name in sorted(files):
            yield Path(root, name)
