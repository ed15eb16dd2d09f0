"""How an image gets the user that the specification supports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.dockerfile import lines, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.facts.user import PasswdEntry, User

UNPRIVILEGED: Final = (1000, 100)
_NAME: Final = "sagemaker-user"
_CREATE: Final = f"useradd --create-home --gid 100 --uid 1000 {_NAME}"


def supported_user(user: User, accounts: Sequence[PasswdEntry]) -> str:  # noqa: PLR0911 - one case after the other
    """Return how this image gets a user 1000:100."""
    uid, gid = UNPRIVILEGED
    named = next((entry for entry in accounts if (entry.uid, entry.gid) == UNPRIVILEGED), None)
    taken = next((entry for entry in accounts if entry.uid == uid), None)
    if user.uid == uid and user.explicit_group:
        return "Set 'USER 1000:100'"
    if named is not None and taken is not None and named is not taken:
        remove = lines(user, f"RUN userdel --remove {quoted(taken.name)}", then=str(uid))
        return f"Set 'USER {named.name}'; or remove the other user with this ID: {remove}"
    if named is not None:
        return f"Set 'USER {uid}'"
    if taken is not None and taken.name == "ubuntu":
        replace = f"RUN userdel --remove ubuntu && {_CREATE}"
        return f"Replace the user of the base image: {lines(user, replace, then=str(uid))}"
    if taken is not None:
        change = f"RUN usermod --gid {gid} {quoted(taken.name)}"
        return f"Change the group of {taken.name}: {lines(user, change, then=str(uid))}"
    if any(entry.name == _NAME for entry in accounts):
        change = f"RUN usermod --uid {uid} --gid {gid} {_NAME}"
        return f"Change the IDs of {_NAME}: {lines(user, change, then=str(uid))}"
    return f"Create the user: {lines(user, f'RUN {_CREATE}', then=str(uid))}"
