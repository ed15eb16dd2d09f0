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

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.user import find_accounts
from ocianalyze.rules.blame import deletion_layer
from ocianalyze.rules.dockerfile import lines, quoted
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.user import User

_UID: Final = 1000


@rule(id="USR003", severity=everywhere(Severity.ERROR), stated_in=("USER",))
def user_unresolvable(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the user or the group cannot be resolved."""
    user = subject.facts.user
    if user.problem is not None:
        yield Finding(
            message=f"USER {user.spec} cannot be resolved: {user.problem}",
            layer=deletion_layer(subject.filesystem, ["/etc/passwd"]),
            hint=_fix(user, subject),
            data={"user": user.spec},
        )


def _fix(user: User, subject: Subject) -> str:
    """Return how the image gets a user that the specification supports."""
    accounts = find_accounts(subject.filesystem)
    if any(entry.uid == _UID for entry in accounts):
        return f"Set 'USER {_UID}', or create {user.spec} in the final stage"
    if not accounts:
        return "Set numbers instead of names, and the home directory: 'USER 1000:100', 'ENV HOME=/home/sagemaker-user'"
    name = user.spec.partition(":")[0]
    new = f"RUN useradd --create-home --gid 100 --uid {_UID} {quoted(name)}"
    return f"Create the user in the final stage: {lines(user, new, then=name)}"
