"""The real resolver of users: github.com/moby/sys/user, which Docker, containerd and runc share, in a small program."""

import base64
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.support.go_programs import go_program
from tests.support.tools import run


class Question(NamedTuple):
    """A ``USER``, and the contents of ``/etc/passwd`` and ``/etc/group``; None where there is no such file."""

    spec: str
    passwd: bytes | None
    group: bytes | None


def resolve(questions: Iterable[Question]) -> list[dict[str, Any] | None]:
    """Return what ``GetExecUser`` says, None for an error; needs Go, and a module from its proxy the first time."""
    lines = (json.dumps({key: _encoded(value) for key, value in asked._asdict().items()}) for asked in questions)
    answers = run(go_program("moby_user"), stdin="\n".join(lines).encode()).splitlines()
    return [None if (answer := json.loads(line))["error"] else answer for line in answers]


def _encoded(value: str | bytes | None) -> str | None:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
