"""Findings about kernels: all name the kernel, its directory and the layer of its ``kernel.json`` in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocianalyze.rules.rule import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.facts.kernels import Kernel


def culprit_of(kernel: Kernel) -> str:
    """Return the path that has to be changed so that a kernel becomes usable, as findings about it name it."""
    if kernel.hidden_by is None and kernel.denied is not None:
        return kernel.denied.node.path
    problem = kernel.program.problem if kernel.listed and kernel.program is not None else None
    return problem.culprit if problem is not None and problem.culprit is not None else kernel.file


def about(
    kernel: Kernel,
    message: str,
    *,
    hint: str,
    severity: Severity | Mapping[str, Severity | None] | None = None,
    data: Mapping[str, Any] | None = None,
    kind: Kind = "finding",
    culprit: str | None = None,
    layer: int | None = None,
) -> Finding:
    """Return a finding about `kernel`, at its ``kernel.json``; no error where it may not even be listed.

    Its culprit is the ``kernel.json`` itself, unless it is another path, and its layer that of the ``kernel.json``,
    unless another one is to blame.
    """
    if severity is None and kernel.uncertain:
        severity = Severity.WARNING
    return Finding(
        message=message,
        path=kernel.file,
        layer=kernel.node.layer if layer is None else layer,
        hint=hint,
        severity=severity,
        kind=kind,
        culprit=culprit or kernel.file,
        data={"kernel": kernel.name, "kernel_directory": kernel.directory, **(data or {})},
    )
