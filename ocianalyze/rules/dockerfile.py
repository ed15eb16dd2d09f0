"""Lines of a Dockerfile for hints: they can be pasted after the last step of the image's own Dockerfile.

Paths and names come from the image, so each is quoted for the shell that runs the line. Lines stand in single quotes,
so no line has any itself.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.facts.user import User

_SPECIAL: Final = regex(r'[$`"\\]')


def lines(user: User, *steps: str, then: str | None = None) -> str:
    """Return lines in quotes; those that change the image run as root.

    USER is set back after them, or to `then`.
    """
    if user.uid != 0 and any(step.startswith("RUN ") for step in steps):
        steps = ("USER root", *steps, f"USER {then or user.spec}")
    elif then is not None:
        steps = (*steps, f"USER {then}")
    return ", ".join(f"'{step}'" for step in steps)


def quoted(text: str) -> str:
    """Return a path or a name as one word of a shell."""
    if shlex.quote(text) == text:
        return text
    return '"' + _SPECIAL.sub(lambda found: f"\\{found[0]}", text) + '"'


def exec_form(words: Sequence[str]) -> str:
    """Return words as JSON."""
    return json.dumps(list(words)).replace("'", "\\u0027")


def opening(path: str, *, execute: bool, below: bool = False) -> str:
    """Return the step that lets everybody read a file, and run it or enter the directory if `execute`.

    With `below`, this holds for all that is in the directory, too.
    """
    if below:
        return f"RUN chmod -R a+rX {quoted(path)}"
    return f"RUN chmod a+r{'x' if execute else ''} {quoted(path)}"


def making(path: str, user: User) -> str:
    """Return the step that makes a directory of the user's own."""
    return f"RUN mkdir -p {quoted(path)} && chown {user.uid}:{user.gid} {quoted(path)}"
