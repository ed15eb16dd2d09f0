"""What is said of a configuration file in Python is what Python makes of it, whatever the file; or that it is open."""

import os
import random
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traitlets.config import Config

from ocianalyze.facts.jupyter.options import Options
from ocianalyze.facts.jupyter.python_files import parse_python
from ocianalyze.facts.jupyter.python_source import World
from ocianalyze.facts.programs.scripts import UNKNOWN

EXAMPLES = int(os.environ.get("TEST_PYTHON_EXAMPLES", "0"))
"""How many files are made anew; always the same few, if it is not said."""
TRAITS = ("ip", "token", "base_url", "allow_origin")
NAMES = ("a", "b", "d")
VARIABLES = {"A": "", "B": "x", "D": "7"}


def parsed(text: str, environment: dict[str, str] | None = None) -> Options:
    """Return what we make of a file."""
    answers = {"/dir": "ed", "/file": "ef"}
    world = World(environment or {}, {}, {}, lambda letter, path: letter in answers.get(path, ""), 1000)
    return parse_python(text, "x.py", world)


class Writer:
    """Writes configuration files that Python can run."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - for tests
        self.defined = 0

    def pick(self, *items: str) -> str:
        """Return one of some texts."""
        return self.random.choice(items)

    def text(self, depth: int = 0) -> str:
        """Return an expression that comes to a text; none raises an exception, which is presumed of what is open."""
        simple = [
            repr(self.pick("", "x", "/y", "7")),
            f"os.environ.get({self.pick(*'ABCD')!r}, 'e')",
            f"(os.getenv({self.pick(*'ABD')!r}) or 'z')",
            self.pick("hidden('h')", "'s'"),
            self.pick(*NAMES),
            "'p' 'q'",
        ]
        if depth > 2 or self.random.random() < 0.4:
            return self.pick(*simple)
        inner, other = self.text(depth + 1), self.text(depth + 1)
        return self.pick(
            *simple,
            f"{inner} + {other}",
            f"({inner})",
            f"({inner} if {self.truth(depth + 1)} else {other})",
            f"({inner} or {other})",
            f"({inner} and {other})",
            f"({inner}).upper()",
            f"({inner}).strip('x')",
        )

    def truth(self, depth: int = 0) -> str:
        """Return a condition."""
        inner = self.text(depth + 1)
        simple = [
            f"{self.pick(*'ABCD')!r} {self.pick('in', 'not in')} os.environ",
            f"{inner} {self.pick('==', '!=')} {self.text(depth + 1)}",
            inner,
            f"{inner} in ('x', '7')",
            self.pick("True", "hidden(True)"),
            f"os.getenv('C') {self.pick('is', 'is not')} None",
        ]
        if depth > 2 or self.random.random() < 0.4:
            return self.pick(*simple)
        return self.pick(
            *simple,
            f"not {self.truth(depth + 1)}",
            f"{self.truth(depth + 1)} {self.pick('and', 'or')} {self.truth(depth + 1)}",
            f"({self.truth(depth + 1)})",
        )

    def block(self, indent: str = "", depth: int = 0) -> str:
        """Return statements."""
        return "".join(self.statement(indent, depth) for _ in range(self.random.randint(1, 4)))

    def statement(self, indent: str, depth: int) -> str:
        """Return a statement."""
        trait = f"c.ServerApp.{self.pick(*TRAITS)}"
        simple = [
            f"{trait} = {self.text()}",
            f"{trait} = {self.text()}",
            f"{self.pick(*NAMES)} = {self.text()}",
            f"{trait} = c.LabApp.{self.pick(*TRAITS)} = {self.text()}",
            f"os.environ[{self.pick(*'ABCD')!r}] = {self.text()}",
            f"hidden(1); {trait} = 'x'",
            f"{trait}: str = 'x'",
            "for " + self.pick(*NAMES) + " in ('r', 's'): pass",
            "c.FileContentsManager.delete_to_trash = False",
            f"c.ServerApp.update({self.pick(*TRAITS)}='u')",
            "import sys",
            "pass  # c.ServerApp.ip = 'no'",
        ]
        if depth > 2 or self.random.random() < 0.6:
            return f"{indent}{self.pick(*simple)}\n"
        more = indent + self.pick(" ", "    ", "\t")
        body = self.block(more, depth + 1)
        other = self.block(more, depth + 1)
        self.defined += 1
        name = f"f{self.defined}"
        return self.pick(
            f"{indent}if {self.truth()}:\n{body}",
            f"{indent}if {self.truth()}:\n{body}{indent}else:\n{other}",
            f"{indent}if {self.truth()}:\n{body}{indent}elif {self.truth()}:\n{other}",
            f"{indent}try:\n{body}{indent}except Exception:\n{other}",
            f"{indent}try:\n{body}{indent}except KeyError as d:\n{more}d = 'k'\n{indent}finally:\n{other}",
            f"{indent}for a in ('l', 'm'):\n{body}",
            f"{indent}while hidden(False):\n{body}{indent}else:\n{other}",
            f"{indent}with manager() as b:\n{more}b = 'w'\n{body}",
            f"{indent}def {name}():\n{more}global a\n{body}{indent}{self.pick(f'attempt({name})', 'pass')}\n",
            f"{indent}def {name}(c):\n{more}c.ServerApp.ip = 'local'\n",
            f"{indent}class {name}:\n{more}c = 5\n",
        )


class Manager:
    """Does nothing."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def attempt(function: Callable[[], object]) -> None:
    """Call a function; what is read without running it is taken to raise nothing there."""
    with suppress(Exception):
        function()


def real(text: str, environment: dict[str, str]) -> Config | None:
    """Return what Python makes of a file; None if it raises an exception."""
    config = Config()
    names = {
        "c": config,
        "get_config": lambda: config,
        "hidden": lambda value: value,
        "manager": Manager,
        "attempt": attempt,
    }
    with mock.patch.dict(os.environ, environment, clear=True):
        try:
            exec(text, names)  # noqa: S102 - it is our own
        except Exception:  # noqa: BLE001 - whatever it is, the file counts for nothing
            return None
    return config


@settings(max_examples=EXAMPLES or 200, derandomize=not EXAMPLES, deadline=None)
@given(st.integers(min_value=0, max_value=2**32), st.sampled_from([{}, VARIABLES, {"B": "x"}, {"A": "1", "D": ""}]))
def test_what_is_known_is_what_python_does(seed: int, environment: dict[str, str]) -> None:
    text = "import os\na = b = d = 'n'\n" + Writer(seed).block() + Writer(seed + 1).block()
    options, config = parsed(text, environment), real(text, environment)
    for section in ("ServerApp", "LabApp"):
        for trait in TRAITS:
            setting = options.settings.get((section, trait))
            if setting is not None and not setting.known:
                continue
            if config is None:
                assert setting is None, text
                continue
            value = config.get(section, {}).get(trait)
            if setting is None:
                assert options.opaque or value is None or type(value).__name__ == "LazyConfigValue", text
            else:
                assert setting.value == value, text


def test_much_is_decided() -> None:
    texts = ["import os\na = b = d = 'n'\n" + Writer(seed).block() for seed in range(300)]
    decided = [
        not (found.opaque or any(not item.known for item in found.settings.values())) for found in map(parsed, texts)
    ]
    assert sum(decided) > len(texts) / 4


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("import os\nif os.path.isfile('/file'): c.ServerApp.port = 1", 1),
        ("import os\nif os.path.isdir('/file') or os.path.exists('/none'): c.ServerApp.port = 1", None),
        ("import os\nc.ServerApp.port = 1 if os.geteuid() == 0 else 2", 2),
        ("import os\nif os.path.exists(os.path.join('/', 'dir')):\n\tc.ServerApp.port = 3", 3),
        ("c.ServerApp.port = 1_000", 1000),
        ("c.ServerApp.port = len('abc')", 3),
    ],
)
def test_files_and_users_decide(text: str, port: int | None) -> None:
    options = parsed(text)
    found = options.settings.get(("ServerApp", "port"))
    assert (found.value if found is not None else None) == port
    assert not options.opaque


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("c.SA=ip'\"\\\n\t ()[]{}:;#if elsntryx1,@"), max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    options = parsed(text)
    try:
        compile(text, "x", "exec")
    except (SyntaxError, ValueError):
        return
    assert isinstance(options, Options)


HOSTILE = {
    "brackets": "c.ServerApp.ip = " + "(" * 100_000 + ")" * 100_000,
    "open brackets": "(" * 500_000,
    "branches": "if x: c.ServerApp.ip = 'a'\n" * 30_000,
    "names": "".join(f"n{number} = 'a'\n" for number in range(60_000)) + "if x: y = 1\n" * 1000,
    "methods": "c.ServerApp.ip = ''" + ".lower()" * 100_000,
    "sum": "c.ServerApp.ip = 'a'" + " + 'a'" * 100_000,
    "doubling": "a = 'a'\n" + "a = a + a\n" * 100,
    "elifs": "if x: pass\n" + "elif x: c.ServerApp.ip = 'a'\n" * 30_000,
    "backslashes": "x = '" + "\\\\" * 400_000 + "'",
    "quotes": "''" * 400_000,
    "long text": "'''" + "\n'" * 400_000,
    "continued": "\\\n" * 400_000,
    "indented": "".join(" " * number + "if x:\n" for number in range(1000)),
    "spaces": " " * 900_000,
    "operators": "-" * 900_000 + "1",
    "lambdas": "x = " + "lambda: " * 100_000 + "1",
    "chained": "c.ServerApp.ip = " * 50_000 + "'a'",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_take_little_time_and_memory(name: str) -> None:
    started = time.process_time()
    tracemalloc.start()
    try:
        options = parsed(HOSTILE[name])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 60
    assert peak < 500_000_000
    assert all(not item.known or item.value == "a" for item in options.settings.values())


def test_values_may_be_open_in_part() -> None:
    found = parsed("import os\nc.ServerApp.base_url = '/x/' + os.environ['AWS_REGION'] + '/y'")
    assert found.settings["ServerApp", "base_url"].value == f"/x/{UNKNOWN}/y"


def test_variables_that_something_else_may_change_are_open() -> None:
    found = parsed("import os\nos.environ.pop('B', None)\nc.ServerApp.ip = os.environ.get('B', 'y')", {"B": "x"})
    assert found.settings["ServerApp", "ip"].value == UNKNOWN
