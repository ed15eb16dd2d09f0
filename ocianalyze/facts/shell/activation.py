"""Environments of Python and of conda that a script activates.

What activates them is the same in every image, so it is not read, which costs nothing and needs no content: of
``bin/activate`` and ``conda.sh`` it is enough that they are there.

Sources: CPython, ``Lib/venv/scripts/common/activate``; conda, ``conda/activate.py`` and
``shell/etc/profile.d/conda.sh``; mamba and micromamba, ``shell hook``.
"""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.python.conda_names import conda_prefix
from ocianalyze.facts.shell.state import Activator
from ocianalyze.facts.shell.values import LOST, Variable

if TYPE_CHECKING:
    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.state import State
    from ocianalyze.facts.shell.syntax import Assignment
    from ocianalyze.facts.shell.values import Words

HOOK: Final = "\1hook"
"""A command that no script has: what a program such as ``conda`` prints for ``eval``, in short."""

_PROFILES: Final = {"conda.sh": "conda", "mamba.sh": "mamba", "micromamba.sh": "micromamba"}


def is_activation(path: str, run: Host, state: State) -> bool:
    """Tell whether a file is one of those that activate an environment, or that make ``conda activate`` work."""
    if basename(path) in _PROFILES:
        return _root_of(path, run, state) is not None
    if basename(path) != "activate" or basename(dirname(path)) != "bin":
        return False
    files, prefix = run.files(state), dirname(dirname(path))
    marks = (files.look(join(prefix, name)).exists for name in ("pyvenv.cfg", "conda-meta"))
    return files.look(path).exists is not True or any(mark is not False for mark in marks)


def _root_of(path: str, run: Host, state: State) -> str | None:
    """Return where conda lies whose ``etc/profile.d/conda.sh`` a path leads to; None if it leads to something else."""
    node = run.files(state).look(path).node
    if node is None or not dirname(node.path).endswith("/etc/profile.d"):
        return None
    root = dirname(dirname(dirname(node.path)))
    return root if root != "/" and run.files(state).look(join(root, "conda-meta")).exists else None


def activate(run: Host, words: Words, state: State) -> State | None:
    """Go through ``source .../bin/activate``, ``source .../conda.sh``, or ``conda activate``."""
    if words[0] == "source":
        return _source(run, words[1], words[2:], state)
    function = state.functions.get(words[0])
    root = function.root if isinstance(function, Activator) else None
    name = next((word for word in words[2:] if not word.startswith("-")), "base")
    if words[1:2] == ("deactivate",):
        _prepend_to_path(run, None, state)
        state.status = 0
        return state
    return _activate_conda(run, words[0], root, name, state)


def hook(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State | None:
    """Go through what a program has printed for ``eval``: which one, and what it is about."""
    kind, rest = words[1], words[2:]
    state.status = 0
    if kind == "may-set":
        for name in rest:
            state.variables.set(name, LOST._replace(exported=True))
    elif kind == "path":
        _prepend_to_path(run, rest[0], state)
    else:
        state.functions.set(kind, Activator(rest[0]))
        if rest[1:]:
            return _activate_conda(run, kind, rest[0], rest[1], state)
    return state


def _source(run: Host, path: str, arguments: Words, state: State) -> State | None:
    files = run.files(state)
    seen = files.look(path)
    if seen.sure and (seen.node is None or not seen.node.is_file):
        state.status = 1
        if state.process.dialect.strict or ("e" in state.options and run.checks_errors):
            return run.fail(path, f"{path} does not exist", state, status=1)
        return state
    if files.test("r", path) is False:
        state.status = 1
        return state
    program = _PROFILES.get(basename(path))
    prefix = dirname(dirname(path))
    if program is not None:
        root = _root_of(path, run, state) or "/opt/conda"
        state.functions.set(program, Activator(root))
        if program == "mamba":
            state.functions.set("conda", Activator(root))
        state.status = 0
        return state
    if files.look(join(prefix, "pyvenv.cfg")).node is None and files.look(join(prefix, "conda-meta")).node is not None:
        state.functions.set("conda", Activator(prefix))
        return _activate_conda(run, "conda", prefix, arguments[0] if arguments else "base", state)
    _prepend_to_path(run, join(prefix, "bin"), state)
    run.assign("VIRTUAL_ENV", prefix, state)
    state.variables.set("VIRTUAL_ENV", Variable(prefix, exported=True))
    state.variables.set("PYTHONHOME", Variable())
    state.status = 0 if seen.sure else "success"
    return state


def _activate_conda(run: Host, _program: str, root: str | None, name: str, state: State) -> State | None:
    """Activate an environment; without the function that the hook defines, the program refuses to."""
    if root is None:
        state.status = 1
        return state
    environment = state.variables.exported()
    prefix = name if "/" in name else join(root, "envs", name)
    if name in ("base", "root"):
        prefix = root
    elif "/" not in name and UNKNOWN not in name and run.files(state).look(prefix).exists is False:
        prefix = conda_prefix(name, environment)
    prefix = run.files(state).full(prefix) if UNKNOWN not in prefix else prefix
    seen = run.files(state).look(prefix)
    if seen.exists is False:
        state.status = 1
        return state
    _prepend_to_path(run, join(prefix, "bin"), state)
    for variable, value in (("CONDA_PREFIX", prefix), ("CONDA_DEFAULT_ENV", name), ("CONDA_SHLVL", UNKNOWN)):
        state.variables.set(variable, Variable(value, exported=True))
    state.status = 0 if seen.exists else "success"
    return state


def _prepend_to_path(run: Host, directory: str | None, state: State) -> None:
    before = run.expander.variable("PATH", state).text or ""
    value = ":".join(item for item in (directory, before) if item) if directory is not None else f"{UNKNOWN}:{before}"
    state.variables.set("PATH", Variable(value, exported=True))
