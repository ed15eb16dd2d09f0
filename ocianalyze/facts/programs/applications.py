"""The programs that Studio expects an image to start, told by their command lines.

Sources: Jupyter (``jupyter-<subcommand>`` programs and ``python -m``); SageMaker Code Editor; the entry points of
SageMaker Distribution (``template/*/dirs/usr/local/bin``).
"""

from __future__ import annotations

import re
from posixpath import basename
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind: TypeAlias = Literal["jupyter", "code-editor", "distribution", "kernel"]

CODE_EDITOR: Final = "sagemaker-code-editor"
CODE_EDITOR_RELATIVES: Final = frozenset({"openvscode-server", "code-server"})
"""Other servers of VS Code, which may work in its place."""

_SERVERS: Final = frozenset({"lab", "server", "notebook", "nbclassic", "labhub"})
_NO_SERVERS: Final = frozenset(
    {
        *("build", "clean", "path", "paths", "workspaces", "workspace", "licenses", "extension", "extensions"),
        *("list", "stop", "password"),
    }
)
"""What the servers do instead of serving if it is the first that they are told."""

_NO_STARTS: Final = frozenset({"--version", "--help", "-h", "--help-all", "--generate-config", "--show-config"})
"""What they do instead wherever it stands."""

_MODULES: Final = {"jupyterlab": "lab", "jupyter_server": "server", "notebook": "notebook", "nbclassic": "nbclassic"}
_PYTHON: Final = regex(r"python[\d.]*|pypy[\d.]*", re.ASCII)
_DISTRIBUTION: Final = {
    "entrypoint-jupyter-server": ("jupyterlab", False),
    "start-jupyter-server": ("jupyterlab", False),
    "entrypoint-sagemaker-ui-jupyter-server": ("jupyterlab", True),
    "start-sagemaker-ui-jupyter-server": ("jupyterlab", True),
    "entrypoint-code-editor": ("code-editor", False),
    "start-code-editor": ("code-editor", False),
    "entrypoint-sagemaker-ui-code-editor": ("code-editor", True),
    "start-sagemaker-ui-code-editor": ("code-editor", True),
}
"""The programs of SageMaker Distribution: the app that each starts, and whether it is Unified Studio's."""


DISTRIBUTION_PROGRAMS: Final = tuple(_DISTRIBUTION)
"""Their names."""


class Application(NamedTuple):
    """A server, or a kernel: what it is, the app that it serves, its own name, and its arguments.

    `serves` is ``jupyterlab``, ``code-editor`` or ``kernel``; `unified` is True of the entry points for Unified Studio.
    """

    kind: Kind
    serves: str
    name: str
    arguments: tuple[str, ...]
    unified: bool = False


def application_of(words: Sequence[str]) -> Application | None:
    """Return the server that a command starts, or None if it is none of those that are known."""
    name, rest = basename(words[0]), tuple(words[1:])
    if name in _DISTRIBUTION:
        serves, unified = _DISTRIBUTION[name]
        return Application("distribution", serves, name, rest, unified)
    if name == CODE_EDITOR:
        return None if rest[:1] in (("--version",), ("--help",), ("-v",), ("-h",)) else _code_editor(rest)
    if _PYTHON.fullmatch(name):
        module, rest = _module_of(rest)
        if module == "jupyter":
            return _jupyter(rest)
        return _server(_MODULES[module], rest) if module in _MODULES else None
    if name == "jupyter":
        return _jupyter(rest)
    prefix, _, command = name.partition("-")
    return _server(command, rest) if prefix == "jupyter" and command in _SERVERS else None


def is_distribution(name: str) -> bool:
    """Tell whether a program is one of SageMaker Distribution's entry points."""
    return name in _DISTRIBUTION


def _code_editor(arguments: tuple[str, ...]) -> Application:
    return Application("code-editor", "code-editor", CODE_EDITOR, arguments)


def _jupyter(words: tuple[str, ...]) -> Application | None:
    return _server(words[0], words[1:]) if words and words[0] in _SERVERS else None


def _server(command: str, arguments: tuple[str, ...]) -> Application | None:
    if _NO_SERVERS.intersection(arguments[:1]) or _NO_STARTS.intersection(arguments):
        return None
    return Application("jupyter", "jupyterlab", command, arguments)


def _module_of(words: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Return the module that ``python`` runs with ``-m``, and the arguments after it."""
    for position, word in enumerate(words):
        if word == "-m":
            return (words[position + 1] if position + 1 < len(words) else None), words[position + 2 :]
        if not word.startswith("-"):
            break
    return None, ()
