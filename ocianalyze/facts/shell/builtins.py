"""What the commands do that are part of the shell itself.

Source: POSIX.1-2024, "Shell Command Language", 2.15 (special built-in utilities), and its utilities; bash(1), SHELL
BUILTIN COMMANDS.
"""

from __future__ import annotations

from posixpath import join, normpath
from typing import TYPE_CHECKING, Final, TypeAlias

from ocianalyze.facts.programs.scripts import UNKNOWN, UnreadableError, text_of
from ocianalyze.facts.shell.activation import HOOK, activate, hook, is_activation
from ocianalyze.facts.shell.conditions import InvalidTestError, decide_words
from ocianalyze.facts.shell.declarations import declare, export, local, read_only, unset
from ocianalyze.facts.shell.input import mapfile, read
from ocianalyze.facts.shell.options import getopts, set_options, shopt
from ocianalyze.facts.shell.output import echo, printf
from ocianalyze.facts.shell.values import SOME
from ocianalyze.facts.shell.ways import End

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.facts.shell.dialects import Dialect, Feature
    from ocianalyze.facts.shell.host import Host
    from ocianalyze.facts.shell.state import State
    from ocianalyze.facts.shell.syntax import Assignment
    from ocianalyze.facts.shell.values import Words

Builtin: TypeAlias = "Callable[[Host, Words, tuple[Assignment, ...], State], State | None]"
"""Goes through a command: its words, and the assignments among them."""

SIGNALS: Final = frozenset({"TERM", "SIGTERM", "15", "INT", "SIGINT", "2", "QUIT", "SIGQUIT", "3"})


def is_builtin(name: str, dialect: Dialect) -> bool:
    """Tell whether a shell has a command of this name itself."""
    if name not in BUILTINS:
        return False
    needed = _NEEDS.get(name)
    return needed is None or dialect.has(needed)


def _succeed(_run: Host, _words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    state.status = 0
    return state


def _fail(_run: Host, _words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    state.status = 1
    return state


def _test(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    operands = words[1:]
    if words[0] == "[":
        if operands[-1:] != ("]",) and SOME not in operands:
            state.status = 2
            return state
        operands = operands[:-1]
    try:
        answer = decide_words(operands, state, run.files(state), run.calls)
    except InvalidTestError:
        state.status = 2
        return state
    state.status = None if answer is None else int(not answer)
    return state


def _exit(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> None:
    state.status = _number(words[1]) if len(words) > 1 else state.status
    run.exit(state)


def _return(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State | None:
    if not run.returns:
        if not state.process.dialect.strict:
            state.status = 1
            return state
        run.exit(state)
        return None
    state.status = _number(words[1]) if len(words) > 1 else state.status
    run.returns[-1].append(state)
    return None


def _break(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State | None:
    if not run.loops:
        state.status = 0
        return state
    count = _number(words[1]) if len(words) > 1 else 1
    frame = run.loops[-min(count or 1, len(run.loops))]
    (frame.broken if words[0] == "break" else frame.continued).append(state)
    state.status = 0
    return None


def _number(word: str) -> int | None:
    bare = word.strip()
    known = bare.isascii() and bare.lstrip("+-").isdigit() and len(bare) < 10  # noqa: PLR2004 - no longer status
    return int(bare) & 0xFF if known else None


def _shift(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State | None:
    count = _number(words[1]) if len(words) > 1 else 1
    if count is None or SOME in state.arguments[:count]:
        state.arguments, state.status = (SOME,), None
    elif count > len(state.arguments):
        state.status = 1
        if state.process.dialect.strict and not state.process.dialect.has("arrays"):
            state.status = 2
            run.exit(state)
            return None
    else:
        state.arguments, state.status = state.arguments[count:], 0
    return state


def _exec(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State | None:
    rest = list(words[1:])
    while rest and rest[0].startswith("-") and state.process.dialect.has("arrays"):
        option = rest.pop(0)
        if option == "--":
            break
        if not set(option[1:]) <= set("cla"):
            state.status = 2
            return state
        if "a" in option:
            del rest[:1]
    if not rest:
        state.status = 0
        return state
    return run.launch(tuple(rest), state, replaces=True)


def _command(run: Host, words: Words, declared: tuple[Assignment, ...], state: State) -> State | None:
    rest = words[1:]
    while rest and rest[0].startswith("-") and rest[0] != "--":
        if "v" in rest[0].lower():
            return find_command(run, rest[1:], state)
        rest = rest[1:]
    rest = rest[1:] if rest[:1] == ("--",) else rest
    if not rest:
        state.status = 0
        return state
    if UNKNOWN not in rest[0] and is_builtin(rest[0], state.process.dialect):
        return BUILTINS[rest[0]](run, rest, declared, state)
    return run.launch(rest, state)


def find_command(run: Host, words: Words, state: State, *, only_files: bool = False) -> State:
    """Say where commands lead, as ``command -v`` does."""
    found: list[str | None] = []
    for word in words:
        if UNKNOWN in word:
            found.append(UNKNOWN)
            continue
        function = state.functions.get(word)
        if not only_files and (function is not None or is_builtin(word, state.process.dialect)):
            found.append(word)
            continue
        launch = run.launch_of((word,), state)
        program = launch.shell.find(word)
        open_ended = not launch.located or state.way.installs or _may_be_there(run, word, state)
        if program.problem is None:
            hidden = program.path is not None and run.files(state).look(program.path).exists is None
            found.append(UNKNOWN if hidden or not launch.located else program.path)
        else:
            found.append(UNKNOWN if open_ended else None)
    for item in found:
        if item is not None:
            state.write(item + "\n")
    if UNKNOWN in found:
        state.status = None
    else:
        state.status = 0 if found and all(item is not None for item in found) else 1
    return state


def _may_be_there(run: Host, word: str, state: State) -> bool:
    """Tell whether a program may be there that is not in the image."""
    from ocianalyze.facts.shell.files import INJECTED

    return word in INJECTED or ("/" in word and run.files(state).look(word).exists is None)


def _type(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    options = [word for word in words[1:] if word.startswith("-")]
    names = tuple(word for word in words[1:] if not word.startswith("-"))
    output, state.output = state.output, None
    only_files = any("P" in option or "p" in option for option in options)
    after = find_command(run, names, state, only_files=only_files)
    after.output = output
    after.write(UNKNOWN)
    return after


def _builtin(run: Host, words: Words, declared: tuple[Assignment, ...], state: State) -> State | None:
    if len(words) > 1 and is_builtin(words[1], state.process.dialect):
        return BUILTINS[words[1]](run, words[1:], declared, state)
    state.status = 1 if len(words) > 1 else 0
    return state


def _eval(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State | None:
    text = UNKNOWN if SOME in words[1:] else " ".join(words[1:])
    first = text.lstrip().partition(" ")[0]
    if UNKNOWN in first or "\n" in text.partition(UNKNOWN)[2]:
        # It may be anything; taken to set variables, and to come back.
        state.variables.lose()
        state.status = "success"
        state.way = state.way._replace(unseen=f"{run.place} evaluates code that is only known at run time")
        return state
    run.budget.text(len(text))
    state.status = 0
    run.budget.enter()
    try:
        return run.run_text(text, state, line=run.line)
    finally:
        run.budget.leave()


def _source(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State | None:  # noqa: PLR0911 - one case after the other
    if len(words) < 2:  # noqa: PLR2004 - the file
        state.status = 2
        return state
    word = words[1]
    if UNKNOWN in word:
        return _source_unknown(run, word, state)
    path = _sourced_path(run, word, state)
    if is_activation(path, run, state):
        return activate(run, ("source", path, *words[2:]), state)
    files = run.files(state)
    seen = files.look(path)
    change = state.changes.at(files.full(path))
    if change is not None and change.text is not None:
        text = change.text
    elif seen.present is None and not seen.sure:
        return _source_unknown(run, path, state)
    elif seen.present is None or not seen.present.is_file:
        return _source_missing(run, word, state)
    else:
        try:
            text = text_of(seen.present)
        except UnreadableError as error:
            run.give_up(str(error), state)
            return None
    run.budget.script()
    run.budget.text(len(text))
    arguments = state.arguments
    if len(words) > 2 and state.process.dialect.has("source"):  # noqa: PLR2004 - arguments of its own
        state.arguments = words[2:]
    own = state.arguments
    after = run.run_sourced(text, state, path)
    if after is not None and own is not arguments and after.arguments == own:
        after.arguments = arguments
    return after


def _source_unknown(run: Host, path: str, state: State) -> State:
    """Go on behind a file that is only there at run time, as far as is known."""
    state.variables.lose()
    state.status = None
    what = path.replace(UNKNOWN, "...")
    state.way = state.way._replace(unseen=f"{run.place} sources {what}, which is only known at run time")
    return state


def _source_missing(run: Host, word: str, state: State) -> State | None:
    state.status = 1
    if state.process.dialect.strict or ("e" in state.options and run.checks_errors):
        return run.fail(word, f"{word} does not exist", state, status=2 if state.process.dialect.strict else 1)
    return state


def _sourced_path(run: Host, word: str, state: State) -> str:
    """Return the path of a file that is sourced: one without a slash is looked up as commands are."""
    files = run.files(state)
    if "/" in word:
        return files.full(word)
    launch = run.launch_of((word,), state)
    for directory in launch.shell.path:
        path = normpath(join(launch.shell.directory, directory, word))
        node = files.look(path).node
        if node is not None and node.is_file:
            return path
    return files.full(word)


def _cd(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    operands = [word for word in words[1:] if not (word.startswith("-") and word != "-")]
    if operands == ["-"]:
        target = run.expander.variable("OLDPWD", state).text or UNKNOWN
    elif operands:
        target = operands[0]
    else:
        target = run.expander.variable("HOME", state).text or state.process.shell.user.home
    files = run.files(state)
    full = files.full(target) if target else state.directory
    seen = files.look(target or ".")
    if UNKNOWN in full or SOME in operands:
        full, status = UNKNOWN, "success"
    elif (seen.sure and not seen.mounted and (seen.node is None or not seen.node.is_directory)) or (
        seen.sure and files.test("x", target or ".") is False
    ):
        state.status = 1
        return state
    else:
        status = 0 if seen.sure else "success"  # type: ignore[assignment]
    run.assign("OLDPWD", state.directory, state)
    state.directory = full
    run.assign("PWD", full, state)
    if words[0] == "pushd":
        state.write(UNKNOWN)
    state.status = status  # type: ignore[assignment]
    return state


def _popd(run: Host, _words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    state.directory = run.expander.variable("OLDPWD", state).text or UNKNOWN
    run.assign("PWD", state.directory, state)
    state.write(UNKNOWN)
    state.status = "success"
    return state


def _pwd(_run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    directory = state.directory
    if "-P" in words and UNKNOWN not in directory:
        directory = state.process.shell.filesystem.resolve(directory).path
    state.write(directory + "\n")
    state.status = 0
    return state


def _trap(_run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    rest = words[2:] if words[1:2] == ("--",) else words[1:]
    state.status = 0
    if len(rest) < 2 or rest[0] in ("-p", "-l"):  # noqa: PLR2004 - an action and a signal
        return state
    action, signals = rest[0], rest[1:]
    if "EXIT" in signals or "0" in signals:
        state.exit_trap = action if action not in ("-", "") and UNKNOWN not in action else None
    name = state.process.names[-1] if state.process.names else state.process.name
    if action not in ("-", "") and not SIGNALS.isdisjoint(signals):
        state.way = state.way._replace(traps=tuple(dict.fromkeys((*state.way.traps, name))))
    return state


def _wait(run: Host, _words: Words, _declared: tuple[Assignment, ...], state: State) -> State | None:
    if any(end.kind != "ends" for job in state.way.jobs for end in job.ends):
        run.ends.append(End("stays", state.way, place=run.place))
        return None
    state.status = "success"
    return state


def _kill(_run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    if words[1:2] in (("-0",), ("-l",)):
        state.status = "success" if state.way.jobs else None
        return state
    if state.way.jobs:
        state.way = state.way._replace(jobs=(), unseen="it stops what it started in the background")
    state.status = "success"
    return state


def _let(run: Host, words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    from ocianalyze.facts.shell.syntax import Text, Word

    number: int | None = 0
    for word in words[1:]:
        number = run.expander.number(Word((Text(word, quoted=True),)), state)
    state.status = None if number is None else int(not number)
    return state


def _presume(_run: Host, _words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    state.write(UNKNOWN)
    state.status = "success"
    return state


def _hash(_run: Host, _words: Words, _declared: tuple[Assignment, ...], state: State) -> State:
    state.status = None
    return state


BUILTINS: Final[dict[str, Builtin]] = {
    **dict.fromkeys((":", "true", "alias", "unalias", "umask", "ulimit", "bind", "enable"), _succeed),
    **dict.fromkeys(("disown", "complete", "compopt", "history", "jobs", "times", "suspend"), _succeed),
    **dict.fromkeys(("fg", "bg", "compgen", "caller", "dirs", "logout", "fc"), _presume),
    **dict.fromkeys(("test", "["), _test),
    **dict.fromkeys((".", "source"), _source),
    **dict.fromkeys(("break", "continue"), _break),
    **dict.fromkeys(("cd", "pushd"), _cd),
    **dict.fromkeys(("declare", "typeset"), declare),
    **dict.fromkeys(("mapfile", "readarray"), mapfile),
    "builtin": _builtin,
    "command": _command,
    "echo": echo,
    "eval": _eval,
    HOOK: hook,
    "exec": _exec,
    "exit": _exit,
    "export": export,
    "false": _fail,
    "getopts": getopts,
    "hash": _hash,
    "kill": _kill,
    "let": _let,
    "local": local,
    "popd": _popd,
    "printf": printf,
    "pwd": _pwd,
    "read": read,
    "readonly": read_only,
    "return": _return,
    "set": set_options,
    "shift": _shift,
    "shopt": shopt,
    "trap": _trap,
    "type": _type,
    "unset": unset,
    "wait": _wait,
}

_NEEDS: Final[dict[str, Feature]] = {
    **dict.fromkeys(("source", "let"), "source"),
    **dict.fromkeys(("declare", "typeset", "shopt", "mapfile", "readarray", "builtin", "pushd", "popd"), "declare"),
    **dict.fromkeys(
        ("disown", "complete", "compopt", "history", "compgen", "caller", "dirs", "bind", "enable"), "declare"
    ),
    **dict.fromkeys(("logout", "suspend"), "declare"),
}
"""What a shell knows that has a command of its own which POSIX does not name."""
