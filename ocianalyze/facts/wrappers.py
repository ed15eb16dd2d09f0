"""Programs that do no more than run another one: init processes, ``env``, ``exec``, ``conda run``, entry points.

Sources: the manuals of env(1), sudo(8), setpriv(1), nice(1), timeout(1), bash(1); tini, dumb-init, gosu, su-exec;
conda, mamba, pixi, uv and poetry (``run``); the entry points of mambaorg/micromamba (``_entrypoint.sh``), of
jupyter/docker-stacks (``start.sh``, ``start-notebook.py``) and of NVIDIA's images.
"""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.scripts import LONGEST, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "rbash", "busybox", "_dockerfile_shell.sh"})
INITS: Final = frozenset({"tini", "tini-static", "dumb-init", "catatonit", "docker-init", "pid1"})
"""Init processes that run the command that they are given."""

SUPERVISORS: Final = frozenset(
    {
        *("supervisord", "s6-svscan", "s6-overlay-suexec", "runsvdir", "runit", "runit-init", "svscan", "monit"),
        *("systemd", "init", "horust", "circusd", "pm2", "pm2-runtime", "honcho", "foreman", "hivemind", "goreman"),
    }
)
"""Programs that start and stop others by what their configuration says."""

_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=", re.ASCII)
_DEFAULT_ENVIRONMENT: Final = "base"


class ShellCall(NamedTuple):
    """What a shell is told to do: the text after ``-c``, or the script; neither if it waits for input."""

    text: str | None
    file: str | None
    arguments: tuple[str, ...]


class Unwrapped(NamedTuple):
    """The command that a wrapper runs, the variables that it sets, and the environment that it activates.

    `prefixes` are where that may lie, the likeliest first; a relative one in the directory of the project, which is
    the current one or above. `opaque` says why the command cannot be told.
    """

    words: tuple[str, ...]
    variables: Mapping[str, str] = {}
    prefixes: tuple[str, ...] = ()
    opaque: str | None = None


def as_shell(words: Sequence[str]) -> ShellCall | None:
    """Return what a shell is told to do, or None if the command is no shell."""
    name = basename(words[0])
    if name not in SHELLS:
        return None
    rest = list(words[1:])
    if name == "busybox":
        if not rest or basename(rest[0]) not in SHELLS:
            return None
        rest = rest[1:]
    if name == "_dockerfile_shell.sh":
        return ShellCall(rest[0] if rest else None, None, tuple(rest[2:]))
    wants_text = False
    while rest and rest[0][:1] in ("-", "+") and rest[0] not in ("-", "--"):
        option = rest.pop(0)
        if option in ("--rcfile", "--init-file") or (not option.startswith("--") and option[-1:] in ("o", "O")):
            del rest[:1]
        wants_text = wants_text or (option.startswith("-") and not option.startswith("--") and "c" in option)
    if rest and rest[0] in ("-", "--"):
        del rest[0]
    if not rest:
        return ShellCall(None, None, ())
    # After '-c text' comes the name that the shell goes by, and then the arguments.
    return ShellCall(rest[0], None, tuple(rest[2:])) if wants_text else ShellCall(None, rest[0], tuple(rest[1:]))


def unwrap(words: Sequence[str], environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what a wrapper runs, or None if the command is no wrapper that is known."""
    name, rest = basename(words[0]), tuple(words[1:])
    if name in SUPERVISORS and not (name == "init" and rest):
        return Unwrapped((), opaque=f"{name} starts what its configuration says")
    if name in _SIMPLE:
        return Unwrapped(_after_options(rest, *_SIMPLE[name]))
    special = _SPECIAL.get(name)
    return None if special is None else special(rest, environment)


def conda_prefix(name: str, environment: Mapping[str, str]) -> str:
    """Return where the conda environment `name` lies, as far as variables tell."""
    if name.startswith("/"):
        return name
    root = environment.get("MAMBA_ROOT_PREFIX") or environment.get("CONDA_DIR") or "/opt/conda"
    return root if name in (_DEFAULT_ENVIRONMENT, "root") else join(root, "envs", name)


def _after_options(words: tuple[str, ...], with_values: frozenset[str], operands: int) -> tuple[str, ...]:
    """Return what follows the options, of which some have values of their own, and so many operands."""
    position = 0
    while position < len(words) and words[position].startswith("-") and words[position] != "-":
        word = words[position]
        position += 1
        if word == "--":
            break
        position += word in with_values
    return words[position + operands :]


def _env(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    variables: dict[str, str] = {}
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word in ("-u", "--unset", "-C", "--chdir"):
            position += 1
        elif word in ("-S", "--split-string"):
            return _split(words[position : position + 1], words[position + 1 :], environment)
        elif _ASSIGNMENT.match(word):
            name, _, value = word.partition("=")
            variables[name] = value
        elif not word.startswith("-"):
            position -= 1
            break
    return Unwrapped(words[position:], variables)


def _split(text: tuple[str, ...], rest: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    made = _words_of(text[0] if text else "")
    return (
        Unwrapped((), opaque="env is given words that cannot be told")
        if made is None
        else _env((*made, *rest), environment)
    )


def _run(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what ``conda run`` and its kin run, and the environment that they activate first."""
    if words[:1] != ("run",):
        return None
    rest = words[1:]
    name = environment.get("CONDA_DEFAULT_ENV") or _DEFAULT_ENVIRONMENT
    for option, value in pairwise(rest):
        if option in ("-n", "--name", "-p", "--prefix"):
            name = value
        elif not option.startswith("-"):
            break
    values = frozenset({"-n", "--name", "-p", "--prefix", "--cwd", "-r", "--root-prefix", "-e", "--env"})
    return Unwrapped(_after_options(rest, values, 0), prefixes=(conda_prefix(name, environment),))


def _project_run(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what ``uv run`` and its kin run, and where they keep the environments of projects."""
    if words[:1] != ("run",):
        return None
    values = frozenset({"--project", "--directory", "--python", "-p", "--with", "--extra", "--group", "-e", "-C"})
    values |= {"--environment", "--manifest-path", "--with-requirements", "--env-file", "--package", "--index"}
    rest = words[1:]
    given = dict(pairwise(rest))
    name = given.get("--environment") or given.get("-e") or "default"
    stated = environment.get("UV_PROJECT_ENVIRONMENT") or environment.get("VIRTUAL_ENV")
    likely = (*((stated,) if stated else ()), ".venv", join(".pixi/envs", name))
    project = given.get("--project") or given.get("--directory") or dirname(given.get("--manifest-path", ""))
    return Unwrapped(_after_options(rest, values, 0), prefixes=tuple(join(project, prefix) for prefix in likely))


def _micromamba_entrypoint(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    name = environment.get("ENV_NAME") or _DEFAULT_ENVIRONMENT
    return Unwrapped(words, prefixes=(conda_prefix(name, environment),))


def _init(words: tuple[str, ...], _environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what s6-overlay's ``/init`` runs beside its services."""
    return Unwrapped(words) if words else None


def _start_notebook(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    given = _words_of(environment.get("NOTEBOOK_ARGS", ""))
    if given is None:
        return Unwrapped((), opaque="NOTEBOOK_ARGS cannot be told")
    return Unwrapped(("jupyter", environment.get("DOCKER_STACKS_JUPYTER_CMD") or "lab", *given, *words))


def _words_of(text: str) -> list[str] | None:
    try:
        return None if len(text) > LONGEST or UNKNOWN in text else shlex.split(text)
    except ValueError:
        return None


_NONE: Final[frozenset[str]] = frozenset()
_SIMPLE: Final[dict[str, tuple[frozenset[str], int]]] = {
    **dict.fromkeys(("command", "builtin", "nohup", "setsid", "time", "catatonit", "pid1", "eatmydata"), (_NONE, 0)),
    "exec": (frozenset({"-a"}), 0),
    **dict.fromkeys(("tini", "tini-static", "docker-init"), (frozenset({"-p", "-e"}), 0)),
    "dumb-init": (frozenset({"-r", "--rewrite"}), 0),
    **dict.fromkeys(("gosu", "su-exec"), (_NONE, 1)),
    "sudo": (frozenset({"-u", "--user", "-g", "--group", "-h", "-p", "-C", "-r", "-t", "-D", "-T"}), 0),
    "nice": (frozenset({"-n", "--adjustment"}), 0),
    "ionice": (frozenset({"-c", "--class", "-n", "--classdata"}), 0),
    "timeout": (frozenset({"-k", "--kill-after", "-s", "--signal"}), 1),
    "stdbuf": (frozenset({"-i", "-o", "-e"}), 0),
    "setpriv": (frozenset({"--reuid", "--regid", "--groups"}), 0),
    "numactl": (_NONE, 0),
    "nvidia_entrypoint.sh": (_NONE, 0),
}
"""Wrappers that are options, perhaps operands, and then the command: which options have values, how many operands."""

_SPECIAL: Final[dict[str, Callable[[tuple[str, ...], Mapping[str, str]], Unwrapped | None]]] = {
    "env": _env,
    **dict.fromkeys(("conda", "mamba", "micromamba"), _run),
    **dict.fromkeys(("uv", "poetry", "pixi", "pdm", "hatch", "pipenv", "rye"), _project_run),
    "_entrypoint.sh": _micromamba_entrypoint,
    "init": _init,
    **dict.fromkeys(("start-notebook.sh", "start-notebook.py"), _start_notebook),
}
