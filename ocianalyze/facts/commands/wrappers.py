"""Programs that do no more than run another one: init processes, ``env``, ``exec``, entry points.

Sources: the manuals of env(1), sudo(8), runuser(1), setpriv(1), nice(1), timeout(1), bash(1); tini, dumb-init,
catatonit, gosu, su-exec, fixuid, s6; the entry points of mambaorg/micromamba (``_entrypoint.sh``), of
jupyter/docker-stacks (``start-notebook.py``), of repo2docker, and of NVIDIA's images.
"""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from posixpath import basename
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.commands.runners import conda_run, downloaded, project_run, uv_run
from ocianalyze.facts.commands.unwrapped import Unwrapped, after_options, split_options
from ocianalyze.facts.programs.scripts import LONGEST, UNKNOWN
from ocianalyze.facts.python.conda_names import BASE, conda_prefix
from ocianalyze.facts.python.installations import is_python
from ocianalyze.facts.shell.dialects import SHELLS
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

INITS: Final = frozenset({"tini", "tini-static", "dumb-init", "catatonit", "docker-init", "pid1"})
"""Init processes that run the command that they are given."""

SUPERVISORS: Final = frozenset(
    {
        *("supervisord", "s6-svscan", "s6-overlay-suexec", "runsvdir", "runit", "runit-init", "svscan", "monit"),
        *("systemd", "init", "horust", "circusd", "pm2", "pm2-runtime", "honcho", "foreman", "hivemind", "goreman"),
    }
)
"""Programs that start and stop others by what their configuration says."""

_ASSIGNMENT: Final = regex(r"[A-Za-z_]\w*=", re.ASCII)


class ShellCall(NamedTuple):
    """What a shell is told to do: the text after ``-c``, or the script; neither if it waits for input.

    `name` is what it goes by, `options` are those that a script could set itself, `login` tells whether it reads
    ``/etc/profile`` first.
    """

    text: str | None
    file: str | None
    arguments: tuple[str, ...]
    name: str = ""
    options: tuple[str, ...] = ()
    login: bool = False


def as_shell(words: Sequence[str]) -> ShellCall | None:  # noqa: C901 - one case after the other
    """Return what a shell is told to do, or None if the command is no shell."""
    name = basename(words[0])
    if name.removeprefix("-") not in SHELLS:
        return None
    rest = list(words[1:])
    login = name.startswith("-")
    if name == "busybox":
        if not rest or basename(rest[0]) not in SHELLS:
            return None
        rest = rest[1:]
    if name == "_dockerfile_shell.sh":
        return ShellCall(rest[0] if rest else None, None, tuple(rest[2:]), rest[1] if len(rest) > 1 else name)
    wants_text = False
    options: list[str] = []
    while rest and rest[0][:1] in ("-", "+") and rest[0] not in ("-", "--"):
        option = rest.pop(0)
        if option.startswith("--"):
            login = login or option == "--login"
            if option in ("--rcfile", "--init-file"):
                del rest[:1]
            continue
        wants_text = wants_text or (option[0] == "-" and "c" in option)
        login = login or "l" in option
        options.append(option[0] + "".join(letter for letter in option[1:] if letter in "aefnux"))
        if option[-1:] in ("o", "O"):
            options += [option[0] + "o", rest[0]] if option[-1] == "o" and rest else []
            del rest[:1]
    if rest and rest[0] in ("-", "--"):
        del rest[0]
    told = tuple(option for option in options if len(option) > 1)
    if not rest:
        return ShellCall(None, None, (), words[0], told, login)
    if wants_text:
        # After '-c text' comes the name that the shell goes by, and then the arguments.
        return ShellCall(rest[0], None, tuple(rest[2:]), rest[1] if len(rest) > 1 else words[0], told, login)
    return ShellCall(None, rest[0], tuple(rest[1:]), rest[0], told, login)


def unwrap(words: Sequence[str], environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what a wrapper runs, or None if the command is no wrapper that is known."""
    name, rest = basename(words[0]), tuple(words[1:])
    if name in SUPERVISORS and not (name == "init" and rest):
        return Unwrapped((), opaque=f"{name} starts the programs in its configuration, which is not analyzed")
    if name in _SIMPLE:
        return Unwrapped(after_options(rest, *_SIMPLE[name]))
    if name in _AS_USER:
        return _as_user(rest, *_AS_USER[name])
    if is_python(name):
        return _of_python(rest, environment)
    special = _SPECIAL.get(name)
    return None if special is None else special(rest, environment)


def _env(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    variables: dict[str, str] = {}
    removed: list[str] = []
    clears = False
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word in ("-", "-i", "--ignore-environment"):
            clears = True
        elif word in ("-u", "--unset"):
            removed += words[position : position + 1]
            position += 1
        elif word.startswith("--unset="):
            removed.append(word.partition("=")[2])
        elif word in ("-C", "--chdir"):
            position += 1
        elif word.startswith(("-S", "--split-string=")) and word != "-S":
            text = word.partition("=")[2] if word.startswith("--") else word[2:]
            return _split((text,), words[position:], environment)
        elif word in ("-S", "--split-string"):
            return _split(words[position : position + 1], words[position + 1 :], environment)
        elif _ASSIGNMENT.match(word):
            name, _, value = word.partition("=")
            variables[name] = value
        elif not word.startswith("-"):
            position -= 1
            break
    return Unwrapped(words[position:], variables, clears=clears, removed=tuple(removed))


def _split(text: tuple[str, ...], rest: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    made = _words_of(text[0] if text else "")
    return (
        Unwrapped((), opaque="the arguments of env are not known")
        if made is None
        else _env((*made, *rest), environment)
    )


def _as_user(words: tuple[str, ...], values: frozenset[str], operand: bool, keeps: bool) -> Unwrapped:  # noqa: FBT001
    """Return what is run as another user: who that is stands in an option, or comes first."""
    given, rest = split_options(words, values)
    user = given.get("--user") or given.get("-u")
    keeps = keeps or any(option.startswith(("-E", "--preserve-env")) or option == "-m" for option in given)
    if operand:
        user, rest = (rest[0] if rest else None), rest[1:]
    variables: dict[str, str] = {}
    while rest and _ASSIGNMENT.match(rest[0]) and not operand:
        name, _, value = rest[0].partition("=")
        variables[name] = value
        rest = rest[1:]
    return Unwrapped(rest, variables, user=user or "root", clears=not keeps)


def _setpriv(words: tuple[str, ...], _environment: Mapping[str, str]) -> Unwrapped:
    """Return what is run as another user, but with the variables of the one before."""
    values = frozenset({"--reuid", "--regid", "--ruid", "--euid", "--rgid", "--egid", "--groups", "--inh-caps"})
    given = dict(pairwise(words)) | dict(word.split("=", 1) for word in words if word.startswith("--") and "=" in word)
    return Unwrapped(after_options(words, values), user=given.get("--reuid") or given.get("--euid"), keeps_home=True)


def _su(words: tuple[str, ...], _environment: Mapping[str, str]) -> Unwrapped | None:
    """Return the shell that ``su`` starts for a user."""
    given = dict(pairwise(words))
    text = given.get("-c") or given.get("--command")
    names = [word for word in words if not word.startswith("-") and word not in (text, given.get("-s"))]
    if text is None:
        return None
    login = any(word in ("-", "-l", "--login") for word in words)
    shell = given.get("-s") or "/bin/sh"
    return Unwrapped((shell, *(("-l",) if login else ()), "-c", text), user=names[0] if names else "root", clears=login)


def _of_python(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what a Python program runs that is known by its name."""
    rest = after_options(words, frozenset({"-W", "-X"}))
    if words[:1] in (("-m",), ("-c",)) or not rest:
        return None
    special = _PYTHON_PROGRAMS.get(basename(rest[0]))
    return None if special is None else special(rest[1:], environment)


def _micromamba_entrypoint(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    name = environment.get("ENV_NAME") or BASE
    return Unwrapped(words, prefixes=(conda_prefix(name, environment),))


def _with_first(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    """Return what repo2docker's entry point runs: a program of the repository's, if there is one, gets the words."""
    first = environment.get("R2D_ENTRYPOINT")
    return Unwrapped((first, *words) if first else words)


def _python_login(words: tuple[str, ...], _environment: Mapping[str, str]) -> Unwrapped:
    return Unwrapped(("python3", "-u", *words))


def _suexec(words: tuple[str, ...], _environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what s6-overlay's first stage runs in the end: what stands behind the programs of its own."""
    return Unwrapped(words[3:]) if len(words) > 3 else None  # noqa: PLR2004 - two programs, and its own next stage


def _init(words: tuple[str, ...], _environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what s6-overlay's ``/init`` runs beside its services."""
    return Unwrapped(words) if words else None


def _start_notebook(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    if environment.get("JUPYTERHUB_API_TOKEN"):
        return _start_singleuser(words, environment)
    given = _words_of(environment.get("NOTEBOOK_ARGS", ""))
    if given is None:
        return Unwrapped((), opaque="the value of NOTEBOOK_ARGS is not known")
    around = ("run-one-constantly",) if environment.get("RESTARTABLE") == "yes" else ()
    return Unwrapped((*around, "jupyter", environment.get("DOCKER_STACKS_JUPYTER_CMD") or "lab", *given, *words))


def _start_singleuser(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped:
    given = _words_of(environment.get("NOTEBOOK_ARGS", ""))
    if given is None:
        return Unwrapped((), opaque="the value of NOTEBOOK_ARGS is not known")
    return Unwrapped(("jupyterhub-singleuser", *given, *words))


def _words_of(text: str) -> list[str] | None:
    try:
        return None if len(text) > LONGEST or UNKNOWN in text else shlex.split(text)
    except ValueError:
        return None


_NONE: Final[frozenset[str]] = frozenset()
_SIMPLE: Final[dict[str, tuple[frozenset[str], int]]] = {
    **dict.fromkeys(("command", "builtin", "nohup", "setsid", "time", "catatonit", "pid1", "eatmydata"), (_NONE, 0)),
    **dict.fromkeys(
        ("run-one", "run-one-constantly", "unbuffer", "chronic", "dbus-run-session", "linux64"), (_NONE, 0)
    ),
    **dict.fromkeys(("with-contenv", "opentelemetry-instrument", "ddtrace-run"), (_NONE, 0)),
    "exec": (frozenset({"-a"}), 0),
    **dict.fromkeys(("tini", "tini-static", "docker-init"), (frozenset({"-p", "-e"}), 0)),
    "dumb-init": (frozenset({"-r", "--rewrite"}), 0),
    "fixuid": (_NONE, 0),
    "nice": (frozenset({"-n", "--adjustment"}), 0),
    "ionice": (frozenset({"-c", "--class", "-n", "--classdata"}), 0),
    "timeout": (frozenset({"-k", "--kill-after", "-s", "--signal"}), 1),
    "taskset": (_NONE, 1),
    "flock": (frozenset({"-w", "--timeout", "-E"}), 1),
    "stdbuf": (frozenset({"-i", "-o", "-e"}), 0),
    "xvfb-run": (frozenset({"-s", "--server-args", "-n", "--server-num", "-e", "-f", "-w", "-p"}), 0),
    "s6-notifyoncheck": (frozenset({"-3", "-s", "-T", "-t", "-w", "-n", "-c"}), 0),
    "numactl": (_NONE, 0),
    "nvidia_entrypoint.sh": (_NONE, 0),
}
"""Wrappers that are options, perhaps operands, and then the command: which options have values, how many operands."""

_AS_USER: Final[dict[str, tuple[frozenset[str], bool, bool]]] = {
    **dict.fromkeys(("gosu", "su-exec", "s6-setuidgid", "setuser"), (_NONE, True, True)),
    "chpst": (
        frozenset({"-u", "-U", "-e", "-n", "-l", "-L", "-m", "-d", "-o", "-p", "-f", "-c", "-r", "-t", "-/"}),
        False,
        True,
    ),
    "sudo": (
        frozenset({"-u", "--user", "-g", "--group", "-h", "--host", "-p", "-C", "-r", "-t", "-D", "-T", "-R"}),
        False,
        False,
    ),
    "doas": (frozenset({"-u", "-C"}), False, False),
    "runuser": (frozenset({"-u", "--user", "-g", "--group", "-G", "--supp-group", "-s"}), False, True),
}
"""Wrappers that change the user: which options have values, whether the user comes first, whether variables stay."""

_PYTHON_PROGRAMS: Final[dict[str, Callable[[tuple[str, ...], Mapping[str, str]], Unwrapped | None]]] = {
    "repo2docker-entrypoint": _with_first,
    "start-notebook.py": _start_notebook,
    "start-singleuser.py": _start_singleuser,
}
"""Programs of well-known images that are written in Python, and do no more than run another one."""

_SPECIAL: Final[dict[str, Callable[[tuple[str, ...], Mapping[str, str]], Unwrapped | None]]] = {
    **_PYTHON_PROGRAMS,
    "env": _env,
    "su": _su,
    "setpriv": _setpriv,
    **dict.fromkeys(("conda", "mamba", "micromamba"), conda_run),
    "uv": uv_run,
    **{name: project_run(name) for name in ("poetry", "pixi", "pdm", "hatch", "pipenv", "rye")},
    **dict.fromkeys(("uvx", "pipx"), downloaded),
    "_entrypoint.sh": _micromamba_entrypoint,
    "init": _init,
    "s6-overlay-suexec": _suexec,
    "python3-login": _python_login,
    "start-notebook.sh": _start_notebook,
    "start-singleuser.sh": _start_singleuser,
}
