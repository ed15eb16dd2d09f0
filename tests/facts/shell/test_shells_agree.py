"""What is decided of a script is what happens when bash or dash runs it: never another server, never other arguments.

The real shell runs the script with a program in the server's place that writes down how it was started and ends
everything. What is only known at run time is different each time.
"""

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocianalyze.facts.commands.search import Found, search
from ocianalyze.facts.programs.lookup import Shell
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell import SOME
from ocianalyze.facts.user.accounts import resolve_user
from tests.rules.subjects import program
from tests.support.filesystems import merged
from tests.support.shell_scripts import SERVERS, TOOL, VARIABLES, script, small_script, values
from tests.support.tarballs import Item, directory, file

EXAMPLES = int(os.environ.get("TEST_SHELL_EXAMPLES", "0"))
"""How many scripts are made anew for each shell; always the same few, if it is not said."""
ARGUMENTS = ("jupyter-lab", "--port=1", "two words")
ENVIRONMENT = {"A": "x", "E": "env", "LANG": "C"}
RECORD = """#!/bin/sh
{ printf '%s\\0' "${0##*/}" "$@"; printf '\\n'; for v in ${A+A} ${B+B} ${E+E}; do
printf '%s\\0' "$v"; eval "printf '%s\\0' \\"\\$$v\\""; done; } > "$RECORD"
kill -9 0
"""


@dataclass(frozen=True)
class Happened:
    """How the server was started: its words, and those variables that it got."""

    words: tuple[str, ...]
    variables: dict[str, str]


class Place:
    """A directory with programs in it, and an image in which the same lie at the same paths."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record = path / "record"
        (path / "bin").mkdir(parents=True)
        (path / "work/d1").mkdir(parents=True)
        for name in SERVERS:
            self._write(f"bin/{name}", RECORD)
        self._write(f"bin/{TOOL}", "#!/bin/sh\nexit 0\n")
        for name, content in (("f1", "1\n"), ("d1/g1", "1\n"), ("empty", "")):
            (path / "work" / name).write_text(content)
        self._write("work/x1", "#!/bin/sh\n")

    def _write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)

    @property
    def search_path(self) -> str:
        """The value of ``PATH``."""
        return f"{self.path}/bin:/usr/bin:/bin"

    def happens(self, shell: str, files: dict[str, str], given: dict[str, str]) -> Happened | None:
        """Run a script in a real shell; return how a server was started, or None if none was."""
        with suppress(FileNotFoundError):
            self.record.unlink()
        for name, text in files.items():
            self._write(name, text)
        environment = {**ENVIRONMENT, "PATH": self.search_path, "HOME": "/", "RECORD": str(self.record), **given}
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [shell, f"{self.path}/bin/main.sh", *ARGUMENTS],
                env=environment,
                cwd=self.path / "work",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                check=False,
                timeout=3,
            )
        if not self.record.exists():
            return None
        first, _, rest = self.record.read_bytes().decode("utf-8", "surrogateescape").partition("\0\n")
        pairs = rest.split("\0")[:-1]
        return Happened(tuple(first.split("\0")), dict(zip(pairs[::2], pairs[1::2], strict=True)))

    def found(self, shell: str, files: dict[str, str]) -> Found:
        """Return what we find without running anything."""
        top = str(self.path).lstrip("/")
        real = os.path.realpath(shutil.which(shell) or shell)
        items: list[Item] = [
            *(program(f"{top}/bin/{name}", b"#!/usr/bin/python3\n") for name in SERVERS),
            program(f"{top}/bin/{TOOL}"),
            *(program(f"{top}/{name}", text.encode()) for name, text in files.items()),
            file(f"{top}/work/f1", b"1\n"),
            file(f"{top}/work/d1/g1", b"1\n"),
            file(f"{top}/work/empty"),
            program(f"{top}/work/x1", b"#!/bin/sh\n"),
            program("usr/bin/python3"),
            program(real.lstrip("/")) if real.startswith("/usr/bin/") else program(f"usr/bin/{shell}"),
            *(
                program(f"usr/bin/{name}")
                for name in ("env", "cat", "basename", "grep", "id", "sh", "bash", "dash")
                if f"/usr/bin/{name}" != real
            ),
            directory("tmp", mode=0o1777),
        ]
        user = resolve_user(f"{os.getuid()}:{os.getgid()}", passwd=None, group=None)
        path = tuple(self.search_path.split(":"))
        circumstances = Shell(merged(items), user, path, directory=f"{self.path}/work")
        environment = {**ENVIRONMENT, "PATH": self.search_path, "HOME": "/"}
        return search((f"/usr/bin/{shell}", f"{self.path}/bin/main.sh", *ARGUMENTS), circumstances, environment)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("shells") / "s")


def covers(known: str, real: str) -> bool:
    """Tell whether a text may be the real one."""
    pieces = known.split(UNKNOWN)
    if len(pieces) == 1:
        return known == real
    at = len(pieces[0])
    if not real.startswith(pieces[0]):
        return False
    for piece in pieces[1:-1]:
        found = real.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return real.endswith(pieces[-1]) and len(real) - len(pieces[-1]) >= at


def all_covered(known: tuple[str, ...], real: tuple[str, ...]) -> bool:
    """Tell whether some words may be the real ones."""
    if not known:
        return not real
    if known[0] == SOME:
        return any(all_covered(known[1:], real[count:]) for count in range(len(real) + 1))
    return bool(real) and covers(known[0], real[0]) and all_covered(known[1:], real[1:])


def check(shell: str, place: Place, files: dict[str, str], given: list[dict[str, str]]) -> str:
    """Compare what we find with what happens; return what was found, in a word."""
    found = place.found(shell, files)
    if found.opaque is not None:
        return "opaque"
    for values_now in given:
        happened = place.happens(shell, files, values_now)
        if found.application is None or found.failures:
            assert happened is None, (found, happened, values_now)
        elif happened is None:
            assert not found.certain, (found, values_now)
        else:
            name = found.words[0].rpartition("/")[2]
            assert all_covered((name, *found.words[1:]), happened.words), (found, happened, values_now)
            for variable in VARIABLES:
                known = found.environment.get(variable)
                real = happened.variables.get(variable)
                assert covers(known or "", real or "") and (known is None) <= (real is None), (variable, known, real)  # noqa: PT018 - both belong together
    return "decided" if found.application is not None else "nothing"


def made(shell: str) -> st.SearchStrategy[dict[str, str]]:
    """Return a strategy for the scripts of an image."""
    bash = shell == "bash"
    line = f"#!/usr/bin/{shell}\n"
    return st.fixed_dictionaries(
        {
            "bin/main.sh": script(bash=bash),
            "bin/child.sh": small_script(bash=bash).map(line.__add__),
            "work/included.sh": small_script(bash=bash),
        }
    )


@pytest.mark.parametrize("shell", ["bash", "dash"])
def test_what_is_decided_is_what_happens(shell: str, place: Place) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    outcomes: dict[str, int] = {}

    @settings(
        max_examples=EXAMPLES or 40,
        derandomize=not EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(made(shell), st.lists(values, min_size=2, max_size=3))
    def compare(files: dict[str, str], given_values: list[dict[str, str]]) -> None:
        outcome = check(shell, place, files, [{}, *given_values])
        outcomes[outcome] = outcomes.get(outcome, 0) + 1

    compare()
    # A search that says of everything that it cannot be told would be right, too.
    assert outcomes.get("decided", 0) > sum(outcomes.values()) / 4, outcomes
