"""What to do about a program that cannot be run, with the paths of this image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex
from ocianalyze.rules.dockerfile import lines, opening, quoted

if TYPE_CHECKING:
    from ocianalyze.facts.programs import Program
    from ocianalyze.facts.user import User

MORE: Final = "; then scan again, because what is below it may be closed, too"
_OF_UV: Final = regex(r"/\.local/share/uv/|/uv/python/")
_UV: Final = (
    "Let uv install its Python where every user can read it: set 'ENV UV_PYTHON_INSTALL_DIR=/opt/uv' before "
    "'RUN uv venv' or 'RUN uv sync'"
)
_TEXTS: Final = {
    "not-on-path": "Install {word}, or add its directory to PATH: 'ENV PATH=/DIRECTORY:$PATH'",
    "missing": "Install {path}, or correct the path",
    "dangling": "Copy {path}, the target of the symlink, into the final stage, or create the environment there",
    "interpreter": "Install the interpreter that the first line of {path} names, or correct that line",
    "loader": "Use a base image with {path}, such as Debian's; on Alpine, use programs that are built for Alpine",
    "library": "Install the package that contains {path}, or copy it together with {program}",
    "empty": "Copy {path} again: it is empty",
    "not-runnable": "Begin {path} with a line such as '#!/bin/sh', or replace it with a program for linux/amd64",
}


def cure_of(program: Program, user: User) -> str:
    """Return how to make a program run that has a problem: the innermost one, if an interpreter is at fault."""
    while program.interpreter is not None and program.interpreter.problem is not None:
        program = program.interpreter
    problem = program.problem
    path = (problem.culprit if problem is not None else None) or program.path or program.word
    code = problem.code if problem is not None else ""
    if code in ("no-permission", "missing", "dangling") and any(map(_OF_UV.search, (*program.chain, path))):
        return _UV
    if code in ("no-permission", "not-executable"):
        is_program = program.node is not None and path == program.node.path
        what = "Make it executable" if is_program else "Let the container's user in"
        return f"{what}: {lines(user, opening(path, execute=True))}{'' if is_program else MORE}"
    if code == "library-unreadable":
        return f"Let the container's user read it: {lines(user, opening(path, execute=False))}"
    if code == "interpreter" and _has_carriage_return(program):
        convert = rf'RUN sed -i "s/\r$//" {quoted(path)}'
        return f"Convert the script's line ends: {lines(user, convert)}"
    return _TEXTS.get(code, "Replace {path}").format(word=program.word, path=path, program=program.path)


def _has_carriage_return(script: Program) -> bool:
    return script.node is not None and script.node.head().partition(b"\n")[0].endswith(b"\r")
