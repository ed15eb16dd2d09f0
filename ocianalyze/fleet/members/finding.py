"""Which images a fleet consists of: each source is recognised by its form, and stands for one or more members."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import InvalidReferenceError, OcianalyzeError, UsageError
from ocianalyze.fleet.members.files import in_directory, in_file, is_layout
from ocianalyze.fleet.members.lists import MOST_MEMBERS, is_list, listed
from ocianalyze.fleet.members.member import Member
from ocianalyze.oci.patterns import ImagePattern
from ocianalyze.oci.reference import Reference
from ocianalyze.oci.repository import check_login
from ocianalyze.paths import exists, is_dir, is_file
from ocianalyze.sources.lists import read_list
from ocianalyze.sources.opening import is_remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ocianalyze.fleet.work.conditions import Conditions
    from ocianalyze.sources.lists import Listed

_ECR: Final = "ecr://"
_SAGEMAKER: Final = "sagemaker://"


def read_sources(sources: Iterable[str], *, stdin: Callable[[], bytes]) -> list[str]:
    """Return what sources name, each once, with the lines of lists in their places; ``-`` is the list from `stdin`.

    So everything that is named can be checked before a registry or a cloud is asked for any of it.

    Raises:
        UsageError: a list cannot be read or names a list, or something can be no source, such as a name with a login.
    """
    found: dict[str, None] = {}
    for source in sources:
        if source == "-":
            found |= dict.fromkeys(_lines(read_list(stdin(), what="standard input", most=MOST_MEMBERS)))
        elif _is_list(_checked(source)):
            found |= dict.fromkeys(_lines(listed(Path(source))))
        else:
            found[source] = None
    return list(found)


def _lines(lines: Iterable[Listed]) -> Iterator[str]:
    for source, where in lines:
        try:
            _checked(source)
        except UsageError as error:
            raise UsageError(f"{where}: {error.message}", hint=error.hint) from error
        if _is_list(source):
            raise UsageError(f"{where}: {source} is another list", hint="Name it on the command line")
        yield source


def _checked(source: str) -> str:
    """Return a source that can be one.

    Raises:
        UsageError: it cannot; a password in it is not shown.
    """
    try:
        source.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{source!r} is not valid UTF-8", hint="Rename the file") from error
    if not is_in_cloud(source):
        check_login(Reference.parse(source).location)
    return source


def _is_list(source: str) -> bool:
    reference = None if is_in_cloud(source) else Reference.parse(source)
    path = Path("" if reference is None else reference.location)
    return reference is not None and reference.transport == "path" and is_file(path) and is_list(path)


def is_in_cloud(source: str) -> bool:
    """Tell whether a source names images by way of a service that knows about them."""
    return source.startswith((_ECR, _SAGEMAKER))


def find_members(
    named: Iterable[str], conditions: Conditions, *, warn: Callable[[str], object] = lambda _: None
) -> list[Member]:
    """Return the members that sources without lists stand for, each once, in their order.

    What cannot be listed is a member with an error; `warn` is told what was passed over.

    Raises:
        UsageError: what is asked cannot be done for any source, or there are too many images.
    """
    found: dict[tuple[object, ...], Member] = {}
    for source in named:
        for member in _members(source, conditions, warn):
            found.setdefault(member.identity, member)
            if len(found) > MOST_MEMBERS:
                raise UsageError(
                    f"the fleet has more than {MOST_MEMBERS:,} images", hint="Divide it, each part with its own results"
                )
    if not found:
        raise UsageError("the fleet has no image", hint="Name images, registries, directories or lists of them")
    return list(found.values())


def _members(source: str, conditions: Conditions, warn: Callable[[str], object]) -> Iterator[Member]:
    try:
        yield from _kind(source)(source, conditions, warn)
    except OcianalyzeError as error:
        if isinstance(error, UsageError) and not isinstance(error, InvalidReferenceError):
            raise
        yield Member(source, error=error)


def _kind(source: str) -> Callable[[str, Conditions, Callable[[str], object]], Iterable[Member]]:
    """Return what finds the members of a source."""
    if source.startswith(_ECR):
        return _of_ecr
    if source.startswith(_SAGEMAKER):
        return _of_sagemaker
    reference = Reference.parse(source)
    path = Path(reference.location)
    if reference.transport == "registry" or (reference.transport == "path" and not exists(path)):
        return _of_registry
    if reference.transport == "path" and is_dir(path) and not is_layout(path):
        return in_directory
    return in_file


def _of_registry(source: str, conditions: Conditions, warn: Callable[[str], object]) -> Iterator[Member]:  # noqa: ARG001 - one of several kinds
    """Yield an image of a registry, or those that a pattern stands for."""
    reference = Reference.parse(source)
    pattern = ImagePattern.parse(reference.location) if reference.may_be_pattern else None
    if pattern is None:
        yield Member(source)
        return
    if conditions.offline:
        raise UsageError(
            f"cannot ask a registry which images match {source}: network access is disabled",
            hint="Name the images, or remove --offline and OCIANALYZE_OFFLINE",
        )
    from ocianalyze.sources.registry.expanding import expand

    for name in expand(pattern, conditions.access):
        yield Member(name if is_remote(Reference.parse(name)) else f"docker://{name}")


def _of_ecr(source: str, conditions: Conditions, warn: Callable[[str], object]) -> Iterable[Member]:  # noqa: ARG001 - one of several kinds
    from ocianalyze.fleet.members.ecr import ecr_members

    _require_network(source, conditions)
    return ecr_members(source)


def _of_sagemaker(source: str, conditions: Conditions, warn: Callable[[str], object]) -> Iterable[Member]:  # noqa: ARG001 - one of several kinds
    from ocianalyze.fleet.members.sagemaker import sagemaker_members

    _require_network(source, conditions)
    return sagemaker_members(source)


def _require_network(source: str, conditions: Conditions) -> None:
    if conditions.offline:
        raise UsageError(
            f"cannot ask AWS for {source}: network access is disabled",
            hint="Remove --offline and OCIANALYZE_OFFLINE",
        )
