"""`USER` names a user or group that the image does not have.

## What it checks

Docker, containerd and runc can resolve the value of `USER`, `user[:group]`. A name is in the image's `/etc/passwd` or
`/etc/group`. An ID is between 0 and 2147483647 and needs no entry.

## Why it matters

The container cannot be created: `unable to find user sagemaker-user: no matching entries in passwd file`. In Studio,
the app fails to start.

## How to fix

Create the user before `USER`, in the final stage:

```dockerfile
RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user
USER 1000
```

## Data

- `user`: the `USER` of the image.

## References

- [moby/sys, `user/user.go`](https://github.com/moby/sys/blob/main/user/user.go): `GetExecUser`.
- [Dockerfile reference, USER](https://docs.docker.com/reference/dockerfile/#user).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="USR003", severity=everywhere(Severity.ERROR))
def user_unresolvable(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the user or the group cannot be resolved."""
    user = subject.facts.user
    if user.problem is not None:
        yield Finding(
            message=f"USER {user.spec} cannot be resolved: {user.problem}",
            hint="Create the user in the final stage, before USER: 'RUN useradd --gid 100 --uid 1000 sagemaker-user'",
            data={"user": user.spec},
        )
