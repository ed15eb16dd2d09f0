"""Findings about kernels: all name the kernel, its directory and the layer of its ``kernel.json`` in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocianalyze.rules.rule import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.facts.kernels import Kernel


def about(
    kernel: Kernel,
    message: str,
    *,
    hint: str,
    severity: Severity | Mapping[str, Severity | None] | None = None,
    data: Mapping[str, Any] | None = None,
    kind: Kind = "finding",
) -> Finding:
    """Return a finding about `kernel`, at its ``kernel.json``; no error where it may not even be listed."""
    if severity is None and kernel.uncertain:
        severity = Severity.WARNING
    return Finding(
        message=message,
        path=kernel.file,
        layer=kernel.node.layer,
        hint=hint,
        severity=severity,
        kind=kind,
        data={"kernel": kernel.name, "kernel_directory": kernel.directory, **(data or {})},
    )
