"""The image has user-space libraries of the NVIDIA driver.

## What it checks

The image contains no library of the driver (`libcuda`, `libnvidia-ml`, `libnvidia-ptxjitcompiler`, `libnvcuvid`, ...)
and nothing that hides the host's libraries. The findings, by `cause`:

- `driver-library`: libraries of a driver version. An error in directories that the loader searches; a warning elsewhere
  or in a wheel. There is one finding for each version and layer.
- `soname-blocked`: `libcuda.so.1` or `libnvidia-ml.so.1` is an empty file or a stub that the loader uses. An error.
- `stubs-on-loader-path`: a directory of stubs is on the loader's path. An error if it contains `libcuda.so.1`; a
  warning if it contains only `libcuda.so`.
- `compat-on-loader-path`: the libraries of the CUDA compatibility package are on the loader's path. A warning.
- `leftover`: empty files or broken symlinks where a driver once was. A warning.
- `stub-copy`: a stub outside a directory of stubs. A note.

These are allowed: stubs in their own directories, the compatibility package outside the loader's path, the toolkit's
libraries, and the libraries of wheels and conda packages.

## Why it matters

"Only the CUDA toolkit should be included in the image not the NVIDIA drivers." On a GPU instance, the container runtime
mounts the libraries of the host's driver into the container. If the image has libraries of another version,
`libcuda.so.1` may resolve to the wrong one. The error is then `Failed to initialize NVML: Driver/library version
mismatch`, or CUDA error 803. With a stub it is "CUDA driver is a stub library" (error 34), and with an empty file it is
`file too short`.

## How to fix

- Debian and Ubuntu: the distribution's `nvidia-cuda-toolkit` and `nvidia-cuda-dev` depend on the driver. Instead, use
  `cuda-toolkit-12-4` or `cuda-libraries-12-4` from NVIDIA's repository, an `nvidia/cuda` base image, or wheels:

```dockerfile
RUN python3 -m pip install nvidia-cuda-runtime-cu12
```

- NVIDIA's repository: install `cuda-toolkit-X-Y`, not `cuda`, `cuda-runtime-X-Y` or `cuda-drivers`.
- The runfile: `sh cuda_*_linux.run --silent --toolkit`.
- Empty files: the build ran with the NVIDIA runtime. Remove `"default-runtime": "nvidia"` from
  `/etc/docker/daemon.json` on the build host and build again.
- The compatibility package: set `LD_LIBRARY_PATH` in the entry point, and only if the host's driver is older.

## Data

- `cause`: one of the causes above.
- `version`: the driver version if the file names contain it, otherwise null.
- `count`, `bytes`: the number of files and their total size.
- `paths`: some of the files.
- `packages`: packages of the driver that dpkg lists.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "GPU".
- [libnvidia-container, `nvc_info.c`](https://github.com/NVIDIA/libnvidia-container/blob/main/src/nvc_info.c): the files
  that are mounted from the host.
- [NVIDIA drivers for inference](https://docs.aws.amazon.com/sagemaker/latest/dg/inference-gpu-drivers.html): the
  compatibility package.
"""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.gpu import BLOCKING_SONAMES
from ocianalyze.rules.gpu.finding import LOGS, about_files, names, package_hint
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocianalyze.facts.gpu import NvidiaFile

_INSTEAD: Final = (
    "Use only the CUDA toolkit: cuda-toolkit-X-Y or cuda-libraries-X-Y from NVIDIA's repository, an nvidia/cuda base "
    "image, or wheels"
)
_FOREMOST: Final = ("libcuda.so", "libnvidia-ml.so")
"""The best-known libraries, which are named first."""

_WEAK: Final = frozenset({"U06", "U07"})
"""Patterns of the driver's data files, which GPU002 reports."""


@rule(id="GPU001", severity=everywhere(Severity.ERROR), identity=("cause",))
def driver_library_present(subject: Subject) -> Iterator[Finding]:
    """Yield the findings, cause by cause."""
    libraries = [file for file in subject.facts.nvidia.files if not file.is_program and file.pattern not in _WEAK]
    blocked = {file.path for file in subject.facts.nvidia.blocked_sonames}
    yield from _driver_libraries(subject, libraries)
    for file in subject.facts.nvidia.blocked_sonames:
        what = "an empty file" if file.reason == "empty" else "a stub"
        told = dirname(file.path) not in subject.facts.nvidia.loader.default
        why = "the loader searches this directory first" if told else "ldconfig does not replace regular files"
        yield about_files(
            "soname-blocked",
            [file],
            f"{file.path} is {what} and hides the host's library: {why}",
            hint="Remove the file; if a build with the NVIDIA runtime created it, build without that runtime",
        )
    yield from _added_to_loader_path(subject, libraries)
    rest = [file for file in libraries if file.path not in blocked]
    leftovers = [file for file in rest if file.cls == "driver-leftover" and file.pattern.startswith("U")]
    for layer, files in _by_layer(file for file in leftovers if file.pattern not in LOGS):
        yield about_files(
            "leftover",
            files,
            f"{_amount(files, 'leftover file')} of an NVIDIA driver that is not installed: {names(files)}",
            hint="Build without the NVIDIA runtime ('default-runtime' in daemon.json of the build host)",
            severity=Severity.WARNING,
            layer=layer,
        )
    for layer, files in _by_layer(file for file in rest if file.reason == "stub-copy"):
        yield about_files(
            "stub-copy",
            files,
            f"driver stub outside a 'stubs' directory: {names(files)}; programs that load it fail",
            hint="Keep stubs in the toolkit's 'stubs' directory",
            severity=Severity.NOTE,
            layer=layer,
        )


def _driver_libraries(subject: Subject, libraries: Iterable[NvidiaFile]) -> Iterator[Finding]:
    facts = subject.facts.nvidia
    groups: dict[tuple[bool, str | None, int], list[NvidiaFile]] = {}
    listed = {file.path for file in facts.files}
    for file in libraries:
        if file.cls == "driver-userspace" and (file.target is None or file.target not in listed):
            searched = facts.loader.covers(file.path) and file.pattern != "U04"
            groups.setdefault((not searched, file.version, file.layer), []).append(file)
    for files in groups.values():
        files.sort(key=lambda file: not file.name.startswith(_FOREMOST))
    for (aside, version, layer), files in sorted(
        groups.items(), key=lambda item: (item[0][0], item[0][1] or "", item[0][2])
    ):
        driver = f"NVIDIA driver {version}" if version else "an NVIDIA driver"
        place = ", outside the loader's default path" if aside else ""
        yield about_files(
            "driver-library",
            files,
            f"{_amount(files, 'library')} of {driver}: {names(files)}{place}",
            hint=package_hint(facts.known_packages, version) or _INSTEAD,
            severity=Severity.WARNING if aside else None,
            layer=layer,
            packages=facts.known_packages,
        )


def _added_to_loader_path(subject: Subject, libraries: Iterable[NvidiaFile]) -> Iterator[Finding]:
    by_directory: dict[str, list[NvidiaFile]] = {}
    for file in libraries:
        if file.cls in ("stub", "compat") and file.reason != "stub-copy":
            by_directory.setdefault(dirname(file.path), []).append(file)
    seen: set[str] = set()
    for directory in subject.facts.nvidia.loader.added:
        files = by_directory.get(directory.real, []) if directory.real not in seen else []
        seen.add(directory.real)
        stubs = [
            file for file in files if file.cls == "stub" and file.name.startswith(("libcuda.so", "libnvidia-ml.so"))
        ]
        compat = [file for file in files if file.cls == "compat"]
        if stubs:
            named = any(file.name in BLOCKING_SONAMES for file in stubs)
            yield about_files(
                "stubs-on-loader-path",
                stubs,
                f"{directory.source} adds driver stubs to the loader's path, in {directory.path}: {names(stubs)}",
                hint=f"Remove {directory.path} from {directory.source}; to link against stubs, use LIBRARY_PATH",
                severity=None if named else Severity.WARNING,
                layer=directory.layer,
            )
        if compat:
            yield about_files(
                "compat-on-loader-path",
                compat,
                f"{directory.source} adds {directory.path} to the loader's path: CUDA fails with error 803 if the host "
                f"driver is newer than {names(compat)}",
                hint="Set LD_LIBRARY_PATH in the entry point, and only if the host's driver is older",
                severity=Severity.WARNING,
                layer=directory.layer,
            )


def _by_layer(files: Iterable[NvidiaFile]) -> list[tuple[int, list[NvidiaFile]]]:
    groups: dict[int, list[NvidiaFile]] = {}
    for file in files:
        groups.setdefault(file.layer, []).append(file)
    return sorted(groups.items())


def _amount(files: list[NvidiaFile], what: str) -> str:
    if len(files) == 1:
        return f"1 {what}"
    return f"{len(files)} {what.removesuffix('y')}{'ies' if what.endswith('y') else 's'}"
