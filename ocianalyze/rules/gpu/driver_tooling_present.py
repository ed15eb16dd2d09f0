"""The image has programs, kernel modules or packages of the NVIDIA driver.

## What it checks

Beyond the libraries (GPU001) nothing of a driver is in the image. The findings, by `cause`:

- `injected-binary-is-symlink`: one of the programs that the container runtime mounts into `/usr/bin` (`nvidia-smi`,
  `nvidia-debugdump`, `nvidia-persistenced`, `nv-fabricmanager`, `nvidia-cuda-mps-control`,
  `nvidia-cuda-mps-server`) is a symlink: an error.
- `injected-binary-is-no-file`: one of them is a directory, a device or the like: an error.
- `kernel-module`: compiled modules, `nvidia*.ko`: an error.
- `installer`: `nvidia-installer` or `nvidia-uninstall`: an error.
- `kernel-files`: module sources, DKMS trees and firmware: a warning; configuration of modprobe alone: a note.
- `program`: the driver's programs as ELF files: a warning; settings tools alone and scripts that stand in for
  `nvidia-smi`: a note.
- `leftover`: empty programs, the logs of the installer: a warning.
- `data`: the driver's data files: a warning.
- `container-toolkit`: programs, libraries or configuration of the NVIDIA Container Toolkit: a warning.
- `package`: dpkg lists packages of the driver, but no file of one was found: a warning; transitional ones: a note.

## Why it matters

With `--gpus` the container runtime makes its mount points without following symlinks. Where one of these programs
is a symlink, as Debian's alternatives make it, the container does not start: `nvidia-container-cli: mount error:
file creation failed: .../usr/bin/nvidia-smi: file exists: unknown`.

The container toolkit belongs to the host as well: it is what puts the driver into containers. In an image it does
nothing, unless containers are to be run inside of the container.

Kernel modules do nothing in a container, which runs on the host's kernel. They show that a driver was installed,
which the specification forbids, and they take space.

## How to fix

Do not install the driver, see GPU001. To be rid of a symlink:

```dockerfile
RUN rm -f /usr/bin/nvidia-smi
```

## Data

- `cause`: one of those above.
- `version`: the driver version, where the names tell it; else null.
- `count`, `bytes`: how many files, and their sizes.
- `paths`: some of them.
- `packages`: packages of the driver that dpkg lists.
- `target`: of a symlink, where it leads.

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
_NOT_THE_DRIVER: Final = "do not install the driver: the host provides it, take the CUDA toolkit alone"


@rule(id="GPU002", severity=everywhere(Severity.WARNING))
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
        what = f"a symlink to {node.target}" if link else "a directory" if node.is_directory else "no regular file"
        yield Finding.at(
            node,
            f"{node.path} is {what}: with --gpus the container does not start "
            "('mount error: file creation failed: file exists')",
            hint=f"'RUN rm {'-r ' if node.is_directory else ''}{node.path}', and do not install the package that "
            "brings it",
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
            f"the NVIDIA Container Toolkit, which belongs to the host: {names(files)}",
            hint="do not install nvidia-container-toolkit in the image",
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
        message=f"dpkg lists packages of an NVIDIA driver, though none of its files is there: {listed}",
        path=facts.packages[0].file,
        layer=node.layer if node is not None else None,
        hint="purge them, and install the CUDA toolkit from NVIDIA's repository",
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
        "leftovers of programs, of kernel files or of an installer of an NVIDIA driver",
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
        "the installer of an NVIDIA driver",
        lambda file: _is_kept(file) and file.name in _INSTALLERS,
        Severity.ERROR,
    ),
    (
        "program",
        "scripts in place of programs of an NVIDIA driver",
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
"""The cause, what the message says, which files it is about (the first that fits), and how bad it is."""
