"""What to do about a program that cannot be run or a module that cannot be loaded, with the paths of this image."""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import DEFAULT_PATH
from ocianalyze.regex import regex
from ocianalyze.rules.blame import deletion_layer
from ocianalyze.rules.dockerfile import exec_form, lines, opening, quoted
from ocianalyze.rules.packages import elsewhere, with_apt, with_library, with_python

if TYPE_CHECKING:
    from ocianalyze.facts.programs import Problem, Program, Shell
    from ocianalyze.facts.python import Installation
    from ocianalyze.facts.user import User
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

MORE: Final = "; then scan again, because what is below it may be closed, too"
_OF_UV: Final = regex(r"/\.local/share/uv/|/uv/python/")
_UV: Final = (
    "Let uv install its Python where every user can read it: set 'ENV UV_PYTHON_INSTALL_DIR=/opt/uv' before "
    "'RUN uv venv' or 'RUN uv sync'"
)
_TEXTS: Final = {
    "not-on-path": "Install {word}, or add its directory to PATH",
    "missing": "Install {path}, or correct the path",
    "dangling": "Copy {path}, the target of the symlink, into the final stage, or create the environment there",
    "interpreter": "Install the interpreter that the first line of {path} names, or correct that line",
    "loader": "Use a base image with {path}, such as Debian's; on Alpine, use programs that are built for Alpine",
    "library": "Install the package that contains {path}, or copy it together with {program}",
    "empty": "Copy {path} again: it is empty",
    "not-runnable": "Begin {path} with a line such as '#!/bin/sh', or replace it with a program for linux/amd64",
}
_PRIVATE: Final = frozenset({"/", "/root", "/home", "/etc", "/var"})
"""Directories that are opened themselves, but not all that is in them."""
_PYTHON: Final = regex(r"python[\d.]*")
_ANY_PYTHON: Final = regex(r"python3(?:\.\d+)?\Z")
_SHELLS: Final = ("dash", "bash", "busybox")


def cure_of(program: Program, shell: Shell) -> str:
    """Return how to make a program run that has a problem: the innermost one, if an interpreter is at fault."""
    while program.interpreter is not None and program.interpreter.problem is not None:
        program = program.interpreter
    problem, user = program.problem, shell.user
    path = (problem.culprit if problem is not None else None) or program.path or program.word
    code = problem.code if problem is not None else ""
    if code in ("no-permission", "missing", "dangling") and any(map(_OF_UV.search, (*program.chain, path))):
        return _UV
    if code in ("no-permission", "not-executable", "library-unreadable"):
        if program.node is not None and path == program.node.path:
            return f"Make it executable: {lines(user, opening(path, execute=True))}"
        node = shell.filesystem.lookup(path)
        if node is not None:
            return letting_in(node, program.path or path, shell.filesystem, user)
    found = _ready_made(program, code, path, shell)
    if found is not None:
        return found
    if code in ("missing", "dangling", "loader", "library") and _was_there(path, shell):
        return f"Change the step that removes {path}, or install it again"
    return _TEXTS.get(code, "Replace {path}").format(word=program.word, path=path, program=program.path)


def letting_in(node: Node, needed: str, filesystem: Filesystem, user: User) -> str:
    """Return how to let the container's user read a file or enter a directory.

    If more is closed on the way from there to `needed`, all that is below is opened.
    """
    below = node.is_directory and node.path not in _PRIVATE and _is_closed_below(node, needed, filesystem)
    step = opening(node.path, execute=node.is_directory, below=below)
    return f"Let the container's user in: {lines(user, step)}{'' if below else MORE}"


def finding_library(problem: Problem, python: Installation, package: str | None, shell: Shell) -> str:
    """Return how a compiled module of a Python, or of its `package`, finds a library again."""
    node = shell.filesystem.lookup(problem.culprit or "") if problem.code == "library-unreadable" else None
    if node is not None:
        return letting_in(node, node.path, shell.filesystem, shell.user)
    step = with_library(problem.library or "", shell)
    if step is None and package is not None:
        step = with_python(python, shell, package, again=True)
    return f"Install {problem.library}" + (f": {lines(shell.user, step)}" if step is not None else "")


def _is_closed_below(node: Node, needed: str, filesystem: Filesystem) -> bool:
    path = filesystem.resolve(needed).path
    while path.startswith(f"{node.path}/"):
        found = filesystem.lookup(path)
        if found is not None and not found.mode & 0o004:
            return True
        path = dirname(path)
    return False


def _ready_made(program: Program, code: str, path: str, shell: Shell) -> str | None:
    """Return the lines that help without anything from elsewhere, or with a package of Debian's."""
    user = shell.user
    if code == "not-on-path":
        place = elsewhere(program.word, shell)
        if place is not None:
            rest = "$PATH" if any(entry.startswith("/") for entry in shell.path) else DEFAULT_PATH
            return f"Add its directory to PATH: 'ENV PATH={place}:{rest}'"
    if code in ("missing", "dangling"):
        step = _relinking(program, shell)
        if step is not None:
            return f"Link it to what is there: {lines(user, step)}"
    name, step = _packaged(program, code, path, shell)
    if step is not None:
        return f"Install {name}: {lines(user, step)}"
    if code == "interpreter" and _has_carriage_return(program):
        step = rf'RUN sed -i "s/\r$//" {quoted(path)}'
        return f"Convert the script's line ends: {lines(user, step)}"
    if code == "not-runnable" and "text" in (program.kind or "") and not path.endswith(".py"):
        step = f'RUN sed -i "1i #!/bin/sh" {quoted(path)}'
        return f"Begin it with the line of a shell: {lines(user, step)}"
    return None


def _packaged(program: Program, code: str, path: str, shell: Shell) -> tuple[str, str | None]:
    """Return the name of what is missing, and the step that installs it if a package of Debian's has it."""
    if code == "library" and program.problem is not None and program.problem.library is not None:
        return program.problem.library, with_library(program.problem.library, shell)
    name = program.word if code == "not-on-path" else path
    if code not in ("not-on-path", "missing", "dangling", "empty"):
        return name, None
    return name, with_apt(name, shell, again=code == "empty" or _was_there(name, shell))


def _was_there(name: str, shell: Shell) -> bool:
    """Return whether a layer removed a program."""
    places = [name] if "/" in name else [join("/", directory, name) for directory in shell.path]
    return deletion_layer(shell.filesystem, places) is not None


def _relinking(program: Program, shell: Shell) -> str | None:
    """Return the step that makes a program a link to one of its kind in the same directory."""
    links = [path for path in program.chain if _is_link(path, shell.filesystem)]
    link = links[-1] if links else program.path
    directory = shell.filesystem.lookup(dirname(link)) if link is not None else None
    if link is None or directory is None:
        return None
    if basename(link) == "sh":
        names = [name for name in _SHELLS if shell.filesystem.child(directory, name) is not None]
    elif _PYTHON.fullmatch(basename(link)):
        names = [node.name for node in shell.filesystem.children_of(directory, named=_ANY_PYTHON)]
    else:
        return None
    for name in names:
        if name != basename(link) and shell.examine(join(dirname(link), name)).problem is None:
            words = ("ln", "-sf", name, link)
            return f"RUN {exec_form(words)}" if basename(link) == "sh" else f"RUN ln -sf {name} {quoted(link)}"
    return None


def _is_link(path: str, filesystem: Filesystem) -> bool:
    node = filesystem.lookup(path, follow=False)
    return node is not None and node.is_symlink


def _has_carriage_return(script: Program) -> bool:
    return script.node is not None and script.node.head().partition(b"\n")[0].endswith(b"\r")
