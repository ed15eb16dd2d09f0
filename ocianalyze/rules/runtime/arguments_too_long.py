"""The image has variables or a command that are too long for Linux.

## What it checks

No variable of `ENV` and no word of `ENTRYPOINT` and `CMD` is longer than 131,072 bytes. A variable counts as
`NAME=value`, and the terminating null byte counts. All of them together, plus eight bytes for each, take at most 2 MiB.

## Why it matters

Linux rejects longer arguments for every program: those that the container runtime starts, and those that a server
starts later, such as kernels. The error is `exec /usr/local/bin/start.sh: argument list too long`. The limit for all of
them together is a quarter of the maximum stack size, which is 8 MiB nearly everywhere.

## How to fix

Put the long value into a file, and set the variable to its path.

## Data

- `what`: `variable`, `word` or `all`.
- `name`: the name of the variable, or null.
- `bytes`: the size of the variable or word, or of all of them.

## References

- execve(2), "Limits on size of arguments and environment".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.programs import LONGEST_STRING
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALL: Final = 2 * 1024 * 1024
_POINTER: Final = 8
_HINT: Final = "Put the value into a file, and set a variable to its path"


@rule(id="RTM006", severity=everywhere(Severity.ERROR), before_layers=True, identity=("path", "what", "name"))
def arguments_too_long(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each variable and word that is too long, or for all together."""
    execution = subject.image.config.config
    variables = [(name, _size(f"{name}={value}")) for name, value in execution.environment.items()]
    words = [_size(word) for word in (*execution.entrypoint, *execution.cmd)]
    is_found = False
    for name, size in (*variables, *((None, size) for size in words)):
        if size > LONGEST_STRING:
            is_found = True
            too_long = f"{size:,} bytes, over the limit of {LONGEST_STRING:,}"
            what = "a word of the command" if name is None else f"variable {name if len(name) < 100 else '...'}"  # noqa: PLR2004 - still readable
            yield Finding(
                message=f"{what} has {too_long}: Linux cannot start any program with it",
                hint=_HINT,
                data={"what": "word" if name is None else "variable", "name": name, "bytes": size},
            )
    total = sum(size + _POINTER for size in (*(size for _, size in variables), *words))
    if total > _ALL and not is_found:
        yield Finding(
            message=f"variables and command together have {total:,} bytes, over the limit of {_ALL:,}: "
            "Linux cannot start any program with them",
            hint=_HINT,
            data={"what": "all", "name": None, "bytes": total},
        )


def _size(text: str) -> int:
    """Return the size of a text in bytes, including the terminating null byte."""
    return len(text.encode("utf-8", "surrogateescape")) + 1
