"""The container's user can become root without a password.

## What it checks

The image has a `sudo` that belongs to root and has the setuid bit. A line in `/etc/sudoers` or in a file in
`/etc/sudoers.d` grants commands with `NOPASSWD:` to the container's user, to one of its groups, or to `ALL`. Aliases
are not resolved.

## Why it matters

This is not a problem. AWS's own images do it, and the specification of the newer Studio says "You can add sudo access
to your users. The IDs are remapped to prevent a process running in the container from having more privileges than
necessary." With it, users can install packages in a running app as if they were root in the container. Without it, they
cannot write to `site-packages`.

## How to fix

To remove this permission:

```dockerfile
RUN rm /etc/sudoers.d/sagemaker-user
```

## Data

- `user`: the name of the user, or the user ID.
- `line`: the line that grants the permission.

## References

- [Custom image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi-specs.html) of the
  newer Studio, "UID".
- [sudoers(5)](https://www.sudo.ws/docs/man/sudoers.man/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.user import find_group_names, find_sudo
from ocianalyze.rules.profiles import HYPERPOD, UNIFIED, everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 200


def _is_unprivileged(subject: Subject) -> bool:
    return bool(subject.facts.user.uid)


@rule(id="USR008", severity=everywhere(Severity.NOTE), applies=_is_unprivileged, stated_in=("USER",))
def sudo_without_password(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if there is such a line."""
    user = subject.facts.user
    sudo = find_sudo(subject.filesystem, user, find_group_names(subject.filesystem, user))
    if sudo is not None:
        name = user.name or str(user.uid)
        yield Finding.at(
            sudo.file,
            f"user {name!r} can run commands as root without a password: {sudo.line[:_LONGEST]!r}",
            hint="Remove the line if users must not install packages; otherwise, no change is needed",
            severity={UNIFIED: None, HYPERPOD: None} if subject.facts.sagemaker_distribution is not None else None,
            data={"user": name, "line": sudo.line[:_LONGEST]},
        )
