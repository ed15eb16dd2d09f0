"""Studio does not support the user and group of the container.

## What it checks

The user ID and group ID from `USER`, resolved through `/etc/passwd` and `/etc/group` as Docker does it, are 1000:100
(an unprivileged user) or 0:0 (root). In the newer Studio, 1000:100 is "a supported value". Anything else is a warning
there, including root, because 0:0 is documented for Studio Classic only.

USR003 covers a `USER` that cannot be resolved. USR004 covers a user 1000 whose group is 0 only because `/etc/passwd`
does not list it.

## Why it matters

Studio Classic maps the container's user to a user of the host, and supports only these two pairs. With any other pair,
the app does not start: "SageMaker is unable to launch the app using the image. Ensure that the UID/GID provided in the
AppImageConfig matches the default UID/GID defined in the image."

## How to fix

```dockerfile
RUN useradd --create-home --shell /bin/bash --gid 100 --uid 1000 sagemaker-user
USER 1000
```

Ubuntu 23.04 and newer have a user `ubuntu` 1000:1000. Remove it first with `userdel --remove ubuntu`. If another user
has ID 1000 as well, `USER 1000` means the one that comes first in `/etc/passwd`.

On Alpine, use `adduser -D -G users -u 1000 sagemaker-user`. The group comes from `/etc/passwd`: without `--gid 100`,
most distributions create a group 1000.

## Data

- `uid`, `gid`: the user ID and group ID.
- `user`: the `USER` of the image.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "GID/UID limits".
- [Custom image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi-specs.html) of the
  newer Studio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.user import find_accounts
from ocianalyze.rules.accounts import UNPRIVILEGED, supported_user
from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT: Final = (0, 0)
_SUPPORTED: Final = "1000:100, and 0:0 in Studio Classic"


def _is_resolved(subject: Subject) -> bool:
    return subject.facts.user.problem is None


@rule(
    id="USR001",
    severity={CLASSIC: Severity.ERROR, **newer(Severity.WARNING)},
    applies=_is_resolved,
    stated_in=("USER",),
)
def user_unsupported(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the pair is not supported."""
    user = subject.facts.user
    pair = (user.uid, user.gid)
    left_to_usr004 = user.uid == UNPRIVILEGED[0] and not user.listed and not user.explicit_group
    if pair == UNPRIVILEGED or left_to_usr004:
        return
    spec = f"USER {user.spec}" if user.spec else "no USER"
    yield Finding(
        message=f"the container runs as {user.uid}:{user.gid} ({spec}); supported: {_SUPPORTED}",
        hint=supported_user(user, find_accounts(subject.filesystem)),
        severity={CLASSIC: None} if pair == _ROOT else None,
        data={"uid": user.uid, "gid": user.gid, "user": user.spec},
    )
