"""`USER` is a user ID that is not in `/etc/passwd`, so its group is 0.

## What it checks

If `USER` is a user ID other than 0 and names no group, `/etc/passwd` has an entry with this user ID.

## Why it matters

The group of a user without an entry is 0. `USER 1000` is then 1000:0, a pair that Studio Classic does not support:
"Ensure that the UID/GID provided in the AppImageConfig matches the default UID/GID defined in the image." In addition,
the user has no name, and `HOME` is `/`. In the newer Studio, this is a warning.

## How to fix

```dockerfile
RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user
USER 1000
```

`USER 1000:100` only fixes the group.

## Data

- `uid`, `gid`: the user ID and group ID.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "GID/UID limits".
- [moby/sys, `user/user.go`](https://github.com/moby/sys/blob/main/user/user.go): `GetExecUser`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.profiles import CLASSIC, HYPERPOD, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


def _is_resolved(subject: Subject) -> bool:
    return subject.facts.user.problem is None


@rule(
    id="USR004",
    severity={CLASSIC: Severity.ERROR, **newer(Severity.WARNING), HYPERPOD: Severity.WARNING},
    applies=_is_resolved,
    stated_in=("USER",),
)
def user_not_listed(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the user ID has no entry and no group was given."""
    user = subject.facts.user
    if user.uid and not user.listed and not user.explicit_group:
        yield Finding(
            message=f"USER {user.spec} is not in /etc/passwd, so its group is {user.gid} and HOME is {user.home}",
            path="/etc/passwd",
            hint="Create the user: 'RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user'",
            data={"uid": user.uid, "gid": user.gid},
        )
