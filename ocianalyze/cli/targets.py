"""Which images are to be scanned: those of the command line and of a list, and those that patterns stand for."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from ocianalyze.cli.files import STDIN, name_of, read_bytes
from ocianalyze.cli.options import IMAGE
from ocianalyze.errors import InvalidReferenceError, OcianalyzeError, UsageError
from ocianalyze.oci.reference import Reference
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.paths import exists
from ocianalyze.reports.text import printable
from ocianalyze.sources.lists import read_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ocianalyze.oci.patterns import ImagePattern
    from ocianalyze.settings.model import Settings
    from ocianalyze.sources.registry.access import RegistryAccess

MOST_IMAGES: Final = 10_000
"""How many images are scanned in one call."""
_LARGEST_LIST: Final = 4 << 20
_LONGEST_NAME: Final = 150
_UNSAFE: Final = r"[^A-Za-z0-9._-]+"
_APART: Final = "Scan the images of each registry in a separate call"
_TRANSPORTS: Final = ("docker-archive", "oci-archive", "oci")

FromFile = Annotated[
    Path | None,
    typer.Option(
        "--from-file",
        metavar="LIST",
        help="File with further images, one per line ('-': standard input); lines that begin with '#' are comments.",
        show_default=False,
        rich_help_panel=IMAGE,
    ),
]


class Target(NamedTuple):
    """An image that is to be scanned.

    Attributes:
        reference: what it is called on the command line, or the pattern that could not be expanded.
        name: a name for files about it, which no other target has.
        error: why it is not known which images the pattern stands for.
    """

    reference: str
    name: str = ""
    error: OcianalyzeError | None = None


def is_several(images: Sequence[str], list_file: Path | None) -> bool:
    """Tell whether there may be several images, even if there turns out to be one."""
    return list_file is not None or len(images) > 1 or any(_pattern(image) is not None for image in images)


def refuse_for_several(options: Mapping[str, object], settings: Settings) -> None:
    """Raise UsageError for the first of some options that is given, because it is about one image."""
    option = next((name for name, value in options.items() if value is not None), None)
    if option is None:
        for name in ("dockerfile", "baseline"):
            if getattr(settings, name) is not None:
                raise UsageError(
                    f"{name!r} in {settings.file} is about one image, but there may be several",
                    hint="Use other settings with --config, or none with --isolated",
                )
        return
    hint = (
        "Name it with the path: oci-archive:PATH:NAME, docker-archive:PATH:NAME or oci:DIRECTORY:NAME"
        if option == "--image"
        else f"Scan the image alone, or add {option} to 'ocianalyze convert' of its JSON report"
    )
    raise UsageError(f"{option} is about one image, but there may be several", hint=hint)


def read_references(images: Sequence[str], list_file: Path | None) -> list[str]:
    """Return the references on the command line and then those of the list, each once.

    Raises:
        UsageError: the list cannot be read, or a reference cannot be one.
    """
    references = dict.fromkeys(images)
    if images.count(str(STDIN)) > 1:
        raise UsageError("standard input cannot be two images")
    for image in images:
        _pattern(image)
    if list_file is not None:
        if list_file == STDIN and str(STDIN) in images:
            raise UsageError("standard input cannot be both an image and the list of images")
        references |= dict.fromkeys(_listed(list_file))
    if not references:
        raise UsageError(f"{_shown(list_file)} names no image", hint="Write one image per line")
    return list(references)


def find_targets(references: Iterable[str], access: RegistryAccess, *, offline: bool) -> list[Target]:
    """Return the images, with those that patterns stand for in their places; each image once.

    Raises:
        UsageError: there are too many, a pattern needs a registry and none may be asked, or options for one registry
            are given and there are images of several.
    """
    found: dict[str, OcianalyzeError | None] = {}
    references = list(references)
    require_one_registry(references, access)
    for reference in references:
        pattern = _pattern(reference)
        if pattern is None:
            found.setdefault(reference)
            continue
        if offline:
            raise UsageError(
                f"cannot ask a registry which images match {reference}: network access is disabled",
                hint="Name the images, or remove --offline and OCIANALYZE_OFFLINE",
            )
        try:
            for name in _expanded(pattern, access):
                found.setdefault(name)
        except OcianalyzeError as error:
            found[reference] = error
    if len(found) > MOST_IMAGES:
        raise UsageError(f"more than {MOST_IMAGES:,} images are named", hint="Scan them in several calls")
    names = _names(found)
    return [Target(reference, name, found[reference]) for reference, name in zip(found, names, strict=True)]


def _expanded(pattern: ImagePattern, access: RegistryAccess) -> Iterator[str]:
    """Yield the images that match a pattern; those that look like files are marked as images of a registry."""
    from ocianalyze.sources.opening import is_remote
    from ocianalyze.sources.registry.expanding import expand

    for name in expand(pattern, access):
        yield name if is_remote(Reference.parse(name)) else f"docker://{name}"


def _pattern(text: str) -> ImagePattern | None:
    """Return the pattern that a reference is, None if it names one image or a file; raises InvalidReferenceError."""
    reference = Reference.parse(text)
    if reference.transport != "registry":
        if reference.transport != "path" or not reference.may_be_pattern:
            return None
        if _is_there(reference.location):
            return None
    from ocianalyze.oci.patterns import ImagePattern

    return ImagePattern.parse(reference.location)


def _is_there(location: str) -> bool:
    try:
        return exists(Path(location))
    except OSError:
        return False


def _listed(path: Path) -> Iterator[str]:
    """Yield the references in a list; raises UsageError with the name of the file and the number of the line."""
    raw = read_bytes(path, _LARGEST_LIST + 1)
    if len(raw) > _LARGEST_LIST:
        raise UsageError(f"{_shown(path)} is larger than {_LARGEST_LIST:,} bytes, so it is not a list of images")
    for reference, where in read_list(raw, what=_shown(path), most=MOST_IMAGES):
        try:
            _pattern(reference)
        except InvalidReferenceError as error:
            raise UsageError(f"{where}: {error.message}", hint=error.hint) from error
        yield reference


def _shown(path: Path | None) -> str:
    return printable(name_of(path or STDIN))


def require_one_registry(references: Iterable[str], access: RegistryAccess, *, hint: str = _APART) -> None:
    """Raise UsageError if what is meant for one registry would reach several: above all, a password."""
    own = access.own
    given = {
        "--username": access.username is not None and access.login_host is None,
        "a bearer token": access.bearer_token is not None,
        "--cert-dir": own.cert_dir is not None,
        "--plain-http": own.plain_http,
        "--tls-verify=false": own.tls_verify is False,
        "--client-cert": own.client is not None,
        "--auth-realm": bool(own.allowed_realms),
    }
    option = next((name for name, is_given in given.items() if is_given), None)
    if option is None:
        return
    registries = sorted({registry for reference in references if (registry := _registry(reference)) is not None})
    if len(registries) > 1:
        raise UsageError(
            f"{option} is for one registry, but the images are in {len(registries)}: {', '.join(registries[:3])}"
            + (", ..." if len(registries) > 3 else ""),  # noqa: PLR2004 - enough to see what is meant
            hint=hint,
        )


def _registry(text: str) -> str | None:
    """Return the registry of an image or a pattern; None for what is in none."""
    from ocianalyze.sources.opening import is_remote

    pattern = _pattern(text)
    if pattern is not None:
        return pattern.registry
    reference = Reference.parse(text)
    try:
        return RepositoryName.parse(reference.location).registry if is_remote(reference) else None
    except InvalidReferenceError:
        return None


def _names(references: Iterable[str]) -> Iterator[str]:
    """Yield a name for files about each reference, which is no other's, not even where case does not count."""
    used: Counter[str] = Counter()
    for reference in references:
        name = plain = _plain_name(reference)
        while used[name.casefold()]:
            used[plain.casefold()] += 1
            name = f"{plain}-{used[plain.casefold()]}"
        used[name.casefold()] += 1
        yield name


def _plain_name(reference: str) -> str:
    """Return a name without directories of this machine, and without anything that a file system might not like."""
    if reference == str(STDIN):
        return "stdin"
    transport, location, image = Reference.parse(reference)
    if transport in _TRANSPORTS or (transport == "path" and (_is_there(location) or "/" not in location)):
        location = Path(location).name + (f"-{image}" if image else "")
    name = re.sub(_UNSAFE, "-", location).strip("-.") or "image"
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}-{sha256(name.encode()).hexdigest()[:12]}"
