"""What a Jupyter server is told on its command line and in its configuration files, told without running it.

Sources: traitlets ``config/loader.py`` and ``config/application.py`` (options, quotes, what is refused), jupyter_server
``serverapp.py`` and jupyterlab ``labapp.py`` (aliases, flags). The tests hold it against these packages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ocianalyze.errors import DuplicateKeyError, InvalidImageError
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Value: TypeAlias = "str | int | bool | tuple[str, ...] | None"
Key: TypeAlias = "tuple[str, str]"
"""A class and the name of one of its traits, such as ``("ServerApp", "ip")``."""

CLASSES: Final = (
    *("kernel_manager_class", "kernel_spec_manager_class", "session_manager_class", "contents_manager_class"),
    *("config_manager_class", "authorizer_class"),
)
"""The traits of the server that name a class, which is imported when it starts."""

TRAITS: Final = {
    **dict.fromkeys(("ip", "base_url", "allow_origin", "token", "password", "hashed_password", "sock"), str),
    **dict.fromkeys(("config_file", "identity_provider_class", "allow_origin_pat"), str),
    **dict.fromkeys(("root_dir", "notebook_dir", "preferred_dir", "certfile", "keyfile"), str),
    "port": int,
    **dict.fromkeys(("allow_root", "allow_remote_access", "core_mode", "dev_mode"), bool),
    "app_dir": str,
    "ensure_native_kernel": bool,
    **dict.fromkeys(("allowed_kernelspecs", "whitelist"), tuple),
    **dict.fromkeys(CLASSES, str),
}
"""The traits that matter here, and their types."""

IDENTITY: Final = ("PasswordIdentityProvider", "LegacyIdentityProvider", "IdentityProvider")
"""The classes of the identity provider, the one that counts most first."""

CONTENTS: Final = ("AsyncLargeFileManager", "LargeFileManager", "AsyncFileContentsManager", "FileContentsManager")
"""The classes of the default contents manager, the one that counts most first."""

_APPLICATIONS: Final = ("ServerApp", "LabApp", "JupyterNotebookApp", "NotebookApp", "JupyterApp")
KERNELS: Final = ("KernelSpecManager",)
"""The class that finds kernel specs."""

SECTIONS: Final = frozenset({*_APPLICATIONS, *IDENTITY, *CONTENTS, *KERNELS})
"""The classes whose traits matter here."""

_ALIASES: Final[dict[str, Key]] = {
    "ip": ("ServerApp", "ip"),
    "port": ("ServerApp", "port"),
    "sock": ("ServerApp", "sock"),
    "config": ("JupyterApp", "config_file"),
    "app-dir": ("LabApp", "app_dir"),
    "notebook-dir": ("ServerApp", "root_dir"),
    **{name: ("ServerApp", name.replace("-", "_")) for name in ("preferred-dir", "certfile", "keyfile")},
    **{
        name: ("", name)
        for name in (
            *("port-retries", "sock-mode", "transport", "client-ca"),
            *("browser", "pylab", "gateway-url", "log-level", "watch"),
        )
    },
}
"""Short options that take a value; what they set where it matters."""

_FLAGS: Final[dict[str, Key]] = {
    "allow-root": ("ServerApp", "allow_root"),
    "core-mode": ("LabApp", "core_mode"),
    "dev-mode": ("LabApp", "dev_mode"),
}
_OTHER_FLAGS: Final = frozenset(
    (
        *("autoreload", "browser", "collaborative", "custom-css", "debug", "expose-app-in-browser"),
        *("extensions-in-dev-mode", "generate-config", "mathjax", "script", "show-config", "show-config-json"),
        *("skip-dev-build", "splice-source", "watch", "y"),
    )
)
"""The flags of JupyterLab 3 and 4, Jupyter Server 1 and 2, and Notebook 6 and 7, which may also begin with ``no-``."""

_TRAIT: Final = regex(r"[A-Za-z]\w*(\.\w+)*", re.ASCII)
"""What traitlets takes for the name of a trait, even if there is none; such an option has a value."""

_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}
_LONGEST_NUMBER: Final = 20


class Setting(NamedTuple):
    """A value and what gives it; `UNKNOWN` in it is what cannot be told."""

    value: Value
    source: str

    @property
    def known(self) -> bool:
        """True if the value can be told."""
        return not (isinstance(self.value, str) and UNKNOWN in self.value)


@dataclass(slots=True)
class Options:
    """What one source says.

    Attributes:
        settings: the traits that it sets.
        refused: why the server would not start with it, if so; a clause.
        opaque: whether it may say more than can be told.
        ignored: options that look like settings and are none.
        place: the file or directory that is named without an option.
    """

    settings: dict[Key, Setting] = field(default_factory=dict)
    refused: str | None = None
    opaque: bool = False
    ignored: list[str] = field(default_factory=list)
    place: str | None = None


def parse_arguments(words: Sequence[str]) -> Options:
    """Return what the arguments of a server say, as traitlets reads them."""
    options = Options()
    rest = iter(words)
    for word in rest:
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            options.opaque = options.opaque or UNKNOWN in word
            options.place = options.place or word
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("--") or UNKNOWN in name:
            options.opaque = options.opaque or UNKNOWN in word
            continue
        if not equals and _is_flag(name):
            if name in _FLAGS:
                options.settings[_FLAGS[name]] = Setting(value=True, source=f"--{name}")
        else:
            _option(options, name, value if equals else next(rest, "-"), equals=bool(equals))
    return options


def _option(options: Options, name: str, value: str, *, equals: bool) -> None:
    """Take an option with its value, which is the next word unless it stands behind an equals sign."""
    key = _key_of(name)
    if key is None and not _TRAIT.fullmatch(name):
        options.refused = options.refused or f"--{name} is not one of its options"
    elif not equals and value.startswith("-"):
        options.refused = options.refused or f"--{name} has no value"
    elif key is not None:
        _set(options, key, name, value)
    elif name.replace("-", "_") in TRAITS:
        options.ignored.append(f"--{name}")


def parse_json(content: bytes, source: str) -> Options:
    """Return what a configuration file in JSON says; one that is no JSON says nothing."""
    from ocianalyze.oci.json import decode

    try:
        value = decode(content, what=source)
    except InvalidImageError as error:
        # A duplicate key is read all the same; the last one counts, but which one that is, is left open.
        return Options(opaque=isinstance(error, DuplicateKeyError))
    options = Options()
    for section, traits in value.items() if isinstance(value, dict) else ():
        for name, item in traits.items() if isinstance(traits, dict) else ():
            if name in TRAITS:
                take(options, (section, name), item, source)
    return options


def _key_of(name: str) -> Key | None:
    if name in _ALIASES:
        return _ALIASES[name]
    section, dot, trait = name.partition(".")
    return (section, trait) if dot and section[:1].isupper() else None


def _is_flag(name: str) -> bool:
    return name in _FLAGS or name.removeprefix("no-") in _OTHER_FLAGS


def _set(options: Options, key: Key, name: str, text: str) -> None:
    if key[1] not in TRAITS:
        return
    if key in options.settings:
        options.refused = options.refused or f"{key[0]}.{key[1]} is set twice"
    value = _converted(text, TRAITS[key[1]])
    if value is None:
        options.refused = options.refused or f"--{name} has an invalid value: {text!r}"
    options.settings[key] = Setting(text if value is None else value, f"--{name}")


def _converted(text: str, kind: type) -> Value:
    """Return the value that a text on the command line is, or None if it is none of its kind."""
    if UNKNOWN in text or kind is tuple:
        return text if UNKNOWN in text else UNKNOWN
    if kind is int:
        digits = text.strip().lstrip("+-")
        return int(text) if digits.isascii() and digits.isdigit() and len(digits) < _LONGEST_NUMBER else None
    return _TRUTH.get(text.lower()) if kind is bool else unquoted(text)


def unquoted(text: str) -> str:
    """Return a text without the quotes around it, which traitlets still takes away; all but ``""``, where it fails."""
    stripped = text
    if len(text) > 1:
        for quote in ('"', "'"):
            if not stripped:
                return text
            if stripped[0] == stripped[-1] == quote:
                stripped = stripped[1:-1]
    return stripped


def take(options: Options, key: Key, value: object, source: str) -> None:
    """Take over a value of a file, which has to be of the trait's own type."""
    kind = TRAITS[key[1]]
    value = tuple(value) if kind is tuple and isinstance(value, list) else value
    fits = isinstance(value, kind) and (kind is not int or not isinstance(value, bool))
    if value == UNKNOWN:
        options.settings[key] = Setting(UNKNOWN, source)
    elif isinstance(value, tuple) and fits and all(isinstance(item, str) for item in value):
        options.settings[key] = Setting(UNKNOWN if UNKNOWN in "".join(value) else value, source)
    elif fits and isinstance(value, str | int | bool):
        options.settings[key] = Setting(value, source)
    else:
        options.refused = options.refused or f"{source} sets {key[0]}.{key[1]} to a value that is not {_NAMES[kind]}"


_NAMES: Final = {str: "a string", int: "a number", bool: "a boolean", tuple: "a list of strings"}


def merged(parts: Iterable[Options]) -> Options:
    """Return what several sources say together, of which later ones count more.

    One that may say more than can be told makes unknown what those before it say.
    """
    whole = Options()
    for part in parts:
        if part.opaque:
            whole = unknown(whole)
        whole.settings.update(part.settings)
        whole.refused = whole.refused or part.refused
        whole.opaque = whole.opaque or part.opaque
        whole.ignored += part.ignored
    return whole


def unknown(options: Options) -> Options:
    """Return what is left of what a source says if something else that counts more may say anything."""
    settings = {key: Setting(UNKNOWN, item.source) for key, item in options.settings.items()}
    return Options(settings, None, opaque=True, ignored=list(options.ignored))
