"""What the start scripts of SageMaker Distribution need of an image; used for Studio and for Unified Studio.

Source: aws/sagemaker-distribution, ``template/v2`` to ``v4``, ``dirs/usr/local/bin/start-*``, under ``set -e``:
from 2.14, 3.9 and 4.0 on they change ``/opt/conda``; those of Unified Studio call ``sudo``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from posixpath import join, normpath
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.jupyter import find_write_problem
from ocianalyze.facts.programs import UNKNOWN
from ocianalyze.facts.user import find_barrier, find_group_names, find_sudo, may_write, protection
from ocianalyze.regex import regex
from ocianalyze.rules.blame import deletion_layer, mode_layer, program_layer
from ocianalyze.rules.cures import cure_of
from ocianalyze.rules.dockerfile import lines, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.programs import Shell
    from ocianalyze.facts.user import User
    from ocianalyze.filesystem.node import Node
    from ocianalyze.rules.rule import Subject

_PLACE: Final = "/usr/local/bin/"
_CONDA: Final = "/opt/conda"
_CHANGES_CONDA: Final = regex(
    r"^\s*(?:(?:micromamba|mamba|conda)\s+(?:remove|install|update)\b|(?:cp|mv|ln|mkdir|touch)\s[^#\n]*/opt/conda/)",
    re.MULTILINE,
)
_SUPERVISES: Final = regex(r"^\s*(?:exec\s+)?supervisord\b", re.MULTILINE)
_CONFIGURED: Final = regex(
    r"^\s*(?:exec\s+)?supervisord\s(?:[^#\n]*\s)?(?:-c|--configuration)[\s=][\"']?(/[\w./-]+)", re.MULTILINE
)
_MAKES_LOGS: Final = regex(r"^\s*mkdir\s+-p\s+[\"']?\$\{?STUDIO_LOGGING_DIR\b", re.MULTILINE)
_LOGS: Final = "STUDIO_LOGGING_DIR"
_SUPERVISED: Final = "/etc/supervisor/conf.d"
_CALLS_SUDO: Final = regex(r"^\s*sudo\s", re.MULTILINE)


class Obstacle(NamedTuple):
    """Why a start script fails, how to change that, and where: a path of the image, and the layer that is to blame.

    `needed` is the program, file or directory that the script needs.
    """

    cause: str
    needed: str
    message: str
    hint: str
    path: str | None = None
    layer: int | None = None


def find_obstacles(subject: Subject, entry_point: str) -> Iterator[Obstacle]:
    """Yield what keeps an entry point, and the start script behind it, from ending in its server."""
    shell = subject.facts.commands["jupyterlab"].found.shell
    shell = replace(shell, path=tuple(dict.fromkeys((f"{_CONDA}/bin", *shell.path))))  # it is activated first
    entry = _text(subject, entry_point)
    name = entry_point.replace("entrypoint-", "start-")
    if _SUPERVISES.search(entry):
        yield from _missing_programs(subject, entry_point, name, shell)
        yield from _missing_configuration(subject, entry_point, entry)
    if _MAKES_LOGS.search(entry):
        yield from _closed_logs(subject, entry_point, shell)
    script = subject.filesystem.lookup(_PLACE + name)
    if script is not None and script.is_file and shell.user.uid != 0:
        yield from _forbidden_steps(subject, script, shell.user)


def _text(subject: Subject, name: str) -> str:
    node = subject.filesystem.lookup(_PLACE + name)
    return node.read().decode("utf-8", "replace") if node is not None and node.is_file else ""


def _missing_programs(subject: Subject, entry_point: str, name: str, shell: Shell) -> Iterator[Obstacle]:
    """Yield supervisord, or the start script that it runs, if that cannot be run."""
    needed = {"supervisord": entry_point}
    for node in subject.filesystem.glob(f"{_SUPERVISED}/*"):
        if node.is_file and name in node.read().decode("utf-8", "replace"):
            needed[name] = node.path
    for word, by in needed.items():
        program = shell.find(word)
        if program.problem is not None:
            text = f"{by} runs {word}, which cannot be run: {program.problem.text}"
            layer = program_layer(subject.filesystem, program, searched=shell.path)
            yield Obstacle("program-missing", word, text, cure_of(program, shell), program.real, layer)


def _missing_configuration(subject: Subject, entry_point: str, entry: str) -> Iterator[Obstacle]:
    """Yield the configuration of supervisord that an entry point names, if it is not there."""
    named = _CONFIGURED.search(entry)
    if named is not None and subject.filesystem.lookup(named[1]) is None:
        text = f"{entry_point} runs supervisord with {named[1]}, which does not exist"
        hint = f"Change the step that removes {named[1]}, or copy it from the image of SageMaker Distribution"
        layer = deletion_layer(subject.filesystem, [named[1]])
        yield Obstacle("configuration-missing", named[1], text, hint, named[1], layer)


def _closed_logs(subject: Subject, entry_point: str, shell: Shell) -> Iterator[Obstacle]:
    """Yield the directory for logs if the user cannot make it."""
    facts, user = subject.facts, shell.user
    stated = facts.commands["jupyterlab"].found.environment.get(_LOGS, "")
    path = normpath(join("/", stated, "jupyterlab"))
    problem = find_write_problem(subject.filesystem, path, user, facts.own.mounts) if UNKNOWN not in stated else None
    if problem is not None and problem[0] != "unknown":
        why = f"{_LOGS} is {stated}" if stated else f"{_LOGS} is not set"
        text = f"{entry_point} makes {path}, because {why}; this directory {problem[1]}"
        hint, node = f"Set 'ENV {_LOGS}=/var/log/studio/'", problem[2]
        place = (node.path, mode_layer(subject.filesystem, node)) if node is not None else (None, None)
        yield Obstacle("logs-not-writable", path, text, hint, *place)


def _forbidden_steps(subject: Subject, script: Node, user: User) -> Iterator[Obstacle]:
    """Yield what a start script does that the user may not."""
    text = script.read().decode("utf-8", "replace")
    conda = subject.filesystem.lookup(f"{_CONDA}/conda-meta/history") or subject.filesystem.lookup(_CONDA)
    if conda is not None and _CHANGES_CONDA.search(text):
        barrier = find_barrier(subject.filesystem, conda.path, user)
        closed = barrier.node if barrier is not None else None if may_write(conda, user) else conda
        if closed is not None:
            yield Obstacle(
                "conda-not-writable",
                _CONDA,
                f"{script.name} changes {_CONDA}, but user {user.uid}:{user.gid} cannot write to {conda.path} "
                f"({protection(conda)})",
                f"Give it back: {lines(user, f'RUN chown -R {user.uid}:{user.gid} {_CONDA}')}",
                closed.path,
                mode_layer(subject.filesystem, closed),
            )
    groups = find_group_names(subject.filesystem, user)
    if _CALLS_SUDO.search(text) and find_sudo(subject.filesystem, user, groups) is None:
        line = f"{user.name or 'sagemaker-user'} ALL=(ALL) NOPASSWD: ALL"
        yield Obstacle(
            "sudo-missing",
            "sudo",
            f"{script.name} calls sudo, but user {user.uid}:{user.gid} cannot use it without a password",
            f"Allow it: {lines(user, f'RUN echo {quoted(line)} > /etc/sudoers.d/studio')}",
        )
