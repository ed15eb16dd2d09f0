"""A fleet on the command line: what is asked for becomes conditions and an engine; people are told how far it is."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack
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
from ocianalyze.fleet.members.finding import find_members
from ocianalyze.fleet.members.lists import LARGEST
from ocianalyze.fleet.plan import plan_of, unopened
from ocianalyze.fleet.results.locking import locked
from ocianalyze.fleet.results.results import Results
from ocianalyze.fleet.scanning import begin, carry_out
from ocianalyze.fleet.stores.cache import FleetCache
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
_UNBOUNDED: Final = 1 << 62
"""The size of a cache that lasts no longer than the run."""


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
    with ExitStack() as stack:
        if not asked.is_plan:
            _check_output(asked.output)
            stack.enter_context(locked(asked.output))
        store, is_temporary = _store(asked, source.cache, stack)
        conditions = Conditions(
            policy=policy,
            limits=source.limits,
            platform=source.platform,
            access=source.access or RegistryAccess(),
            offline=source.offline,
            store=store,
        )
        results = stack.enter_context(Results(None if asked.is_plan else asked.output))
        require_one_registry((one for one in asked.sources if "://" not in one), conditions.access)
        progress = FleetProgress(quiet=asked.quiet)
        stack.callback(progress.close)
        stack.enter_context(progress.remarks())
        run = begin(
            results,
            asked.sources,
            conditions,
            find=lambda: find_members(asked.sources, conditions, stdin=_list, warn=_warn),
            check=lambda references: require_one_registry(references, conditions.access),
            anew=asked.is_new,
            begun=lambda run: _tell_begun(results, run, quiet=asked.quiet),
            opened=progress.opened,
        )
        plan = plan_of(results, run, conditions, slots=slots)
        if asked.is_plan:
            progress.close()
            print_plan(plan, unopened(results, run), screen(asked.color))
            return _exit_code(results, run)
        progress.began()

        def told(step: Step) -> None:
            for warning in step.warnings:
                _warn(warning)
            progress.told(plan, step)

        carry_out(results, run, conditions, _engine(asked, conditions, slots), told=told)
        progress.close()
        if isinstance(store, FleetCache) and not is_temporary:
            store.end()
        return _end(asked, results, run)


def _list() -> bytes:
    """Return the list of images that comes on standard input."""
    return read_bytes(STDIN, LARGEST)


def _store(asked: Asked, cache: LayerStore | None, stack: ExitStack) -> tuple[LayerStore | None, bool]:
    """Return where results of layers are kept during the run, and whether it is taken away at its end."""
    if asked.store is not None:
        from ocianalyze.fleet.stores.objects import ObjectStore

        store = ObjectStore(asked.store)
        store.check()
        return store, False
    if asked.scheduler is not None:
        return None, False
    if isinstance(cache, LayerCache):
        return FleetCache(cache.directory, max_size=cache.max_size), False
    directory = stack.enter_context(TemporaryDirectory(prefix="ocianalyze-fleet-", ignore_cleanup_errors=True))
    return FleetCache(Path(directory), max_size=_UNBOUNDED), True


def _engine(asked: Asked, conditions: Conditions, slots: int) -> Engine:
    if asked.scheduler is None:
        from ocianalyze.fleet.engines.processes import Processes

        return Processes(conditions, slots)
    from ocianalyze.fleet.engines.cluster import Cluster

    return Cluster(conditions.for_other_hosts(), asked.scheduler, warn=_warn)


def _end(asked: Asked, results: Results, run: Run) -> int:
    """Show what came of the run, and return the exit code."""
    from ocianalyze.fleet.report import ask, print_table

    if not asked.quiet:
        print_table(ask(results.database, run.id), screen(asked.color))
    return _exit_code(results, run)


def _exit_code(results: Results, run: Run) -> int:
    """Return the highest exit code of all images."""
    (code,) = results.database.execute("SELECT MAX(exit_code) FROM images WHERE run = ?", (run.id,)).fetchone()
    return int(code or 0)


def _tell_begun(results: Results, run: Run, *, quiet: bool) -> None:
    """Say what becomes of a run that was interrupted."""
    if quiet:
        return
    ask = results.database.execute
    if run.is_continued:
        images, done = ask("SELECT COUNT(*), COUNT(verdict) FROM images WHERE run = ?", (run.id,)).fetchone()
        _warn(f"going on with the run that was interrupted: {done:,} of {images:,} images are done")
        return
    if ask("SELECT 1 FROM runs WHERE id = ? AND finished IS NULL", (run.id - 1,)).fetchone() is not None:
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
