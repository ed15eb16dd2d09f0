"""Fleets that tests run: images of a registry that share layers, and what came of them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocianalyze.analysis import Source, analyze
from ocianalyze.fleet.beginning import begin
from ocianalyze.fleet.engines.engine import Engine
from ocianalyze.fleet.engines.processes import Processes
from ocianalyze.fleet.members.finding import find_members, read_sources
from ocianalyze.fleet.planning import plan_images
from ocianalyze.fleet.results.results import Results, Run
from ocianalyze.fleet.results.stored import stored_report
from ocianalyze.fleet.running import Step, run_fleet
from ocianalyze.fleet.stores.cache import FleetCache
from ocianalyze.fleet.work.conditions import Conditions
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
from tests.support.fault_proxy import Answer, Behaviour, Seen
from tests.support.fit import fit_image
from tests.support.images import BuiltImage, build
from tests.support.served import serving_image
from tests.support.tarballs import file

ACCESS = RegistryAccess(own=HostSettings(plain_http=True))
BASE = [file("opt/shared", bytes(range(256)) * 400)]

MakeEngine = Callable[[Conditions], Engine]


def served(named: Mapping[str, BuiltImage]) -> Behaviour:
    """Return the behaviour of a registry that has several images, by their repositories."""
    serve = {name: serving_image(image) for name, image in named.items()}

    def behave(seen: Seen) -> Answer | None:
        repository = re.sub(r"^/v2/(.*)/(manifests|blobs|tags)/.*", r"\1", seen.path)
        if seen.path.startswith("/v2/_catalog"):
            return Answer(status=200, body=json.dumps({"repositories": sorted(serve)}).encode())
        if "/tags/list" in seen.path:
            return Answer(status=200, body=b'{"tags": ["1.0"]}')
        return serve[repository](seen) if repository in serve else Answer(status=404)

    return behave


def built(*own: str, **config: Any) -> list[BuiltImage]:  # noqa: ANN401
    """Return images that share their layers but for the last one."""
    specs = [fit_image(BASE, [file(f"opt/{name}", name.encode() * 100)], config=config) for name in own]
    return [build(spec, compression="gzip") for spec in specs]


@dataclass
class Fleet:
    """A fleet of a test: its results are in `directory`."""

    directory: Path
    steps: list[Step] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The results file."""
        return self.directory / "fleet.sqlite"

    def conditions(self, **more: Any) -> Conditions:  # noqa: ANN401
        """Return the conditions of a run."""
        return Conditions(**{"access": ACCESS, "store": FleetCache(self.directory / "cache"), **more})

    def scan(
        self,
        *sources: str,
        engine: MakeEngine = lambda conditions: Processes(conditions, 2),
        told: Callable[[Step], object] = lambda _: None,
        anew: bool = False,
        **more: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Run a fleet, and return the columns of its images by their references."""
        conditions = self.conditions(**more)
        self.steps = []

        def tell(step: Step) -> None:
            self.steps.append(step)
            told(step)

        with Results(self.path) as results:
            members = find_members(read_sources(sources, stdin=bytes), conditions)
            run = begin(results, sources, members, conditions, anew=anew)
            self.runs.append(run)
            plan_images(results, run, conditions)
            with closing(engine(conditions)) as working:
                run_fleet(results, run, conditions, working, told=tell)
            return self.images(results, run)

    @staticmethod
    def images(results: Results, run: Run) -> dict[str, Any]:
        """Return the columns of the images of a run."""
        found = results.database.execute("SELECT * FROM images WHERE run = ? ORDER BY position", (run.id,))
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found]
        return {row["title"] or row["reference"]: row for row in rows}

    def report(self, reference: str) -> dict[str, Any]:
        """Return the stored report on an image of the newest run, without what differs between scans."""
        with Results(self.path) as results:
            return comparable(stored_report(results.database, reference))

    def bytes_read(self) -> int:
        """Return how many bytes of layers the last run has read."""
        return self.steps[-1].bytes_read


def alone(reference: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the report of a scan of one image, likewise."""
    return comparable(analyze(Source(reference=reference, access=ACCESS, **more)).to_json())


def comparable(report: bytes) -> dict[str, Any]:
    """Return a report without times, places, and how its layers came to be known."""
    document: dict[str, Any] = json.loads(report)
    document.pop("timing")
    document["image"].pop("read_from")
    for layer in document["layers"]:
        layer.pop("read")
        layer.pop("verified")
    return document


def asked_blobs(seen: Sequence[Seen]) -> list[str]:
    """Return the digests of the blobs that were asked for."""
    return [one.path.rpartition("/")[2] for one in seen]
