"""Which images a fleet consists of: each source is recognised by its form, and stands for one or more members."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import NoMatchError, OcianalyzeError, UsageError
from ocianalyze.fleet.members.files import in_directory, in_file, is_layout
from ocianalyze.fleet.members.lists import MOST_MEMBERS, is_list, listed
from ocianalyze.fleet.members.member import Member
from ocianalyze.oci.patterns import ImagePattern
from ocianalyze.oci.reference import Reference
from ocianalyze.paths import exists, is_dir, is_file
from ocianalyze.sources.lists import read_list
from ocianalyze.sources.opening import is_remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ocianalyze.fleet.work.conditions import Conditions
    from ocianalyze.sources.lists import Listed

_ECR: Final = "ecr://"
_SAGEMAKER: Final = "sagemaker://"


def find_members(
    sources: Iterable[str],
    conditions: Conditions,
    *,
    stdin: Callable[[], bytes] = lambda: b"",
    warn: Callable[[str], object] = lambda _: None,
) -> list[Member]:
    """Return the members of a fleet, each once, in the order of its sources.

    ``-`` stands for the list that `stdin` returns. What cannot be listed is a member with an error; `warn` is told what
    was passed over.

    Raises:
        UsageError: a source is none, or there are too many images.
    """
    found: dict[tuple[object, ...], Member] = {}
    for source in sources:
        members = (
            members_of(read_list(stdin(), what="standard input", most=MOST_MEMBERS), conditions, warn)
            if source == "-"
            else _members(source, conditions, warn)
        )
        for member in members:
            found.setdefault(_identity(member), member)
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
        if isinstance(error, UsageError) and not isinstance(error, NoMatchError):
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
    if reference.transport == "path" and exists(path):
        if is_dir(path) and not is_layout(path):
            return in_directory
        if is_file(path) and is_list(path):
            return _of_list
    if reference.transport == "registry" or (reference.transport == "path" and not exists(path)):
        return _of_registry
    return in_file


def _of_list(source: str, conditions: Conditions, warn: Callable[[str], object]) -> Iterator[Member]:
    """Yield the members that a list names, which may name everything but lists."""
    yield from members_of(listed(Path(source)), conditions, warn)


def members_of(references: Iterable[Listed], conditions: Conditions, warn: Callable[[str], object]) -> Iterator[Member]:
    """Yield the members that the lines of a list name; what cannot be listed is a member with an error."""
    for reference, where in references:
        try:
            kind = _kind(reference)
            if kind is _of_list:
                raise UsageError(f"{where}: {reference} is another list", hint="Name it on the command line")
            yield from kind(reference, conditions, warn)
        except OcianalyzeError as error:
            yield Member(reference, error=error)


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


def _identity(member: Member) -> tuple[object, ...]:
    """Return what two members have in common that are the same image registered in the same way."""
    return member.reference, member.name, member.title, member.profile, repr(member.app_image_config)
