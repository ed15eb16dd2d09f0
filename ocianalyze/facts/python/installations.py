"""Python installations: ``sys.prefix``, virtual environments, and the directories that modules are imported from.

Sources: CPython ``Modules/getpath.py`` and ``Lib/site.py``; PEP 405 (``pyvenv.cfg``); Debian's ``dist-packages`` and
Fedora's and Amazon Linux's ``/usr/local`` schemes for what pip installs as root.
"""

from __future__ import annotations

import re
from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

READS: Final = ("**/pyvenv.cfg",)

_LARGEST: Final = 64 * 1024
_STANDARD_LIBRARY: Final = regex(r"(?:python|pypy)\d+\.\d+t?", re.ASCII)
_LIBRARIES: Final = ("lib", "lib64")
_SYSTEM: Final = ("/usr", "/usr/local")
_EXECUTABLE: Final = regex(r"(?:python|pypy)[\d.]*t?", re.ASCII)
_PLATFORMS: Final = ("", "x86_64-linux-gnu", "x86_64-linux-musl")
"""What stands at the end of the names of compiled modules that are for x86-64."""


class Installation(NamedTuple):
    """A Python, as its ``sys`` module would tell.

    Attributes:
        executable: the path it was started by; symlinks not followed.
        prefix: ``sys.prefix``.
        base: ``sys.base_prefix``; of a virtual environment, the prefix it was made from, or None if that is gone.
        versions: the names of the standard library directories that can be meant, such as ``python3.11``.
        configuration: the path of ``pyvenv.cfg`` in a virtual environment.
        home: what ``pyvenv.cfg`` says of where the base interpreter lies.
        home_exists: whether it is there, or not needed.
        system_site: whether the packages of `base` can be imported.
    """

    executable: str
    prefix: str
    base: str | None
    versions: tuple[str, ...]
    configuration: str | None = None
    home: str | None = None
    home_exists: bool = True
    system_site: bool = True

    @property
    def numbers(self) -> tuple[str, ...]:
        """The versions that can be meant, such as ``3.11``."""
        return tuple(re.sub(r"^\D+|t$", "", version) for version in self.versions)

    def loads(self, name: str) -> bool:
        """Tell whether it surely loads a compiled module from a file of that name, as a CPython for x86-64.

        Other files of the same module are for other Pythons, or machines. Source: PEP 3149, and PEP 384 (``abi3``).
        """
        tag = name.partition(".")[2].removesuffix("so").rstrip(".")
        if tag in ("", "abi3"):
            return True
        implementation, _, rest = tag.partition("-")
        abi, _, platform = rest.partition("-")
        known = [version.removeprefix("python").replace(".", "") for version in self.versions]
        fits = implementation == "cpython" and any(abi in (own, f"{own}m") for own in known)
        return fits and platform in _PLATFORMS

    @property
    def dynload(self) -> tuple[str, ...]:
        """Where the compiled modules of its standard library may be, absolute paths."""
        if self.base is None:
            return ()
        places = ((library, version) for version in self.versions for library in _LIBRARIES)
        return tuple(join(self.base, library, version, "lib-dynload") for library, version in places)

    def home_problem(self, filesystem: Filesystem, home: str) -> str | None:
        """Return why it exits if ``PYTHONHOME`` is `home`, which has no standard library of it, if so; a clause."""
        prefix = home.partition(":")[0]
        places = (join(prefix, library, version) for library in ("lib", "lib64") for version in self.versions)
        if not home or not self.versions or any(filesystem.lookup(place) for place in places):
            return None
        return f"PYTHONHOME is {home}, which has no {self.versions[0]}"

    @property
    def is_virtual(self) -> bool:
        """True for a virtual environment."""
        return self.configuration is not None


def is_python(path: str) -> bool:
    """Tell whether a program is called as Pythons are."""
    return _EXECUTABLE.fullmatch(basename(path)) is not None


def find_installation(filesystem: Filesystem, executable: str) -> Installation | None:
    """Return the Python that `executable` starts, or None if no standard library lies where it would look.

    A ``pyvenv.cfg`` beside the path as written, or in the directory above, makes a virtual environment; otherwise the
    symlinks are followed, and the prefix is the first directory upwards with ``lib/python3.X/os.py``.

    Raises:
        ContentUnavailableError: a ``pyvenv.cfg`` was not kept.
    """
    directory = dirname(executable)
    for place in (directory, dirname(directory)):
        configuration = filesystem.lookup(join(place, "pyvenv.cfg"))
        if configuration is not None and configuration.is_file:
            return _environment(filesystem, executable, dirname(directory), configuration)
    real = filesystem.resolve(executable)
    if real.node is None:
        return None
    found = _installed_above(filesystem, real.path)
    return None if found is None else Installation(executable, found[0], found[0], found[1])


def site_directories(filesystem: Filesystem, python: Installation) -> tuple[str, ...]:
    """Return the directories that exist of those that `python` imports from without being told."""
    prefixes = [python.prefix]
    if python.base is not None and python.system_site and python.base != python.prefix:
        prefixes.append(python.base)
    candidates = [path for prefix in prefixes for path in _site_candidates(prefix, python.versions)]
    candidates += [path for path in _libraries(python.base, python.versions) if python.base is not None]
    return tuple(path for path in dict.fromkeys(candidates) if _is_directory(filesystem, path))


def user_site_directories(home: str, python: Installation) -> tuple[str, ...]:
    """Return the directories of ``pip install --user``; a virtual environment without its base's packages has none."""
    if not python.system_site:
        return ()
    return tuple(join(home, ".local/lib", version, "site-packages") for version in python.versions)


def _standard_libraries_in(filesystem: Filesystem, prefix: Node) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            node.name
            for node in _version_directories(filesystem, prefix)
            if any(filesystem.child(node, name) for name in ("os.py", "os.pyc"))
        )
    )


def _environment(filesystem: Filesystem, executable: str, prefix: str, configuration: Node) -> Installation:
    settings = _settings(configuration.read(most=_LARGEST))
    home = settings.get("home")
    system_site = settings.get("include-system-site-packages", "").lower() == "true"
    found = _installed_above(filesystem, join(home, basename(executable))) if home else None
    home_exists = home is None or _is_directory(filesystem, home)
    top = filesystem.lookup(prefix)
    directories = _version_directories(filesystem, top) if top is not None else ()
    versions = tuple(dict.fromkeys(node.name for node in directories))
    if not home_exists:
        found = _compiled_in(filesystem, executable, prefix, versions)
    return Installation(
        executable,
        prefix,
        base=found[0] if found else None,
        versions=versions or (found[1] if found else ()),
        configuration=configuration.path,
        home=home,
        home_exists=home_exists or found is not None,
        system_site=system_site,
    )


def _compiled_in(
    filesystem: Filesystem, executable: str, prefix: str, versions: tuple[str, ...]
) -> tuple[str, tuple[str, ...]] | None:
    """Return the prefix that a Python falls back on if `home` is gone: that of the system, if it is the system's."""
    real = filesystem.resolve(executable)
    for place in _SYSTEM:
        ours = place == dirname(dirname(real.path)) or prefix == dirname(dirname(real.path))  # a link, or a copy
        top = filesystem.lookup(place)
        fitting = [item for item in _standard_libraries_in(filesystem, top) if item in versions] if top else []
        if real.node is not None and ours and fitting:
            return place, tuple(fitting)
    return None


def _installed_above(filesystem: Filesystem, executable: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the first prefix above a real path that has a standard library, and the versions that can be meant."""
    real = filesystem.resolve(executable)
    named = _STANDARD_LIBRARY.fullmatch(basename(real.path))
    for directory in reversed(_directories_to(filesystem, dirname(real.path))):
        versions = _standard_libraries_in(filesystem, directory)
        if named and named[0] in versions:
            return directory.path, (named[0],)
        if versions and not named:
            major = re.search(r"\d", basename(real.path))
            fitting = tuple(version for version in versions if not major or f"python{major[0]}." in version)
            return directory.path, fitting or versions
    return None


def _directories_to(filesystem: Filesystem, path: str) -> list[Node]:
    """Return the directories from the root down to `path`, which has no symlinks in it, as far as they exist."""
    found = [filesystem.root]
    for part in filter(None, path.split("/")):
        node = filesystem.child(found[-1], part)
        if node is None:
            break
        found.append(node)
    return found


def _version_directories(filesystem: Filesystem, prefix: Node) -> Iterator[Node]:
    for library in _LIBRARIES:
        child = filesystem.child(prefix, library)
        node = _directory(filesystem, child) if child is not None else None
        if node is not None:
            yield from (
                found
                for child in filesystem.children_of(node, named=_STANDARD_LIBRARY)
                if (found := _directory(filesystem, child)) is not None
            )


def _site_candidates(prefix: str, versions: tuple[str, ...]) -> Iterator[str]:
    local = "/usr/local" if prefix == "/usr" else None
    for version in versions:
        for root in filter(None, (prefix, local)):
            for library in _LIBRARIES:
                yield join(root, library, version, "site-packages")
                yield join(root, library, version, "dist-packages")
    yield join(prefix, "lib/python3/dist-packages")


def _libraries(prefix: str | None, versions: tuple[str, ...]) -> Iterator[str]:
    return (join(prefix or "/", library, version) for version in versions for library in _LIBRARIES)


def _settings(content: bytes) -> dict[str, str]:
    lines = (line.partition("=") for line in content.decode("utf-8", "surrogateescape").splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in lines if equals}


def _directory(filesystem: Filesystem, node: Node) -> Node | None:
    found = filesystem.lookup(node.path) if node.is_symlink else node
    return found if found is not None and found.is_directory else None


def _is_directory(filesystem: Filesystem, path: str) -> bool:
    node = filesystem.lookup(path)
    return node is not None and node.is_directory
