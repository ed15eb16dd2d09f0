"""Where a command reads from and writes to: what of it is known is kept, and files that are written to are noted.

Source: POSIX.1-2024, "Shell Command Language", 2.7 (redirection); bash(1), REDIRECTION.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.programs.scripts import READS, UNKNOWN, UnreadableError, text_of
from ocianalyze.facts.shell.changes import Change
from ocianalyze.facts.shell.refusals import refusal_to_read, refusal_to_write
from ocianalyze.facts.shell.syntax import Simple
from ocianalyze.facts.shell.values import LONGEST_VALUE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.state import State
    from ocianalyze.facts.shell.syntax import Item, Redirection

_OUTPUTS: Final = frozenset({">", ">>", ">|", "&>", "&>>"})
_NOWHERE: Final = ("/dev/",)
_UNKNOWN_CHANGE: Final = Change()


class RefusedError(Exception):
    """A file can surely not be opened, so that the command is not run."""


class Saved(NamedTuple):
    """What is to be put back behind a command: its input and output, and the names of the file it has written to."""

    redirected: bool = False
    input: str | None = None
    output: str | None = None
    changes_input: bool = False
    changes_output: bool = False
    places: tuple[str, ...] = ()
    appends: bool = False


def redirect(redirections: Sequence[Redirection], run: Host, state: State) -> Saved:
    """Lead input and output of a command elsewhere; return what `undo` needs.

    Raises:
        RefusedError: a file can surely not be opened; nothing is left led elsewhere.
    """
    if not redirections:
        return Saved()
    saved = Saved(redirected=True, input=state.input, output=state.output)
    for item in redirections:
        operator = item.operator
        if item.document is not None:
            text = run.expander.text(item.document[0], state) if item.document else ""
            if item.descriptor in ("", "0"):
                state.input = None if UNKNOWN in text else text
                saved = saved._replace(changes_input=True)
            continue
        target = run.expander.text(item.target, state)
        _must_open(target, operator, run, saved, state)
        if operator == "<>":
            _note(run.files(state).places(target), state)
        if operator == "<<<" and item.descriptor in ("", "0"):
            state.input = None if UNKNOWN in target else target + "\n"
            saved = saved._replace(changes_input=True)
        elif operator in ("<", "<>") and item.descriptor in ("", "0"):
            state.input = read_file(target, run, state)
            saved = saved._replace(changes_input=True)
        elif _is_output(operator, target):
            saved = _write_to(target, item, saved, run, state)
        elif operator == ">&" and item.descriptor in ("", "1") and target != "1":
            state.output = None
            saved = saved._replace(changes_output=True)
    return saved


def _is_output(operator: str, target: str) -> bool:
    """Tell whether a file is written to, which ``>&`` does unless it names a descriptor."""
    return operator in _OUTPUTS or (operator == ">&" and not (target.rstrip("-").isdigit() or target == "-"))


def is_doubtful(state: State) -> bool:
    """Tell whether something may have changed files of which it is not known."""
    way = state.way
    return state.changes.doubtful or way.installs or way.unseen is not None or way.beside is not None


def _must_open(target: str, operator: str, run: Host, saved: Saved, state: State) -> None:
    """Put everything back and raise RefusedError if a file can surely not be opened."""
    files = run.files(state).doubting() if is_doubtful(state) else run.files(state)
    if operator == "<":
        refusal = refusal_to_read(target, files)
    else:
        refusal = refusal_to_write(target, files) if _is_output(operator, target) else None
    if refusal is not None:
        undo(saved, state)
        raise RefusedError(refusal)


def _write_to(target: str, item: Redirection, saved: Saved, run: Host, state: State) -> Saved:
    path, places = run.files(state).full(target), run.files(state).places(target)
    is_output = item.descriptor in ("", "1", "&") or item.operator == ">&"
    if path.startswith(_NOWHERE):
        if is_output:
            state.output = None
        return saved._replace(changes_output=saved.changes_output or is_output)
    if not is_output:
        _note(places, state)
        return saved
    _note(saved.places, state)
    state.output = ""
    return saved._replace(changes_output=True, places=places, appends=item.operator.endswith(">>"))


def _note(places: tuple[str, ...], state: State, change: Change = _UNKNOWN_CHANGE) -> None:
    for place in places:
        state.changes.add(place, change)


def undo(saved: Saved, state: State) -> None:
    """Give a shell its input and output back, and note what a command has written to a file."""
    if not saved.redirected:
        return
    if saved.places:
        written = state.output
        if saved.appends:
            before = state.changes.at(saved.places[0])
            known = before.text if before is not None else None
            written = None if known is None or written is None else known + written
        too_long = written is not None and len(written) > LONGEST_VALUE
        known_text = None if written is None or UNKNOWN in written or too_long else written
        _note(saved.places, state, Change(text=known_text))
    if saved.changes_input:
        state.input = saved.input
    if saved.changes_output:
        state.output = saved.output


def keep(saved: Saved, state: State) -> None:
    """Leave input and output where they lead, as ``exec`` does."""
    _note(saved.places, state)
    if saved.changes_output:
        state.output = None


def read_file(path: str, run: Host, state: State) -> str | None:
    """Return what a file holds, where every form of an image has it; None if that cannot be told."""
    files = run.files(state)
    full = files.full(path)
    if full == "/dev/null":
        return ""
    change = state.changes.at(full) if UNKNOWN not in full else None
    if change is not None and not change.modes:
        return change.text
    node = files.look(path).node
    if node is None or not node.is_file or node.path not in READS:
        return None
    try:
        return text_of(node)
    except UnreadableError:
        return None


def content_of(body: Sequence[Item], run: Host, state: State) -> str | None:
    """Return what ``$(< FILE)`` comes to; None if that cannot be told, or if `body` is something else.

    Raises:
        RefusedError: the file can surely not be opened.
    """
    if len(body) != 1 or body[0].chain.rest or len(body[0].chain.first.commands) != 1:
        return None
    command = body[0].chain.first.commands[0]
    if not isinstance(command, Simple) or command.words or command.assignments or len(command.redirections) != 1:
        return None
    only = command.redirections[0]
    if only.operator != "<" or only.document is not None:
        return None
    target = run.expander.text(only.target, state)
    _must_open(target, only.operator, run, Saved(), state)
    found = read_file(target, run, state)
    return UNKNOWN if found is None else found
