"""What is run on each shape, what is compared, and what has to come out."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from benchmarks.images import Shape
from benchmarks.measure import Command

DOCKER_ARCHIVE: Final = "ocianalyze, docker archive"
LAYOUT: Final = "ocianalyze, OCI layout"
ONE_JOB: Final = "ocianalyze --jobs 1"
TWO_JOBS: Final = "ocianalyze --jobs 2"
REGISTRY: Final = "ocianalyze, registry"
VERSION: Final = "ocianalyze --version"
SMALL: Final = "ocianalyze, small image"
TAR: Final = "tar -t, blob after blob"
IGZIP: Final = "igzip -dc"

_FINDINGS: Final = frozenset({0, 1})
_LIST: Final = 'for blob do tar -tf "$blob" || exit; done'
_LIST_GZIP: Final = 'for blob do tar -tzf "$blob" || exit; done'
_WITHOUT_ISAL: Final = "import sys; sys.modules['isal'] = None; from ocianalyze.cli import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound on a quantity (`wall` and `cpu` in seconds, `peak` in bytes), or on its ratio to another command's."""

    text: str
    quantity: Literal["wall", "cpu", "peak"]
    of: str
    bound: float
    against: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A bound on what the facts and rules take, as a share of what reading takes in the same scan, by its report."""

    text: str
    of: Command
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The commands of a shape in the order in which they take turns, and what must hold.

    Attributes:
        shape: the image.
        commands: those whose program is here.
        targets: what must hold.
        shares: what must hold within single scans.
        reports: commands that print a JSON report of the image; all must count the same entries.
        listing: a command that prints a line for each entry, if there is one.
        verdict: what the reports must say, if that is known.
    """

    shape: Shape
    commands: Sequence[Command]
    targets: Sequence[Target] = ()
    shares: Sequence[Share] = ()
    reports: Sequence[Command] = ()
    listing: Command | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Analyzer:
    """How ocianalyze is started: a command line, that of this Python's module by default."""

    argv: tuple[str, ...] = field(default=(sys.executable, "-m", "ocianalyze"))
    own: bool = True

    def scan(
        self, name: str, target: str, shown: str, *options: str, once: bool = False, forks: bool = False
    ) -> Command:
        """Return a scan of the image at the path `target`, which readers are shown as `shown`."""
        return Command(
            name=name,
            argv=(*self.argv, "scan", target, "--format", "json", *options),
            shown=" ".join(("ocianalyze scan", shown, *options)),
            accepts=_FINDINGS,
            once=once,
            forks=forks,
        )

    def scan_without_isal(self, name: str, target: str, shown: str, *options: str) -> list[Command]:
        """Return a scan in which zlib inflates, if this Python's own module is what is measured."""
        if not self.own:
            return []
        command = (sys.executable, "-c", _WITHOUT_ISAL, "scan", target, "--format", "json", *options)
        shown = " ".join(("ocianalyze scan", shown, *options, "# without isal"))
        return [Command(name=name, argv=command, shown=shown, accepts=_FINDINGS, once=True)]

    def version(self) -> Command:
        """Return what prints the version."""
        return Command(name=VERSION, argv=(*self.argv, "--version"), shown=VERSION)


def plan(shape: Shape, analyzer: Analyzer, *, limit: bool = False, peers: bool = False) -> Plan:
    """Return the plan of a shape; `limit` adds what the hardware allows, `peers` other tools' times."""
    made = _PLANS[shape.name](shape, analyzer)
    more = [*(_limits(shape) if limit else ()), *(_peers(shape) if peers else ())]
    commands = [command for command in (*made.commands, *more) if _is_here(command)]
    listing = made.listing if made.listing is not None and _is_here(made.listing) else None
    return replace(made, commands=commands, listing=listing)


def _plain(shape: Shape, analyzer: Analyzer) -> Plan:
    archive, layout = str(shape.archive), str(shape.layout)
    ours = analyzer.scan(DOCKER_ARCHIVE, archive, "docker-archive.tar", forks=True)
    on_layout = analyzer.scan(LAYOUT, layout, "layout", forks=True)
    listing = _shell(TAR, _LIST, shape, "tar -tf BLOB, for each blob")
    one_job = analyzer.scan("ocianalyze --jobs 1, OCI layout", layout, "layout", "--jobs", "1")
    return Plan(
        shape=shape,
        commands=[
            ours,
            on_layout,
            listing,
            one_job,
            analyzer.scan("ocianalyze --verify, docker archive", archive, "docker-archive.tar", "--verify", once=True),
        ],
        targets=[
            Target(text="docker archive: wall clock", quantity="wall", of=DOCKER_ARCHIVE, bound=4.0),
            Target(text="docker archive: peak memory", quantity="peak", of=DOCKER_ARCHIVE, bound=300e6),
            Target(text="OCI layout: wall clock against GNU tar", quantity="wall", of=LAYOUT, against=TAR, bound=1.0),
        ],
        shares=[Share(text="one job: facts and rules against reading", of=one_job, bound=0.1)],
        reports=[ours, on_layout],
        listing=listing,
        verdict="pass",
    )


def _gzip(shape: Shape, analyzer: Analyzer) -> Plan:
    layout = str(shape.layout)
    one = analyzer.scan(ONE_JOB, layout, "layout", "--jobs", "1")
    two = analyzer.scan(TWO_JOBS, layout, "layout", "--jobs", "2", forks=True)
    return Plan(
        shape=shape,
        commands=[
            one,
            two,
            _on_blobs(IGZIP, "igzip -dc", shape),
            *analyzer.scan_without_isal("ocianalyze --jobs 1, zlib", layout, "layout", "--jobs", "1"),
            analyzer.scan("ocianalyze --jobs 1 --verify", layout, "layout", "--jobs", "1", "--verify", once=True),
        ],
        targets=[
            Target(text="CPU time against igzip -dc", quantity="cpu", of=ONE_JOB, against=IGZIP, bound=1.25),
            Target(text="two jobs against one: wall clock", quantity="wall", of=TWO_JOBS, against=ONE_JOB, bound=0.65),
        ],
        reports=[one, two],
        listing=_shell("tar -tz", _LIST_GZIP, shape, "tar -tzf BLOB, for each blob"),
    )


def _registry(shape: Shape, analyzer: Analyzer) -> Plan:
    local = analyzer.scan(LAYOUT, str(shape.layout), "layout")
    remote = analyzer.scan(REGISTRY, str(shape.reference), "127.0.0.1:PORT/image:1.0", "--plain-http")
    return Plan(
        shape=shape,
        commands=[remote, local],
        targets=[
            Target(text="wall clock against the layout", quantity="wall", of=REGISTRY, against=LAYOUT, bound=1.25),
            Target(text="CPU time against the layout", quantity="cpu", of=REGISTRY, against=LAYOUT, bound=1.25),
            Target(text="peak memory", quantity="peak", of=REGISTRY, bound=150e6),
        ],
        reports=[remote, local],
    )


def _small(shape: Shape, analyzer: Analyzer) -> Plan:
    nothing = Command(name="Python, doing nothing", argv=(sys.executable, "-c", "pass"), shown="python -c pass")
    scan = analyzer.scan(SMALL, str(shape.archive), "testdata/demo.tar.gz")
    return Plan(
        shape=shape,
        commands=[analyzer.version(), scan, nothing],
        targets=[
            Target(text="--version: wall clock", quantity="wall", of=VERSION, bound=0.15),
            Target(text="small image: wall clock", quantity="wall", of=SMALL, bound=0.6),
        ],
        reports=[scan],
        verdict="fail",
    )


_PLANS: Final = {"plain-35gb": _plain, "gzip-4gb": _gzip, "registry": _registry, "small": _small}


def _limits(shape: Shape) -> Iterator[Command]:
    """Yield what reads the same bytes and does less than we have to."""
    if shape.name in ("registry", "small"):
        return
    large = shape.name == "plain-35gb"
    yield _on_blobs("cat", "cat", shape, once=large)
    yield _on_blobs("sha256sum", "sha256sum", shape, once=large)
    if shape.name == "gzip-4gb":
        yield _shell("tar -tz, blob after blob", _LIST_GZIP, shape, "tar -tzf BLOB, for each blob", once=True)
        yield _on_blobs("gzip -dc", "gzip -dc", shape, once=True)


def _peers(shape: Shape) -> Iterator[Command]:
    """Yield what people use today, as far as it takes seconds and not minutes."""
    if shape.archive is not None and shape.name != "small":
        transport = f"docker-archive:{shape.archive}"
        yield Command(
            name="skopeo inspect, docker archive",
            argv=("skopeo", "inspect", transport),
            shown="skopeo inspect docker-archive:docker-archive.tar",
            once=True,
        )
    if shape.name == "gzip-4gb":
        unpack = (
            'target=$(mktemp -d) || exit; umoci unpack --rootless --image "$1" "$target/bundle"; code=$?; '
            'chmod -R u+rwx "$target"; rm -rf "$target"; exit $code'
        )
        yield Command(
            name="umoci unpack",
            argv=("sh", "-c", unpack, "umoci", f"{shape.layout}:1.0"),
            shown="umoci unpack --rootless --image layout BUNDLE; rm -rf BUNDLE",
            once=True,
        )


def _on_blobs(name: str, words: str, shape: Shape, *, once: bool = False) -> Command:
    argv = (*words.split(), *map(str, shape.blobs))
    return Command(name=name, argv=argv, shown=f"{words} BLOB...", once=once)


def _shell(name: str, script: str, shape: Shape, shown: str, *, once: bool = False) -> Command:
    return Command(name=name, argv=("sh", "-c", script, "sh", *map(str, shape.blobs)), shown=shown, once=once)


def _is_here(command: Command) -> bool:
    """Tell whether the program is installed; a shell's script names it in the command that is shown."""
    program = command.shown.split()[0] if command.argv[0] == "sh" else command.argv[0]
    return shutil.which(program) is not None
