"""From a reference to an image: what it is is told by its content, and it is read where it lies."""

from __future__ import annotations

import io
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from ocianalyze.errors import AnalysisError, InvalidImageError, InvalidReferenceError, UsageError, closest, suggest
from ocianalyze.layers.blob.compression import MAGIC_SIZE, recognise
from ocianalyze.oci.platforms import Wanted
from ocianalyze.oci.repository import DOCKER_HUB, RepositoryName, check_login, lower_cased, split_registry
from ocianalyze.paths import exists, is_dir, is_file
from ocianalyze.sources import docker_archive, oci_layout
from ocianalyze.sources.archive import ArchiveStore
from ocianalyze.sources.archive_memory import ArchiveMemory
from ocianalyze.sources.choosing import choose, goes_by, those_that_exist
from ocianalyze.sources.diagnosis import SAVE, Cause
from ocianalyze.sources.diagnosis.names import of_names
from ocianalyze.sources.files import CHUNK, DirectoryStore, OpenFile
from ocianalyze.sources.indexes import images
from ocianalyze.sources.oci_layout import ImageChoice
from ocianalyze.sources.store import INDEX_JSON, MANIFEST_JSON, BlobStore, Documents, missing
from ocianalyze.sources.stream import StreamStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocianalyze.layers.reading.reader import Reading
    from ocianalyze.oci.image import Image
    from ocianalyze.oci.reference import Reference
    from ocianalyze.sources.choosing import Choice
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.documents import StoredDocuments


_MOST_LOOKED_AT: Final = 1000
"""How many files beside a missing one are looked at for a similar name."""


@contextmanager
def open_image(
    reference: Reference,
    reading: Reading,
    *,
    platform: str | None = None,
    name: str | None = None,
    stdin: BinaryIO | None = None,
    access: RegistryAccess | None = None,
    offline: bool = False,
    known: StoredDocuments | None = None,
    read_layers: bool = True,
) -> Iterator[Image]:
    """Open the image that `reference` names, and close it at the end of the block.

    What is no path is looked for in a registry, if it can be the name of an image; `access` says how, `offline` that
    none may be asked, and `known` which of its documents are known. `platform` and, in files, `name` choose one of
    several, see `choose`. An image that comes as a stream is read here, its layers too unless `read_layers` is False;
    of all others only the manifest and the config are.

    Raises:
        InvalidReferenceError: it names nothing that can be opened.
        ImageChoiceError: it holds several images and none or many fit.
        InvalidImageError: it is not an image, or a damaged one, or its file was written to before the end of the block.
        RegistryError: a registry cannot be reached, or refuses.
    """
    wanted = None if platform is None else Wanted.parse(platform)
    if is_remote(reference):
        from ocianalyze.sources.registry.access import RegistryAccess
        from ocianalyze.sources.registry.image import open_registry_image

        if name is not None:
            raise UsageError(
                "--image selects an image in a file, not in a registry",
                hint="Add the tag or digest to the image name: NAME:TAG or NAME@DIGEST",
            )
        if offline:
            raise UsageError(
                f"cannot read {reference.location} from a registry: network access is disabled",
                hint="Give a file or directory, or remove --offline and OCIANALYZE_OFFLINE",
            )
        how = RegistryAccess() if access is None else access
        with open_registry_image(
            reference.location, how, reading.limits, wanted=wanted, documents=known, seeks_indexes=reading.lazy
        ) as image:
            yield image
        return
    store, source = _open_store(reference, reading, stdin, read_layers=read_layers)
    try:
        documents = Documents(store, reading.limits)
        kind, choices = _choices(documents, reference)
        choice = choose(choices, name=name or reference.image, wanted=wanted)
        if kind == "docker-archive" and isinstance(choice, ImageChoice):
            _refuse_two_images(documents, choice)
        yield choice.load(wanted).image(
            reference=reference.location, source=source or kind, form=kind if source == "stdin" else None
        )
    except AnalysisError:
        store.check_unchanged()  # what was found may come of that
        raise
    else:
        store.check_unchanged()
    finally:
        store.close()


def passes_once(reference: Reference) -> bool:
    """Tell whether an image in a file or stream can be read only from its first byte to its last.

    So what it holds is not known before all of it was read. Raises InvalidReferenceError if it cannot be opened.
    """
    if reference.transport == "stdin":
        return True
    if is_remote(reference) or is_dir(Path(reference.location)):
        return False
    if not is_file(Path(reference.location)):
        return exists(Path(reference.location))
    file = OpenFile(Path(reference.location))
    try:
        return recognise(file.range().read_at(0, MAGIC_SIZE)) != "none"
    finally:
        file.close()


def list_images(reference: Reference, reading: Reading) -> list[tuple[str, ...]]:
    """Return the names of each image in a file or directory that can be read at offsets, by its position.

    ``@`` and the position is how `open_image` chooses one of them.

    Raises:
        InvalidReferenceError: it cannot be opened.
        InvalidImageError: it is not an image, or a damaged one.
    """
    store, _ = _open_store(reference, reading, None, read_layers=False)
    try:
        _, choices = _choices(Documents(store, reading.limits), reference)
        return [choice.names for choice in those_that_exist(choices)]
    finally:
        store.close()


def _open_store(
    reference: Reference, reading: Reading, stdin: BinaryIO | None, *, read_layers: bool
) -> tuple[BlobStore, str | None]:
    """Return the store and the name of the source, None where the content has to tell it."""
    if reference.transport == "stdin":
        if stdin is None:
            raise InvalidReferenceError("no standard input to read from")
        return StreamStore(_chunks(stdin), reading, what="standard input", read_layers=read_layers), "stdin"
    path = Path(reference.location)
    try:
        if not exists(path):
            raise InvalidReferenceError(f"{reference.location} does not exist", hint=_elsewhere(reference, path))
    except OSError as error:
        raise InvalidReferenceError(f"{path} cannot be opened: {error.strerror}") from error
    if is_dir(path):
        if reference.transport in ("docker-archive", "oci-archive"):
            raise InvalidReferenceError(f"{path} is a directory, not an archive", hint=f"Use oci:{path}")
        return DirectoryStore(path), "oci-layout"
    if not is_file(path):
        return StreamStore(_file_chunks(path), reading, what=str(path), read_layers=read_layers), "stdin"
    file = OpenFile(path)
    try:
        if recognise(file.range().read_at(0, MAGIC_SIZE)) == "none":
            return ArchiveStore(file, reading.spending()), None
        store = _pass_through(file, reading, read_layers=read_layers)
        file.check_unchanged()
    except BaseException:
        file.close()
        raise
    file.close()
    return store, None


def _pass_through(file: OpenFile, reading: Reading, *, read_layers: bool) -> StreamStore:
    """Return the store of an archive with compression around it, which is read once, or known from an earlier scan."""
    what = str(file.path)
    memory = None if reading.cache is None else ArchiveMemory(reading.cache, reading, file.range())
    known = None if memory is None else memory.recall(what)
    if known is not None:
        return known
    store = StreamStore(file.range().chunks(), reading, what=what, read_layers=read_layers, size=file.size)
    if memory is not None:
        memory.keep(store)
    return store


def _choices(documents: Documents, reference: Reference) -> tuple[str, Sequence[Choice]]:
    """Return which of the two formats the store has, and its images.

    Docker writes both since version 25. The OCI layout tells more, so it goes first, but there may be images that
    stand only in the other, such as those without a name.
    """
    find, transport = documents.store.find, reference.transport
    has_index = find(INDEX_JSON) is not None and transport != "docker-archive"
    has_list = find(MANIFEST_JSON) is not None and transport not in ("oci-archive", "oci")
    found: list[Choice] = []
    if has_index:
        layout = oci_layout.choices(documents)
        found += layout
        if has_list:
            found += _others(docker_archive.choices(documents), layout)
    elif has_list:
        found += docker_archive.choices(documents)
    else:
        raise _no_documents(documents.store, transport)
    if not found:
        raise Cause("contains no image: its list of images is empty").error(documents.store.what)
    return "docker-archive" if has_list else "oci-archive", found


def _others(saved: Sequence[docker_archive.SavedImage], layout: Sequence[ImageChoice]) -> Iterator[Choice]:
    """Yield what of a docker archive its layout does not have; what only has a name of the layout's is no choice."""
    listed = [item for choice in layout for item in choice.items]
    known = {manifest.config.digest for _, manifest in images(listed, layout[0].catalogue)} if layout else set()
    names = [name for choice in layout for name in choice.names]
    for image in saved:
        if not image.configs() <= known and not any(goes_by(names, name) for name in image.names):
            yield image


def _refuse_two_images(documents: Documents, chosen: ImageChoice) -> None:
    """Raise InvalidImageError if ``manifest.json`` has another image under one of the names than ``index.json`` has."""
    if not docker_archive.config_digests(documents, chosen.names) <= chosen.configs():
        raise InvalidImageError(
            f"the archive is ambiguous: {INDEX_JSON} and {MANIFEST_JSON} describe different images",
            hint="Choose one with docker-archive:PATH or oci-archive:PATH",
        )


def _no_documents(store: BlobStore, transport: str) -> InvalidImageError:
    """Return why there is neither ``index.json`` nor ``manifest.json``, as far as it is known."""
    for name in (INDEX_JSON, MANIFEST_JSON):
        if store.link(name) is not None:
            return missing(store, name, name)
    if store.find(MANIFEST_JSON) is not None:
        return Cause("is a docker archive, not an OCI image", f"Scan it without '{transport}:'").error(store.what)
    if store.find(INDEX_JSON) is not None:
        return Cause("is an OCI image, not a docker archive", f"Scan it without '{transport}:'").error(store.what)
    if store.find("repositories") is not None:
        return Cause(
            f"was saved by a Docker version older than 1.10 and has no {MANIFEST_JSON}",
            "Load it and save it again with a current Docker",
        ).error(store.what)
    wanted = {"docker-archive": MANIFEST_JSON, "oci-archive": INDEX_JSON, "oci": INDEX_JSON}.get(transport)
    cause = of_names(store.names())
    if cause is None or wanted is not None:
        cause = Cause(f"is not an image: it contains no {wanted or f'{MANIFEST_JSON} or {INDEX_JSON}'}", SAVE)
    return cause.error(store.what)


def is_remote(reference: Reference) -> bool:
    """Tell whether an image is to be looked for in a registry: what is a path, or looks like one, is not."""
    if reference.transport == "registry":
        return True
    if reference.transport != "path" or not reference.may_be_name:
        return False
    try:
        return not exists(Path(reference.location))
    except OSError:
        return False


def _elsewhere(reference: Reference, path: Path) -> str | None:
    """Return a hint for a missing file: one with almost the same name, or that it could be the name of an image."""
    check_login(reference.location)
    with suppress(OSError):
        beside = [entry.name for entry in islice(path.parent.iterdir(), _MOST_LOOKED_AT)]
        if closest(path.name, beside):
            return suggest(path.name, beside)
    lower = lower_cased(reference.location)
    if lower is not None and reference._replace(location=lower).may_be_name:
        return f"Write {lower} to read it from a registry: image names are in lower case"
    if reference.transport == "oci" and reference.location.startswith("//"):
        name = f"{reference.location}:{reference.image}" if reference.image else reference.location
        return f"Write docker:{name} to read it from a registry"
    try:
        named = RepositoryName.parse(reference.location)
    except InvalidReferenceError as error:
        is_meant = "/" in reference.location and split_registry(reference.location)[0] != DOCKER_HUB
        is_file = reference.location.startswith((".", "/", "~"))
        return f"It is not an image name either: {error.message}" if is_meant and not is_file else None
    return f"Write docker://{reference.location} to read the image {named} from a registry"


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield what comes from a stream.

    Its buffer is passed by once it is empty: an interpreter that ends while a thread waits in one is aborted.
    """
    read = stream.read
    try:
        if isinstance(stream, io.BufferedReader):
            if chunk := stream.read1(CHUNK):
                yield chunk
            read = stream.raw.read
        while chunk := read(CHUNK):
            yield chunk
    except OSError as error:
        raise InvalidImageError(f"the stream cannot be read: {error.strerror}") from error


def _file_chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a pipe or device."""
    try:
        with path.open("rb", buffering=0) as stream:
            yield from _chunks(stream)
    except OSError as error:
        raise InvalidReferenceError(f"{path} cannot be opened: {error.strerror}") from error
