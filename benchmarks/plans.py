"""What is run on each shape, what is compared, and what has to come out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from benchmarks.analyzer import Analyzer
from benchmarks.floors import beside, floors, limit, listing
from benchmarks.images import LATENCY, ROOT, SAME_IMAGE, Shape
from benchmarks.measure import CAN_DROP_PAGES, Command
from benchmarks.peers import RIVALS, peer_commands

COLD: Final = "ocianalyze, cold"
WARM: Final = "ocianalyze"
CACHED: Final = "ocianalyze, cached"
ONE_JOB: Final = "ocianalyze --jobs 1"
LAYOUT: Final = "ocianalyze, OCI layout"
VERSION: Final = "ocianalyze --version"
START: Final = "ocianalyze, an image of a megabyte"

_CACHED: Final[Mapping[str, float]] = {"plain-35gb": 0.4}
_AGAINST_TAR: Final[Mapping[str, float]] = {"plain-35gb": 0.8}
"""What is asked of the largest image: seconds of the second scan, and the share of the time of GNU tar of the first."""

Quantity: TypeAlias = Literal["wall", "cpu", "peak"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound on a quantity (`wall` and `cpu` in seconds, `peak` in bytes), or on its ratio to another command's.

    With `per_entry` the quantity is divided by the number of entries and in microseconds. With `spread` it is a wall
    clock in terms of what the command's own CPU time takes if all processors share it evenly. The quantity of the
    command `less` is taken off first: that of starting up.
    """

    text: str
    quantity: Quantity
    of: str
    bound: float
    against: str | None = None
    per_entry: bool = False
    spread: bool = False
    less: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """How many times more of a quantity the rivals need, at least: the best of them, or their median."""

    text: str
    quantity: Quantity
    of: str
    rivals: Sequence[str]
    pick: Literal["best", "median"]
    bound: float


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
        ours: the name of the command that the others are compared with.
        limit: the name of the command that is the limit.
        targets: what must hold.
        races: what must hold against other tools, where they were measured.
        shares: what must hold within single scans.
        reports: commands that print a JSON report of the image; all must count the same entries.
        listing: a command that prints a line for each entry, if there is one.
        verdict: what the reports must say, if that is known.
    """

    shape: Shape
    commands: Sequence[Command]
    ours: str
    limit: str
    targets: Sequence[Target] = ()
    races: Sequence[Race] = ()
    shares: Sequence[Share] = ()
    reports: Sequence[Command] = ()
    listing: Command | None = None
    verdict: str | None = None


def plan(shape: Shape, analyzer: Analyzer, scratch: Path, *, limits: bool = False, peers: bool = False) -> Plan:
    """Return the plan of a shape.

    Args:
        shape: the image.
        analyzer: what starts ocianalyze.
        scratch: a directory for the cache of ours and for what peers write.
        limits: also measure other readers of the same bytes.
        peers: also measure other tools, as far as they are here.
    """
    special = _SPECIAL[shape.name](shape, analyzer)
    ours = _ours(shape, analyzer, scratch / "cache" / shape.name)
    bound = limit(shape)
    more = [*(floors(shape) if limits else ()), *(peer_commands(shape, scratch) if peers else ())]
    commands = [command for command in (*ours, *special.commands, bound, *more) if command.is_here]
    reports = [command for command in ours if command.name == WARM]
    return Plan(
        shape=shape,
        commands=commands,
        ours=WARM,
        limit=bound.name,
        targets=[*_targets(shape, analyzer), *special.targets],
        races=list(_races(shape)) if peers else [],
        shares=special.shares,
        reports=[*reports, *special.reports],
        listing=listing(shape),
        verdict=special.verdict,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Special:
    """What only one shape has; the fields are those of `Plan`."""

    commands: Sequence[Command] = ()
    targets: Sequence[Target] = ()
    shares: Sequence[Share] = ()
    reports: Sequence[Command] = ()
    verdict: str | None = None


def _ours(shape: Shape, analyzer: Analyzer, cache: Path) -> list[Command]:
    """Return ours with an empty page cache, with a full one, and with a cache of layers of its own."""
    remote = shape.reference is not None
    target, shown = shape.reference or str(shape.archive), "127.0.0.1:PORT/image:1.0" if remote else shape.archive.name
    options = ("--plain-http",) if remote else ()
    large = shape.name != "small"
    cold = [analyzer.scan(COLD, target, shown, *options, cold=[shape.archive])]
    return [
        *(cold if CAN_DROP_PAGES and not remote else ()),
        analyzer.scan(WARM, target, shown, *options, forks=large),
        *analyzer.scan_cached(CACHED, target, shown, cache, *options),
    ]


def _targets(shape: Shape, analyzer: Analyzer) -> Iterator[Target]:
    """Yield what has to hold on every large shape, as its layers are compressed."""
    if shape.name == "small":
        return
    bound = limit(shape).name
    if analyzer.caches:
        yield Target(text="cached: wall clock", quantity="wall", of=CACHED, bound=_CACHED.get(shape.name, 1.0))
    if shape.compression == "none":
        yield Target(text="warm: wall clock for an entry", quantity="wall", of=WARM, bound=5.0, per_entry=True)
        times = _AGAINST_TAR.get(shape.name, 1.0)
        yield Target(text=f"warm: wall clock against {bound}", quantity="wall", of=WARM, against=bound, bound=times)
    elif shape.name not in SAME_IMAGE:
        of = WARM if shape.name in ("one-huge-layer", "big-layer-last", "forty-layer") else ONE_JOB
        text = f"{'one job' if of == ONE_JOB else 'warm'}: CPU time against {bound}"
        yield Target(text=text, quantity="cpu", of=of, against=bound, bound=1.15)


def _races(shape: Shape) -> Iterator[Race]:
    """Yield how much faster and smaller than other tools; on a tiny image nothing but starting would be compared."""
    if shape.name == "small":
        return
    times = 10.0 if shape.compression == "none" else 5.0
    text = "times faster than the fastest of the rivals"
    yield Race(text=text, quantity="wall", of=WARM, rivals=RIVALS, pick="best", bound=times)
    text = "times less memory than the median of the rivals"
    yield Race(text=text, quantity="peak", of=WARM, rivals=RIVALS, pick="median", bound=10.0)


def _plain_35gb(shape: Shape, analyzer: Analyzer) -> _Special:
    on_layout = analyzer.scan(LAYOUT, str(shape.layout), "layout")
    one_job = analyzer.scan(ONE_JOB, str(shape.archive), shape.archive.name, "--jobs", "1")
    return _Special(
        commands=[on_layout, one_job],
        targets=[
            Target(text="warm: wall clock", quantity="wall", of=WARM, bound=4.0),
            Target(text="warm: peak memory", quantity="peak", of=WARM, bound=300e6),
        ],
        shares=[Share(text="one job: facts and rules against reading", of=one_job, bound=0.1)],
        reports=[on_layout],
        verdict="pass",
    )


def _plain_4gb(shape: Shape, analyzer: Analyzer) -> _Special:
    name = "ocianalyze --verify"
    return _Special(commands=[analyzer.scan(name, str(shape.archive), shape.archive.name, "--verify", once=True)])


def _million(_: Shape, __: Analyzer) -> _Special:
    return _Special(targets=[Target(text="warm: peak memory", quantity="peak", of=WARM, bound=350e6)])


def _two_layers(shape: Shape, analyzer: Analyzer) -> _Special:
    target, shown = str(shape.archive), shape.archive.name
    one = analyzer.scan(ONE_JOB, target, shown, "--jobs", "1")
    text = "two jobs against one: wall clock"
    return _Special(
        commands=[one],
        targets=[Target(text=text, quantity="wall", of=WARM, against=ONE_JOB, bound=0.65)],
        reports=[one],
    )


def _gzip_4gb(shape: Shape, analyzer: Analyzer) -> _Special:
    target, shown = str(shape.archive), shape.archive.name
    special = _two_layers(shape, analyzer)
    more = [
        *analyzer.scan_without_isal("ocianalyze, zlib", target, shown),
        analyzer.scan("ocianalyze --verify", target, shown, "--verify", once=True),
    ]
    return _Special(commands=[*special.commands, *more], targets=special.targets, reports=special.reports)


def _one_huge_layer(shape: Shape, analyzer: Analyzer) -> _Special:
    demo = ROOT / "testdata" / "demo.tar.gz"
    bound = beside(shape)
    text = f"warm, start-up apart: wall clock against {bound.name}"
    return _Special(
        commands=[bound, analyzer.scan(START, str(demo), demo.name)],
        targets=[Target(text=text, quantity="wall", of=WARM, against=bound.name, less=START, bound=1.1)],
    )


def _big_layer_last(_: Shape, __: Analyzer) -> _Special:
    text = "warm: wall clock against its CPU time on all processors"
    return _Special(targets=[Target(text=text, quantity="wall", of=WARM, spread=True, bound=1.15)])


def _registry(shape: Shape, analyzer: Analyzer) -> _Special:
    local = analyzer.scan(LAYOUT, str(shape.layout), "layout")
    throughput = 0.8 if shape.name in LATENCY else 0.9  # so much of the layout's should be left
    return _Special(
        commands=[local],
        targets=[
            Target(
                text="wall clock against the layout", quantity="wall", of=WARM, against=LAYOUT, bound=1 / throughput
            ),
            Target(text="CPU time against the layout", quantity="cpu", of=WARM, against=LAYOUT, bound=1.25),
            Target(text="peak memory", quantity="peak", of=WARM, bound=150e6),
        ],
        reports=[local],
    )


def _small(_: Shape, analyzer: Analyzer) -> _Special:
    return _Special(
        commands=[analyzer.version(VERSION)],
        targets=[
            Target(text="--version: wall clock", quantity="wall", of=VERSION, bound=0.15),
            Target(text="small image: wall clock", quantity="wall", of=WARM, bound=0.6),
        ],
        verdict="fail",
    )


def _nothing(_: Shape, __: Analyzer) -> _Special:
    return _Special()


_SPECIAL: Final[Mapping[str, Callable[[Shape, Analyzer], _Special]]] = {
    "plain-35gb": _plain_35gb,
    "plain-4gb": _plain_4gb,
    "million": _million,
    "fractional-times": _nothing,
    "repeated-paths": _nothing,
    "gzip-4gb": _gzip_4gb,
    "zstd-4gb": _two_layers,
    "one-huge-layer": _one_huge_layer,
    "big-layer-last": _big_layer_last,
    "forty-layer": _nothing,
    "registry": _registry,
    "registry-50ms": _registry,
    "small": _small,
}
