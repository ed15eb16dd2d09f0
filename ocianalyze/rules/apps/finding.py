"""Findings about the image's own command, in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocianalyze.facts.programs import UNKNOWN
from ocianalyze.rules.rule import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.facts.commands import Command
    from ocianalyze.rules.rule import Severity


def about_command(
    command: Command,
    cause: str,
    message: str,
    *,
    hint: str,
    severity: Severity | Mapping[str, Severity | None] | None = None,
    data: Mapping[str, Any] | None = None,
    kind: Kind = "finding",
    because: str | None = None,
    culprit: str | None = None,
    layer: int | None = None,
) -> Finding:
    """Return a finding about a command, at the program that the container runtime starts; `layer` is to blame."""
    first = command.first
    node = first.node if first is not None else None
    return Finding(
        message=message,
        path=first.path if node is not None and first is not None else None,
        layer=layer if layer is not None or node is None else node.layer,
        hint=hint,
        severity=severity,
        kind=kind,
        because=because,
        culprit=culprit,
        stated_in=() if command.origin == "app-image-config" else None,
        data={
            "cause": cause,
            "command": [legible(word) for word in command.configured],
            "program": [legible(word) for word in command.words],
            "origin": command.origin,
            **(data or {}),
        },
    )


def legible(text: str) -> str:
    """Return a word with its unknown parts as an ellipsis."""
    return text.replace(UNKNOWN, "...")


def where(command: Command) -> str:
    """Return whose command it is, for people."""
    return "the AppImageConfig's command" if command.origin == "app-image-config" else "the image's command"
