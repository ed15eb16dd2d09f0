"""What is said to be imported at startup is what really keeps a Jupyter server and an ipykernel from starting."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from ocianalyze.facts.python.distributions import normalized
from ocianalyze.facts.python.requirements import _IMPORTED, _NAMES

PROGRAM = Path(__file__).parents[2] / "support" / "blocked_imports.py"

LEFT_OUT = {
    **dict.fromkeys(("asttokens", "executing", "pexpect", "prompt-toolkit", "ptyprocess", "pure-eval", "wcwidth"), ""),
    **dict.fromkeys(("jedi", "parso", "stack-data"), "only some versions of IPython import them at startup"),
    "six": "only some versions of python-dateutil import it",
}
"""What may keep them from starting, and is not looked for."""


def required_by(distribution: str) -> Iterator[str]:
    """Yield what an installed distribution requires of this Python, without extras."""
    try:
        found = requires(distribution) or []
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, found):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield normalized(requirement.name)


def closure(root: str, table: Mapping[str, tuple[str, ...]] | None = None) -> set[str]:
    """Return all that a distribution requires, directly or not; of what `table` has if it is given."""
    found, todo = set(), [root]
    while todo:
        distribution = todo.pop()
        for name in required_by(distribution):
            if name not in found and (table is None or name in table.get(distribution, ())):
                found.add(name)
                todo.append(name)
    return found


def starts_without(root: str, distribution: str) -> bool:
    """Start a server or a kernel, and tell whether it starts without a distribution."""
    module = _NAMES.get(distribution, distribution.replace("-", "_"))
    command = [sys.executable, str(PROGRAM), root, module]
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize("root", ["jupyterlab", "ipykernel"])
def test_what_is_imported_is_what_is_needed(root: str) -> None:
    assert starts_without(root, "no-such-distribution")
    said, names = closure(root, _IMPORTED), sorted(closure(root))
    with ThreadPoolExecutor(2) as pool:
        starts = dict(zip(names, pool.map(lambda name: starts_without(root, name), names), strict=True))
    assert [name for name in names if name in said and starts[name]] == [], "false alarms"
    assert [name for name in names if name not in said and not starts[name] and name not in LEFT_OUT] == [], "misses"
    assert len(said) > 10
