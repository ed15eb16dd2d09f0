"""What to do about a program that cannot be run, as lines for the end of a Dockerfile, with the paths of this image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.facts.programs import Program

_OF_UV: Final = regex(r"/\.local/share/uv/|/uv/python/")
_UV: Final = (
    "Let uv install its Python where every user can read it: set 'ENV UV_PYTHON_INSTALL_DIR=/opt/uv' before "
    "'RUN uv venv' or 'RUN uv sync'"
)


_MORE: Final = "; then scan again, because what is below it may be closed, too"


def cure_of(program: Program) -> str:  # noqa: C901, PLR0911 - one case after the other
    """Return how to make a program run that has a problem: the innermost one, if an interpreter is at fault."""
    while program.interpreter is not None and program.interpreter.problem is not None:
        program = program.interpreter
    problem = program.problem
    if problem is None:
        return "Install it, or use its absolute path"
    path, word = problem.culprit or program.path or program.word, program.word
    match problem.code:
        case "no-permission" | "missing" | "dangling" if any(_OF_UV.search(place) for place in (*program.chain, path)):
            return _UV
        case "no-permission" if program.node is not None and path != program.node.path:
            return f"Let the container's user in: 'RUN chmod a+rx {path}'{_MORE}"
        case "no-permission" | "not-executable":
            return f"Make it executable: 'RUN chmod a+rx {path}'"
        case "interpreter" if program.node is not None and program.node.head().partition(b"\n")[0].endswith(b"\r"):
            return f"Convert the script's line ends: 'RUN sed -i \"s/\\r$//\" {path}'"
        case "not-on-path":
            return f"Install {word}, or add its directory to PATH: 'ENV PATH=/DIRECTORY:$PATH'"
        case "missing":
            return f"Install {path}, or correct the path"
        case "dangling":
            return f"Create {path}, which the link leads to, or link to what exists"
        case "empty":
            return f"Copy {path} again: it is empty"
        case "not-runnable":
            return f"Begin {path} with a line such as '#!/bin/sh', or replace it with a program for linux/amd64"
        case _:
            return f"Replace {path}"
