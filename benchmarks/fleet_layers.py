"""Reads the layers of a fleet and judges no image: `python -m benchmarks.fleet_layers LIST`; the limit of a fleet."""

import os
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ocianalyze.errors import AnalysisError
from ocianalyze.fleet.beginning import begin
from ocianalyze.fleet.engines.engine import Ticket
from ocianalyze.fleet.engines.processes import Processes
from ocianalyze.fleet.members.finding import find_members, read_sources
from ocianalyze.fleet.planning import plan_images
from ocianalyze.fleet.results.results import Results
from ocianalyze.fleet.running import run_fleet
from ocianalyze.fleet.stores.cache import FleetCache
from ocianalyze.fleet.work.conditions import Conditions
from ocianalyze.fleet.work.tasks import LayerTask, Outcome, Task
from ocianalyze.fleet.work.worker import failed
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess


class LayersOnly(Processes):
    """An engine that gives no image to its processes; what it says of one costs nothing."""

    def __init__(self, conditions: Conditions, slots: int) -> None:
        super().__init__(conditions, slots)
        self._images: deque[Ticket] = deque()
        self._answer = failed(AnalysisError("not judged"), "", conditions.policy)

    def submit(self, ticket: Ticket, task: Task, after: Sequence[Ticket] = ()) -> None:
        """Have a layer read."""
        if isinstance(task, LayerTask):
            super().submit(ticket, task, after)
        else:
            self._images.append(ticket)

    def next(self) -> tuple[Ticket, Outcome]:
        """Return what came of a task."""
        return (self._images.popleft(), self._answer) if self._images else super().next()


def main(arguments: Sequence[str]) -> int:
    """Read the layers of all images of a list, which are in a registry without TLS."""
    with tempfile.TemporaryDirectory() as directory, Results(Path(directory, "results.sqlite")) as results:
        conditions = Conditions(
            access=RegistryAccess(own=HostSettings(plain_http=True), environment=dict(os.environ)),
            store=FleetCache(Path(directory, "cache"), max_size=1 << 62),
        )
        members = find_members(read_sources(arguments, stdin=bytes), conditions)
        run = begin(results, arguments, members, conditions)
        plan_images(results, run, conditions)
        with closing(LayersOnly(conditions, os.cpu_count() or 1)) as engine:
            run_fleet(results, run, conditions, engine)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
