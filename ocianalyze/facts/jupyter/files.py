"""The configuration files that a Jupyter server loads, in their order: those of the image, and what its scripts make.

A directory or a file of which cannot be told what it says makes unknown what those say that count less.

Sources: jupyter_core ``paths.py`` (``jupyter_config_path``, ``prefer_environment_over_user``) and ``application.py``
(``load_config_file``). The tests hold it against these.
"""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.facts.jupyter.options import Options, merged, parse_json
from ocianalyze.facts.jupyter.python_files import parse_python
from ocianalyze.facts.jupyter.python_source import OPEN, World, variable
from ocianalyze.facts.jupyter.servers import server_python
from ocianalyze.facts.programs.program import split_path
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.shell import Changes, Files
from ocianalyze.facts.user.permissions import find_denial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.commands.search import Found
    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.python.installations import Installation
    from ocianalyze.filesystem.node import Resolution
    from ocianalyze.filesystem.tree import Filesystem

_BASES: Final = ("jupyter_config", "jupyter_server_config", "jupyter_lab_config", "jupyter_notebook_config")

READS: Final = tuple(f"**/{base}.{ending}" for base in _BASES for ending in ("py", "json"))

_SYSTEM: Final = ("/usr/local/etc/jupyter", "/etc/jupyter")
_LARGEST: Final = 1024 * 1024
_MOST_TEXT: Final = 4 * 1024 * 1024
"""How much is read of one file, and of all together, in bytes; what comes after that cannot be told."""

_OPAQUE: Final = Options(opaque=True)
_NO: Final = frozenset({"no", "n", "false", "off", "0", "0.0"})


class ConfigurationFiles:
    """The configuration files that a server would load."""

    def __init__(self, filesystem: Filesystem, found: Found, mounts: Mounts) -> None:
        self._filesystem = filesystem
        self._found = found
        self._mounts = mounts
        self._changes = found.changes if found.changes is not None else Changes()
        self._directory = found.shell.directory
        self._installation = self._python()
        self._left = _MOST_TEXT
        view = Files(found.shell, self._changes, self._directory)
        self._world = World(found.environment, {}, {}, view.test, found.shell.user.uid)

    @property
    def complete(self) -> bool:
        """True if it is known which Python runs the server, whose own files count too."""
        return self._installation is not None

    def variable(self, name: str) -> str | None:
        """Return a variable as it is once the files are loaded: None if it is not set, `UNKNOWN` if that is open."""
        value: Any = variable(name, self._world)
        return UNKNOWN if value is OPEN else value

    def load(self, base: str) -> Options:
        """Return what the files called `base` say together."""
        switch = self._found.environment.get("JUPYTER_NO_CONFIG", "")
        if switch and not switch.replace(UNKNOWN, ""):
            return _OPAQUE
        if switch:
            return Options()
        preferred = self._prefers_environment()
        if preferred is not None:
            return self._together(base, preferred=preferred)
        one, other = self._together(base, preferred=True), self._together(base, preferred=False)
        return one if one == other else _OPAQUE

    def chosen(self, path: str) -> Options:
        """Return what the file says that ``--config`` names; its ending may be left out."""
        full = join(self._directory, path)
        base = basename(full).removesuffix(".py").removesuffix(".json")
        return merged(self._in(dirname(full), base)) if base in _BASES and UNKNOWN not in full else _OPAQUE

    def _together(self, base: str, *, preferred: bool) -> Options:
        directories = dict.fromkeys(self._search(preferred=preferred))
        return merged(part for directory in reversed(directories) for part in self._in(directory, base))

    # --- directories --------------------------------------------------------------------------------------------------

    def _search(self, *, preferred: bool) -> Iterator[str]:
        """Yield the directories, what counts most first; `UNKNOWN` in what cannot be told."""
        variables = self._found.environment
        home = variables.get("HOME") or self._found.shell.user.home
        yield from (item.rstrip("/") for item in split_path(variables.get("JUPYTER_CONFIG_PATH", "")) if item)
        user = (variables.get("JUPYTER_CONFIG_DIR") or join(home, ".jupyter"), join(home, ".local/etc/jupyter"))
        python = self._installation
        own = (join(python.prefix, "etc/jupyter"),) if python is not None else ()
        yield from (*own, *user, *_SYSTEM) if preferred else (*user, *own, *_SYSTEM)

    def _prefers_environment(self) -> bool | None:
        """Tell whether the Python's own directory counts more than the user's; None if that cannot be told."""
        variables, python = self._found.environment, self._installation
        preference = variables.get("JUPYTER_PREFER_ENV_PATH")
        if preference is not None:
            return None if UNKNOWN in preference else preference.lower() not in _NO
        if python is None:
            return False
        node = self._filesystem.lookup(python.prefix)
        if node is None or node.uid != self._found.shell.user.uid:
            return False
        if python.configuration is not None:
            return True
        conda, name = variables.get("CONDA_PREFIX", ""), variables.get("CONDA_DEFAULT_ENV", "base")
        if UNKNOWN in conda or UNKNOWN in name:
            return None
        return bool(conda) and python.prefix.startswith(conda) and name != "base"

    def _python(self) -> Installation | None:
        """Return the Python that runs the server."""
        return server_python(self._found.shell, self._found.words)

    # --- files --------------------------------------------------------------------------------------------------------

    def _in(self, directory: str, base: str) -> Iterator[Options]:
        if UNKNOWN in directory:
            yield _OPAQUE
            return
        for ending in ("py", "json"):
            found = self._file(join(self._directory, directory, f"{base}.{ending}"))
            if found is not None:
                yield found

    def _file(self, path: str) -> Options | None:
        """Return what a file says; None if there is none."""
        resolution = self._filesystem.resolve(path)
        node = resolution.node
        change = self._changes.at(path) or self._changes.at(resolution.path)
        if change is not None and change.text is not None:
            return self._parsed(change.text, path)
        if self._changes.anything if change is None else not (change.modes or change.makes):
            return _OPAQUE
        if node is None or not node.is_file or self._is_out_of_reach(path, resolution):
            return None
        if basename(node.path) != basename(path):
            return _OPAQUE  # a link to what has another name, whose content may not have been kept
        if node.size > min(_LARGEST, self._left):
            return _OPAQUE
        return self._parsed(node.read(most=_LARGEST), path)

    def _is_out_of_reach(self, path: str, resolution: Resolution) -> bool:
        """Tell whether a file is hidden, or closed to the user: Jupyter logs that and goes on without it."""
        hidden = self._mounts.hides_on_the_way(resolution) is not None
        return hidden or find_denial(self._filesystem, path, self._found.shell.user) is not None

    def _parsed(self, content: bytes | str, path: str) -> Options:
        self._left -= len(content)
        if self._left < 0 or len(content) > _LARGEST:
            return _OPAQUE
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
        if path.endswith(".json"):
            return parse_json(data, path)
        text = data.decode("utf-8", "replace")
        return _OPAQUE if UNKNOWN in text else parse_python(text, path, self._world)
