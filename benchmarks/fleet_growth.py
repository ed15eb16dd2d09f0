"""How planning, running and reporting grow with a fleet, with images and layers that are made up of recorded ones.

Each image has layers of some base and its own. Whoever works for the fleet answers at once, with what came of a real
image, so that what remains is what one process has to do: plan, decide what is next, store what comes.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ocianalyze.analysis import analyze
from ocianalyze.fleet.engines.engine import Ticket
from ocianalyze.fleet.members.member import Member
from ocianalyze.fleet.plan import plan_of
from ocianalyze.fleet.report import ask
from ocianalyze.fleet.results.planned import Planned, PlannedLayer
from ocianalyze.fleet.results.results import Results
from ocianalyze.fleet.running import run_fleet
from ocianalyze.fleet.work.conditions import Conditions
from ocianalyze.fleet.work.rows import Rows, rows_of
from ocianalyze.fleet.work.tasks import Judged, LayerRead, LayerTask, Outcome, Task
from ocianalyze.sources.registry.documents import StoredDocument

_DEMO: Final = Path(__file__).parents[1] / "testdata" / "demo.tar.gz"
_BASES: Final = 0.13
"""How many bases there are for each image: 40 for 300."""
_OF_BASE, _OF_IMAGE = 6, 14
_BATCH: Final = 100
"""How many images are stored together, as in a run."""
_DOCUMENT: Final = 8_000
"""The size of a manifest, and of a configuration, in bytes."""


def grow(images: int) -> dict[str, Any]:
    """Return seconds and bytes for a fleet of so many images, measured in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fleet_growth", str(images)], check=True, stdout=subprocess.PIPE
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Recorded:
    """An engine that answers at once."""

    slots = 8

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._done: deque[tuple[Ticket, Outcome]] = deque()

    def submit(self, ticket: Ticket, task: Task, after: Sequence[Ticket] = ()) -> None:  # noqa: ARG002 - as the protocol has it
        """Answer."""
        self._done.append((ticket, LayerRead(1_000_000) if isinstance(task, LayerTask) else Judged(self._rows)))

    def next(self) -> tuple[Ticket, Outcome]:
        """Return the next answer."""
        return self._done.popleft()

    def forget(self, ticket: Ticket) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def planned(number: int, images: int) -> Planned:
    """Return what an image of a fleet says of itself."""
    base = number % max(1, round(images * _BASES))
    names = [*(f"base {base} {n}" for n in range(_OF_BASE)), *(f"image {number} {n}" for n in range(_OF_IMAGE))]
    documents = {_digest(f"{kind} {number}"): _document(kind, number) for kind in ("manifest", "config")}
    return Planned(
        pinned=f"registry.example.com/team/app{number}:1@{_digest(f'manifest {number}')}",
        digest=_digest(f"manifest {number}"),
        config_digest=_digest(f"config {number}"),
        platform="linux/amd64",
        source="registry",
        layers=[
            PlannedLayer(_digest(name), _digest(name), _digest(f"diff {name}"), 1_000_000, f"RUN {name}")
            for name in names
        ],
        documents=documents,
    )


def members(images: int) -> Iterator[Member]:
    """Yield the members of a fleet."""
    return (Member(f"registry.example.com/team/app{number}:1") for number in range(images))


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _document(kind: str, number: int) -> StoredDocument:
    return StoredDocument("", json.dumps({kind: number, "": "x" * _DOCUMENT}).encode())


def main(arguments: Sequence[str]) -> int:
    """Measure a fleet, and print what was measured as JSON."""
    images = int(arguments[0])
    rows = rows_of(analyze(str(_DEMO)))
    rows = rows._replace(layers=[])
    conditions = Conditions()
    with tempfile.TemporaryDirectory(prefix="fleet-") as directory:
        path = Path(directory, "fleet.sqlite")
        with Results(path) as results:
            start = time.monotonic()
            run = results.begin(["simulated"], {})
            results.list_members(run, list(members(images)), {})
            todo = results.unplanned(run)
            made_up = 0.0
            for first in range(0, images, _BATCH):
                begun = time.monotonic()
                batch = [
                    (number, planned(first + n, images)) for n, (number, _) in enumerate(todo[first : first + _BATCH])
                ]
                made_up += time.monotonic() - begun
                with results.together():
                    for number, one in batch:
                        results.plan(number, one)
            plan = plan_of(results, run, conditions, slots=8)
            planning = time.monotonic() - start - made_up
            start = time.monotonic()
            run_fleet(results, run, conditions, Recorded(rows))
            running = time.monotonic() - start
            peak = _peak()
            start = time.monotonic()
            ask(results.database, run.id)
            reporting = time.monotonic() - start
        found = {"images": images, "layers": plan.layers, "planning": planning, "running": running}
        found |= {"reporting": reporting, "peak": peak, "file": path.stat().st_size}
    sys.stdout.write(json.dumps(found))
    return 0


def _peak() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
