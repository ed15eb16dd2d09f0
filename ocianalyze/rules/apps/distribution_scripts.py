"""What the start scripts of SageMaker Distribution need of an image; used for Studio and for Unified Studio.

Source: aws/sagemaker-distribution, ``template/v2`` to ``v4``, ``dirs/usr/local/bin/start-*``, under ``set -e``:
from 2.14, 3.9 and 4.0 on they change ``/opt/conda``; those of Unified Studio call ``sudo``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.user import find_barrier, find_group_names, find_sudo, may_write
from ocianalyze.regex import regex
from ocianalyze.rules.dockerfile import lines, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.filesystem.node import Node
    from ocianalyze.rules.rule import Subject

_PLACE: Final = "/usr/local/bin/"
_CONDA: Final = "/opt/conda"
_CHANGES_CONDA: Final = regex(
    r"^\s*(?:(?:micromamba|mamba|conda)\s+(?:remove|install|update)\b|(?:cp|mv|ln|mkdir|touch)\s[^#\n]*/opt/conda/)",
    re.MULTILINE,
)
_CALLS_SUDO: Final = regex(r"^\s*sudo\s", re.MULTILINE)


class Obstacle(NamedTuple):
    """Why a start script fails, what has to be changed, and how."""

    cause: str
    message: str
    hint: str
    node: Node | None


def find_obstacles(subject: Subject, entry_point: str) -> Iterator[Obstacle]:
    """Yield what keeps the start script behind an entry point from ending in its server."""
    script = subject.filesystem.lookup(_PLACE + entry_point.replace("entrypoint-", "start-"))
    user = subject.facts.commands["jupyterlab"].found.shell.user
    if script is None or not script.is_file or user.uid == 0:
        return
    text = script.read().decode("utf-8", "replace")
    conda = subject.filesystem.lookup(f"{_CONDA}/conda-meta/history") or subject.filesystem.lookup(_CONDA)
    if conda is not None and _CHANGES_CONDA.search(text):
        barrier = find_barrier(subject.filesystem, conda.path, user)
        closed = barrier.node if barrier is not None else None if may_write(conda, user) else conda
        if closed is not None:
            yield Obstacle(
                "conda-not-writable",
                f"{script.name} changes {_CONDA}, but user {user.uid}:{user.gid} cannot write to {conda.path} "
                f"(mode {conda.mode & 0o777:04o}, owner {conda.uid}:{conda.gid})",
                f"Give it back: {lines(user, f'RUN chown -R {user.uid}:{user.gid} {_CONDA}')}",
                closed,
            )
    groups = find_group_names(subject.filesystem, user)
    if _CALLS_SUDO.search(text) and find_sudo(subject.filesystem, user, groups) is None:
        line = f"{user.name or 'sagemaker-user'} ALL=(ALL) NOPASSWD: ALL"
        yield Obstacle(
            "sudo-missing",
            f"{script.name} calls sudo, but user {user.uid}:{user.gid} cannot use it without a password",
            f"Allow it: {lines(user, f'RUN echo {quoted(line)} > /etc/sudoers.d/studio')}",
            None,
        )
