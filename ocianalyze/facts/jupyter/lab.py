"""What keeps a Jupyter server from starting, or JupyterLab from showing its page: packages and files that are missing.

Sources: jupyterlab ``commands.py`` (``get_app_dir``, ``ensure_app``), ``labapp.py`` and ``extensions/__init__.py``;
jupyter_server ``services/sessions/sessionmanager.py``, which imports ``sqlite3``, and tornado ``netutil.py``, ``ssl``.
"""

from __future__ import annotations

from posixpath import dirname, join
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.directories.mounts import within
from ocianalyze.facts.jupyter.directories import View
from ocianalyze.facts.jupyter.servers import server_python
from ocianalyze.facts.jupyter.settings import DEFAULT
from ocianalyze.facts.programs.linking import find_unloadable
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.python.entry_points import find_entry_points
from ocianalyze.facts.python.modules import ModuleFinder
from ocianalyze.facts.python.requirements import Requirements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.commands.search import Found
    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.jupyter.settings import JupyterSettings
    from ocianalyze.facts.programs.program import Problem
    from ocianalyze.facts.python.installations import Installation
    from ocianalyze.filesystem.node import Node

Cause: TypeAlias = Literal["package", "unreadable", "shadowed", "library", "module", "metadata", "page"]

_LAB: Final = frozenset({"lab", "labhub"})
_MANAGERS: Final = "jupyterlab.extension_manager_v1"
_SHARED: Final = "_ctypes."
"""A module that is in a library of its own in every Python that has not all of them built in."""
_STANDARD: Final = {"_sqlite3.": "sqlite3", "_ssl.": "ssl", "pyexpat.": "xml.parsers.expat"}
"""How files of the standard library begin that a server loads when it starts, and the modules that need them."""
_BUILT_IN: Final = "pyexpat."
"""The one of these that may be built in although others are not, as in Debian's Python."""


class Shortfall(NamedTuple):
    """Something that is missing.

    Attributes:
        cause: what kind of thing it is.
        text: what is missing; a clause about the server.
        python: the Python that runs the server.
        names: the distributions that are missing, if it is that.
        path: what it is about: the page, or a module.
        node: what has to be changed, if it is something of the image.
        certain: whether it is certain that it matters.
        problem: why a compiled module cannot be loaded, if it is that.
        needed: the module or package, if it is about a single one.
        given_by: the option, variable or file that says where the page is, unless the package does itself.
    """

    cause: Cause
    text: str
    python: Installation
    names: tuple[str, ...] = ()
    path: str | None = None
    node: Node | None = None
    certain: bool = True
    given_by: str | None = None
    problem: Problem | None = None
    needed: str | None = None


def find_shortfalls(found: Found, settings: JupyterSettings, mounts: Mounts) -> Iterator[Shortfall]:
    """Yield what the Jupyter server that a command starts lacks; nothing if its Python is not known.

    Raises:
        ContentUnavailableError: a file that decides was not kept.
    """
    python = server_python(found.shell, found.words) if found.certain else None
    python_path = found.environment.get("PYTHONPATH", "")
    if python is None or found.application is None or UNKNOWN in python_path or found.environment.get("PYTHONHOME"):
        return
    search = _Search(found, settings, mounts, python)
    yield from search.packages("jupyterlab" if found.application.name in _LAB else "jupyter-server")
    yield from search.standard_modules()
    if found.application.name in _LAB:
        yield from search.page()


class _Search:
    """Looks for what one server needs."""

    def __init__(self, found: Found, settings: JupyterSettings, mounts: Mounts, python: Installation) -> None:
        self._found = found
        self._settings = settings
        self._filesystem = found.shell.filesystem
        self._python = python
        self._path = found.environment.get("PYTHONPATH", "")
        self._finder = ModuleFinder(self._filesystem, found.shell.user.home, mounts)
        self._view = View(found, mounts)

    def packages(self, root: str) -> Iterator[Shortfall]:
        """Yield what is missing of `root` and of what it imports, that of one kind together."""
        requirements = Requirements(self._finder, self._filesystem, self._found.shell.user)
        lacking = requirements.lacking(self._python, root, self._path)
        missing = [item for item in lacking if item.is_missing]
        if missing:
            names = tuple(item.name for item in missing)
            yield Shortfall("package", missing[0].text, self._python, names)
        for item in lacking:
            if item.denial is not None:
                path, node = item.search.path, item.denial.node
                yield Shortfall("unreadable", item.text, self._python, (item.name,), path, node, needed=item.name)
                break
        for item in lacking:
            if item.problem is not None:
                yield self._unloadable(item.text, item.problem, item.name, item.name)
            if item.shadowed_by is not None:
                path = item.shadowed_by
                yield Shortfall(
                    "shadowed", item.text, self._python, (item.name,), path, certain=False, needed=item.name
                )

    def standard_modules(self) -> Iterator[Shortfall]:
        """Yield which modules the Python was certainly built without, or cannot load."""
        nodes = [node for directory in self._python.dynload for node in self._children_of(directory)]
        shared = any(node.name.startswith(_SHARED) for node in nodes)
        for start, module in _STANDARD.items():
            files = [node for node in nodes if node.name.startswith(start)]
            if module == "sqlite3" and not self._finder.find(self._python, "pysqlite2", self._path).missing:
                continue
            if shared and not files and start != _BUILT_IN:
                text = f"its Python was built without the module {module!r}"
                yield Shortfall("module", text, self._python, (module,), needed=module)
            certain = [node for node in files if len(self._python.versions) == 1 and self._python.loads(node.name)]
            problem = find_unloadable(self._filesystem, certain, self._found.shell.user)
            if problem is not None:
                text = f"it imports {module!r} of its Python, which cannot be loaded: {problem.text}"
                yield self._unloadable(text, problem, module)

    def _children_of(self, directory: str) -> Iterator[Node]:
        node = self._filesystem.lookup(directory)
        return iter(self._filesystem.children_of(node) if node is not None else ())

    def _unloadable(self, text: str, problem: Problem, needed: str, *names: str) -> Shortfall:
        path = problem.culprit if problem.culprit is not None and problem.culprit.startswith("/") else None
        node = self._filesystem.lookup(path) if path is not None and problem.code == "library-unreadable" else None
        return Shortfall("library", text, self._python, names, path, node, problem=problem, needed=needed)

    def page(self) -> Iterator[Shortfall]:
        """Yield why JupyterLab does not show its page."""
        module = self._finder.find(self._python, "jupyterlab", self._path)
        package = dirname(module.path) if module.path is not None else None
        if package is None or self._filesystem.lookup(join(package, "labapp.py")) is None:
            return
        if self._lacks_managers(package, module.searched):
            text = f"JupyterLab in {package} has no metadata, so it does not find its extension managers"
            yield Shortfall("metadata", text, self._python, ("jupyterlab",), package, needed="jupyterlab")
        place, source = self._page_of(package)
        lack = self._view.file(place, source)
        if lack is not None:
            given_by = source if source != DEFAULT else None
            given = f" ({given_by})" if given_by is not None else ""
            text = f"the page of JupyterLab, {lack.path}{given}, {lack.text}"
            certain = lack.flaw != "unknown"
            yield Shortfall("page", text, self._python, (), lack.path, lack.node, certain, given_by)

    def _lacks_managers(self, package: str, searched: tuple[str, ...]) -> bool:
        """Tell whether no metadata names an extension manager, without which JupyterLab 4 gives up."""
        newer = self._filesystem.lookup(join(package, "extensions/__init__.py")) is not None
        real = {self._filesystem.resolve(place).path for place in searched}
        inside = self._filesystem.resolve(dirname(package)).path in real
        return newer and inside and not find_entry_points(self._filesystem, searched, _MANAGERS)

    def _page_of(self, package: str) -> tuple[str, str]:
        """Return where the page has to be, and what says so."""
        settings, variables = self._settings, self._found.environment
        if settings.core_mode.value is True:
            return join(package, "static/index.html"), settings.core_mode.source
        if settings.dev_mode.value is True:
            return join(dirname(package), "dev_mode/static/index.html"), settings.dev_mode.source
        stated = settings.app_dir
        if stated.value:
            return join(str(stated.value), "static/index.html"), stated.source
        if variables.get("JUPYTERLAB_DIR"):
            return join(variables["JUPYTERLAB_DIR"], "static/index.html"), "JUPYTERLAB_DIR"
        return join(self._default_directory(package), "static/index.html"), DEFAULT

    def _default_directory(self, package: str) -> str:
        user = join(self._found.environment.get("HOME") or self._found.shell.user.home, ".local")
        own = join(self._python.prefix, "share/jupyter/lab")
        if within(package, user):
            return join(user, "share/jupyter/lab")
        system = "/usr/local/share/jupyter/lab"
        replaced = self._python.prefix.startswith("/usr") and self._filesystem.lookup(own) is None
        return system if replaced and self._filesystem.lookup(system) is not None else own
