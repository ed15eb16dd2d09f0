"""Findings about NVIDIA's files, which all report cause, version, count and some of the paths in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.rule import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.facts.gpu import NvidiaFile, Package

LOGS: Final = frozenset({"U08", "U09"})
"""The patterns of the logs of the driver's installer."""

_NAMED: Final = 3
_SHOWN: Final = 50


def about_files(
    cause: str,
    files: Sequence[NvidiaFile],
    message: str,
    *,
    hint: str,
    severity: Severity | None = None,
    layer: int | None = None,
    packages: Sequence[Package] = (),
) -> Finding:
    """Return a finding about `files`, at least one, at the first of them."""
    versions = {file.version for file in files}
    return Finding(
        message=message,
        path=files[0].path,
        layer=files[0].layer if layer is None else layer,
        hint=hint,
        severity=severity,
        data={
            "cause": cause,
            "version": files[0].version if len(versions) == 1 else None,
            "count": len(files),
            "bytes": sum(file.size for file in files),
            "paths": [file.path for file in files[:_SHOWN]],
            "packages": [f"{package.name} {package.version}" for package in packages[:_SHOWN]],
        },
    )


def names(files: Sequence[NvidiaFile]) -> str:
    """Return the first path and the names of a few more files."""
    more = [file.name for file in files[1:_NAMED]]
    rest = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return ", ".join([files[0].path, *more]) + rest


def package_hint(packages: Sequence[Package], version: str | None) -> str | None:
    """Return a hint that names the packages of a driver version, if dpkg lists them."""
    fitting = [package.name for package in packages if version is not None and version in package.version]
    if not fitting:
        return None
    named = ", ".join(fitting[:_NAMED]) + (f" and {len(fitting) - _NAMED} more" if len(fitting) > _NAMED else "")
    return (
        f"Do not install {named}, which the distribution's toolkit packages depend on; use cuda-toolkit-X-Y from "
        "NVIDIA's repository, an nvidia/cuda base image, or wheels"
    )
