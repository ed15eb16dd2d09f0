"""What the interpreters of kernels load because of their command lines: scripts, archives, packages.

Sources: the manuals of julia(1), java(1), mono(1), R(1), Rscript(1), ruby(1), perl(1), php(1); Node.js, "Command-line
API" and "Modules: all together"; .NET, "dotnet command". Programs that are not listed here look up their arguments by
rules of their own, so nothing is said of those.
"""

from __future__ import annotations

import re
from posixpath import basename
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from ocianalyze.facts.programs.options import Options, read_options
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Language: TypeAlias = Literal["R", "Julia"]


class Load(NamedTuple):
    """A file that an interpreter opens: the word that names it, and where it may be, of which one is enough.

    A `directory` may take the place of a file. Without what is `optional`, the program may start all the same.
    """

    word: str
    candidates: tuple[str, ...]
    directory: bool = False
    optional: bool = False


class Needs(NamedTuple):
    """What a command line needs.

    Attributes:
        files: the files that the interpreter opens.
        language: the language of `packages`.
        packages: the packages that the code in the command line loads.
        program: a further program that the interpreter starts, if any.
        unsure: why it cannot be told what the command needs, if so; a clause.
    """

    files: tuple[Load, ...] = ()
    language: Language | None = None
    packages: tuple[str, ...] = ()
    program: str | None = None
    unsure: str | None = None


def needs_of(words: Sequence[str], environment: Mapping[str, str]) -> Needs | None:
    """Return what a command line needs, or None if its program is no interpreter that is known."""
    name = re.sub(r"[\d.-]+\Z", "", basename(words[0])) or basename(words[0])
    reader = _READERS.get(name)
    return None if reader is None else reader(tuple(words[1:]), environment)


def _file(word: str) -> Load:
    return Load(word, (word,))


def _script(options: Options) -> Callable[[tuple[str, ...], Mapping[str, str]], Needs]:
    """Return a reader of programs whose first operand is a script, unless code is given."""

    def read(words: tuple[str, ...], _environment: Mapping[str, str]) -> Needs:
        found = read_options(words, options)
        files = [_file(value) for value in found.all(options.files) if "/" in value]
        if found.operands and not found.all(options.code) and found.operands[0] != "-":
            files.append(_file(found.operands[0]))
        return Needs(tuple(files))

    return read


_JULIA: Final = Options(
    short="JLHCtpmeE",
    values=frozenset(
        {
            *("--home", "--cpu-target", "--threads", "--procs", "--machine-file", "--gcthreads", "--heap-size-hint"),
            *("--startup-file", "--compile", "--color", "--history-file", "--depwarn", "--warn-overwrite", "--inline"),
            *("--check-bounds", "--banner", "--module", "--compiled-modules", "--pkgimages", "--handle-signals"),
        }
    ),
    code=frozenset({"-e", "--eval", "-E", "--print"}),
    files=frozenset({"-J", "--sysimage", "-L", "--load"}),
)
_JULIA_IMPORT: Final = regex(r"(?:^|;|\n)\s*(?:import|using)\s+([A-Za-z]\w*)", re.ASCII)

_JULIA_BASE: Final = frozenset({"Base", "Core", "Dates", "Distributed", "LinearAlgebra", "Pkg", "REPL", "Sockets"})


def _julia(words: tuple[str, ...], environment: Mapping[str, str]) -> Needs:
    found = read_options(words, _JULIA)
    text = ";".join(found.all(_JULIA.code))
    module = found.all(frozenset({"-m", "--module"}))
    packages = (*_JULIA_IMPORT.findall(text), *(name.partition(".")[0] for name in module))
    needs = Needs() if module else _script(_JULIA)(words, environment)
    return needs._replace(language="Julia", packages=tuple(name for name in packages if name not in _JULIA_BASE))


_R_CALL: Final = regex(r"([A-Za-z][A-Za-z0-9.]*):::?[A-Za-z.]", re.ASCII)
_R_LOAD: Final = regex(r"\b(?:library|require|(?:load|require)Namespace)\(\s*[\"']?([A-Za-z][A-Za-z0-9.]*)", re.ASCII)
_R_QUIET: Final = frozenset({"base", "compiler", "datasets", "graphics", "grDevices", "grid", "methods", "parallel"})
_R_BASE: Final = _R_QUIET | {"splines", "stats", "stats4", "tcltk", "tools", "utils"}


def _r(words: tuple[str, ...], _environment: Mapping[str, str]) -> Needs:
    """Return what ``R`` needs, which takes options in any order up to ``--args``."""
    code: list[str] = []
    files: list[Load] = []
    rest = iter(words)
    for word in rest:
        if word == "--args":
            break
        if word in ("-e", "--expression"):
            code.append(next(rest, ""))
        elif word in ("-f", "--file"):
            files.append(_file(next(rest, "")))
        elif word.startswith("--file="):
            files.append(_file(word.removeprefix("--file=")))
        elif word.startswith("-e") and not word.startswith("--"):
            code.append(word[2:])
        elif word in ("-g", "--gui", "-d", "--debugger", "--encoding"):
            next(rest, "")
    return Needs(tuple(files), "R", _r_packages(";".join(code)))


def _rscript(words: tuple[str, ...], _environment: Mapping[str, str]) -> Needs:
    options = Options(short="e", cluster=False)
    found = read_options(words, options)
    code = found.all(frozenset({"-e"}))
    files = (_file(found.operands[0]),) if found.operands and not code else ()
    return Needs(files, "R", _r_packages(";".join(code)))


def _r_packages(text: str) -> tuple[str, ...]:
    named = (*_R_CALL.findall(text), *_R_LOAD.findall(text))
    return tuple(name for name in dict.fromkeys(named) if name not in _R_BASE)


_JAVA: Final = frozenset(
    {
        *("-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path", "--add-modules"),
        *("--add-exports", "--add-opens", "--add-reads", "--limit-modules", "--patch-module", "--source"),
        *("--enable-native-access", "--describe-module", "-d"),
    }
)
_CLASS_PATH: Final = frozenset({"-cp", "-classpath", "--class-path"})


def _java(words: tuple[str, ...], environment: Mapping[str, str]) -> Needs:
    """Return what ``java`` needs; of a class path, at least one entry has to be there."""
    path = environment.get("CLASSPATH", "")
    files: list[Load] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "-jar":
            return Needs((*files, _file(next(rest, ""))))
        if word.startswith("@"):
            return Needs(tuple(files), unsure=f"java reads its arguments from {word[1:]}, which is not analyzed")
        if word in ("-m", "--module"):
            return Needs(tuple(files))
        if word in _JAVA:
            value = next(rest, "")
            path = value if word in _CLASS_PATH else path
        elif name == "--class-path" and equals:
            path = value
        elif word.startswith(("-javaagent:", "-agentpath:")):
            files.append(_file(word.partition(":")[2].partition("=")[0]))
        elif not word.startswith("-"):
            if word.endswith(".java"):
                return Needs((*files, _file(word)))
            return Needs((*files, *_class_path(path)))
    return Needs(tuple(files))


def _class_path(path: str) -> tuple[Load, ...]:
    entries = tuple(item for item in path.split(":") if item)
    if not entries:
        return ()
    plain = tuple(item.removesuffix("/*") if item.endswith("/*") else item for item in entries)
    archives = (Load(item, (item,), optional=True) for item in plain if item.endswith(".jar"))
    return (Load(path, plain, directory=True), *archives)


_NODE: Final = Options(
    short="rCep",
    values=frozenset({"--require", "--import", "--loader", "--experimental-loader", "--conditions", "--input-type"})
    | {"--title", "--icu-data-dir", "--stack-trace-limit"},
    code=frozenset({"-e", "--eval", "-p", "--print"}),
    files=frozenset({"-r", "--require", "--import", "--env-file"}),
)
_NODE_ENDINGS: Final = ("", ".js", ".json", ".node", "/package.json", "/index.js", "/index.json", "/index.node")


def _node(words: tuple[str, ...], _environment: Mapping[str, str]) -> Needs:
    found = read_options(words, _NODE)
    given = [value for value in found.all(_NODE.files) if value.startswith(("/", "./", "../"))]
    if found.operands and not found.all(_NODE.code) and found.operands[0] not in ("-", "inspect"):
        given.append(found.operands[0])
    return Needs(tuple(Load(word, tuple(f"{word}{ending}" for ending in _NODE_ENDINGS)) for word in given))


def _deno(words: tuple[str, ...], _environment: Mapping[str, str]) -> Needs:
    """Return what ``deno run`` and ``bun run`` need; what is no path is a name that they look up themselves."""
    values = frozenset({"--config", "-c", "--import-map", "--cert", "--location", "--lock", "--seed", "--env-file"})
    rest = tuple(word for position, word in enumerate(words) if not position or words[position - 1] not in values)
    operands = [word for word in rest if not word.startswith("-")]
    if operands[:1] == ["run"]:
        operands = operands[1:]
    is_path = bool(operands) and "://" not in operands[0] and operands[0].startswith(("/", "./", "../"))
    return Needs((_file(operands[0]),) if is_path else ())


_DOTNET: Final = frozenset(
    {"--additionalprobingpath", "--additional-deps", "--depsfile", "--runtimeconfig", "--fx-version", "--roll-forward"}
)
_SDK: Final = frozenset(
    """
    add build build-server clean dev-certs format fsi help list msbuild new nuget pack package publish reference remove
    restore run sdk sln solution store test tool user-jwts user-secrets vstest watch workload
    """.split()  # noqa: SIM905 - a list of words reads best as one
)


def _dotnet(words: tuple[str, ...], _environment: Mapping[str, str]) -> Needs:
    """Return what ``dotnet`` needs: an assembly, or the tool whose name follows ``dotnet-``."""
    found = read_options(words, Options(values=_DOTNET))
    operands = found.operands[1:] if found.operands[:1] == ("exec",) else found.operands
    if operands != found.operands:
        operands = read_options(operands, Options(values=_DOTNET)).operands
    if not operands:
        return Needs()
    first = operands[0]
    if first.endswith((".dll", ".exe")) or "/" in first:
        return Needs((_file(first),))
    return Needs(program=f"dotnet-{first}") if first not in _SDK else Needs()


_READERS: Final[dict[str, Callable[[tuple[str, ...], Mapping[str, str]], Needs]]] = {
    "julia": _julia,
    "R": _r,
    "Rscript": _rscript,
    "java": _java,
    "node": _node,
    "nodejs": _node,
    "deno": _deno,
    "bun": _deno,
    "dotnet": _dotnet,
    **dict.fromkeys(("mono", "mono-sgen", "mono64"), _script(Options(values=frozenset({"--config"}), cluster=False))),
    "ruby": _script(Options(short="IrCEe", code=frozenset({"-e"}))),
    "perl": _script(Options(short="IeEMm", code=frozenset({"-e", "-E"}))),
    "php": _script(
        Options(short="cdrBRFEStz", code=frozenset({"-r", "-B", "-R", "-S"}), files=frozenset({"-f", "--file", "-F"}))
    ),
}
