"""The image has variables or a command that Linux starts no program with.

## What it checks

No variable of `ENV` and no word of `ENTRYPOINT` and `CMD` has 131,072 bytes or more (`NAME=value` and the byte that
ends it together), and all of them together stay within 2 MiB, with eight bytes more for each.

## Why it matters

Linux refuses longer ones, for every program that is started with them, by the runtime or later by a server that starts
a kernel: `exec /usr/local/bin/start.sh: argument list too long`. The limit of them all is a quarter of what the stack
may grow to, which is 8 MiB nearly everywhere.

## How to fix

Keep what is long in a file, and its path in the variable.

## Data

- `what`: `variable`, `word` or `all`.
- `name`: the name of the variable, or null.
- `bytes`: how long it is, or how long they all are.

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
_HINT: Final = "keep what is long in a file, and its path in a variable"


@rule(id="RTM006", severity=everywhere(Severity.ERROR), before_layers=True)
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
            what = "a word of the command" if name is None else f"the variable {name if len(name) < 100 else '...'}"  # noqa: PLR2004 - what is still read
            yield Finding(
                message=f"{what} has {too_long}: Linux starts no program with it",
                hint=_HINT,
                data={"what": "word" if name is None else "variable", "name": name, "bytes": size},
            )
    total = sum(size + _POINTER for size in (*(size for _, size in variables), *words))
    if total > _ALL and not is_found:
        yield Finding(
            message=f"variables and command have {total:,} bytes together, over the limit of {_ALL:,}: "
            "Linux starts no program with them",
            hint=_HINT,
            data={"what": "all", "name": None, "bytes": total},
        )


def _size(text: str) -> int:
    """Return how many bytes a text takes, with the one that ends it."""
    return len(text.encode("utf-8", "surrogateescape")) + 1
