"""Programs whose output follows from the image, where a script asks for it: who runs it, where something lies.

Sources: the manuals of GNU coreutils; conda, mamba, micromamba and pixi (``shell hook`` and its kin), fixuid,
ssh-agent.
"""

from __future__ import annotations

from itertools import pairwise
from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final, TypeAlias

from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.python.conda_names import conda_prefix
from ocianalyze.facts.shell.activation import HOOK
from ocianalyze.facts.shell.values import SOME
from ocianalyze.facts.user.accounts import parse_group, parse_passwd

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.facts.shell.run import Interpreter
    from ocianalyze.facts.shell.state import State, Status
    from ocianalyze.facts.shell.values import Words
    from ocianalyze.facts.shell.ways import Launch
    from ocianalyze.facts.user.accounts import GroupEntry, PasswdEntry

_Result: TypeAlias = "tuple[str, Status]"
_Program: TypeAlias = "Callable[[Launch, Words, Interpreter, State], _Result | None]"
"""Returns what a program writes and how it ends; None if that is not followed."""

_LONGEST_ACCOUNTS: Final = 256 * 1024
_UNKNOWN_RESULT: Final = (UNKNOWN, "success")


def result_of(launch: Launch, run: Interpreter, state: State) -> tuple[str, Status] | None:
    """Return what a program writes, `UNKNOWN` for what cannot be told, and how it ends; None if it is not followed."""
    program = _PROGRAMS.get(basename(launch.words[0]))
    if program is None or SOME in launch.words:
        return None
    return program(launch, launch.words[1:], run, state)


def _operands(words: Words) -> list[str]:
    found: list[str] = []
    for position, word in enumerate(words):
        if word == "--":
            return [*found, *words[position + 1 :]]
        if not word.startswith("-") or word == "-":
            found.append(word)
    return found


# --- names of files ---------------------------------------------------------------------------------------------------


def _basename(_launch: Launch, words: Words, _run: Interpreter, _state: State) -> _Result | None:
    operands = _operands(words)
    if not 1 <= len(operands) <= 2 or len(operands) != len(words):  # noqa: PLR2004 - a path and an ending
        return None
    path = operands[0]
    if UNKNOWN in path.rpartition("/")[2]:
        return _UNKNOWN_RESULT
    name = basename(path.rstrip("/")) or path[:1]
    if len(operands) > 1 and name != operands[1]:
        name = name.removesuffix(operands[1])
    return name + "\n", 0


def _dirname(_launch: Launch, words: Words, _run: Interpreter, _state: State) -> _Result | None:
    operands = _operands(words)
    if len(operands) != 1:
        return None
    path = operands[0].rstrip("/") or operands[0][:1]
    if UNKNOWN in path.rpartition("/")[2]:
        return _UNKNOWN_RESULT
    return (dirname(path).rstrip("/") or ("/" if path.startswith("/") else ".")) + "\n", 0


def _readlink(launch: Launch, words: Words, run: Interpreter, state: State) -> _Result | None:  # noqa: PLR0911 - one case after the other
    operands = _operands(words)
    if len(operands) != 1 or UNKNOWN in state.directory + operands[0]:
        return _UNKNOWN_RESULT
    files = run.files(state)
    canonical = basename(launch.words[0]) == "realpath" or any(
        letter in word for word in words if word.startswith("-") for letter in "fem"
    )
    full = join(state.directory, operands[0])
    seen = files.look(operands[0], follow=canonical)
    if not seen.sure:
        return UNKNOWN, None
    if seen.mounted:
        return (normpath(full) + "\n", 0) if canonical else ("", 1)
    if not canonical:
        return (seen.node.target + "\n", 0) if seen.node is not None and seen.node.is_symlink else ("", 1)
    resolution = launch.shell.filesystem.resolve(full)
    if resolution.node is not None:
        return resolution.path + "\n", 0
    above = launch.shell.filesystem.resolve(dirname(normpath(full)))
    if resolution.problem == "missing" and above.node is not None and above.node.is_directory:
        return join(above.path, basename(normpath(full))) + "\n", 0
    return "", 1


def _pwd(_launch: Launch, _words: Words, _run: Interpreter, state: State) -> _Result:
    if UNKNOWN in state.directory:
        return _UNKNOWN_RESULT
    return state.process.shell.filesystem.resolve(state.directory).path + "\n", 0


def _run_parts(_launch: Launch, words: Words, run: Interpreter, state: State) -> _Result | None:
    """Return the files that ``run-parts --list`` names, as Debian's ``/etc/profile`` asks it."""
    operands = _operands(words)
    if "--list" not in words or not operands:
        return None
    names = run.files(state).names_in(operands[-1])
    if names is None:
        return _UNKNOWN_RESULT
    script = any(r"\.sh" in word for word in words)
    chosen = [name for name in sorted(names) if (name.endswith(".sh") if script else name.replace("-", "").isalnum())]
    return "".join(f"{operands[-1].rstrip('/')}/{name}\n" for name in chosen), 0


def _mktemp(_launch: Launch, words: Words, _run: Interpreter, _state: State) -> _Result:
    template = next((word for word in words if not word.startswith("-") and "X" in word), None)
    directory = "/tmp/" if template is None or "-t" in words else ""  # noqa: S108 - where it puts files
    return f"{directory}{(template or 'tmp.').partition('X')[0]}{UNKNOWN}\n", 0


# --- who runs it ------------------------------------------------------------------------------------------------------


def _accounts(run: Interpreter, state: State) -> tuple[list[PasswdEntry], list[GroupEntry]] | None:
    """Return the lines of ``/etc/passwd`` and ``/etc/group``; None if they may have been changed, or cannot be read."""
    contents = []
    for path in ("/etc/passwd", "/etc/group"):
        seen = run.files(state).look(path)
        if not seen.sure or (seen.node is not None and seen.node.size > _LONGEST_ACCOUNTS):
            return None
        contents.append(seen.node.read() if seen.node is not None and seen.node.is_file else b"")
    run.budget.text(sum(map(len, contents)))
    try:
        return list(parse_passwd(contents[0])), list(parse_group(contents[1]))
    except ValueError:
        return None


def _id(_launch: Launch, words: Words, run: Interpreter, state: State) -> _Result | None:  # noqa: PLR0911 - one case after the other
    letters = "".join(word[1:] for word in words if word.startswith("-") and not word.startswith("--"))
    letters += "".join({"--user": "u", "--group": "g", "--groups": "G", "--name": "n"}.get(word, "") for word in words)
    names = _operands(words)
    user = state.process.shell.user
    accounts = _accounts(run, state)
    if names:
        if UNKNOWN in names[0] or accounts is None:
            return UNKNOWN, None
        entry = next((item for item in accounts[0] if item.name == names[0]), None)
        if entry is None:
            entry = next((item for item in accounts[0] if str(item.uid) == names[0]), None)
        if entry is None:
            return "", 1
        uid, gid, name = entry.uid, entry.gid, entry.name
    elif user.uid is None or user.gid is None:
        return UNKNOWN, None
    else:
        uid, gid, name = user.uid, user.gid, user.name or ""
    if "n" not in letters:
        found = {"u": str(uid), "g": str(gid)}.get(letters[:1])
        return (found + "\n", 0) if found is not None else _UNKNOWN_RESULT
    if accounts is None:
        return UNKNOWN, None
    if letters[0] == "u" or letters.startswith("nu"):
        return (name + "\n", 0) if name else (f"{uid}\n", 1)
    group = next((item.name for item in accounts[1] if item.gid == gid), None)
    return (group + "\n", 0) if group is not None else (f"{gid}\n", 1)


def _whoami(_launch: Launch, _words: Words, run: Interpreter, state: State) -> _Result:
    user = state.process.shell.user
    accounts = _accounts(run, state)
    if accounts is None or user.uid is None:
        return UNKNOWN, None
    name = next((item.name for item in accounts[0] if item.uid == user.uid), None)
    return (name + "\n", 0) if name is not None else ("", 1)


def _getent(_launch: Launch, words: Words, run: Interpreter, state: State) -> _Result | None:
    accounts = _accounts(run, state)
    if len(words) != 2 or words[0] not in ("passwd", "group") or accounts is None or UNKNOWN in words[1]:  # noqa: PLR2004
        return UNKNOWN, None
    if words[0] == "passwd":
        found = any(words[1] in (item.name, str(item.uid)) for item in accounts[0])
    else:
        found = any(words[1] in (item.name, str(item.gid)) for item in accounts[1])
    return (UNKNOWN, 0) if found else ("", 2)


def _uname(_launch: Launch, words: Words, _run: Interpreter, _state: State) -> _Result:
    known = {("-m",): "x86_64\n", ("-s",): "Linux\n", (): "Linux\n", ("-p",): "x86_64\n", ("-o",): "GNU/Linux\n"}
    return known.get(words, UNKNOWN), 0


# --- text -------------------------------------------------------------------------------------------------------------


def _cat(_launch: Launch, words: Words, run: Interpreter, state: State) -> _Result:
    from ocianalyze.facts.shell.redirections import read_file

    if not words or words == ("-",):
        text, state.input = state.input, ""
        return (UNKNOWN if text is None else text), 0
    pieces, status = [], 0
    for word in words:
        if run.files(state).look(word).exists is False and state.changes.at(run.files(state).full(word)) is None:
            status = 1
            continue
        text = None if word.startswith("-") else read_file(word, run, state)
        pieces.append(UNKNOWN if text is None else text)
    return "".join(pieces), status


def _input(state: State) -> str | None:
    text, state.input = state.input, ""
    return text


_CLASSES: Final = {
    "[:upper:]": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "A-Z": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "[A-Z]": "[ABCDEFGHIJKLMNOPQRSTUVWXYZ]",
    "[:lower:]": "abcdefghijklmnopqrstuvwxyz",
    "a-z": "abcdefghijklmnopqrstuvwxyz",
    "[a-z]": "[abcdefghijklmnopqrstuvwxyz]",
    "[:space:]": " \t\n\v\f\r",
    "[:digit:]": "0123456789",
    "0-9": "0123456789",
    "\\n": "\n",
    "\\t": "\t",
    "\\r": "\r",
}


def _tr(_launch: Launch, words: Words, _run: Interpreter, state: State) -> _Result:
    text = _input(state)
    operands = [_CLASSES.get(word, word) for word in _operands(words)]
    plain = all(not {"\\", "[", "-"}.intersection(word) or word in _CLASSES.values() for word in operands)
    if text is None or not plain:
        return _UNKNOWN_RESULT
    if words[:1] == ("-d",) and len(operands) == 1:
        return text.translate(dict.fromkeys(map(ord, operands[0]))), 0
    if len(operands) != 2 or len(words) != 2 or not operands[1]:  # noqa: PLR2004 - what, and into what
        return _UNKNOWN_RESULT
    first, second = operands
    second += second[-1] * (len(first) - len(second))
    table = dict(zip(map(ord, first), second, strict=False))
    return text.translate(table), 0


def _head(_launch: Launch, words: Words, _run: Interpreter, state: State) -> _Result:
    text = _input(state)
    count = {("-1",): 1, ("-n", "1"): 1, ("-n1",): 1, (): 10}.get(words)
    if text is None or count is None:
        return _UNKNOWN_RESULT
    return "".join(text.splitlines(keepends=True)[:count]), 0


def _cut(_launch: Launch, words: Words, _run: Interpreter, state: State) -> _Result:
    text = _input(state)
    delimiter = field = None
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word[:2] == "-d":
            delimiter = (word[2:] or (rest.pop(0) if rest else "")).removeprefix("=")
        elif word[:2] == "-f":
            field = word[2:] or (rest.pop(0) if rest else "")
        else:
            return _UNKNOWN_RESULT
    if (
        text is None
        or delimiter is None
        or len(delimiter) != 1
        or field is None
        or not field.isdigit()
        or len(field) > 4  # noqa: PLR2004 - as many digits as a year has
    ):
        return _UNKNOWN_RESULT
    number = int(field) - 1
    lines = []
    for line in text.splitlines():
        fields = line.split(delimiter)
        lines.append(line if len(fields) == 1 else fields[number] if 0 <= number < len(fields) else "")
    return "".join(f"{line}\n" for line in lines), 0


def _seq(_launch: Launch, words: Words, _run: Interpreter, _state: State) -> _Result:
    if not 1 <= len(words) <= 2 or not all(word.isdigit() and len(word) < 4 for word in words):  # noqa: PLR2004
        return _UNKNOWN_RESULT
    first, last = (1, int(words[0])) if len(words) == 1 else (int(words[0]), int(words[1]))
    return "".join(f"{number}\n" for number in range(first, last + 1)), 0


def _printenv(launch: Launch, words: Words, _run: Interpreter, _state: State) -> _Result:
    if len(words) != 1 or UNKNOWN in words[0]:
        return _UNKNOWN_RESULT
    value = launch.environment.get(words[0])
    if value is None:
        return "", 1
    return (value + "\n", 0) if UNKNOWN not in value else (UNKNOWN, None)


def _which(_launch: Launch, words: Words, run: Interpreter, state: State) -> _Result:
    from ocianalyze.facts.shell.builtins import find_command

    output, state.output = state.output, ""
    names = tuple(word for word in words if not word.startswith("-"))
    find_command(run, names, state, only_files=True)
    text, state.output = state.output or "", output
    return text, state.status


def _write_words(name: str) -> _Program:
    def program(_launch: Launch, words: Words, run: Interpreter, state: State) -> _Result:
        from ocianalyze.facts.shell.builtins import BUILTINS

        output, state.output = state.output, ""
        BUILTINS[name](run, (name, *words), (), state)
        text, state.output = state.output or "", output
        return text, state.status

    return program


# --- what is evaluated ------------------------------------------------------------------------------------------------


def _conda(launch: Launch, words: Words, run: Interpreter, state: State) -> _Result | None:
    name = basename(launch.words[0])
    program = launch.shell.find(launch.words[0])
    if name == "conda" and program.real is not None:
        root = dirname(dirname(program.real))
    else:
        root = conda_prefix("base", launch.environment)
    if name == "conda" and len(words) == 2 and words[0].startswith("shell.") and words[1] == "hook":  # noqa: PLR2004
        return f"{HOOK} conda '{root}' base\n", 0
    if name == "conda" and len(words) >= 2 and words[0].startswith("shell.") and words[1] == "activate":  # noqa: PLR2004
        return f"{HOOK} conda '{root}' '{words[2] if len(words) > 2 else 'base'}'\n", 0  # noqa: PLR2004
    if words[:2] == ("shell", "hook"):
        return f"{HOOK} {name} '{root}'\n", 0
    if words == ("info", "--base"):
        return root + "\n", 0
    del run, state
    return None


def _pixi(launch: Launch, words: Words, _run: Interpreter, state: State) -> _Result | None:
    if words[:1] != ("shell-hook",):
        return None
    given = dict(pairwise(words))
    name = given.get("--environment") or given.get("-e") or "default"
    manifest = given.get("--manifest-path")
    directory = dirname(manifest) if manifest else state.directory
    prefix = _first_above(launch, directory, join(".pixi/envs", name))
    return (f"{HOOK} path '{prefix}/bin'\n", 0) if prefix is not None else None


def _first_above(launch: Launch, directory: str, inner: str) -> str | None:
    while UNKNOWN not in directory:
        prefix = normpath(join("/", directory, inner))
        if launch.shell.filesystem.lookup(prefix) is not None:
            return prefix
        if directory in ("/", ""):
            break
        directory = dirname(directory)
    return None


def _sets(*names: str) -> _Program:
    text = f"{HOOK} may-set {' '.join(names)}\n" if names else ""
    return lambda _launch, _words, _run, _state: (text, "success")


_PROGRAMS: Final[dict[str, _Program]] = {
    "basename": _basename,
    "cat": _cat,
    "conda": _conda,
    "cut": _cut,
    "dircolors": _sets("LS_COLORS"),
    "dirname": _dirname,
    "echo": _write_words("echo"),
    "fixuid": _sets("HOME"),
    "getent": _getent,
    "head": _head,
    "id": _id,
    "lesspipe": _sets("LESSOPEN", "LESSCLOSE"),
    "mktemp": _mktemp,
    "lesspipe.sh": _sets("LESSOPEN", "LESSCLOSE"),
    "mamba": _conda,
    "micromamba": _conda,
    "pixi": _pixi,
    "printenv": _printenv,
    "printf": _write_words("printf"),
    "pwd": _pwd,
    "readlink": _readlink,
    "realpath": _readlink,
    "register-python-argcomplete": _sets(),
    "run-parts": _run_parts,
    "seq": _seq,
    "ssh-agent": _sets("SSH_AUTH_SOCK", "SSH_AGENT_PID"),
    "starship": _sets("STARSHIP_SHELL"),
    "tr": _tr,
    "uname": _uname,
    "which": _which,
    "whoami": _whoami,
    "zoxide": _sets(),
}
