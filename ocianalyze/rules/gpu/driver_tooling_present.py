"""The image has programs, kernel modules or packages of the NVIDIA driver.

## What it checks

Apart from libraries (GPU001), the image contains nothing of a driver. The findings, by `cause`:

- `injected-binary-is-symlink`: a program that the container runtime mounts into `/usr/bin` is a symlink. An error.
  These programs are `nvidia-smi`, `nvidia-debugdump`, `nvidia-persistenced`, `nv-fabricmanager`,
  `nvidia-cuda-mps-control` and `nvidia-cuda-mps-server`.
- `injected-binary-is-no-file`: one of these programs is a directory, a device or another special file. An error.
- `kernel-module`: compiled modules, `nvidia*.ko`. An error.
- `installer`: `nvidia-installer` or `nvidia-uninstall`. An error.
- `kernel-files`: module sources, DKMS trees and firmware are a warning; configuration of modprobe alone is a note.
- `program`: the driver's programs as ELF files are a warning; settings tools alone, and scripts that replace
  `nvidia-smi`, are a note.
- `leftover`: empty programs, or logs of the installer. A warning.
- `data`: the driver's data files. A warning.
- `container-toolkit`: programs, libraries or configuration of the NVIDIA Container Toolkit. A warning.
- `package`: dpkg lists packages of the driver, but none of its files was found. A warning; transitional packages are a
  note.

## Why it matters

With `--gpus`, the container runtime creates its mount points without following symlinks. If one of these programs is a
symlink, such as those of Debian's alternatives, the container does not start: `nvidia-container-cli: mount error: file
creation failed: .../usr/bin/nvidia-smi: file exists: unknown`.

The container toolkit belongs on the host, where it mounts the driver into containers. In an image it has no effect,
unless you run containers inside the container.

Kernel modules have no effect in a container, which runs on the host's kernel. They take space, and they show that a
driver was installed, which the specification forbids.

## How to fix

Do not install the driver, see GPU001. Remove a symlink as follows:

```dockerfile
RUN rm -f /usr/bin/nvidia-smi
```

## Data

- `cause`: one of the causes above.
- `version`: the driver version if the file names contain it, otherwise null.
- `count`, `bytes`: the number of files and their total size.
- `paths`: some of the files.
- `packages`: packages of the driver that dpkg lists.
- `target`: the target of a symlink.

## References

- [libnvidia-container, `nvc_mount.c` and `utils.c`](https://github.com/NVIDIA/libnvidia-container/tree/main/src):
  `file_create` opens with `O_NOFOLLOW`.
- [NVIDIA Container Toolkit, issue 289](https://github.com/NVIDIA/nvidia-container-toolkit/issues/289).
- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "GPU".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.gpu.finding import LOGS, about_files, names, package_hint
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.facts.gpu import NvidiaFile

_SETTINGS: Final = frozenset({"nvidia-settings", "nvidia-modprobe", "nvidia-xconfig"})
_INSTALLERS: Final = frozenset({"nvidia-installer", "nvidia-uninstall"})
_NOT_THE_DRIVER: Final = "Install only the CUDA toolkit, not the driver, which the host provides"


@rule(id="GPU002", severity=everywhere(Severity.WARNING), identity=("cause",))
def driver_tooling_present(subject: Subject) -> Iterator[Finding]:
    """Yield the findings, cause by cause."""
    yield from _symlinks(subject)
    yield from _container_toolkit(subject)
    groups: dict[tuple[int, int], list[NvidiaFile]] = {}
    reported = {node.path for node in subject.facts.nvidia.injected_links}
    for file in subject.facts.nvidia.driver_files:
        if file.path in reported:
            continue
        for number, (_, _, belongs, _) in enumerate(_CAUSES):
            if belongs(file):
                groups.setdefault((number, file.layer), []).append(file)
                break
    for (number, layer), files in sorted(groups.items()):
        cause, what, _, severity = _CAUSES[number]
        hint = package_hint(subject.facts.nvidia.known_packages, files[0].version) or _NOT_THE_DRIVER
        yield about_files(cause, files, f"{what}: {names(files)}", hint=hint, severity=severity, layer=layer)
    yield from _packages(subject)


def _symlinks(subject: Subject) -> Iterator[Finding]:
    for node in subject.facts.nvidia.injected_links:
        end = subject.filesystem.resolve(node.path).path
        link = node.is_symlink
        what = f"a symlink to {node.target}" if link else "a directory" if node.is_directory else "not a regular file"
        yield Finding.at(
            node,
            f"{node.path} is {what}: the container does not start with --gpus "
            "('mount error: file creation failed: file exists')",
            hint=f"Remove it with 'RUN rm {'-r ' if node.is_directory else ''}{node.path}', and do not install the "
            "package that provides it",
            severity=Severity.ERROR,
            data={
                "cause": "injected-binary-is-symlink" if link else "injected-binary-is-no-file",
                "paths": [node.path],
                "count": 1,
                "target": end if link else None,
            },
        )


def _container_toolkit(subject: Subject) -> Iterator[Finding]:
    by_layer: dict[int, list[NvidiaFile]] = {}
    for file in subject.facts.nvidia.files:
        if file.cls == "container-toolkit":
            by_layer.setdefault(file.layer, []).append(file)
    for layer, files in sorted(by_layer.items()):
        yield about_files(
            "container-toolkit",
            files,
            f"NVIDIA Container Toolkit, which belongs on the host: {names(files)}",
            hint="Do not install nvidia-container-toolkit in the image",
            severity=Severity.WARNING,
            layer=layer,
        )


def _packages(subject: Subject) -> Iterator[Finding]:
    facts = subject.facts.nvidia
    if not facts.packages or facts.driver_files or facts.blocked_sonames:
        return
    listed = ", ".join(f"{package.name} {package.version}" for package in facts.packages[:3])
    node = subject.filesystem.lookup(facts.packages[0].file)
    all_empty = all(package.is_transitional for package in facts.packages)
    yield Finding(
        message=f"dpkg lists packages of an NVIDIA driver, but its files are missing: {listed}",
        path=facts.packages[0].file,
        layer=node.layer if node is not None else None,
        hint="Purge these packages, and install the CUDA toolkit from NVIDIA's repository",
        severity=Severity.NOTE if all_empty else None,
        data={
            "cause": "package",
            "count": len(facts.packages),
            "paths": [],
            "packages": [f"{package.name} {package.version}" for package in facts.packages],
        },
    )


def _is_kept(file: NvidiaFile) -> bool:
    return file.is_program and file.cls == "driver-userspace" and not file.is_symlink


_CAUSES: Final[tuple[tuple[str, str, Callable[[NvidiaFile], bool], Severity], ...]] = (
    (
        "leftover",
        "leftover files of an NVIDIA driver or its installer",
        lambda file: (
            file.cls == "driver-leftover" and (file.is_program or file.pattern in LOGS or file.pattern[0] == "K")
        ),
        Severity.WARNING,
    ),
    (
        "kernel-module",
        "kernel modules of an NVIDIA driver",
        lambda file: file.pattern in ("K01", "K02"),
        Severity.ERROR,
    ),
    ("kernel-files", "configuration for an NVIDIA kernel module", lambda file: file.pattern == "K06", Severity.NOTE),
    (
        "kernel-files",
        "sources or firmware of an NVIDIA kernel module",
        lambda file: file.cls == "driver-kernel",
        Severity.WARNING,
    ),
    (
        "installer",
        "installer of an NVIDIA driver",
        lambda file: _is_kept(file) and file.name in _INSTALLERS,
        Severity.ERROR,
    ),
    (
        "program",
        "scripts that replace programs of an NVIDIA driver",
        lambda file: _is_kept(file) and file.reason == "script",
        Severity.NOTE,
    ),
    (
        "program",
        "settings tools of an NVIDIA driver",
        lambda file: _is_kept(file) and file.name in _SETTINGS,
        Severity.NOTE,
    ),
    ("program", "programs of an NVIDIA driver, which the host provides", _is_kept, Severity.WARNING),
    ("data", "data files of an NVIDIA driver", lambda file: file.pattern in ("U06", "U07"), Severity.WARNING),
)
"""For each cause: its code, the message, a test for its files (the first match counts), and the severity."""
