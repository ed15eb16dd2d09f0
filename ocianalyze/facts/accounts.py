"""Users and groups, and which of them ``USER`` makes the container's process.

Source: moby, ``github.com/moby/sys/user`` (``ParsePasswdFilter``, ``ParseGroupFilter``, ``GetExecUser``), which Docker,
containerd and runc share. It is lenient on purpose: short lines are padded, numbers that are none read as 0, and the
first line that fits wins.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("/etc/passwd", "/etc/group")

MAX_ID: Final = 2**31 - 1
_MAX_INT: Final = 2**63 - 1
_LONGEST_PASSWD_LINE: Final = 64 * 1024
_LONGEST_GROUP_LINE: Final = 1024 * 1024
_LARGEST: Final = 4 * 1024 * 1024
_LONGEST_HOME: Final = 4096
"""No path is longer (``PATH_MAX``); what is cut off would lead nowhere."""

_MAX_LINES: Final = 100_000
"""How much of the files is looked at; more than anybody has users."""

_SPACE: Final = b" \t\n\v\f\r"
_INTEGER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)


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


def parse_passwd(content: bytes) -> list[PasswdEntry]:
    """Return the lines of ``/etc/passwd`` as moby reads them; comments are no exception.

    Raises:
        ValueError: a line is too long for moby's scanner.
    """
    return [
        PasswdEntry(fields[0], _number(fields[2]), _number(fields[3]), fields[5], fields[6])
        for fields in _lines(content, count=7, longest=_LONGEST_PASSWD_LINE)
    ]


def parse_group(content: bytes) -> list[GroupEntry]:
    """Return the lines of ``/etc/group`` as moby reads them; raises as `parse_passwd`."""
    return [
        GroupEntry(fields[0], _number(fields[2]), tuple(fields[3].split(",")) if fields[3] else ())
        for fields in _lines(content, count=4, longest=_LONGEST_GROUP_LINE)
        if not fields[0].startswith("#")
    ]


def find_user(filesystem: Filesystem, spec: str, environment: Mapping[str, str]) -> User:
    """Return the user that ``USER spec`` means in the image.

    Raises:
        ContentUnavailableError: ``/etc/passwd`` or ``/etc/group`` is there but was not kept.
    """
    return resolve_user(
        spec,
        passwd=_content(filesystem, "/etc/passwd"),
        group=_content(filesystem, "/etc/group"),
        environment=environment,
    )


def find_homes(filesystem: Filesystem) -> tuple[str, ...]:
    """Return the home directories of all users, each once; none where ``/etc/passwd`` cannot be read."""
    try:
        entries = parse_passwd(_content(filesystem, "/etc/passwd") or b"")
    except ValueError:
        return ()
    return tuple(dict.fromkeys(entry.home[:_LONGEST_HOME] for entry in entries if entry.home.startswith("/")))


def find_group_names(filesystem: Filesystem, user: User) -> frozenset[str]:
    """Return the names of all groups that `user` is in by ``/etc/group``, whatever ``USER`` says of its group."""
    try:
        groups = parse_group(_content(filesystem, "/etc/group") or b"")
    except ValueError:
        return frozenset()
    return frozenset(group.name for group in groups if group.gid == user.gid or user.name in group.members)


def resolve_user(
    spec: str, *, passwd: bytes | None, group: bytes | None, environment: Mapping[str, str] | None = None
) -> User:
    """Return the user that `spec` (``user[:group]``) means, as ``GetExecUser`` does; a missing file is None."""
    user, _, rest = spec.partition(":")
    wanted_group = rest.partition(":")[0]
    try:
        users = _parsed_users(passwd, user)
        uid, entry = _choose_user(user, users)
        gid, groups = _choose_group(wanted_group, entry, group)
    except _UnresolvableError as error:
        return User(spec, None, None, explicit_group=bool(wanted_group), problem=str(error))
    # runc looks the home up once more, by the number alone.
    by_number = next((item for item in users if item.uid == uid), None)
    home = (environment or {}).get("HOME") or (by_number.home if by_number else "") or "/"
    home = home[:_LONGEST_HOME]
    name = entry.name if entry else None
    return User(spec, uid, gid, name, home, groups, entry is not None, bool(wanted_group))


def _choose_user(wanted: str, users: list[PasswdEntry]) -> tuple[int, PasswdEntry | None]:
    number = _numeric_id(wanted, "user")
    if not wanted:
        entry = next((item for item in users if item.uid == 0), None)
    elif number is not None:
        entry = next((item for item in users if item.uid == number), None)
    else:
        entry = next((item for item in users if item.name == wanted), None)
        if entry is None:
            raise _UnresolvableError(f"the user {wanted!r} is not in /etc/passwd")
    return (entry.uid if entry else number or 0), entry


def _choose_group(wanted: str, entry: PasswdEntry | None, content: bytes | None) -> tuple[int, tuple[int, ...]]:
    number = _numeric_id(wanted, "group")
    gid = entry.gid if entry else 0
    if not wanted and (entry is None or not entry.name):
        return gid, ()
    try:
        groups = parse_group(content) if content is not None else []
    except ValueError as error:
        raise _UnresolvableError(f"/etc/group cannot be read: {error}") from error
    if not wanted:
        return gid, tuple(item.gid for item in groups if entry is not None and entry.name in item.members)
    if number is not None:
        return number, ()
    found = next((item for item in groups if item.name == wanted), None)
    if found is None:
        raise _UnresolvableError(f"the group {wanted!r} is not in /etc/group")
    return found.gid, ()


def _parsed_users(content: bytes | None, wanted: str) -> list[PasswdEntry]:
    try:
        return parse_passwd(content) if content is not None else []
    except ValueError as error:
        raise _UnresolvableError(f"the user {wanted or '0'!r} cannot be looked up in /etc/passwd: {error}") from error


def _numeric_id(text: str, what: str) -> int | None:
    """Return the id that `text` is, or None if it is a name (``parseNumeric``)."""
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text) if len(text) < 25 else MAX_ID + 1  # noqa: PLR2004 - no longer number is in range
    if not 0 <= number <= MAX_ID:
        raise _UnresolvableError(f"the {what} id {text[:40]} is not in the range 0-{MAX_ID}")
    return number


def _number(text: str) -> int:
    """Return the number of a field: 0 where it is none, the nearest 64-bit one where it is too large (``Atoi``)."""
    if not _INTEGER.fullmatch(text):
        return 0
    number = int(text) if len(text) < 25 else (_MAX_INT + 1) * (-1 if text.startswith("-") else 1)  # noqa: PLR2004
    return max(-_MAX_INT - 1, min(_MAX_INT, number))


def _lines(content: bytes, *, count: int, longest: int) -> Iterator[list[str]]:
    for raw in content.split(b"\n", _MAX_LINES)[:_MAX_LINES]:
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
    content = node.read(_LARGEST)
    return content if node.size <= _LARGEST else content[: content.rfind(b"\n") + 1] or content
