"""The home directory of the container's user is missing, or belongs to somebody else.

## What it checks

The directory that `/etc/passwd` (or `ENV HOME`) gives the container's user exists, and belongs to that user. Where the
user's directory is mounted at run time, the image's own does not matter, and there is no finding; nor for root.

## Why it matters

Programs write there: Jupyter its run-time files and history, pip its cache, IPython its profile. Without a home
directory that can be written they fail with `PermissionError: [Errno 13] Permission denied: '/home/...'`.

## How to fix

```dockerfile
RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user
```

## Data

- `home`: the directory.
- `uid`: the user's number.
- `owner`: the owner of the directory; null if there is no such directory.

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
    """Yield a finding if the user has no home directory of its own where none is mounted."""
    user = subject.facts.user
    node = subject.filesystem.lookup(user.home)
    is_directory = node is not None and node.is_directory
    if node is not None and is_directory and node.uid == user.uid:
        return
    classic, own = subject.facts.classic.mounts, subject.facts.own.mounts
    hidden = {CLASSIC: classic.hides(user.home), **newer(own.hides(user.home))}
    problem = f"belongs to user {node.uid}" if node is not None and is_directory else "is no directory of the image"
    yield Finding(
        message=f"{user.home}, the home directory of user {user.uid}, {problem}",
        path=user.home,
        layer=node.layer if node is not None else None,
        hint="make it with the user: 'RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user'",
        severity={profile: None if directory else Severity.NOTE for profile, directory in hidden.items()},
        data={"home": user.home, "uid": user.uid, "owner": node.uid if node is not None and is_directory else None},
    )
