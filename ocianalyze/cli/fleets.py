"""A fleet on the command line: what is asked for becomes conditions and an engine; people are told how far it is."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.cli.files import STDIN, read_bytes
from ocianalyze.cli.fleet_plan import print_plan
from ocianalyze.cli.fleet_progress import FleetProgress
from ocianalyze.cli.output import STDOUT, screen
from ocianalyze.cli.remarks import remark
from ocianalyze.cli.targets import require_one_registry
from ocianalyze.errors import AnalysisError, UsageError
from ocianalyze.fleet.beginning import begin
from ocianalyze.fleet.members.finding import find_members, is_in_cloud, read_sources
from ocianalyze.fleet.members.lists import LARGEST
from ocianalyze.fleet.plan import plan_of, unopened
from ocianalyze.fleet.planning import plan_images
from ocianalyze.fleet.results.locking import locked
from ocianalyze.fleet.results.results import Results
from ocianalyze.fleet.running import run_fleet
from ocianalyze.fleet.stores.cache import UNBOUNDED, FleetCache, shared_directory
from ocianalyze.fleet.work.conditions import Conditions
from ocianalyze.layers.reading.cache import LayerCache
from ocianalyze.reports.text import printable
from ocianalyze.sources.registry.access import RegistryAccess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.analysis import Policy, Source
    from ocianalyze.cli.options import Color
    from ocianalyze.fleet.engines.engine import Engine
    from ocianalyze.fleet.results.results import Run
    from ocianalyze.fleet.running import Step
    from ocianalyze.layers.reading.stores import LayerStore

_GO_ON: Final = "The results so far are kept: run the same command again to go on"
_OF_REPORTS: Final = (".html", ".json", ".csv", ".parquet", ".txt")


class Asked(NamedTuple):
    """What is asked for, apart from how images are read and what they are checked for."""

    sources: Sequence[str]
    output: Path
    is_plan: bool
    is_new: bool
    scheduler: str | None
    store: str | None
    color: Color
    quiet: bool


def scan_fleet(asked: Asked, source: Source, policy: Policy) -> int:
    """Scan a fleet, and return the exit code: the highest of all images.

    Raises:
        UsageError: what is asked is wrong.
        OcianalyzeError: the cluster does not answer; the run can go on later.
    """
    try:
        return _scan(asked, source, policy)
    except sqlite3.Error as error:
        raise AnalysisError(f"{asked.output} cannot be written: {error}", hint=_GO_ON) from error


def _scan(asked: Asked, source: Source, policy: Policy) -> int:
    slots = source.jobs or os.cpu_count() or 1
    access = source.access or RegistryAccess()
    named = read_sources(asked.sources, stdin=_list)
    require_one_registry((one for one in named if not is_in_cloud(one)), access)
    with ExitStack() as stack:
        if not asked.is_plan:
            _check_output(asked.output)
            stack.enter_context(locked(asked.output))
        store = _store(asked, source.cache, stack)
        conditions = Conditions(
            policy=policy,
            limits=source.limits,
            platform=source.platform,
            access=access,
            offline=source.offline,
            store=store,
        )
        engine = None if asked.is_plan else stack.enter_context(closing(_engine(asked, conditions, slots)))
        progress = stack.enter_context(closing(FleetProgress(quiet=asked.quiet)))
        stack.enter_context(progress.remarks())
        members = find_members(named, conditions, warn=_warn)
        require_one_registry((member.reference for member in members if member.error is None), access)
        results = stack.enter_context(Results(None if asked.is_plan else asked.output))
        run = begin(results, asked.sources, members, conditions, anew=asked.is_new)
        if not asked.quiet:
            _tell_begun(results, run)
        plan_images(results, run, conditions, opened=progress.opened)
        plan = plan_of(results, run, conditions, slots=slots if engine is None else engine.slots)
        if engine is None:
            progress.close()
            print_plan(plan, unopened(results, run), screen(asked.color))
            return results.exit_code(run)
        progress.began()

        def told(step: Step) -> None:
            for warning in step.warnings:
                _warn(warning)
            progress.told(plan, step)

        run_fleet(results, run, conditions, engine, told=told)
        progress.close()
        if isinstance(store, FleetCache):
            store.end()
        if not asked.quiet:
            _show(asked, results, run)
        return results.exit_code(run)


def _list() -> bytes:
    """Return the list of images that comes on standard input."""
    return read_bytes(STDIN, LARGEST)


def _store(asked: Asked, cache: LayerStore | None, stack: ExitStack) -> LayerStore | None:
    """Return where results of layers are kept during the run; None if a cluster hands them on."""
    if asked.store is not None:
        directory = shared_directory(asked.store)
        if directory is not None:
            if (problem := directory.problem()) is not None:
                raise UsageError(f"the store {asked.store} cannot be used: {problem}", hint="Choose another directory")
            return directory
        from ocianalyze.fleet.stores.objects import ObjectStore

        store = ObjectStore(asked.store)
        store.check()
        return store
    if asked.scheduler is not None:
        return None
    if isinstance(cache, LayerCache):
        return FleetCache(cache.directory, max_size=cache.max_size)
    temporary = stack.enter_context(TemporaryDirectory(prefix="ocianalyze-fleet-", ignore_cleanup_errors=True))
    return FleetCache(Path(temporary), max_size=UNBOUNDED)


def _engine(asked: Asked, conditions: Conditions, slots: int) -> Engine:
    if asked.scheduler is None:
        from ocianalyze.fleet.engines.processes import Processes

        return Processes(conditions, slots)
    from ocianalyze.fleet.engines.cluster import Cluster

    return Cluster(conditions.for_other_hosts(), asked.scheduler, warn=_warn)


def _show(asked: Asked, results: Results, run: Run) -> None:
    """Show what came of a run."""
    from ocianalyze.fleet.report import ask, print_table

    print_table(ask(results.database, run.id), screen(asked.color))


def _tell_begun(results: Results, run: Run) -> None:
    """Say what becomes of a run that was interrupted."""
    if run.is_continued:
        images, done = results.counts(run)
        _warn(f"going on with the run that was interrupted: {done:,} of {images:,} images are done")
    elif results.has_unfinished(run):
        _warn("a new run begins; the last one was interrupted and had other sources, options or version")


def _check_output(path: Path) -> None:
    """Raise UsageError if a results file is called like something else."""
    if path == STDOUT or path.suffix.lower() in _OF_REPORTS:
        raise UsageError(
            f"--output {path} is for the results file, a SQLite database",
            hint="Write reports with 'ocianalyze fleet report RESULTS --output FILE'",
        )
    if not path.parent.is_dir():
        raise UsageError(f"{path} cannot be used: {path.parent} is not a directory", hint="Choose another file")


def _warn(text: str) -> None:
    remark(printable(f"ocianalyze: {text}"))
