"""The first line of a script.

Sources: Linux ``fs/binfmt_script.c``; env(1) of GNU coreutils for ``-S``.
"""

from __future__ import annotations

import shlex
from typing import Final

_BUFFER: Final = 256
"""How much of a script the kernel looks at (``BINPRM_BUF_SIZE``)."""


class ShebangError(ValueError):
    """A ``#!`` line that no kernel can follow; the message is a clause."""


def parse_shebang(head: bytes) -> tuple[str, str]:
    """Return the interpreter and the one argument that the first line of a script names; the argument may be empty.

    Raises:
        ShebangError: it names nothing, is too long, or ends as lines of Windows do.
    """
    line, newline, _ = head[2:_BUFFER].partition(b"\n")
    words = line.strip(b" \t\0").split(maxsplit=1) if line.strip(b" \t\0\r") else []
    if not words:
        raise ShebangError("the '#!' line names no interpreter")
    if not newline and len(head) >= _BUFFER and len(line.split()) < 2:  # noqa: PLR2004 - the path itself is cut
        raise ShebangError(f"the '#!' line is longer than the {_BUFFER} bytes that Linux reads")
    if line.endswith(b"\r"):
        shown = line[:-1].strip().decode("utf-8", "backslashreplace")
        raise ShebangError(f"the line '#!{shown}' ends with a carriage return (Windows line endings)")
    interpreter, argument = (*(word.decode("utf-8", "surrogateescape").strip() for word in words), "")[:2]
    return interpreter, argument


def env_command(interpreter: str, argument: str) -> str | None:
    """Return the command that ``env`` looks up, or None if the interpreter is not ``env``.

    Raises:
        ShebangError: ``env`` would look for a command with a space in its name.
    """
    if interpreter.rpartition("/")[2] != "env":
        return None
    if not argument.startswith("-"):
        if "=" in argument.partition(" ")[0]:
            return None
        if " " in argument:
            raise ShebangError(f"env searches for a program named {argument!r}; use 'env -S' to pass several words")
        return argument or None
    option, _, rest = argument.partition(" ")
    if option.startswith(("-S", "-vS", "--split-string")):
        rest = f"{option.removeprefix('-vS').removeprefix('-S').removeprefix('--split-string').lstrip('=')} {rest}"
    try:
        words = shlex.split(rest)
    except ValueError:
        return None
    return next((word for word in words if not word.startswith("-") and "=" not in word), None)
