"""The settings with which a Jupyter server will run: arguments, configuration files, variables, in their order.

Sources: jupyter_core ``paths.py`` (``jupyter_config_path``) and ``application.py`` (``load_config_file``),
jupyter_server ``serverapp.py`` and ``auth/identity.py``, notebook_shim ``shim.py``. The tests hold it against these.
"""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.jupyter_options import (
    Options,
    Setting,
    merged,
    parse_arguments,
    parse_json,
    parse_python,
)
from ocianalyze.facts.programs import split_path
from ocianalyze.facts.python import find_installation
from ocianalyze.facts.scripts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.facts.command_search import Found
    from ocianalyze.facts.mounts import Mounts
    from ocianalyze.facts.python import Installation
    from ocianalyze.filesystem.tree import Filesystem

_BASES: Final = ("jupyter_config", "jupyter_server_config", "jupyter_lab_config", "jupyter_notebook_config")

READS: Final = tuple(f"**/{base}.{ending}" for base in _BASES for ending in ("py", "json"))

DEFAULT: Final = "default"
"""What gives a setting that nothing else gives."""

_SYSTEM: Final = ("/usr/local/etc/jupyter", "/etc/jupyter")
_LARGEST: Final = 1024 * 1024
_EXTENSIONS: Final = {
    "lab": ("LabApp", "jupyter_lab_config"),
    "notebook": ("JupyterNotebookApp", "jupyter_notebook_config"),
}
"""The commands that are extensions of the server: their classes, and what their configuration files are called."""

_IDENTITY: Final = ("PasswordIdentityProvider", "LegacyIdentityProvider", "IdentityProvider")


class JupyterSettings(NamedTuple):
    """The settings of a server.

    Attributes:
        ip, port, base_url, allow_origin, allow_root: as its classes call them.
        token: the token; None stands for one that is made up when the server starts.
        password: the hashed password; empty if there is none.
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
    files = _Files(filesystem, found, mounts)
    extension, own = _EXTENSIONS.get(application.name, ("ServerApp", None))
    chosen = next((item for (_, trait), item in given.settings.items() if trait == "config_file"), None)
    server = merged(files.load("jupyter_config"))
    if chosen is not None:
        server = merged(iter((server, files.chosen(str(chosen.value)))))
    else:
        server = merged(iter((server, *files.load("jupyter_server_config"))))
    if not found.located and not files.complete:
        server.opaque = True
    below = merged(files.load(own)) if own else Options()
    return _settle(_Levels(given, server, below, extension), found.environment)


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

    def find(self, trait: str) -> Setting | None:
        together = {**self.server.settings, **self.given.settings}
        for settings in (together, self.below.settings):
            for section in self.sections():
                if (section, trait) in settings:
                    return settings[section, trait]
        return None

    def identity(self, trait: str, old: str) -> Setting | None:
        """Return a setting of the identity provider, which used to be one of the server's own."""
        for options in (self.given, self.server, self.below):
            keys = [*((section, trait) for section in _IDENTITY), *((section, old) for section in self.sections())]
            for key in keys:
                if key in options.settings:
                    return options.settings[key]
        return None

    @property
    def opaque(self) -> bool:
        return self.given.opaque or self.server.opaque or self.below.opaque


def _settle(levels: _Levels, environment: Mapping[str, str]) -> JupyterSettings:
    port = _port_of(environment)
    password = levels.identity("hashed_password", "password") or Setting("", DEFAULT)
    token = levels.identity("token", "token") or _default_token(environment, password)
    settings = {
        trait: levels.find(trait) or Setting(default, DEFAULT)
        for trait, default in (("ip", "localhost"), ("base_url", "/"), ("allow_origin", ""), ("allow_root", False))
    }
    if levels.find("sock") is not None:
        settings["ip"] = Setting("a UNIX socket", (levels.find("sock") or settings["ip"]).source)
    if levels.find("allow_origin_pat") is not None and settings["allow_origin"].source == DEFAULT:
        settings["allow_origin"] = Setting(UNKNOWN, "ServerApp.allow_origin_pat")
    result = JupyterSettings(
        **settings,
        port=levels.find("port") or port,
        token=token,
        password=password,
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
    )


def _doubted(setting: Setting) -> Setting:
    return Setting(UNKNOWN, DEFAULT) if setting.source == DEFAULT else setting


def _port_of(environment: Mapping[str, str]) -> Setting:
    text = environment.get("JUPYTER_PORT")
    if text is None:
        return Setting(8888, DEFAULT)
    known = text.isascii() and text.isdigit() and len(text) < 6  # noqa: PLR2004 - ports have five digits
    return Setting(int(text) if known else UNKNOWN, "JUPYTER_PORT")


def _default_token(environment: Mapping[str, str], password: Setting) -> Setting:
    if environment.get("JUPYTER_TOKEN"):
        return Setting(environment["JUPYTER_TOKEN"], "JUPYTER_TOKEN")
    if environment.get("JUPYTER_TOKEN_FILE"):
        return Setting(UNKNOWN, "JUPYTER_TOKEN_FILE")
    if not password.known:
        return Setting(UNKNOWN, DEFAULT)
    return Setting("" if password.value else None, DEFAULT)


class _Files:
    """The configuration files that a server would load."""

    def __init__(self, filesystem: Filesystem, found: Found, mounts: Mounts) -> None:
        self._filesystem = filesystem
        self._directory = found.shell.directory
        self._mounts = mounts
        self._installation = self._python(found)
        self._directories = tuple(self._search(found))

    @property
    def complete(self) -> bool:
        """True if it is known which Python runs the server, whose own files count too."""
        return self._installation is not None

    def load(self, base: str) -> Iterator[Options]:
        """Yield what the files called `base` say, what counts most last."""
        for directory in reversed(self._directories):
            yield from self._in(directory, base)

    def chosen(self, path: str) -> Options:
        """Return what the file says that ``--config`` names; its ending may be left out."""
        full = join(self._directory, path)
        base = basename(full).removesuffix(".py").removesuffix(".json")
        return merged(self._in(dirname(full), base)) if base in _BASES else Options(opaque=True)

    def _in(self, directory: str, base: str) -> Iterator[Options]:
        for ending in ("py", "json"):
            path = join(directory, f"{base}.{ending}")
            resolution = self._filesystem.resolve(path)
            node = resolution.node
            if node is None or not node.is_file or self._mounts.hides_on_the_way(resolution) is not None:
                continue
            if basename(node.path) != basename(path):
                yield Options(opaque=True)  # a link to what has another name, whose content may not have been kept
            elif node.size > _LARGEST:
                yield Options(opaque=True)
            elif ending == "json":
                yield parse_json(node.read(most=_LARGEST), path)
            else:
                yield parse_python(node.read(most=_LARGEST).decode("utf-8", "replace").replace(UNKNOWN, "?"), path)

    def _search(self, found: Found) -> Iterator[str]:
        """Yield the directories, what counts most first."""
        variables = found.environment
        home = found.shell.user.home
        if variables.get("JUPYTER_NO_CONFIG"):
            return
        yield from (item.rstrip("/") for item in split_path(variables.get("JUPYTER_CONFIG_PATH", "")) if item)
        user = (variables.get("JUPYTER_CONFIG_DIR") or join(home, ".jupyter"), join(home, ".local/etc/jupyter"))
        python = self._installation
        own = (join(python.prefix, "etc/jupyter"),) if python is not None else ()
        first = python is not None and self._is_preferred(python, found)
        yield from dict.fromkeys((*own, *user, *_SYSTEM) if first else (*user, *own, *_SYSTEM))

    def _is_preferred(self, python: Installation, found: Found) -> bool:
        """Tell whether the Python's own directory counts more than the user's (``prefer_environment_over_user``)."""
        variables = found.environment
        if "JUPYTER_PREFER_ENV_PATH" in variables:
            return variables["JUPYTER_PREFER_ENV_PATH"].lower() not in _NO
        conda = variables.get("CONDA_PREFIX")
        active = bool(conda) and python.prefix.startswith(conda or "/")
        is_environment = active and variables.get("CONDA_DEFAULT_ENV", "base") != "base"
        node = self._filesystem.lookup(python.prefix)
        owned = node is not None and node.uid == found.shell.user.uid
        return owned and (is_environment or python.configuration is not None)

    def _python(self, found: Found) -> Installation | None:
        """Return the Python that runs the server."""
        program = found.shell.find(found.words[0])
        while program.interpreter is not None:
            program = program.interpreter
        return None if program.path is None else find_installation(self._filesystem, program.path)


_NO: Final = frozenset({"no", "n", "false", "off", "0", "0.0"})
