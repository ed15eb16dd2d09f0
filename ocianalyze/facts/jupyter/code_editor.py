"""The options with which Code Editor is started.

Source: VS Code's server (``src/vs/server/node/server.cli.ts``, ``serverConnectionToken.ts``), from which SageMaker Code
Editor is made; minimist, which takes ``--name value`` and ``--name=value``, and of a name that stands twice the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.programs.scripts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKENS: Final = ("connection-token", "connection-token-file")
_TEXTS: Final = ("host", "port", "base-path", "server-base-path", *_TOKENS)


class EditorOptions(NamedTuple):
    """What the command line says; None where it says nothing, `UNKNOWN` in what cannot be told.

    Attributes:
        host: the address that it listens on; without the option, its own machine's.
        port: the port.
        base_path: the path under which it is served.
        open_to_all: whether it is told to want no connection token.
        contradicts: whether it is given a connection token nevertheless, with which it would not start.
        opaque: whether there are words of which cannot be told what they say.
    """

    host: str | None
    port: str | None
    base_path: str | None
    open_to_all: bool
    contradicts: bool
    opaque: bool


def parse_editor_options(words: Sequence[str]) -> EditorOptions:
    """Return what the arguments of ``sagemaker-code-editor`` say."""
    given: dict[str, str] = {}
    position = 0
    while position < len(words) and words[position] != "--":
        name, equals, value = words[position].removeprefix("--").partition("=")
        following = words[position + 1] if position + 1 < len(words) else ""
        position += 1
        if name not in _TEXTS or not words[position - 1].startswith("--"):
            continue
        if not equals and following and not following.startswith("--"):
            value = following
            position += 1
        given[name] = value
    open_to_all = "--without-connection-token" in words
    return EditorOptions(
        host=given.get("host"),
        port=given.get("port"),
        base_path=given.get("base-path", given.get("server-base-path")),
        open_to_all=open_to_all,
        contradicts=open_to_all and not given.keys().isdisjoint(_TOKENS),
        opaque=any(UNKNOWN in word.partition("=")[0] and not word.startswith("/") for word in words),
    )
