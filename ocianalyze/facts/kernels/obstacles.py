"""What keeps an interpreter from what it loads: a file or package that is missing, closed or hidden.

Sources: path_resolution(7); R, "Startup" (``R_LIBS``, ``R_LIBS_SITE``, ``R_LIBS_USER``); Julia, "Environment Variables"
(``JULIA_DEPOT_PATH``).
"""

from __future__ import annotations

from posixpath import basename, dirname, join, normpath
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.directories.mounts import within
from ocianalyze.facts.kernels.interpreters import Load, needs_of
from ocianalyze.facts.kernels.r_installation import IRKERNEL, home_of, imports_of, may_end, profile_in, program_in
from ocianalyze.facts.kernels.specs import CONNECTION_FILE
from ocianalyze.facts.programs.program import split_path
from ocianalyze.facts.programs.scripts import UNKNOWN
from ocianalyze.facts.user.permissions import Denial, find_denial, protection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ocianalyze.facts.directories.mounts import Mounts
    from ocianalyze.facts.kernels.interpreters import Language
    from ocianalyze.facts.programs.lookup import Shell
    from ocianalyze.filesystem.node import Node

Kind: TypeAlias = Literal["missing", "dangling", "not-a-file", "denied", "hidden", "package", "program", "unsure"]

_WORST: Final[tuple[Kind, ...]] = ("hidden", "denied", "not-a-file", "dangling", "unsure", "missing")
"""The causes in the order in which they explain why none of several places will do."""

_DESCRIPTION: Final = "DESCRIPTION"
"""The file of each installed package of R."""

_WITHOUT_PROFILE: Final = frozenset({"--vanilla", "--no-site-file"})
"""Options with which R runs no profile of its own."""

_SYSTEM_LIBRARIES: Final = ("/usr/lib/R", "/usr/lib64/R", "/usr/local/lib/R", "/usr/local/lib64/R", "/usr/share/R")


class Obstacle(NamedTuple):
    """Why a command cannot load what it needs.

    Attributes:
        kind: what is wrong; ``unsure`` if only a run could tell.
        path: what is needed: a path, or the name of a package.
        text: a clause for people.
        directory: the directory that hides it, if it is hidden.
        denial: what denies the user access, if anything does.
        package: the package that is needed, with its language, if it is one.
    """

    kind: Kind
    path: str
    text: str
    directory: str | None = None
    denial: Denial | None = None
    package: tuple[Language, str] | None = None


def find_obstacle(
    words: Sequence[str], shell: Shell, environment: Mapping[str, str], mounts: Mounts, *, directory: str | None
) -> Obstacle | None:
    """Return what keeps the program of a command line from what it loads, or None; a certain obstacle comes first.

    `directory` is the working directory, if it is known. Of programs that are not known, nothing is said.
    """
    needs = needs_of(words, environment)
    if needs is None:
        return None
    name = basename(words[0])
    places = Places(shell, mounts, directory)
    found = [places.problem_of(name, load) for load in needs.files]
    if needs.language == "R":
        found += _r_itself(words, shell)
    if needs.language is not None:
        packages = Packages(needs.language, words[0], environment, places)
        found += [packages.problem_of(item) for item in needs.packages]
    if needs.program is not None:
        found.append(_program(name, needs.program, shell, mounts))
    if needs.unsure is not None:
        found.append(Obstacle("unsure", words[0], needs.unsure))
    problems = [item for item in found if item is not None]
    return min(problems, key=lambda item: item.kind == "unsure", default=None)


def script_of_python(word: str) -> Load:
    """Return what Python opens that is given a script, or a directory with a ``__main__.py``."""
    return Load(word, (word, *(join(word, name) for name in ("__main__.py", "__main__.pyc"))))


class Places:
    """Tells whether files can be opened where a kernel runs."""

    def __init__(self, shell: Shell, mounts: Mounts, directory: str | None) -> None:
        """Look as the user of `shell`, with what `mounts` hides; relative paths are taken from `directory`."""
        self.shell = shell
        self.mounts = mounts
        self.directory = directory

    def problem_of(self, name: str, load: Load) -> Obstacle | None:
        """Return why the program `name` cannot open a file, or None if one of its places will do."""
        if CONNECTION_FILE in load.word:
            return None
        if UNKNOWN in load.word or "{" in load.word:
            return Obstacle("unsure", load.word, f"the path of the file that {name} loads is only known at run time")
        if "://" in load.word:
            return Obstacle("unsure", load.word, f"{name} downloads {load.word} when it starts")
        problems: list[Obstacle] = []
        for candidate in load.candidates:
            path = self._full(candidate)
            if path is None:
                text = f"{name} loads {load.word}, which depends on the working directory of the kernel"
                return Obstacle("unsure", load.word, text)
            problem = self.problem_at(path, f"{name} loads {path}, which", directory=load.directory)
            if problem is None:
                return None
            problems.append(problem)
        problem = min(problems, key=lambda item: _WORST.index(item.kind), default=None)
        return problem._replace(kind="unsure") if problem is not None and load.optional else problem

    def problem_at(self, path: str, subject: str, *, directory: bool = False) -> Obstacle | None:
        """Return why the user cannot open the file at an absolute path; `subject` begins the clause."""
        filesystem = self.shell.filesystem
        found = filesystem.resolve(path)
        hiding = self.mounts.hides(path) or self.mounts.hides_on_the_way(found)
        if found.node is None:
            if hiding is not None:
                return Obstacle("unsure", path, f"{subject} only exists if the volume mounted on {hiding} contains it")
            if found.hops and found.problem == "missing" and filesystem.lookup(path, follow=False) is not None:
                return Obstacle("dangling", path, f"{subject} is a broken symlink to {found.path}")
            return Obstacle("missing", path, f"{subject} does not exist")
        if hiding is not None:
            text = f"{subject} is hidden at run time by the mount on {hiding}"
            return Obstacle("hidden", path, text, directory=hiding)
        if not found.node.is_file and not (directory and found.node.is_directory):
            what = "is a directory" if found.node.is_directory else "is not a regular file"
            return Obstacle("not-a-file", path, f"{subject} {what}")
        return self._denial_at(path, found.path, subject)

    def _denial_at(self, path: str, real: str, subject: str) -> Obstacle | None:
        user = self.shell.user
        denial = find_denial(self.shell.filesystem, path, user)
        if denial is None:
            return None
        node = denial.node
        text = f"{subject} user {user.uid}:{user.gid} cannot read"
        if node.path == real:
            text += f" ({protection(node)})"
        else:
            text += f", because it {denial.text}"
        return Obstacle("denied", path, text, denial=denial)

    def _full(self, path: str) -> str | None:
        if path.startswith("/"):
            return normpath(path)
        return None if self.directory is None or UNKNOWN in self.directory else normpath(join(self.directory, path))


def _program(name: str, program: str, shell: Shell, mounts: Mounts) -> Obstacle | None:
    """Return why a program that another one starts cannot be run; what only that one knows may be there anyway."""
    found = shell.find(program)
    if found.problem is None:
        hidden = mounts.hides_any(found.visited)
        if hidden is None:
            return None
        text = f"{name} starts {hidden[0]}, which is hidden at run time by the mount on {hidden[1]}"
        return Obstacle("hidden", hidden[0], text, directory=hidden[1])
    return Obstacle("unsure", program, f"{name} starts {program!r}: {found.problem.text}")


# --- packages ---------------------------------------------------------------------------------------------------------


def _r_itself(words: Sequence[str], shell: Shell) -> Iterator[Obstacle]:
    """Yield why the program that R's start script runs cannot be run, or may end at once."""
    script = shell.find(words[0])
    if script.node is None or script.problem is not None or script.interpreter is None:
        return
    home = home_of(script.node)
    if home is None:
        return
    path = program_in(home)
    problem = shell.examine(path).problem
    if problem is not None:
        yield Obstacle("program", path, f"{words[0]} runs {path}: {problem.text}")
    profile = shell.filesystem.lookup(profile_in(home)) if not _WITHOUT_PROFILE.intersection(words) else None
    if profile is not None and profile.is_file and may_end(profile):
        yield Obstacle("unsure", profile.path, f"{words[0]} runs {profile.path} first, which may end it")


class Packages:
    """Tells whether packages of R or Julia can be loaded."""

    def __init__(self, language: Language, program: str, environment: Mapping[str, str], places: Places) -> None:
        """Look for packages where `program` searches them, which runs with `environment`."""
        self.language = language
        self.name = basename(program)
        self.places = places
        self.libraries = _libraries(language, program, environment, places)

    def problem_of(self, name: str, *, needed_by: str | None = None) -> Obstacle | None:
        """Return why a package cannot be loaded, or a package that it imports; None if nothing is known against it."""
        package = (self.language, name)
        hidden: Obstacle | None = None
        elsewhere: str | None = None
        for node in self.places.shell.filesystem.named(name):
            directory = node.path
            if not self._is_package(node):
                continue
            subject = f"{self.name} loads the {self.language} package {name} from {directory}, which"
            problem = self.places.problem_at(directory, subject, directory=True)
            if not any(within(directory, library) for library in self.libraries):
                elsewhere = elsewhere or directory
            elif problem is None:
                return None if needed_by is not None else self._missing_import(node)
            else:
                hidden = hidden or problem._replace(package=package)
        if hidden is not None:
            return hidden
        what = f"the {self.language} package {name}" + (f", which {needed_by} imports," if needed_by else "")
        if elsewhere is not None:
            text = f"{what} is only in {elsewhere}, which {self.name} may not search"
            return Obstacle("unsure", elsewhere, text, package=package)
        if self.language == "Julia":
            return Obstacle("unsure", name, f"{what} is in no directory of the image", package=package)
        return Obstacle("package", name, f"{what} is not installed", package=package)

    def _missing_import(self, package: Node) -> Obstacle | None:
        description = package.filesystem.lookup(join(package.path, _DESCRIPTION))
        if package.name != IRKERNEL or description is None:
            return None
        found = (self.problem_of(name, needed_by=package.name) for name in imports_of(description))
        return next((problem for problem in found if problem is not None and problem.kind != "unsure"), None)

    def _is_package(self, node: Node) -> bool:
        if self.language == "R":
            return node.filesystem.lookup(join(node.path, _DESCRIPTION)) is not None
        return _is_julia_package(node.path)


def _is_julia_package(directory: str) -> bool:
    return basename(dirname(directory)) in ("packages", "dev", "stdlib") or "/stdlib/" in directory


def _libraries(language: Language, program: str, environment: Mapping[str, str], places: Places) -> tuple[str, ...]:
    """Return the directories below which an interpreter searches packages, its own installation among them."""
    home = environment.get("HOME") or places.shell.user.home
    found = places.shell.find(program)
    own = {dirname(dirname(path)) for path in (found.path, found.real) if path is not None}
    system = bool(own & {"/usr", "/usr/local", "/"})
    installed = (path for path in own if path not in ("/usr", "/usr/local", "/"))
    if language == "Julia":
        stated = environment.get("JULIA_DEPOT_PATH")
        depots = _expanded(split_path(stated) if stated else ("",), home)
        return (*depots, *installed, "/usr/share/julia", "/usr/local/share/julia")
    names = ("R_LIBS", "R_LIBS_SITE", "R_LIBS_USER")
    stated_libraries = (item for name in names for item in split_path(environment.get(name, "")) if item)
    return (*_expanded(stated_libraries, home), *installed, *(_SYSTEM_LIBRARIES if system else ()), join(home, "R"))


def _expanded(items: Iterable[str], home: str) -> tuple[str, ...]:
    """Return directories with ``~`` replaced; an empty one is Julia's default."""
    paths = (home + item[1:] if item.startswith("~") else item or join(home, ".julia") for item in items)
    return tuple(normpath(path) for path in paths if path.startswith("/"))
