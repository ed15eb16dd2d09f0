"""Whether what a Jupyter server or an ipykernel imports when it starts is installed, and can be read.

Which distributions one needs is told by its metadata; what it imports only later, or can do without, is left out.

Sources: PyPA, "Core metadata specifications" (``Requires-Dist``) and "Recording installed projects"; the imports of
these packages, of jupyter_server 1.2 to 2.21, jupyterlab 3.0 to 4.6, ipykernel 6.20 to 7.4, IPython 8.10 to 9.18.
"""

from __future__ import annotations

import re
from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.programs.linking import find_unloadable
from ocianalyze.facts.programs.program import split_path
from ocianalyze.facts.python.distributions import metadata_in, normalized, parse_release
from ocianalyze.facts.user.permissions import find_import_denial
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocianalyze.facts.programs.program import Problem
    from ocianalyze.facts.python.installations import Installation
    from ocianalyze.facts.python.modules import ModuleFinder, ModuleSearch
    from ocianalyze.facts.user.accounts import User
    from ocianalyze.facts.user.permissions import Denial
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

_NAMES: Final[Mapping[str, str]] = {
    "attrs": "attr",
    "ipython": "IPython",
    "prometheus-client": "prometheus_client",
    "python-dateutil": "dateutil",
    "python-json-logger": "pythonjsonlogger",
    "pyyaml": "yaml",
    "pyzmq": "zmq",
    "rpds-py": "rpds",
    "websocket-client": "websocket",
}
"""How packages are imported that are not imported by the names of their distributions."""

_IMPORTED: Final[Mapping[str, tuple[str, ...]]] = {
    "jupyterlab": (
        *("jinja2", "jupyter-core", "jupyter-server", "jupyterlab-server", "notebook-shim", "packaging", "tornado"),
        *("traitlets", "httpx", "async-lru", "jupyter-builder"),
    ),
    "notebook-shim": ("jupyter-server",),
    "jupyterlab-server": ("babel", "jinja2", "json5", "jsonschema", "jupyter-server", "packaging", "requests"),
    "jupyter-server": (
        *("anyio", "jinja2", "jupyter-client", "jupyter-core", "jupyter-events", "nbformat", "overrides", "packaging"),
        *("prometheus-client", "pyzmq", "send2trash", "tornado", "traitlets", "websocket-client"),
    ),
    "jupyter-events": ("jsonschema", "packaging", "python-json-logger", "pyyaml", "referencing", "traitlets"),
    "jupyter-client": ("jupyter-core", "python-dateutil", "pyzmq", "tornado", "traitlets", "typing-extensions"),
    "jupyter-core": ("platformdirs", "traitlets"),
    "nbformat": ("fastjsonschema", "jsonschema", "jupyter-core", "traitlets"),
    "jinja2": ("markupsafe",),
    "requests": ("certifi", "idna", "urllib3"),
    "jsonschema": ("attrs", "jsonschema-specifications", "referencing", "rpds-py"),
    "referencing": ("attrs", "rpds-py", "typing-extensions"),
    "ipykernel": (
        *("comm", "ipython", "jupyter-client", "jupyter-core", "packaging", "psutil", "pyzmq", "tornado", "traitlets"),
    ),
    "ipython": ("backcall", "decorator", "pickleshare", "pygments", "traitlets", "typing-extensions"),
}
"""What each of these distributions imports when a server or a kernel starts, if its metadata requires it.

What only some versions import that require it is left out, such as prompt_toolkit and stack_data of IPython.
"""

_COMPILED: Final[Mapping[str, tuple[str, str]]] = {"pyzmq": ("backend/cython", "backend/cffi")}
"""Where in its package a distribution has modules that must find their libraries, and those that may replace them."""

READS: Final = ("**/[ijnrJ]*.dist-info/METADATA",)
"""The metadata of these, and of others whose names begin so: each pattern is tried on every directory of an image."""

_LARGEST: Final = 256 * 1024
_FIELD: Final = "Requires-Dist:"
_SHARED: Final = regex(r".*\.so")
_NAME: Final = regex(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_MARKER: Final = regex(r"python_version\s*(<|>=)\s*[\"'](\d{1,3})\.(\d{1,3})[\"']", re.ASCII)


class Lacking(NamedTuple):
    """A package that something imports when it starts, and that it cannot import, or not as it is installed.

    Attributes:
        name: its distribution.
        by: the distribution that requires it; None for what is started itself.
        search: where it was looked for.
        denial: what denies the user access to it, if it is there.
        shadowed_by: the module in a directory of ``PYTHONPATH`` that is imported instead of it, if so.
        problem: why a compiled module of it cannot be loaded, if so.
    """

    name: str
    by: str | None
    search: ModuleSearch
    denial: Denial | None = None
    shadowed_by: str | None = None
    problem: Problem | None = None

    @property
    def is_missing(self) -> bool:
        """Whether it is not there at all, or hidden."""
        return self.denial is None and self.shadowed_by is None and self.problem is None

    @property
    def text(self) -> str:
        """A clause about what imports it."""
        what = f"it imports {self.search.name!r}" if self.by is None else f"{self.by} imports {self.search.name!r}"
        if self.shadowed_by is not None:
            return f"{what} from {self.shadowed_by} because of PYTHONPATH, instead of the installed package"
        if self.problem is not None:
            return f"{what}, which cannot be loaded: {self.problem.text}"
        if self.denial is not None:
            return f"{what}, which the user cannot read: it {self.denial.text}"
        if self.search.hidden is not None:
            return f"{what}, which is hidden at run time: {self.search.hidden}"
        return f"{what}, which is not installed"


class Requirements:
    """Finds what Pythons of one image lack; the metadata of a directory are listed once."""

    def __init__(self, finder: ModuleFinder, filesystem: Filesystem, user: User) -> None:
        """Look nothing up yet; `user` is who imports."""
        self._finder = finder
        self._filesystem = filesystem
        self._user = user
        self._metadata: dict[str, dict[str, Node | None]] = {}
        self._required: dict[tuple[Node, tuple[str, ...]], frozenset[str]] = {}
        self._found: dict[tuple[Installation, str, str], tuple[Lacking, ...]] = {}

    def lacking(self, python: Installation, name: str, python_path: str = "") -> tuple[Lacking, ...]:
        """Return what `python` lacks of all that the distribution `name`, if it is there, imports when it starts.

        What may be importable by ways that cannot be told is left out.

        Raises:
            ContentUnavailableError: the metadata of a distribution were not kept, or are too large.
        """
        key = (python, name, python_path)
        if key not in self._found:
            self._found[key] = tuple(self._walk(python, name, python_path))
        return self._found[key]

    def _walk(self, python: Installation, name: str, python_path: str) -> Iterator[Lacking]:
        todo: list[tuple[str, str | None]] = [(name, None)]
        seen = {name}
        while todo:
            distribution, by = todo.pop(0)
            search = self._search(python, distribution, python_path)
            flaw = self._flaw(python, distribution, by, search, python_path)
            if flaw is not None:
                yield flaw
            if search.path is None:
                continue
            for required in self._required_by(distribution, _place_of(search.path), python):
                if required not in seen:
                    seen.add(required)
                    todo.append((required, distribution))

    def _search(self, python: Installation, distribution: str, python_path: str) -> ModuleSearch:
        module = _NAMES.get(distribution, distribution.replace("-", "_"))
        found = self._finder.find(python, module, python_path)
        return found if found.path is not None else self._finder.find_program(python, module, python_path, run=False)

    def _flaw(
        self, python: Installation, distribution: str, by: str | None, search: ModuleSearch, python_path: str
    ) -> Lacking | None:
        if search.missing:
            return Lacking(distribution, by, search) if by is not None else None
        if search.path is None:
            return None
        denial = find_import_denial(self._filesystem, search.path, self._user)
        if denial is not None:
            return Lacking(distribution, by, search, denial)
        problem = self._unloadable(distribution, dirname(search.path), python)
        if problem is not None:
            return Lacking(distribution, by, search, problem=problem)
        place = _place_of(search.path)
        listed = [normpath(item) for item in split_path(python_path) if item.startswith("/")]
        if place in listed and self._metadata_in(place).get(distribution) is None:
            installed = (item for item in search.searched if item not in listed)
            if any(self._metadata_in(item).get(distribution) is not None for item in installed):
                return Lacking(distribution, by, search, shadowed_by=search.path)
        return None

    def _unloadable(self, distribution: str, package: str, python: Installation) -> Problem | None:
        """Return why a compiled module of a distribution cannot be loaded, if that is known."""
        if distribution not in _COMPILED:
            return None
        modules, others = (self._shared_in(join(package, place)) for place in _COMPILED[distribution])
        if others:
            return None
        loaded = (node for node in modules if python.loads(node.name))
        return find_unloadable(self._filesystem, loaded, self._user)

    def _shared_in(self, path: str) -> list[Node]:
        directory = self._filesystem.lookup(path)
        return self._filesystem.children_of(directory, named=_SHARED) if directory is not None else []

    def _required_by(self, distribution: str, directory: str, python: Installation) -> tuple[str, ...]:
        """Return what a distribution imports when it starts, of what its metadata require of a Python."""
        wanted = _IMPORTED.get(distribution)
        node = self._metadata_in(directory).get(distribution) if wanted else None
        if wanted is None or node is None:
            return ()
        key = node, python.numbers
        if key not in self._required:
            self._required[key] = frozenset(_requirements(node, python.numbers))
        return tuple(name for name in wanted if name in self._required[key])

    def _metadata_in(self, directory: str) -> dict[str, Node | None]:
        """Return the metadata in a directory by the names of distributions; None for what is there twice."""
        if directory not in self._metadata:
            top = self._filesystem.lookup(directory)
            found: dict[str, Node | None] = {}
            for name, _, node in metadata_in(top) if top is not None and top.is_directory else ():
                found[name] = node if name not in found else None
            self._metadata[directory] = found
        return self._metadata[directory]


def _place_of(path: str) -> str:
    """Return the directory that a module is imported from, whose file or directory is at `path`."""
    return dirname(dirname(path)) if basename(path).startswith("__init__.") else dirname(path)


def _requirements(node: Node, versions: tuple[str, ...]) -> Iterator[str]:
    """Yield what metadata require without extras, of every Python of `versions`, on every Linux."""
    file = node.filesystem.lookup(join(node.path, "METADATA"))
    if file is None or not file.is_file:
        return
    for line in file.read(most=_LARGEST).decode("utf-8", "replace").splitlines():
        if not line:
            return
        requirement, _, marker = line.removeprefix(_FIELD).partition(";")
        match = _NAME.match(requirement.strip()) if line.startswith(_FIELD) else None
        if match is not None and (not marker or _holds(marker.strip(), versions)):
            yield normalized(match[0])


def _holds(marker: str, versions: tuple[str, ...]) -> bool:
    """Tell whether a marker certainly holds; only those about Python's version are understood."""
    match = _MARKER.fullmatch(marker)
    if match is None or not versions:
        return False
    limit = (int(match[2]), int(match[3]))
    found = [parse_release(version) or (0,) for version in versions]
    if match[1] == "<":
        return all(version[:2] < limit for version in found)
    return all(version[:2] >= limit for version in found)
