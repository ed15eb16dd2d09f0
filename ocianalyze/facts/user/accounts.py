"""Users and groups, and which of them ``USER`` makes the container's process.

Source: moby, ``github.com/moby/sys/user`` (``ParsePasswdFilter``, ``ParseGroupFilter``, ``GetExecUser``), which Docker,
containerd and runc share. It is lenient on purpose: short lines are padded, numbers that are none read as 0, and the
first line that fits wins.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("**/etc/passwd", "**/etc/group")
"""Not in the root's directory alone: some builders (Nix, Guix) link that to a directory of their own."""

MAX_ID: Final = 2**31 - 1
_MAX_INT: Final = 2**63 - 1
_LONGEST_PASSWD_LINE: Final = 64 * 1024
_LONGEST_GROUP_LINE: Final = 1024 * 1024
_SPACE: Final = b" \t\n\v\f\r"
_INTEGER: Final = regex(r"[+-]?[0-9]+", re.ASCII)


class PasswdEntry(NamedTuple):
    """One line of ``/etc/passwd`` (passwd(5))."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str


class GroupEntry(NamedTuple):
    """One line of ``/etc/group`` (group(5))."""

    name: str
    gid: int
    members: tuple[str, ...]


class User(NamedTuple):
    """Who the container's process is.

    Attributes:
        spec: the ``USER`` of the image, as written.
        uid: its user id, or None if it cannot be told.
        gid: its group id, or None if it cannot be told.
        name: the user's name, where ``/etc/passwd`` has one.
        home: the value that ``HOME`` gets.
        groups: supplementary group ids.
        listed: whether a line of ``/etc/passwd`` stands for the user.
        explicit_group: whether ``USER`` names a group.
        problem: why the user cannot be told, if so.
    """

    spec: str
    uid: int | None
    gid: int | None
    name: str | None = None
    home: str = "/"
    groups: tuple[int, ...] = ()
    listed: bool = False
    explicit_group: bool = False
    problem: str | None = None


class _UnresolvableError(Exception):
    """The runtime would refuse to start the container."""


def parse_passwd(content: bytes) -> Iterator[PasswdEntry]:
    """Yield the lines of ``/etc/passwd`` as moby reads them; comments are no exception.

    Raises:
        ValueError: a line is too long for moby's scanner.
    """
    for fields in _lines(content, count=7, longest=_LONGEST_PASSWD_LINE):
        yield PasswdEntry(fields[0], _number(fields[2]), _number(fields[3]), fields[5], fields[6])


def parse_group(content: bytes) -> Iterator[GroupEntry]:
    """Yield the lines of ``/etc/group`` as moby reads them; raises as `parse_passwd`."""
    for fields in _lines(content, count=4, longest=_LONGEST_GROUP_LINE):
        if not fields[0].startswith("#"):
            yield GroupEntry(fields[0], _number(fields[2]), tuple(fields[3].split(",")) if fields[3] else ())


def find_user(filesystem: Filesystem, spec: str, environment: Mapping[str, str]) -> User:
    """Return the user that ``USER spec`` means in the image.

    Raises:
        ContentUnavailableError: ``/etc/passwd`` or ``/etc/group`` is there but was not kept, or is too large.
    """
    return resolve_user(
        spec,
        passwd=_content(filesystem, "/etc/passwd"),
        group=_content(filesystem, "/etc/group"),
        environment=environment,
    )


def find_accounts(filesystem: Filesystem) -> tuple[PasswdEntry, ...]:
    """Return all users, in the order of ``/etc/passwd``; none where it cannot be read."""
    try:
        return tuple(parse_passwd(_content(filesystem, "/etc/passwd") or b""))
    except ValueError:
        return ()


def find_homes(filesystem: Filesystem) -> tuple[str, ...]:
    """Return the home directories of all users, each once; none where ``/etc/passwd`` cannot be read."""
    homes = (entry.home for entry in find_accounts(filesystem))
    return tuple(dict.fromkeys(home for home in homes if home.startswith("/")))


def find_group_names(filesystem: Filesystem, user: User) -> frozenset[str]:
    """Return the names of all groups that `user` is in by ``/etc/group``, whatever ``USER`` says of its group."""
    groups = parse_group(_content(filesystem, "/etc/group") or b"")
    try:
        return frozenset(group.name for group in groups if group.gid == user.gid or user.name in group.members)
    except ValueError:
        return frozenset()


def resolve_user(
    spec: str, *, passwd: bytes | None, group: bytes | None, environment: Mapping[str, str] | None = None
) -> User:
    """Return the user that `spec` (``user[:group]``) means, as ``GetExecUser`` does; a missing file is None."""
    user, _, rest = spec.partition(":")
    wanted_group = rest.partition(":")[0]
    try:
        uid, entry = _choose_user(user, passwd)
        gid, groups = _choose_group(wanted_group, entry, group)
        by_number = _first(passwd, user, lambda item: item.uid == uid)
    except _UnresolvableError as error:
        return User(spec, None, None, explicit_group=bool(wanted_group), problem=str(error))
    # runc looks the home up once more, by the number alone.
    home = (environment or {}).get("HOME") or (by_number.home if by_number else "") or "/"
    name = entry.name if entry else None
    return User(spec, uid, gid, name, home, groups, entry is not None, bool(wanted_group))


def _choose_user(wanted: str, passwd: bytes | None) -> tuple[int, PasswdEntry | None]:
    number = _numeric_id(wanted, "user") if wanted else 0
    if number is not None:
        return number, _first(passwd, wanted, lambda item: item.uid == number)
    entry = _first(passwd, wanted, lambda item: item.name == wanted)
    if entry is None:
        raise _UnresolvableError(f"user {wanted!r} is not in /etc/passwd")
    return entry.uid, entry


def _choose_group(wanted: str, entry: PasswdEntry | None, content: bytes | None) -> tuple[int, tuple[int, ...]]:
    number = _numeric_id(wanted, "group")
    gid = entry.gid if entry else 0
    if not wanted and (entry is None or not entry.name):
        return gid, ()
    name = entry.name if entry is not None else ""
    try:
        own = [
            item.gid
            for item in parse_group(content or b"")
            if (item.name == wanted if wanted else name in item.members)
        ]
    except ValueError as error:
        raise _UnresolvableError(f"/etc/group cannot be read: {error}") from error
    if not wanted:
        return gid, tuple(own)
    if number is None and not own:
        raise _UnresolvableError(f"group {wanted!r} is not in /etc/group")
    return own[0] if number is None else number, ()


def _first(passwd: bytes | None, wanted: str, fits: Callable[[PasswdEntry], bool]) -> PasswdEntry | None:
    """Return the first line that fits; all are read, because one that is too long is an error wherever it stands."""
    found: PasswdEntry | None = None
    try:
        for entry in parse_passwd(passwd or b""):
            if found is None and fits(entry):
                found = entry
    except ValueError as error:
        raise _UnresolvableError(f"user {wanted or '0'!r} cannot be looked up in /etc/passwd: {error}") from error
    return found


def _numeric_id(text: str, what: str) -> int | None:
    """Return the id that `text` is, or None if it is a name (``parseNumeric``)."""
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text) if len(text) < 25 else MAX_ID + 1  # noqa: PLR2004 - no longer number is in range
    if not 0 <= number <= MAX_ID:
        raise _UnresolvableError(f"{what} ID {text[:40]} is not in the range 0-{MAX_ID}")
    return number


def _number(text: str) -> int:
    """Return the number of a field: 0 where it is none, the nearest 64-bit one where it is too large (``Atoi``)."""
    if not _INTEGER.fullmatch(text):
        return 0
    number = int(text) if len(text) < 25 else (_MAX_INT + 1) * (-1 if text.startswith("-") else 1)  # noqa: PLR2004
    return max(-_MAX_INT - 1, min(_MAX_INT, number))


def _lines(content: bytes, *, count: int, longest: int) -> Iterator[list[str]]:
    start = 0
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        raw, start = content[start:end], end + 1
        if len(raw) >= longest:
            raise ValueError("a line is too long")
        line = raw.strip(_SPACE)
        if line:
            fields = line.decode("utf-8", "surrogateescape").split(":")
            yield fields + [""] * (count - len(fields))


def _content(filesystem: Filesystem, path: str) -> bytes | None:
    node = filesystem.lookup(path)
    if node is None or not node.is_file:
        return None
    return node.read()
