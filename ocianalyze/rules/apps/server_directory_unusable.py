"""The Jupyter server exits, because a directory that it needs is missing or not writable.

## What it checks

The image's command is followed to its Jupyter server as in APP002. The server needs these directories:

- `root_dir`, `notebook_dir` and `preferred_dir`, and a directory that is named on the command line, must exist, and the
  user must be able to reach them. `ServerApp.preferred_dir` must be in `root_dir`. The volume that is mounted on
  `/home/sagemaker-user` is empty at first.
- The runtime directory must be writable, or the user must be able to create it. It is `JUPYTER_RUNTIME_DIR`, otherwise
  `runtime` in `JUPYTER_DATA_DIR`, otherwise `jupyter/runtime` in `XDG_DATA_HOME` or in `~/.local/share`. The home
  directory is `ENV HOME`, otherwise the one in `/etc/passwd` of the first user with this ID, otherwise `/`.

The check is undecided if a script may create or change the directory before it starts the server.

## Why it matters

A Jupyter server checks its directories before it listens. If one is missing, it logs `No such directory`,
`PermissionError: [Errno 13] Permission denied` or the like, and exits. The app ends in `InternalFailure`.

## How to fix

```dockerfile
RUN mkdir -p /opt/notebooks && chown 1000:100 /opt/notebooks
ENV HOME=/home/sagemaker-user
```

## Data

- `purpose`: `root_dir`, `preferred_dir` or `runtime_dir`; `place` for a path that is given without an option.
- `directory`: the directory.
- `given_by`: the option, file or variable that decides which directory it is.
- `problem`: `missing`, `hidden`, `not-a-directory`, `unreachable`, `unwritable`,
  `outside` (of `root_dir`) or `unknown`.

## References

- [jupyter_server, `serverapp.py`](https://github.com/jupyter-server/jupyter_server/blob/main/jupyter_server/serverapp.py):
  `_root_dir_validate`, `init_configurables`.
- [jupyter_core, `paths.py`](https://github.com/jupyter/jupyter_core/blob/main/jupyter_core/paths.py):
  `jupyter_runtime_dir`.
- [runc, `init_linux.go`](https://github.com/opencontainers/runc/blob/main/libcontainer/init_linux.go): `HOME`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.directories import within
from ocianalyze.facts.user import find_accounts
from ocianalyze.rules.accounts import UNPRIVILEGED, supported_user
from ocianalyze.rules.apps.restarting import DIRECTORIES, PLACE, Restart
from ocianalyze.rules.blame import deletion_layer, mode_layer
from ocianalyze.rules.cures import letting_in
from ocianalyze.rules.dockerfile import lines, making
from ocianalyze.rules.profiles import JUPYTERLAB
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.jupyter import Lack
    from ocianalyze.facts.user import User
    from ocianalyze.filesystem.tree import Filesystem

_VOLUME: Final = "/home/sagemaker-user"
_PROSE: Final = {
    "hidden": f"Name {_VOLUME} itself, or a directory outside it",
    "outside": "Name a directory in root_dir",
    "not-a-directory": "Name a directory instead of {path}",
}


def _starts_jupyter(subject: Subject) -> bool:
    return subject.facts.jupyter["jupyterlab"] is not None


@rule(
    id="APP012",
    severity={JUPYTERLAB: Severity.ERROR},
    applies=_starts_jupyter,
    identity=("path", "purpose", "directory"),
)
def server_directory_unusable(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each directory that keeps the server from starting."""
    user = subject.facts.commands["jupyterlab"].found.shell.user
    for lack in subject.facts.server_lacks:
        unknown = lack.flaw == "unknown"
        what = f"{lack.path} ({lack.source})"
        yield Finding(
            message=f"cannot determine whether the Jupyter server can use {what}: it {lack.text}"
            if unknown
            else f"the Jupyter server would exit: {what} {lack.text}",
            path=lack.node.path if lack.node is not None else None,
            layer=_layer(subject.filesystem, lack),
            hint=f"Create {lack.path} in the image" if unknown else _fix(lack, subject, user),
            kind="undecided" if unknown else "finding",
            culprit=lack.node.path if lack.node is not None else None,
            data={
                "purpose": lack.purpose,
                "directory": lack.path,
                "given_by": lack.source,
                "problem": lack.flaw,
            },
        )


def _layer(filesystem: Filesystem, lack: Lack) -> int | None:
    """Return the position of the layer that made it so."""
    if lack.node is None:
        return deletion_layer(filesystem, [lack.path]) if lack.flaw == "missing" else None
    return lack.node.layer if lack.flaw == "not-a-directory" else mode_layer(filesystem, lack.node)


def _fix(lack: Lack, subject: Subject, user: User) -> str:
    """Return the lines of a Dockerfile that mend it."""
    if lack.source == "HOME":
        return _fix_home(lack, subject, user)
    if lack.flaw in _PROSE or lack.purpose == PLACE:
        advice = _PROSE.get(lack.flaw, "Name what is there").format(path=lack.path)
        return Restart(subject, "jupyterlab", without={*DIRECTORIES, PLACE}).after(f"{advice}, or none")
    if lack.flaw == "unreachable" and lack.node is not None:
        return f"{letting_in(lack.node, lack.path, subject.filesystem, user)}; or name another directory"
    return f"Make it: {lines(user, making(lack.path, user))}"


def _fix_home(lack: Lack, subject: Subject, user: User) -> str:
    """Return how the user gets a home directory: the volume belongs to 1000, and must not be locked away."""
    if user.uid not in (0, UNPRIVILEGED[0]):
        return supported_user(user, find_accounts(subject.filesystem))
    if lack.node is not None and within(lack.path, _VOLUME):
        return letting_in(lack.node, lack.path, subject.filesystem, user)
    return f"Set 'ENV HOME={_VOLUME}'"
