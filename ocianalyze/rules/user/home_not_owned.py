"""The home directory of the container's user is missing, or belongs to another user.

## What it checks

The home directory of the container's user, from `/etc/passwd` or `ENV HOME`, exists and belongs to that user. There is
no finding if the user's volume is mounted over this directory at run time, or if the user is root. If `USER` names a
user, it is the home directory of this user, not that of another user with the same ID.

## Why it matters

If several users have the same ID, the container runtime sets `HOME` to the home directory of the first one in
`/etc/passwd`, whichever of them `USER` names. In Ubuntu 23.04 and newer, this is `/home/ubuntu` for the ID 1000.

Programs write to the home directory: Jupyter its runtime files and history, pip its cache, IPython its profile. Without
a writable home directory, they fail with `PermissionError: [Errno 13] Permission denied: '/home/...'`.

## How to fix

```dockerfile
RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user
```

## Data

- `home`: the home directory.
- `uid`: the user ID.
- `owner`: the user ID of the directory's owner, or null if the directory does not exist.

## References

- [useradd(8)](https://man7.org/linux/man-pages/man8/useradd.8.html): `--create-home`.
- [jupyter_core, `paths.py`](https://github.com/jupyter/jupyter_core/blob/main/jupyter_core/paths.py): what Jupyter
  keeps in the home directory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.user import find_accounts
from ocianalyze.rules.dockerfile import lines, making, quoted
from ocianalyze.rules.profiles import CLASSIC, HYPERPOD, everywhere, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.facts.user import User
    from ocianalyze.filesystem.node import Node


def _has_home(subject: Subject) -> bool:
    user = subject.facts.user
    return bool(user.uid) and user.home.startswith("/") and user.home != "/"


@rule(id="USR007", severity=everywhere(Severity.NOTE), applies=_has_home, stated_in=("USER",))
def home_not_owned(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the user has no home directory of its own and none is mounted over it."""
    user = subject.facts.user
    classic, own = subject.facts.classic.mounts, subject.facts.own.mounts
    hidden = {CLASSIC: classic.hides(user.home), **newer(own.hides(user.home)), HYPERPOD: own.hides(user.home)}
    node = subject.filesystem.lookup(user.home)
    is_directory = node is not None and node.is_directory
    if node is not None and is_directory and node.uid == user.uid:
        yield from _of_namesake(subject, user, node, hidden)
        return
    problem = f"belongs to user {node.uid}" if node is not None and is_directory else "does not exist in the image"
    yield Finding(
        message=f"home directory {user.home} of user {user.uid} {problem}",
        path=user.home,
        layer=node.layer if node is not None else None,
        hint=f"Make it: {lines(user, making(user.home, user))}"
        if user.listed
        else "Create it with the user: 'RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user'",
        severity={profile: None if directory else Severity.NOTE for profile, directory in hidden.items()},
        data={"home": user.home, "uid": user.uid, "owner": node.uid if node is not None and is_directory else None},
    )


def _of_namesake(subject: Subject, user: User, node: Node, hidden: Mapping[str, str | None]) -> Iterator[Finding]:
    """Yield a finding if ``HOME`` is another user's because both have one ID."""
    accounts = find_accounts(subject.filesystem)
    own = next((entry for entry in accounts if entry.name == user.name and user.name), None)
    other = next((entry for entry in accounts if entry.uid == user.uid), None)
    if own is None or other is None or own is other or own.home == user.home or "HOME" in subject.environment:
        return
    yield Finding.at(
        node,
        f"HOME is {user.home}, not {own.home}: users {other.name} and {own.name} both have the ID {user.uid}; files "
        "there are not kept",
        hint=f"Remove the other user: {lines(user, f'RUN userdel --remove {quoted(other.name)}')}; or set "
        f"'ENV HOME={own.home}'",
        severity={profile: None if directory else Severity.NOTE for profile, directory in hidden.items()},
        data={"home": user.home, "uid": user.uid, "owner": node.uid},
    )
