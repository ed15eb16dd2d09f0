r"""The image has files where the user's directory is mounted.

## What it checks

Nothing lies in the directory over which SageMaker mounts the user's own: `MountPath` of the AppImageConfig, or
`/home/sagemaker-user`. There is one finding for each layer that writes there. The files that `useradd --create-home`
copies from `/etc/skel` are a note. What a kernel needs there is left to FSR005 and KRN008.

## Why it matters

Each user of the domain has a directory on a shared volume, which takes the place of this one: what the image puts
there is not seen. "The directory should be empty", says the API.

## How to fix

Install into a system directory, or copy the files when the app starts (a lifecycle configuration can do that):

```dockerfile
COPY notebooks/ /opt/notebooks/
```

Another mount path can be given to the AppImageConfig:

```sh
aws sagemaker create-app-image-config ... \
  --kernel-gateway-image-config '{"FileSystemConfig": {"MountPath": "/home/jovyan/work", ...}, ...}'
```

## Data

- `directory`: where the user's directory will be mounted.
- `count`, `bytes`: how many paths that are no directories the layer puts there, and the sizes of the files.
- `paths`: some of them.

## References

- [Amazon SageMaker API,
  FileSystemConfig](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_FileSystemConfig.html).
- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "User data".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.directories import Directory

_SKELETON: Final = frozenset(
    {
        ".bash_logout",
        ".bash_profile",
        ".bashrc",
        ".cache",
        ".config",
        ".emacs",
        ".inputrc",
        ".kshrc",
        ".mozilla",
        ".profile",
        ".screenrc",
        ".zshrc",
    }
)
"""What the skeletons of the usual distributions hold, and what programs leave behind that run during the build."""

_SMALL: Final = 100_000


@rule(id="FSR003", severity=everywhere(Severity.WARNING))
def home_directory_hidden(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each layer's files where the user's directory will be mounted."""
    home = subject.facts.home
    severity = Severity.NOTE if _is_skeleton(home) else None
    for share in home.shares:
        count = "a file" if share.files == 1 else f"{share.files:,} files"
        skeleton = ", no more than useradd leaves there" if severity else ""
        yield Finding(
            message=f"{count} ({human(share.bytes)}) in {home.path}, which the user's directory will hide{skeleton}",
            path=share.paths[0],
            layer=share.layer,
            hint=None
            if severity
            else "install into a system directory such as /opt; in Studio Classic another MountPath helps, too",
            severity=severity,
            data={"directory": home.path, "count": share.files, "bytes": share.bytes, "paths": list(share.paths)},
        )


def _is_skeleton(home: Directory) -> bool:
    return home.bytes < _SMALL and _SKELETON.issuperset(home.names)
