"""The registries as podman, skopeo and buildah know them: ``registries.conf`` and ``registries.conf.d``.

Source: containers-registries.conf(5), version 2; containers/image, ``pkg/sysregistriesv2``. Of the image's name the
longest prefix decides, and a mirror is asked for nothing but what has its prefix.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pydantic import Field

from ocianalyze.errors import InvalidReferenceError, UsageError
from ocianalyze.oci.repository import RepositoryName, split_registry
from ocianalyze.oci.urls import is_url, without_login
from ocianalyze.sources.registry.mirrors.toml import Foreign, checked, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SYSTEM: Final = Path("/etc/containers")
_NAME: Final = "registries.conf"
_VARIABLE: Final = "CONTAINERS_REGISTRIES_CONF"
_VERSION_1: Final = "registries"


class MirrorTable(Foreign):
    """A table ``[[registry.mirror]]``."""

    location: str
    insecure: bool = False
    pull_from_mirror: Literal["", "all", "digest-only", "tag-only"] = Field("", alias="pull-from-mirror")


class RegistryTable(Foreign):
    """A table ``[[registry]]``."""

    prefix: str = ""
    location: str = ""
    insecure: bool = False
    blocked: bool = False
    mirror_by_digest_only: bool = Field(default=False, alias="mirror-by-digest-only")
    mirror: list[MirrorTable] = Field([])


class _File(Foreign):
    registry: list[RegistryTable] = Field([])
    aliases: dict[str, str] = Field({})


class Stated(NamedTuple):
    """What the files say of one image.

    Attributes:
        file: the file that says it.
        location: the image as it is to be asked for.
        insecure: whether TLS without a check and no TLS at all are allowed there.
        mirrors: the image as it is named at each mirror that may be asked for it, and whether that one is insecure.
    """

    file: Path
    location: RepositoryName
    insecure: bool
    mirrors: tuple[tuple[RepositoryName, bool], ...]


class RegistriesConf:
    """What all the files say together: a later one replaces what an earlier one says of the same prefix.

    Of several tables in one file, the first counts.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the files; raises UsageError if one is not what it must be."""
        self._tables: dict[str, tuple[RegistryTable, Path]] = {}
        self._aliases: dict[str, str] = {}
        named = Path(environment[_VARIABLE]) if environment.get(_VARIABLE) else None
        for path in _files(environment):
            value = read_toml(path)
            if value is None and path == named:
                raise UsageError(f"{_VARIABLE}: {path} does not exist")
            if value is None:
                continue
            if _VERSION_1 in value:
                raise UsageError(
                    f"{path} has the format of version 1, such as [registries.search]",
                    hint="Rewrite it with [[registry]] tables, see containers-registries.conf(5)",
                )
            file = checked(_File, value, path)
            self._aliases.update(file.aliases)
            said: dict[str, tuple[RegistryTable, Path]] = {}
            for table in file.registry:
                prefix = table.prefix or table.location
                if not prefix or (not table.location and not prefix.startswith("*.")):
                    raise UsageError(f"{path}: a [[registry]] table has neither a location nor a prefix such as *.HOST")
                if is_url(prefix):
                    raise UsageError(
                        f"{path}: {without_login(prefix)!r} is a URL, not a prefix", hint="Leave out the scheme"
                    )
                said.setdefault(prefix.rstrip("/"), (table, path))
            self._tables.update(said)

    def alias(self, text: str) -> str:
        """Return the full name that a short name stands for, with its tag or digest; `text` if it stands for none."""
        name, sign, rest = text.partition("@")
        if not sign and ":" in name.rpartition("/")[2]:
            name, sign, rest = name.rpartition(":")
        return f"{full}{sign}{rest}" if (full := self._aliases.get(name)) else text

    def find(self, name: RepositoryName) -> Stated | None:
        """Return what the files say of an image, None if nothing.

        Raises:
            UsageError: they block it, or lead to what is no name of an image.
        """
        text = str(name)
        matches = ((_matched(prefix, text), len(prefix), *stated) for prefix, stated in self._tables.items())
        length, _, table, file = max(matches, key=lambda match: match[:2], default=(0, 0, None, None))
        if not length or table is None or file is None:
            return None
        if table.blocked:
            raise UsageError(f"{name.name} is blocked by {file}", hint="Ask whoever administers this machine")
        rest = text[length:]
        mirrors = tuple(
            (_named(mirror.location, rest, name, file), mirror.insecure)
            for mirror in table.mirror
            if _may_ask(table, mirror, has_digest=name.digest is not None)
        )
        location = _named(table.location, rest, name, file) if table.location else name
        return Stated(file, location, table.insecure, mirrors)


def _may_ask(table: RegistryTable, mirror: MirrorTable, *, has_digest: bool) -> bool:
    """Tell whether a mirror may be asked for an image that is named by its digest, or only by a tag."""
    if table.mirror_by_digest_only and not has_digest:
        return False
    return mirror.pull_from_mirror != ("tag-only" if has_digest else "digest-only")


def _matched(prefix: str, text: str) -> int:
    """Return how much of an image's name a prefix matches, 0 for nothing."""
    if prefix.startswith("*."):
        host = text.partition("/")[0]
        length = host.find(":") if ":" in host else len(host)
        domain, _, path = prefix[1:].partition("/")
        if ":" in domain:
            length = len(host)
        if not host[:length].endswith(domain):
            return 0
        length += len(path) + 1 if path else 0
        fits = not path or text[:length].endswith(f"/{path}")
    else:
        length, fits = len(prefix), text.startswith(prefix)
    ends = ("", "/", ":", "@") if "/" in prefix else ("/",)  # example.com is not example.com:5000, too
    return length if fits and text[length : length + 1] in ends else 0


def _named(location: str, rest: str, name: RepositoryName, file: Path) -> RepositoryName:
    """Return the name of an image at another place; its tag and digest stay what they are, unless that states others.

    A place without a registry is none: it would be a stranger's on Docker Hub.
    """
    text = f"{location.rstrip('/')}{rest}"
    place = text.removesuffix(f"@{name.digest}") if name.digest else text
    place = place.removesuffix(f":{name.tag}") if name.tag else place
    try:
        found = RepositoryName.parse(place)
    except InvalidReferenceError as error:
        raise UsageError(
            f"{file} leads {name.name} to {without_login(place)!r}, which is not an image name",
            hint="Leave out http:// and use insecure = true" if "://" in place else None,
        ) from error
    if split_registry(place)[1] == place:
        raise UsageError(
            f"{file} leads {name.name} to {without_login(place)!r}, which names no registry",
            hint="A host has a dot or a port in a location, such as mirror:80",
        )
    has_tag = ":" in place.partition("@")[0].rpartition("/")[2]
    tag = found.tag if has_tag else name.tag
    return RepositoryName(found.registry, found.repository, tag, found.digest or name.digest)


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files in the order in which they are read; the user's file replaces the system's."""
    home = environment.get("HOME")
    user = Path(home, ".config", "containers") if home else None  # whatever XDG_CONFIG_HOME says
    own = user / _NAME if user is not None else None
    named = environment.get(_VARIABLE)
    if named:
        yield Path(named)
    elif own is not None and _is_there(own):
        yield own
    else:
        yield _SYSTEM / _NAME
    if named or own is None or not _is_there(own):
        yield from _dropped_in(_SYSTEM)
    if user is not None:
        yield from _dropped_in(user)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _dropped_in(directory: Path) -> list[Path]:
    """Return the files of a ``registries.conf.d``, in the order of their names; none where we may not look."""
    try:
        return sorted(path for path in (directory / f"{_NAME}.d").iterdir() if path.suffix == ".conf")
    except OSError:
        return []
