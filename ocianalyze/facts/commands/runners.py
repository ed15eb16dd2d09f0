"""Programs that run a command in an environment: ``conda run``, ``uv run`` and their kin.

Sources: the manuals of conda, mamba, micromamba, pixi, uv, poetry, pdm, hatch, pipenv, rye and pipx (``run``).
"""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.commands.unwrapped import Unwrapped, after_options, split_options
from ocianalyze.facts.python.conda_names import BASE, conda_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CONDA_VALUES: Final = frozenset({"-n", "--name", "-p", "--prefix", "--cwd", "-r", "--root-prefix", "-e", "--env"})
_CONDA_VALUES_MORE: Final = frozenset({"-a", "--attach", "--label", "--rc-file"})


def conda_run(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what ``conda run`` and its kin run, and the environment that they activate first."""
    values = _CONDA_VALUES | _CONDA_VALUES_MORE
    before, rest = split_options(words, values)
    if rest[:1] != ("run",):
        return None
    given, command = split_options(rest[1:], values)
    given = before | given
    name = environment.get("CONDA_DEFAULT_ENV") or BASE
    name = given.get("--name") or given.get("-n") or given.get("--prefix") or given.get("-p") or name
    root = given.get("--root-prefix") or given.get("-r")
    likely = conda_prefix(name, {**environment, "MAMBA_ROOT_PREFIX": root} if root else environment)
    return Unwrapped(command, prefixes=(likely,), conda=name)


_PROJECT_VALUES: Final = frozenset(
    """
    --project --directory --python -p --with --with-editable --with-requirements --extra --no-extra --group --no-group
    --only-group --env-file --package --index --default-index --index-url -i --extra-index-url --find-links -f
    --refresh-package --upgrade-package -P --reinstall-package --index-strategy --keyring-provider --resolution
    --prerelease --fork-strategy --exclude-newer --link-mode --cache-dir --color --config-file --python-platform
    --config-setting -C --no-build-package --no-binary-package -w
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
_PIXI_VALUES: Final = frozenset(
    """
    -e --environment --manifest-path --color --tls-root-certs --auth-file --pypi-keyring-provider --concurrent-solves
    --concurrent-downloads -w --workspace
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
_OTHER_VALUES: Final = frozenset({"-C", "--directory", "-P", "--project", "-e", "--env", "-p", "--python"})
_TASKS: Final = frozenset({"pixi", "pdm", "hatch", "rye", "pipenv", "poetry"})


def uv_run(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what ``uv run`` runs, or what ``uv tool run`` brings and runs."""
    before, rest = split_options(words, _PROJECT_VALUES)
    if rest[:2] == ("tool", "run"):
        return downloaded(rest[2:], environment)
    if rest[:1] != ("run",):
        return None
    given, command = split_options(rest[1:], _PROJECT_VALUES)
    given = before | given
    module = next((option for option in ("-m", "--module") if option in given), None)
    if module is not None:
        command = ("python", "-m", *command)
    elif command and (command[0].endswith(".py") or {"-s", "--script"} & given.keys()):
        command = ("python", *command)
    project = given.get("--project") or given.get("--directory") or ""
    python = given.get("--python") or given.get("-p") or environment.get("UV_PYTHON") or ""
    stated = environment.get("UV_PROJECT_ENVIRONMENT")
    likely = [stated] if stated else []
    likely += [environment["VIRTUAL_ENV"]] if "--active" in given and environment.get("VIRTUAL_ENV") else []
    likely += [".venv", *((environment["VIRTUAL_ENV"],) if environment.get("VIRTUAL_ENV") else ())]
    likely += [dirname(dirname(python))] if "/bin/" in python else []
    brought = {"--with", "--with-editable", "--with-requirements", "-w", "--isolated"} & given.keys()
    return Unwrapped(command, prefixes=tuple(join(project, item) for item in likely), installs=bool(brought))


def project_run(name: str) -> Callable[[tuple[str, ...], Mapping[str, str]], Unwrapped | None]:
    """Return what tells what ``poetry run`` and its kin run, and where they keep the environments of projects."""

    def read(words: tuple[str, ...], environment: Mapping[str, str]) -> Unwrapped | None:
        values = _PIXI_VALUES if name == "pixi" else _OTHER_VALUES
        before, rest = split_options(words, values)
        if rest[:1] != ("run",):
            return None
        given, command = split_options(rest[1:], values)
        given = before | given
        if name == "poetry" and environment.get("POETRY_VIRTUALENVS_CREATE", "").lower() in ("false", "0"):
            return Unwrapped(command, tasks=True)
        stated = environment.get("VIRTUAL_ENV")
        likely = [stated] if stated and name != "pixi" else []
        if name == "pixi":
            chosen = given.get("--environment") or given.get("-e") or environment.get("PIXI_ENVIRONMENT_NAME")
            likely.append(join(".pixi/envs", chosen or "default"))
        else:
            likely.append(".venv")
        project = given.get("--project") or given.get("-P") or given.get("--directory") or given.get("-C") or ""
        manifest = given.get("--manifest-path") or environment.get("PIXI_PROJECT_MANIFEST") or ""
        if name == "pixi" and manifest:
            project = dirname(manifest) if basename(manifest).endswith(".toml") else manifest
        return Unwrapped(command, prefixes=tuple(join(project, item) for item in likely), tasks=name in _TASKS)

    return read


def downloaded(words: tuple[str, ...], _environment: Mapping[str, str]) -> Unwrapped | None:
    """Return what ``uvx`` and its kin bring, and then run."""
    rest = words[1:] if words[:1] == ("run",) else words
    values = frozenset({"--from", "--with", "--python", "-p", "--spec", "--index", "--index-url"})
    return Unwrapped(after_options(rest, values), installs=True) if rest else None
