"""The container cannot start in its working directory.

## What it checks

`WORKDIR` is an absolute path of at most 4,095 bytes, and no component of it has more than 255 bytes. It resolves to a
directory, or does not exist and can be created. Symlinks are followed inside the image. A working directory that is
mounted over at run time is not checked further. The container's user can enter it; otherwise it is an error for
JupyterLab, unless its `root_dir` is set, and a warning for the other apps.

## Why it matters

The container runtime changes to this directory before it starts a program, and creates the directory if it does not
exist. If the path or one of its parents is a file, the container cannot be created:
`mkdir /srv/app: not a directory`. Some build tools keep a relative path as it is. The error is then
`Cwd must be an absolute path`.

If the user may not enter the directory, older versions of runc do not start the container. Newer ones do, but a
JupyterLab without another `root_dir` then lists no files and creates no notebooks.

## How to fix

```dockerfile
WORKDIR /opt/app
```

## Data

- `working_directory`: the working directory.
- `problem`: `relative`, `too-long`, `not-a-directory`, `loop` or `unreachable`.

## References

- [OCI runtime specification, Process](https://github.com/opencontainers/runtime-spec/blob/main/config.md#process):
  "This value MUST be an absolute path."
- [runc](https://github.com/opencontainers/runc), `utils_linux.go`, "Cwd must be an absolute path".
- path_resolution(7).
"""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.user import find_barrier
from ocianalyze.filesystem.resolver import LONGEST_PATH
from ocianalyze.rules.blame import mode_layer
from ocianalyze.rules.profiles import JUPYTERLAB, PROFILES, everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_NAME: Final = 255
_HINT: Final = "Set 'WORKDIR /home/sagemaker-user'"


@rule(id="RTM005", severity=everywhere(Severity.ERROR), stated_in=("WORKDIR",))
def working_directory_unusable(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if no container can start in the working directory."""
    given = subject.image.config.config.working_dir
    problem = _problem(given, subject) if given else None
    if problem is None:
        if given:
            yield from _closed(given, subject)
        return
    code, text = problem
    node = subject.filesystem.lookup(given) if code == "not-a-directory" else None
    yield Finding(
        message=f"container cannot start in working directory {given if len(given) < 100 else '...'}: {text}",  # noqa: PLR2004 - still readable
        path=node.path if node is not None else None,
        layer=node.layer if node is not None else None,
        hint=_HINT,
        data={"working_directory": given, "problem": code},
    )


def _closed(given: str, subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the user may not enter the directory."""
    user, mounts = subject.facts.user, subject.facts.own.mounts
    path = normpath(given)
    node = subject.filesystem.lookup(path)
    if node is None or mounts.hides(path) is not None:
        return
    barrier = find_barrier(subject.filesystem, path, user, entering=True)
    if barrier is None:
        return
    closed = barrier.node
    settings = subject.facts.jupyter["jupyterlab"]
    elsewhere = settings is not None and bool(settings.directories)
    yield Finding(
        path=closed.path,
        layer=mode_layer(subject.filesystem, closed),
        message=f"the working directory {given} cannot be entered: user {user.uid}:{user.gid} {barrier.text}",
        hint=_HINT,
        severity={profile: Severity.WARNING for profile in PROFILES if profile != JUPYTERLAB or elsewhere}
        | ({} if elsewhere else {JUPYTERLAB: Severity.ERROR}),
        data={"working_directory": given, "problem": "unreachable"},
    )


def _problem(given: str, subject: Subject) -> tuple[str, str] | None:
    if not given.startswith("/"):
        return "relative", "not an absolute path"
    encoded = given.encode("utf-8", "surrogateescape")
    if len(encoded) >= LONGEST_PATH or max(map(len, encoded.split(b"/"))) > _LONGEST_NAME:
        return "too-long", f"path has {LONGEST_PATH:,} bytes or more, or a component over {_LONGEST_NAME} bytes"
    path, mounts = normpath(given), subject.facts.own.mounts
    resolution = subject.filesystem.resolve(path)
    if mounts.hides(path) is not None or mounts.hides_on_the_way(resolution) is not None:
        return None
    if resolution.problem == "loop":
        return "loop", "its symlinks form a loop"
    if resolution.problem == "not-a-directory" or (resolution.node is not None and not resolution.node.is_directory):
        return "not-a-directory", f"{resolution.path} is not a directory"
    return None
