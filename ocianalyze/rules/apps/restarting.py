"""The command with which an image would start its server as Studio needs it: the image's own, with other options.

A command is proposed only if following it, as the image's own is followed, ends in a server that meets every demand.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain, product
from posixpath import join
from typing import TYPE_CHECKING, Final

from ocianalyze.facts.jupyter import parse_editor_options
from ocianalyze.facts.programs import CODE_EDITOR, UNKNOWN
from ocianalyze.facts.python import JUPYTERLAB, find_installation
from ocianalyze.regex import regex
from ocianalyze.rules.apps.demands import DEMANDS, editor_violations
from ocianalyze.rules.apps.starting import missing_program
from ocianalyze.rules.dockerfile import exec_form, lines
from ocianalyze.rules.packages import has_module
from ocianalyze.rules.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ocianalyze.facts.commands import App
    from ocianalyze.facts.jupyter import JupyterSettings
    from ocianalyze.rules.rule import Subject

_JUPYTER: Final = (
    "--ip=0.0.0.0",
    "--port=8888",
    "--ServerApp.base_url=/jupyterlab/default",
    "--ServerApp.token=",
    "--ServerApp.allow_origin=*",
)
_EDITOR: Final = ("--host=0.0.0.0", "--port=8888", "--without-connection-token", "--base-path=/CodeEditor/default")
_ALWAYS: Final = {"jupyterlab": _JUPYTER, "code-editor": _EDITOR}
_REPLACED: Final = {
    "jupyterlab": frozenset(
        {
            *(demand.setting for demand in DEMANDS),
            *("hashed_password", "sock", "sock_mode", "identity_provider_class", "allow_origin_pat"),
        }
    ),
    "code-editor": frozenset(
        {
            *("host", "port", "base_path", "server_base_path"),
            *("connection_token", "connection_token_file", "without_connection_token"),
        }
    ),
}
"""The options that are taken away, by their last part, before the right ones are given."""

DIRECTORIES: Final = frozenset({"root_dir", "notebook_dir", "preferred_dir"})
PLACE: Final = "place"
"""The file or directory that is named without an option."""

_FLAGS: Final = frozenset(
    {"--allow-root", "--core-mode", "--debug", "--dev-mode", "--no-browser", "--without-connection-token"}
)
"""Options without a value."""
_LONGEST: Final = 1_000
_LINE: Final = regex(r"'(?:USER|RUN|ENV) ")


class Restart:
    """A command that starts the server of an app; several findings may propose it, and it is looked for once.

    `without` names further options to leave out.
    """

    def __init__(self, subject: Subject, app: App, *, without: Collection[str] = ()) -> None:
        """Look for nothing yet."""
        self._subject = subject
        self._app = app
        self._replaced = _REPLACED[app] | frozenset(without)

    @cached_property
    def lines(self) -> str | None:
        """The lines of a Dockerfile; None if none are known to help, as where the AppImageConfig has the command."""
        subject, execution = self._subject, self._subject.image.config.config
        if subject.facts.commands[self._app].origin != "image":
            return None
        for entrypoint, words in _candidates(subject, self._app, self._replaced):
            found = _completed(subject, self._app, entrypoint, words)
            if found is not None and not any(UNKNOWN in word for word in found) and len("".join(found)) < _LONGEST:
                steps = [] if list(entrypoint) == list(execution.entrypoint) else ["ENTRYPOINT []"]
                return lines(subject.facts.user, *steps, f"CMD {exec_form(found)}")
        return None

    def after(self, advice: str) -> str:
        """Return advice with the lines, if there are any."""
        return advice if self.lines is None else f"{advice}: {self.lines}"

    def instead_of(self, advice: str | None) -> str | None:
        """Return advice that has no lines of its own with lines that start the server without what is missing."""
        if advice is None or _LINE.search(advice) is not None or self.lines is None:
            return advice
        return f"{advice}; or start the server without it: {self.lines}"


def _candidates(
    subject: Subject, app: App, replaced: Collection[str]
) -> Iterator[tuple[Sequence[str], tuple[str, ...]]]:
    """Yield entry points, and CMD without the options in `replaced`; the nearest to the image's own first."""
    execution, command = subject.image.config.config, subject.facts.commands[app]
    application = command.application
    if execution.entrypoint and execution.cmd and not command.in_shell_form and PLACE not in replaced:
        yield execution.entrypoint, _kept(tuple(execution.cmd), replaced)
    if application is not None and application.serves == app:
        arguments = application.arguments
        yield (), (*command.words[: len(command.words) - len(arguments)], *_kept(arguments, replaced))
    if app == "code-editor":
        yield (), (CODE_EDITOR,)
        return
    yield (), ("jupyter", "lab")
    prefixes = (*(item.prefix for item in subject.facts.distributions[JUPYTERLAB]), "/usr")
    for prefix, name in product(dict.fromkeys(prefixes), ("python3", "python")):
        python = find_installation(subject.filesystem, join(prefix, "bin", name))
        if python is not None and has_module(JUPYTERLAB, python, subject.facts.own.shell):
            yield (), (python.executable, "-m", "jupyterlab")


def _kept(words: tuple[str, ...], replaced: Collection[str]) -> tuple[str, ...]:
    """Return the words that remain: options go with their values."""
    kept: list[str] = []
    before = ""
    for word in words:
        is_option = word.startswith("-") and word not in ("-", "--")
        is_value = not is_option and before.startswith("-") and "=" not in before and before not in _FLAGS
        name = before if is_value else word
        goes = name.startswith("-") and _last_part(name) in replaced
        if not goes and (is_option or is_value or PLACE not in replaced):
            kept.append(word)
        before = word
    return tuple(kept)


def _last_part(option: str) -> str:
    return option.lstrip("-").partition("=")[0].rpartition(".")[2].replace("-", "_")


def _completed(subject: Subject, app: App, entrypoint: Sequence[str], words: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return words with the right options, if they start the server as Studio needs it."""
    added: tuple[str, ...] = _ALWAYS[app]
    for _ in range(2):
        command, settings = subject.facts.started_by((*entrypoint, *words, *added), app)
        application = command.application
        if application is None or application.serves != app or not command.found.certain or missing_program(command):
            return None
        if app == "code-editor":
            options = parse_editor_options(application.arguments)
            return None if options.opaque or any(editor_violations(options)) else (*words, *added)
        missing = _missing(settings)
        if missing is None:
            return None
        if not missing:
            return (*words, *added)
        added = tuple(dict.fromkeys(chain(added, missing)))
    return None


def _missing(settings: JupyterSettings | None) -> tuple[str, ...] | None:
    """Return the options that a server still needs; None if it is not known, or if it would not start."""
    if settings is None or settings.refused is not None:
        return None
    needed = [demand for demand in DEMANDS if demand.severity is not Severity.NOTE]
    if not all(getattr(settings, demand.setting).known for demand in needed):
        return None
    return tuple(demand.argument for demand in needed if not demand.holds(getattr(settings, demand.setting).value))
