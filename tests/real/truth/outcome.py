"""What happens when an image is started: the truth."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.real.truth import probing
from tests.real.truth.apps import APPS, App
from tests.real.truth.building import Built
from tests.real.truth.container import Container, started

OK = 200
ENDED = probing.ENDED
_ROOT = Path(__file__).resolve().parents[3]
_LIMIT = 1200
"""Seconds after which the harness itself is at fault."""


class Outcome(NamedTuple):
    """What happened.

    `up` is whether the server answered its health check; `works` is whether the app showed its page and its files,
    too, and a kernel printed, or all kernels that were asked for.
    """

    up: bool
    works: bool
    reason: str
    printed: frozenset[str]
    silent: Mapping[str, str]
    log: str

    @property
    def decisive(self) -> str:
        """Why it does not work, in one line: of a container that ended, the last thing that it said."""
        lines = [line.strip() for line in self.log.splitlines() if line.strip()]
        if self.reason != ENDED or not lines:
            return self.reason
        return f"{self.reason}: {lines[-1]}"


def observe(image: Built, profile: str, container_config: Mapping[str, Any], directory: Path) -> Outcome:
    """Start an image and tell what happens."""
    app = APPS[profile]
    with started(image, app, container_config, directory) as container:
        if container.pid is None:
            return Outcome(up=False, works=False, reason="not started", printed=frozenset(), silent={}, log="")
        return _outcome(_ask(container, container.pid, profile), app, container)


def _ask(container: Container, pid: int, profile: str) -> probing.Answers:
    done = subprocess.run(
        ["nsenter", f"--net=/proc/{pid}/ns/net", sys.executable, "-m", probing.__name__, str(pid), profile],
        capture_output=True,
        check=False,
        cwd=_ROOT,
        timeout=_LIMIT,
    )
    if done.returncode == 0:
        return probing.Answers(**json.loads(done.stdout))
    if container.process.poll() is not None:
        return probing.Answers(ENDED)
    raise RuntimeError(f"asking the container: exit code {done.returncode}\n{done.stderr.decode(errors='replace')}")


def _outcome(answers: probing.Answers, app: App, container: Container) -> Outcome:
    printed = frozenset(name for name, problem in answers.kernels.items() if not problem)
    silent = {name: problem for name, problem in answers.kernels.items() if problem}
    if answers.problem:
        reason = answers.problem
    elif app.page and answers.page != OK:
        reason = f"the page of the app is answered with {answers.page or 'an error page'}"
    elif app.page and answers.contents != OK:
        reason = f"the list of files is answered with {answers.contents}"
    elif app.has_kernels and not (printed.issuperset(app.requested) and printed):
        reason = "; ".join(f"{name}: {problem}" for name, problem in silent.items()) or "no kernel is listed"
    else:
        reason = ""
    return Outcome(not answers.problem, not reason, reason, printed, silent, container.last_lines)
