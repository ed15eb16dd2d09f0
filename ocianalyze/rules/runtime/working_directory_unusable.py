"""The container cannot be started in its working directory.

## What it checks

`WORKDIR` is an absolute path of at most 4,095 bytes, no name in it has over 255, and it leads to a directory, or to
nothing: then it is made. Symlinks are followed inside the image. It may lie where something is mounted at run time.

## Why it matters

The container runtime goes there before it starts anything, and makes the directory if it is not there. If a file lies
there, or on the way, the container is not even created: `mkdir /srv/app: not a directory`. A relative path, which some
build tools pass on as it is given, ends in `Cwd must be an absolute path`.

## How to fix

```dockerfile
WORKDIR /opt/app
```

## Data

- `working_directory`: what it is.
- `problem`: `relative`, `too-long`, `not-a-directory` or `loop`.

## References

- [OCI runtime specification, Process](https://github.com/opencontainers/runtime-spec/blob/main/config.md#process):
  "This value MUST be an absolute path."
- [runc](https://github.com/opencontainers/runc), `utils_linux.go`, "Cwd must be an absolute path".
- path_resolution(7).
"""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.filesystem.resolver import LONGEST_PATH
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_NAME: Final = 255


@rule(id="RTM005", severity=everywhere(Severity.ERROR))
def working_directory_unusable(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if no container can be started there."""
    given = subject.image.config.config.working_dir
    problem = _problem(given, subject) if given else None
    if problem is None:
        return
    code, text = problem
    node = subject.filesystem.lookup(given) if code == "not-a-directory" else None
    yield Finding(
        message=f"no container can be started in the working directory {given if len(given) < 100 else '...'}: {text}",  # noqa: PLR2004 - what is still read
        path=node.path if node is not None else None,
        layer=node.layer if node is not None else None,
        hint="set WORKDIR to the absolute path of a directory",
        data={"working_directory": given, "problem": code},
    )


def _problem(given: str, subject: Subject) -> tuple[str, str] | None:
    if not given.startswith("/"):
        return "relative", "it is not an absolute path"
    encoded = given.encode("utf-8", "surrogateescape")
    if len(encoded) >= LONGEST_PATH or max(map(len, encoded.split(b"/"))) > _LONGEST_NAME:
        return "too-long", f"it has {LONGEST_PATH:,} bytes or more, or a name in it over {_LONGEST_NAME}"
    path, mounts = normpath(given), subject.facts.own.mounts
    resolution = subject.filesystem.resolve(path)
    if mounts.hides(path) is not None or mounts.hides_on_the_way(resolution) is not None:
        return None
    if resolution.problem == "loop":
        return "loop", "the symbolic links on the way lead in a circle"
    if resolution.problem == "not-a-directory" or (resolution.node is not None and not resolution.node.is_directory):
        return "not-a-directory", f"{resolution.path} is no directory"
    return None
