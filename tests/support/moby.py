"""The real resolver of users: github.com/moby/sys/user, which Docker, containerd and runc share, in a small program."""

import base64
import json
import os
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import pytest

from tests.support.tools import REQUIRE_TOOLS, run

SOURCE = Path(__file__).parent / "moby_user"


class Question(NamedTuple):
    """A ``USER``, and the contents of ``/etc/passwd`` and ``/etc/group``; None where there is no such file."""

    spec: str
    passwd: bytes | None
    group: bytes | None


def resolve(questions: Iterable[Question]) -> list[dict[str, Any] | None]:
    """Return what ``GetExecUser`` says, None for an error; needs Go, and a module from its proxy the first time."""
    lines = (json.dumps({key: _encoded(value) for key, value in asked._asdict().items()}) for asked in questions)
    answers = run(_program(), stdin="\n".join(lines).encode()).splitlines()
    return [None if (answer := json.loads(line))["error"] else answer for line in answers]


@cache
def _program() -> Path:
    program = Path(mkdtemp(prefix="moby-user-")) / "moby-user"
    done = subprocess.run(["go", "build", "-o", program, "."], cwd=SOURCE, capture_output=True, check=False)
    if done.returncode:
        problem = f"the Go program cannot be built: {done.stderr.decode(errors='replace').strip()}"
        if os.environ.get(REQUIRE_TOOLS) == "1":
            pytest.fail(problem, pytrace=False)
        pytest.skip(problem)
    return program


def _encoded(value: str | bytes | None) -> str | None:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
