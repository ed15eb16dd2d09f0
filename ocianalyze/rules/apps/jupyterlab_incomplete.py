"""JupyterLab does not start, or shows no page: a package or a file that it needs is missing or not readable.

## What it checks

The image's command is followed to its Jupyter server as in APP002, and the Python that runs it is determined. The
findings, by `cause`:

- `package`: a package that JupyterLab or the server imports at startup is missing. Which packages these are is read
  from the metadata (`Requires-Dist`) of the installed packages; those that are only needed later are not checked.
- `unreadable`: the container's user cannot read such a package, or not list the directory that contains it.
- `shadowed`: a directory in `PYTHONPATH` has a module of the same name, which is imported instead: undecided.
- `module`: the Python was built without the module `sqlite3` or `ssl`, which the server imports.
- `library`: a compiled module cannot be loaded because a library that it needs is missing or not readable for the user.
  Examined are `sqlite3`, `ssl` and `pyexpat` of the Python, and the module of pyzmq with its `libzmq`.
- `metadata`: JupyterLab 4 has lost its `dist-info` directory, and with it its extension managers.
- `page`: `static/index.html` is missing in the application directory of JupyterLab, or not readable. This directory is
  `--app-dir`, otherwise `JUPYTERLAB_DIR`, otherwise `share/jupyter/lab` in the prefix of the Python. With `--dev-mode`,
  it is part of a source checkout, which no installed package contains.

If a script may create the page before it starts the server, the check is undecided.

## Why it matters

Without a package, the server exits with `ModuleNotFoundError` before it listens, and the app ends in
`InternalFailure`. Without its page, the health check succeeds, but users see an error page or 404.

## How to fix

Install JupyterLab again, as the last step that changes its Python:

```dockerfile
RUN python3 -m pip install --no-cache-dir --force-reinstall 'jupyterlab>=4.0.0,<5.0.0'
```

## Data

- `cause`: one of the causes above.
- `packages`: the packages that are missing or not readable.
- `needed`: the module or package, if the finding is about a single one; otherwise null.
- `python`: the Python that runs the server.

## References

- [Core metadata specifications](https://packaging.python.org/en/latest/specifications/core-metadata/): `Requires-Dist`.
- [jupyterlab, `commands.py`](https://github.com/jupyterlab/jupyterlab/blob/main/jupyterlab/commands.py):
  `get_app_dir`, `ensure_app`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.apps.jupyterlab_missing import REQUIREMENT
from ocianalyze.rules.apps.restarting import Restart
from ocianalyze.rules.blame import deletion_layer, mode_layer
from ocianalyze.rules.cures import finding_library, letting_in
from ocianalyze.rules.dockerfile import lines
from ocianalyze.rules.packages import with_python, with_standard_library
from ocianalyze.rules.profiles import JUPYTERLAB
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.jupyter import Shortfall
    from ocianalyze.facts.programs import Shell

_HEADERS: Final = "Install the headers, such as {package}, before you build Python; or use another Python"
_DEVELOPMENT: Final = {"sqlite3": "libsqlite3-dev", "ssl": "libssl-dev"}
_SHADOWED: Final = "Remove {path}, or its directory from PYTHONPATH; or start the image, and accept this with [[waive]]"
_VARIABLE: Final = "JUPYTERLAB_DIR"
_OPTIONS: Final = frozenset({"app_dir", "core_mode", "dev_mode"})
_MOST: Final = 20


def _starts_jupyter(subject: Subject) -> bool:
    return subject.facts.jupyter["jupyterlab"] is not None


@rule(id="APP017", severity={JUPYTERLAB: Severity.ERROR}, applies=_starts_jupyter, identity=("path", "cause", "needed"))
def jupyterlab_incomplete(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each thing that the server lacks."""
    for lack in subject.facts.shortfalls:
        node = lack.node
        layer = mode_layer(subject.filesystem, node) if node is not None else None
        if node is None and lack.path is not None:
            layer = deletion_layer(subject.filesystem, [lack.path])
        yield Finding(
            message=_message(lack),
            path=node.path if node is not None else lack.path,
            layer=layer,
            hint=_fix(subject, lack),
            kind="finding" if lack.certain else "undecided",
            culprit=node.path if node is not None else None,
            data={
                "cause": lack.cause,
                "packages": list(lack.names[:_MOST]),
                "needed": lack.needed,
                "python": lack.python.executable,
            },
        )


def _message(lack: Shortfall) -> str:
    if lack.cause == "page":
        return f"JupyterLab shows no page: {lack.text}" if lack.certain else f"JupyterLab may show no page: {lack.text}"
    if lack.cause == "metadata":
        return f"JupyterLab shows no page: {lack.text}"
    others = f" (and {len(lack.names) - 1:,} more)" if len(lack.names) > 1 else ""
    verb = "would exit" if lack.certain else "may exit"
    return f"the Jupyter server {verb}: {lack.text}{others}"


def _fix(subject: Subject, lack: Shortfall) -> str:
    """Return what to do about it."""
    shell = subject.facts.commands["jupyterlab"].found.shell
    if lack.problem is not None:
        return finding_library(lack.problem, lack.python, lack.names[0] if lack.names else None, shell)
    if lack.node is not None:
        return letting_in(lack.node, lack.path or lack.node.path, subject.filesystem, shell.user)
    if lack.cause == "shadowed":
        return _SHADOWED.format(path=lack.path)
    if lack.cause == "module":
        return _module(lack, shell)
    if lack.given_by is not None:
        return _without(lack.given_by, subject)
    missing = lack.names[:_MOST] if lack.cause == "package" else ()
    step = with_python(lack.python, shell, *(missing or (REQUIREMENT,)), again=not missing)
    return f"Install {'what is missing' if missing else 'it again'}: {lines(shell.user, step)}"


def _module(lack: Shortfall, shell: Shell) -> str:
    """Return how a Python gets a module of its standard library."""
    step = with_standard_library(lack.python, shell)
    if step is None:
        return _HEADERS.format(package=_DEVELOPMENT[lack.names[0]])
    return f"Install the standard library again: {lines(shell.user, step)}"


def _without(given_by: str, subject: Subject) -> str:
    """Return how JupyterLab uses the directory of its package again, instead of the one that is stated."""
    what = (
        given_by if given_by == _VARIABLE or given_by.startswith("-") else f"the application directory from {given_by}"
    )
    advice = f"Remove {what}, so that JupyterLab uses the directory of its package"
    if given_by == _VARIABLE and _VARIABLE in subject.environment:
        return f"{advice}: {lines(subject.facts.user, f'ENV {_VARIABLE}=')}"
    return Restart(subject, "jupyterlab", without=_OPTIONS).after(advice) if given_by.startswith("-") else advice
