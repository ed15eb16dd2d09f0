"""The home directory of the container's user is missing, or belongs to another user.

## What it checks

The home directory of the container's user, from `/etc/passwd` or `ENV HOME`, exists and belongs to that user. There is
no finding if the user's volume is mounted over this directory at run time, or if the user is root.

## Why it matters

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

from ocianalyze.rules.profiles import CLASSIC, everywhere, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


def _has_home(subject: Subject) -> bool:
    user = subject.facts.user
    return bool(user.uid) and user.home.startswith("/") and user.home != "/"


@rule(id="USR007", severity=everywhere(Severity.NOTE), applies=_has_home)
def home_not_owned(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the user has no home directory of its own and none is mounted over it."""
    user = subject.facts.user
    node = subject.filesystem.lookup(user.home)
    is_directory = node is not None and node.is_directory
    if node is not None and is_directory and node.uid == user.uid:
        return
    classic, own = subject.facts.classic.mounts, subject.facts.own.mounts
    hidden = {CLASSIC: classic.hides(user.home), **newer(own.hides(user.home))}
    problem = f"belongs to user {node.uid}" if node is not None and is_directory else "does not exist in the image"
    yield Finding(
        message=f"home directory {user.home} of user {user.uid} {problem}",
        path=user.home,
        layer=node.layer if node is not None else None,
        hint="Create it with the user: 'RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user'",
        severity={profile: None if directory else Severity.NOTE for profile, directory in hidden.items()},
        data={"home": user.home, "uid": user.uid, "owner": node.uid if node is not None and is_directory else None},
    )
