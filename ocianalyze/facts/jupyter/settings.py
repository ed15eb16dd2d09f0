"""The settings with which a Jupyter server will run: arguments, configuration files, variables, in their order.

Sources: jupyter_core ``paths.py`` (``jupyter_config_path``) and ``application.py`` (``load_config_file``),
jupyter_server ``serverapp.py`` and ``auth/identity.py``, notebook_shim ``shim.py``. The tests hold it against these.
"""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.jupyter.files import READS, ConfigurationFiles
from ocianalyze.facts.jupyter.options import (
    CLASSES,
    CONTENTS,
    IDENTITY,
    KERNELS,
    Options,
    Setting,
    Value,
    merged,
    parse_arguments,
    unknown,
)
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.python.command_line import is_standard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocianalyze.facts.commands.search import Found
    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.filesystem.tree import Filesystem

__all__ = ["READS", "JupyterSettings", "find_settings"]

DEFAULT: Final = "default"
"""What gives a setting that nothing else gives."""

_SERVER: Final = ("ServerApp", "JupyterApp")
_EXTENSIONS: Final = {
    "lab": ("LabApp", "jupyter_lab_config"),
    "notebook": ("JupyterNotebookApp", "jupyter_notebook_config"),
}
"""The commands that are extensions of the server: their classes, and what their configuration files are called."""


class ServedDirectory(NamedTuple):
    """A directory that is set for a server.

    Attributes:
        trait: what it is called; ``place`` is a file or directory that is named without an option.
        setting: the directory, relative to the server's own if it is not absolute.
        inside: the directory that it has to lie in, if there is one.
    """

    trait: str
    setting: Setting
    inside: str | None = None


class JupyterSettings(NamedTuple):
    """The settings of a server.

    Attributes:
        ip, port, base_url, allow_origin, allow_root: as its classes call them.
        token: the token; None stands for one that is made up when the server starts.
        password: the hashed password; empty if there is none.
        certfile, keyfile: of HTTPS; empty if there is none.
        allow_remote_access: None if the address decides.
        app_dir: the application directory of JupyterLab; empty if it is the usual one.
        core_mode, dev_mode: whether JupyterLab shows pages of its package instead of those in that directory.
        allowed_kernelspecs: the names of the kernels that are listed; all if there are none.
        ensure_native_kernel: whether the server lists a kernel of its own Python if there is none of its name.
        directories: the directories that are set; each has to exist.
        refused: why the server would not start, if so; a clause.
        ignored: options that look like settings and have no effect.
    """

    ip: Setting
    port: Setting
    base_url: Setting
    allow_origin: Setting
    allow_root: Setting
    token: Setting
    password: Setting
    certfile: Setting
    keyfile: Setting
    allow_remote_access: Setting
    app_dir: Setting
    core_mode: Setting
    dev_mode: Setting
    allowed_kernelspecs: Setting
    ensure_native_kernel: Setting
    directories: tuple[ServedDirectory, ...] = ()
    refused: str | None = None
    ignored: tuple[str, ...] = ()


def find_settings(filesystem: Filesystem, found: Found, mounts: Mounts) -> JupyterSettings | None:
    """Return the settings of the Jupyter server that a command starts, or None if it starts none.

    Raises:
        ContentUnavailableError: a configuration file is there but was not kept.
    """
    application = found.application
    if application is None or application.kind != "jupyter":
        return None
    given = parse_arguments(application.arguments)
    files = ConfigurationFiles(filesystem, found, mounts)
    extension, own = _EXTENSIONS.get(application.name, ("ServerApp", None))
    chosen = next((item for (_, trait), item in given.settings.items() if trait == "config_file"), None)
    general = files.load("jupyter_config")
    stated = files.load("jupyter_server_config") if chosen is None else files.chosen(str(chosen.value))
    server = merged((general, stated))
    below = files.load(own) if own else Options()
    if not found.located and not files.complete:
        # What is known may be overridden by what the Python brings that is not.
        server, below = unknown(server), unknown(below)
    if given.opaque:
        server = unknown(server)
    if server.opaque:
        below = unknown(below)
    levels = _Levels(given, server, below, extension)
    settings = _settle(levels, files.variable)
    return settings._replace(refused=settings.refused or _missing_class(levels, filesystem))


class _Levels(NamedTuple):
    """What counts most first: arguments, the server's files, the files of the extension that `extension` names."""

    given: Options
    server: Options
    below: Options
    extension: str

    def sections(self) -> tuple[str, ...]:
        """Return the classes whose traits are the server's, the one that counts most first."""
        shims = () if self.extension == "ServerApp" else (self.extension, "NotebookApp")
        return (*shims, "ServerApp", "JupyterApp")

    def find(self, trait: str, sections: Sequence[str] = ()) -> Setting | None:
        together = {**self.server.settings, **self.given.settings}
        for settings in (together, self.below.settings):
            for section in sections or self.sections():
                if (section, trait) in settings:
                    return settings[section, trait]
        return None

    def identity(self, trait: str, old: str) -> Setting | None:
        """Return a setting of the identity provider, which used to be one of the server's own.

        An empty password under its old name is what it is by default, and sets nothing.
        """
        for options in (self.given, self.server, self.below):
            keys = [*((section, trait) for section in IDENTITY), *((section, old) for section in self.sections())]
            for key in keys:
                found = options.settings.get(key)
                if found is not None and (key[1] != "password" or found.value):
                    return found
        return None

    def contents(self, trait: str) -> Setting | None:
        """Return a setting of the contents manager."""
        for options in (self.given, self.server, self.below):
            for section in CONTENTS:
                if (section, trait) in options.settings:
                    return options.settings[section, trait]
        return None

    @property
    def opaque(self) -> bool:
        return self.given.opaque or self.server.opaque or self.below.opaque


_DEFAULTS: Final[dict[str, Value]] = {
    "ip": "localhost",
    "base_url": "/",
    "allow_origin": "",
    "allow_root": False,
    "certfile": "",
    "keyfile": "",
    "allow_remote_access": None,
    "app_dir": "",
    "core_mode": False,
    "dev_mode": False,
}


def _directories(levels: _Levels) -> Iterator[ServedDirectory]:
    """Yield the directories that are set, all of which the server insists on."""
    if levels.given.place is not None:
        yield ServedDirectory("place", Setting(levels.given.place, "its arguments"))
    # notebook_shim passes none of these on: they have to be the server's own.
    root = levels.find("root_dir", _SERVER) or levels.find("notebook_dir", _SERVER)
    contents_root = levels.contents("root_dir")
    above = "" if root is None else str(root.value)
    for trait, setting, inside in (
        ("root_dir", root, None),
        ("preferred_dir", levels.find("preferred_dir", _SERVER), above),
        ("root_dir", contents_root, None),
    ):
        if setting is not None and setting.value:
            yield ServedDirectory(trait, setting, inside)
    preferred = levels.contents("preferred_dir")
    if preferred is not None and isinstance(preferred.value, str) and preferred.value:
        above = above if contents_root is None else str(contents_root.value)
        yield ServedDirectory("preferred_dir", Setting(join(above, preferred.value.strip("/")), preferred.source))


def _missing_class(levels: _Levels, filesystem: Filesystem) -> str | None:
    """Return why a class that is set cannot be imported, if its module is nowhere in the image; a clause."""
    for trait in CLASSES:
        setting = levels.find(trait, _SERVER)
        if setting is None or not setting.known or not isinstance(setting.value, str) or "." not in setting.value:
            continue
        module = setting.value.partition(".")[0]
        named = (module, f"{module}.py", f"{module}.pyc")
        if not is_standard(module) and not any(node for name in named for node in filesystem.named(name)):
            return f"{trait} is {setting.value} ({setting.source}), and no module {module!r} is installed"
    return None


def _settle(levels: _Levels, variable: Callable[[str], str | None]) -> JupyterSettings:
    port = _port_of(variable("JUPYTER_PORT"))
    password = levels.identity("hashed_password", "password") or Setting("", DEFAULT)
    token = levels.identity("token", "token") or _default_token(variable, password)
    settings = {trait: levels.find(trait) or Setting(default, DEFAULT) for trait, default in _DEFAULTS.items()}
    allowed = levels.find("allowed_kernelspecs", KERNELS) or levels.find("whitelist", KERNELS)
    if levels.find("sock") is not None:
        settings["ip"] = Setting("a UNIX socket", (levels.find("sock") or settings["ip"]).source)
    if levels.find("allow_origin_pat") is not None and settings["allow_origin"].source == DEFAULT:
        settings["allow_origin"] = Setting(UNKNOWN, "ServerApp.allow_origin_pat")
    result = JupyterSettings(
        **settings,
        port=levels.find("port") or port,
        token=token,
        password=password,
        allowed_kernelspecs=allowed or Setting((), DEFAULT),
        ensure_native_kernel=levels.find("ensure_native_kernel", KERNELS) or Setting(value=True, source=DEFAULT),
        directories=tuple(_directories(levels)),
        refused=levels.given.refused or levels.server.refused or levels.below.refused,
        ignored=tuple(levels.given.ignored),
    )
    if levels.find("identity_provider_class") is not None:
        result = result._replace(token=Setting(UNKNOWN, "ServerApp.identity_provider_class"))
    return _with_doubt(result) if levels.opaque else result


def _with_doubt(settings: JupyterSettings) -> JupyterSettings:
    """Return the settings with those unknown that nothing that is known gives: what cannot be told may give them."""
    return settings._replace(
        ip=_doubted(settings.ip),
        port=_doubted(settings.port),
        base_url=_doubted(settings.base_url),
        allow_origin=_doubted(settings.allow_origin),
        allow_root=_doubted(settings.allow_root),
        token=_doubted(settings.token),
        password=_doubted(settings.password),
        app_dir=_doubted(settings.app_dir),
    )


def _doubted(setting: Setting) -> Setting:
    return Setting(UNKNOWN, DEFAULT) if setting.source == DEFAULT else setting


def _port_of(text: str | None) -> Setting:
    if text is None:
        return Setting(8888, DEFAULT)
    known = text.isascii() and text.isdigit() and len(text) < 6  # noqa: PLR2004 - ports have five digits
    return Setting(int(text) if known else UNKNOWN, "JUPYTER_PORT")


def _default_token(variable: Callable[[str], str | None], password: Setting) -> Setting:
    for name in ("JUPYTER_TOKEN", "JUPYTER_TOKEN_FILE"):
        value = variable(name)
        if value:
            return Setting(value if name == "JUPYTER_TOKEN" else UNKNOWN, name)
    if not password.known:
        return Setting(UNKNOWN, DEFAULT)
    return Setting("" if password.value else None, DEFAULT)
