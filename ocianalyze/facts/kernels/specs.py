"""``kernel.json``, read as jupyter_client reads it: what it lets pass, what makes it drop the kernel.

Sources: jupyter_client 8 ``kernelspec.py`` (``KernelSpec``, ``get_all_specs``); traitlets; jupyter_client's
documentation, ``kernels.rst``. The loader opens the file as UTF-8, without a byte order mark, and gives every key to a
class whose traits check the types of those it knows. nb_conda_kernels (``manager.py``) reads the file itself, skips
what is no JSON, and fails altogether on what lacks the keys that it takes for granted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Final

from ocianalyze.errors import UndecidedError
from ocianalyze.regex import regex

READS: Final = ("**/kernel.json",)

LARGEST: Final = 1024 * 1024
"""How large a ``kernel.json`` may be to be looked at; in bytes."""

_MOST_WORDS: Final = 4096
"""How many words a command may have to be looked at."""

CONNECTION_FILE: Final = "{connection_file}"
_UNFIT: Final = regex("[\0\ud800-\udc7f\udd00-\udfff]")
"""What Python passes to no program: NUL, and halves of characters that stand for no byte."""

_LONGEST_NAME: Final = 60

_TYPES: Final[dict[str, tuple[type | tuple[type, ...], str]]] = {
    "argv": ((list, str), "a list"),
    "display_name": (str, "a string"),
    "env": (dict, "an object"),
    "interrupt_mode": (str, "a string"),
    "kernel_protocol_version": (str, "a string"),
    "language": (str, "a string"),
    "metadata": (dict, "an object"),
    "mimetype": (str, "a string"),
    "name": (str, "a string"),
}
_JSON_NAMES: Final[dict[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    NoneType: "null",
}


_RESERVED: Final = ("resource_dir", "self")
"""Keys that collide with the arguments of the loader's constructor."""

_PROVISIONER: Final = "kernel_provisioner"
_PROVISIONER_NAME: Final = "provisioner_name"


class _UnreadableError(Exception):
    """No JSON can be read; the message is a clause."""


@dataclass(frozen=True, slots=True)
class KernelSpec:
    """What a ``kernel.json`` says.

    Attributes:
        argv: the command, with what is no string made one.
        display_name: what users see.
        language: the language.
        env: the variables that are set for the kernel.
        provisioner: the name of the kernel provisioner that starts the kernel, if it is not left to the server.
        readable: whether it is JSON at all.
        problem: why jupyter_client drops the kernel, if it does; a clause.
        argv_problem: why the command cannot start a kernel, if so; a clause.
        conda_failure: why nb_conda_kernels fails on it, where it is valid JSON and in a conda environment; a clause.
    """

    argv: tuple[str, ...] = ()
    display_name: str = ""
    language: str = ""
    env: dict[str, str] = field(default_factory=dict)
    provisioner: str | None = None
    readable: bool = True
    problem: str | None = None
    argv_problem: str | None = None
    conda_failure: str | None = None


def load_kernelspec(content: bytes) -> KernelSpec:
    """Return what the content of a ``kernel.json`` says; a document that the loader drops has a ``problem``.

    Raises:
        UndecidedError: its command has more words than are examined.
    """
    try:
        value = _parse(content)
    except _UnreadableError as error:
        return KernelSpec(readable=False, problem=str(error))
    if not isinstance(value, dict):
        kind = f"it is {_name(value)}, not an object"
        return KernelSpec(problem=kind, conda_failure=kind)
    problem = _type_problem(value) or _provisioner_problem(value)
    argv = value.get("argv", [])
    if isinstance(argv, list) and len(argv) > _MOST_WORDS:
        raise UndecidedError(
            f"a kernel command has {len(argv):,} words, over the limit of {_MOST_WORDS:,}",
            hint="Start the kernel with a script that contains its arguments",
        )
    return KernelSpec(
        argv=tuple(str(word) for word in argv) if isinstance(argv, list) else (str(argv),),
        display_name=str(value.get("display_name", "")),
        language=str(value.get("language", "")),
        env={str(key): str(item) for key, item in env.items()} if isinstance(env := value.get("env"), dict) else {},
        provisioner=None if problem else _provisioner(value),
        problem=problem,
        argv_problem=None if problem else _argv_problem(value),
        conda_failure=_conda_failure(value),
    )


def _parse(content: bytes) -> object:
    if content.startswith(b"\xef\xbb\xbf"):
        raise _UnreadableError("it starts with a byte order mark")
    try:
        value: object = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _UnreadableError(f"it is not UTF-8 (byte {error.start})") from error
    except RecursionError as error:
        raise _UnreadableError("it is nested too deeply") from error
    except ValueError as error:
        raise _UnreadableError(f"it is not valid JSON: {error}") from error
    return value


def _type_problem(value: dict[str, Any]) -> str | None:
    for key, (expected, name) in _TYPES.items():
        if key in value and not isinstance(value[key], expected):
            return f"{key!r} is {_name(value[key])}, not {name}"
    for key in _RESERVED:
        if key in value:
            return f"it sets {key!r}, which is reserved for jupyter_client"
    mode = value.get("interrupt_mode", "signal")
    if mode.lower() not in ("signal", "message"):
        return f"'interrupt_mode' is {mode!r}, not 'signal' or 'message'"
    return None


def _provisioner_problem(value: dict[str, Any]) -> str | None:
    """Return why the loader fails to look for the provisioner; it asks ``"provisioner_name" in`` whatever is there."""
    metadata = value.get("metadata", {})
    stanza = metadata.get(_PROVISIONER, {})
    if isinstance(stanza, dict) or (isinstance(stanza, list | str) and _PROVISIONER_NAME not in stanza):
        return None
    return f"'metadata.{_PROVISIONER}' is {_name(stanza)}, not an object"


def _provisioner(value: dict[str, Any]) -> str | None:
    stanza = value.get("metadata", {}).get(_PROVISIONER, {})
    return str(stanza[_PROVISIONER_NAME]) if isinstance(stanza, dict) and _PROVISIONER_NAME in stanza else None


def _conda_failure(value: dict[str, Any]) -> str | None:
    for key, expected in (("display_name", str), ("argv", list)):
        if key not in value:
            return f"{key!r} is missing"
        if not isinstance(value[key], expected):
            return f"{key!r} is {_name(value[key])}, not {_TYPES[key][1]}"
    own = {key: item for key, item in value.items() if key != "resource_dir"}
    return _type_problem(own)


def _argv_problem(value: dict[str, Any]) -> str | None:
    argv = value.get("argv")
    if argv is None:
        return "'argv' is missing"
    if isinstance(argv, str):
        return "'argv' is a string, which is used as the name of a program without arguments"
    if not argv or argv[0] == "":
        return "'argv' is empty" if not argv else "'argv[0]' is empty"
    for position, word in enumerate(argv):
        if not isinstance(word, str):
            return f"'argv[{position}]' is {_name(word)}, not a string"
    if not any(CONNECTION_FILE in word for word in argv):
        return f"no element of 'argv' contains {CONNECTION_FILE!r}, so the kernel does not know where to connect"
    return _variable_problem(value.get("env", {})) or _character_problem(argv, value.get("env", {}))


def _variable_problem(env: dict[str, Any]) -> str | None:
    wrong = ((name[:_LONGEST_NAME], item) for name, item in env.items() if not isinstance(item, str))
    return next((f"variable {name!r} in 'env' is {_name(item)}, not a string" for name, item in wrong), None)


def _character_problem(argv: list[str], env: dict[str, str]) -> str | None:
    if any(_UNFIT.search(word) for word in argv):
        return "'argv' contains a character that is not allowed in arguments"
    if any(_UNFIT.search(name + item) or "=" in name or not name for name, item in env.items()):
        return "'env' contains a character that is not allowed in variables"
    return None


def _name(value: object) -> str:
    return _JSON_NAMES.get(type(value), "another type")
