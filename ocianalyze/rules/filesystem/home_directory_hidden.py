r"""The image has files in the directory where the user's directory is mounted.

## What it checks

The image has no files in the directory where SageMaker mounts the user's own directory: `MountPath` of the
AppImageConfig, or `/home/sagemaker-user`. There is one finding for each layer that writes there. What nobody misses is
exempt: the files that `useradd --create-home` copies from `/etc/skel`, and the state and caches that tools such as pip,
conda and npm leave behind. Caches of more than 100 kB are a note. Files that a kernel needs are reported by FSR005 and
KRN008. A file in the place of the directory is an error.

## Why it matters

Each user of the domain has a directory on a shared volume. It is mounted over this directory and hides the files of
the image. The API reference says: "The directory should be empty".

## How to fix

Install into a system directory. If users need the files in their directory, copy them when the app starts, for example
in a lifecycle configuration:

```dockerfile
COPY notebooks/ /opt/notebooks/
```

You can also set another mount path in the AppImageConfig:

```sh
aws sagemaker create-app-image-config ... \
  --kernel-gateway-image-config '{"FileSystemConfig": {"MountPath": "/home/jovyan/work", ...}, ...}'
```

## Data

- `directory`: the directory where the user's directory is mounted.
- `count`, `bytes`: the number of paths in the layer that are not directories, and the total size of the files.
- `paths`: some of these paths.

## References

- [Amazon SageMaker API,
  FileSystemConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_FileSystemConfig.html).
- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "User data".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.dockerfile import lines, quoted
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator


_SKELETON: Final = frozenset(
    {
        ".bash_logout",
        ".bash_profile",
        ".bashrc",
        ".cache",
        ".conda",
        ".config",
        ".dbus",
        ".emacs",
        ".inputrc",
        ".kshrc",
        ".lesshst",
        ".mamba",
        ".mozilla",
        ".npm",
        ".nv",
        ".pki",
        ".profile",
        ".python_history",
        ".screenrc",
        ".sudo_as_admin_successful",
        ".viminfo",
        ".wget-hsts",
        ".yarn",
        ".yarnrc",
        ".zshrc",
    }
)
"""The contents of `/etc/skel` in common distributions, and what programs leave behind during a build."""

_SMALL: Final = 100_000


@rule(id="FSR003", severity=everywhere(Severity.WARNING), identity=("directory",))
def home_directory_hidden(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each layer's files where the user's directory will be mounted."""
    home = subject.facts.home
    target = subject.filesystem.lookup(home.path)
    if home.node is not None and target is not None and not target.is_directory:
        yield Finding.at(
            home.node,
            f"{home.path} is a file, so the user's directory cannot be mounted there, and no app starts",
            hint=f"Remove it: {lines(subject.facts.user, f'RUN rm {quoted(home.path)}')}",
            severity=Severity.ERROR,
        )
        return
    if _SKELETON.issuperset(home.names) and home.bytes < _SMALL:
        return
    severity = Severity.NOTE if _SKELETON.issuperset(home.names) else None
    for share in home.shares:
        count = "1 file" if share.files == 1 else f"{share.files:,} files"
        skeleton = "; only settings and caches of tools" if severity else ""
        yield Finding(
            message=f"{count} ({human(share.bytes)}) in {home.path}, hidden by the mounted user directory{skeleton}",
            path=share.paths[0],
            layer=share.layer,
            hint=f"Delete caches in the step that creates them: 'rm -rf {home.path}/.cache'"
            if severity
            else "Install into a system directory such as /opt, or in Studio Classic choose another MountPath",
            severity=severity,
            data={"directory": home.path, "count": share.files, "bytes": share.bytes, "paths": list(share.paths)},
        )
