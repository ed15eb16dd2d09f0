"""The image has user-space libraries of the NVIDIA driver.

## What it checks

No library of the driver (`libcuda`, `libnvidia-ml`, `libnvidia-ptxjitcompiler`, `libnvcuvid`, ...) is in the image,
and nothing keeps the host's from being found. The findings, by `cause`:

- `driver-library`: libraries of a driver version, where the loader looks: an error; elsewhere, or vendored by a
  wheel, a warning. One finding for each version and layer.
- `soname-blocked`: `libcuda.so.1` or `libnvidia-ml.so.1` is a regular file that is empty or a stub, where the loader
  takes it: an error.
- `stubs-on-loader-path`: a directory of stubs with a `libcuda.so.1` is on the loader's path: an error; with
  `libcuda.so` alone, a warning.
- `compat-on-loader-path`: the libraries of the CUDA compatibility package are on the loader's path: a warning.
- `leftover`: empty files or dangling links where a driver once was: a warning.
- `stub-copy`: a stub outside of a directory of stubs: a note.

Stubs in their own directories, the compatibility package off the path, the toolkit's libraries and those of wheels
and conda packages are as they should be.

## Why it matters

"Only the CUDA toolkit should be included in the image not the NVIDIA drivers." On a GPU instance the container
runtime mounts the libraries of the host's driver into the container. If the image has its own of another version,
`libcuda.so.1` may lead to the wrong one: `Failed to initialize NVML: Driver/library version mismatch`, CUDA error
803. A stub gives "CUDA driver is a stub library" (error 34), an empty file `file too short`.

## How to fix

- Debian and Ubuntu: `nvidia-cuda-toolkit` and `nvidia-cuda-dev` of the distribution pull the driver. Take NVIDIA's
  repository and `cuda-toolkit-12-4` or `cuda-libraries-12-4`, an `nvidia/cuda` base image, or wheels:

```dockerfile
RUN python3 -m pip install nvidia-cuda-runtime-cu12
```

- NVIDIA's repository: install `cuda-toolkit-X-Y`, not `cuda`, `cuda-runtime-X-Y` or `cuda-drivers`.
- The runfile: `sh cuda_*_linux.run --silent --toolkit`.
- Empty files: the build ran with the NVIDIA runtime. Take `"default-runtime": "nvidia"` out of the build host's
  `/etc/docker/daemon.json` and build again.
- The compatibility package: let the entry point set `LD_LIBRARY_PATH` only where the host's driver is older.

## Data

- `cause`: one of those above.
- `version`: the driver version, where the names tell it; else null.
- `count`, `bytes`: how many files, and their sizes.
- `paths`: some of them.
- `packages`: packages of the driver that dpkg lists.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "GPU".
- [libnvidia-container, `nvc_info.c`](https://github.com/NVIDIA/libnvidia-container/blob/main/src/nvc_info.c): what
  is mounted from the host.
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
    "install the toolkit alone: cuda-toolkit-X-Y or cuda-libraries-X-Y from NVIDIA's repository, an nvidia/cuda base "
    "image, or wheels"
)
_FOREMOST: Final = ("libcuda.so", "libnvidia-ml.so")
"""The libraries that people know."""

_WEAK: Final = frozenset({"U06", "U07"})
"""Patterns of the driver's data files; GPU002 has them."""


@rule(id="GPU001", severity=everywhere(Severity.ERROR))
def driver_library_present(subject: Subject) -> Iterator[Finding]:
    """Yield the findings, cause by cause."""
    libraries = [file for file in subject.facts.nvidia.files if not file.is_program and file.pattern not in _WEAK]
    blocked = {file.path for file in subject.facts.nvidia.blocked_sonames}
    yield from _driver_libraries(subject, libraries)
    for file in subject.facts.nvidia.blocked_sonames:
        what = "an empty file" if file.reason == "empty" else "a copy of the stub"
        told = dirname(file.path) not in subject.facts.nvidia.loader.default
        why = "the image makes the loader look there first" if told else "ldconfig does not replace regular files"
        yield about_files(
            "soname-blocked",
            [file],
            f"{file.path} is {what}: {why}, so that the host's library is not found",
            hint="remove the file; if it came from a build with the NVIDIA runtime, build with the default one",
        )
    yield from _added_to_loader_path(subject, libraries)
    rest = [file for file in libraries if file.path not in blocked]
    leftovers = [file for file in rest if file.cls == "driver-leftover" and file.pattern.startswith("U")]
    for layer, files in _by_layer(file for file in leftovers if file.pattern not in LOGS):
        yield about_files(
            "leftover",
            files,
            f"{_amount(files, 'leftover')} of a driver that is not there: {names(files)}",
            hint="build without the NVIDIA runtime ('default-runtime' in daemon.json of the build host)",
            severity=Severity.WARNING,
            layer=layer,
        )
    for layer, files in _by_layer(file for file in rest if file.reason == "stub-copy"):
        yield about_files(
            "stub-copy",
            files,
            f"a stub of the driver outside of a directory of stubs: {names(files)}; what is loaded by this name fails",
            hint="leave stubs in the toolkit's 'stubs' directory",
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
        driver = f"the NVIDIA driver {version}" if version else "an NVIDIA driver"
        place = ", outside of the loader's default path" if aside else ""
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
                f"{directory.source} makes the loader look in {directory.path}, which holds stubs: {names(stubs)}",
                hint=f"take {directory.path} out of {directory.source}; for linking there is LIBRARY_PATH",
                severity=None if named else Severity.WARNING,
                layer=directory.layer,
            )
        if compat:
            yield about_files(
                "compat-on-loader-path",
                compat,
                f"{directory.source} makes the loader look in {directory.path}: with a host driver that is newer than "
                f"{names(compat)}, CUDA fails with error 803",
                hint="set LD_LIBRARY_PATH in the entry point, and only where the host's driver is older",
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
        return f"a {what}"
    return f"{len(files)} {what.removesuffix('y')}{'ies' if what.endswith('y') else 's'}"
