"""A fleet on a real Dask cluster: scheduler and workers are processes, which die now and then."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.fleet.work.conditions import Conditions
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.fleet_runs import Fleet, alone, asked_blobs, built, served
from tests.support.registries import free_port
from tests.test_cli import run

NAMES = "abcdef"
_PATIENCE = 30.0


class DaskCluster:
    """A scheduler and workers, all of them processes of this machine."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._directory = directory
        self._environment = {
            **os.environ,
            "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10 seconds",
            "DASK_TEMPORARY_DIRECTORY": str(directory),
        }
        self.scheduler = self.start_scheduler()
        self.workers = [self.start_worker(number) for number in range(2)]

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start a scheduler at the address of the cluster, and wait until it answers."""
        process = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        until = time.monotonic() + _PATIENCE
        while not _answers(self.port):
            assert time.monotonic() < until
            time.sleep(0.05)
        return process

    def start_worker(self, number: int) -> subprocess.Popen[bytes]:
        """Start a worker that has no other process to look after it."""
        return self._start(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", f"worker-{number}"
        )

    def close(self) -> None:
        """End all processes."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self._directory / "dask.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=self._directory,
            )


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def dask_cluster(directory: Path) -> Iterator[DaskCluster]:
    """Run a cluster of two workers as long as the block lasts."""
    cluster = DaskCluster(directory)
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    """Return a cluster of the test's own."""
    with dask_cluster(tmp_path) as running:
        yield running


def scan(path: Path, cluster: DaskCluster, references: Sequence[str], *more: str) -> subprocess.Popen[bytes]:
    """Scan a fleet on a cluster, in a process of its own: a client of Dask's leaves threads behind."""
    options = ("--plain-http", "--isolated", "-q", "-o", str(path), "--scheduler", cluster.address)
    return subprocess.Popen([sys.executable, "-m", "ocianalyze", "fleet", *references, *options, *more])


def verdicts(path: Path) -> list[str]:
    """Return the verdicts of the newest run so far."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database, suppress(sqlite3.OperationalError):
        found = database.execute(
            "SELECT verdict FROM images WHERE verdict IS NOT NULL AND run = (SELECT MAX(id) FROM runs)"
        )
        return [verdict for (verdict,) in found]
    return []


@pytest.mark.parametrize("shares", [False, True], ids=["alone", "store"])
def test_a_cluster_gives_the_same_results(fleet: Fleet, cluster: DaskCluster, tmp_path: Path, *, shares: bool) -> None:
    images = dict(zip(NAMES, built(*NAMES), strict=True))
    store = ("--store", f"file://{tmp_path}/store") if shares else ()
    with fault_proxy(None, served(images)) as registry:
        references = [f"{registry.host}/{name}:1.0" for name in NAMES]
        assert scan(fleet.path, cluster, references, *store).wait(_PATIENCE * 4) == 0
        asked = asked_blobs(registry.blobs)
        for reference in references:
            assert fleet.report(reference) == alone(reference)
        if shares:
            assert scan(fleet.path, cluster, references, *store).wait(_PATIENCE * 4) == 0
            with closing(sqlite3.connect(fleet.path)) as database:
                read = [size for (size,) in database.execute("SELECT bytes_read FROM runs ORDER BY id")]
            assert read[0] > 0
            assert read[1:] == [0]
    assert verdicts(fleet.path) == ["pass"] * len(NAMES)
    layers = {layer.stored.digest for image in images.values() for layer in image.layers}
    assert sorted(asked) == sorted(layers | {image.config.digest for image in images.values()})


def test_a_worker_that_dies_and_a_scheduler_that_is_replaced_lose_nothing(fleet: Fleet, cluster: DaskCluster) -> None:
    images = dict(zip(NAMES, built(*NAMES), strict=True))
    behave = served(images)

    def slow(seen: Seen) -> Answer | None:
        if "/blobs/" in seen.path:
            time.sleep(0.5)
        return behave(seen)

    def await_images(number: int) -> None:
        until = time.monotonic() + _PATIENCE * 2
        while len(verdicts(fleet.path)) < number:
            assert time.monotonic() < until
            assert client.poll() is None
            time.sleep(0.02)

    with fault_proxy(None, slow) as registry:
        references = [f"{registry.host}/{name}:1.0" for name in NAMES]
        client = scan(fleet.path, cluster, references)
        await_images(1)
        cluster.workers[0].kill()
        cluster.workers.append(cluster.start_worker(2))
        await_images(2)
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        assert len(verdicts(fleet.path)) < len(NAMES)
        cluster.scheduler = cluster.start_scheduler()
        cluster.workers.append(cluster.start_worker(3))
        assert client.wait(_PATIENCE * 4) == 0
    assert verdicts(fleet.path) == ["pass"] * len(NAMES)
    with fault_proxy(None, behave) as registry:
        for name in NAMES:
            scanned = alone(f"{registry.host}/{name}:1.0")
            stored = fleet.report(next(one for one in references if f"/{name}:" in one))
            assert stored["findings"] == scanned["findings"]
            assert stored["layers"] == scanned["layers"]


def test_secrets_are_not_sent() -> None:
    access = RegistryAccess(own=HostSettings(headers={"X-Token": "secret"}, proxy="http://user:secret@proxy"))
    sent = Conditions(access=access).for_other_hosts()
    assert sent.access.own.headers is None
    assert sent.access.own.proxy is None
    for given in ({"username": "user", "password": "secret"}, {"bearer_token": "secret"}, {"authfile": Path("auth")}):
        with pytest.raises(UsageError, match="not sent to the workers"):
            Conditions(access=RegistryAccess(**given)).for_other_hosts()


def test_a_scheduler_that_is_not_there(tmp_path: Path) -> None:
    for address, says in ((f"tcp://127.0.0.1:{free_port()}", b"no Dask scheduler"), ("ftp://x", b"not the address")):
        done = run("fleet", "x.example.com/a:1", "--scheduler", address, "-o", str(tmp_path / "fleet.sqlite"), "-q")
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1
        assert says in done.stderr


def test_a_cluster_that_gets_no_worker_is_not_waited_for_without_end(cluster: DaskCluster) -> None:
    for worker in cluster.workers:
        worker.kill()
        worker.wait()
    code = f"""
from ocianalyze.fleet.engines.cluster import Cluster
from ocianalyze.fleet.engines.engine import of_image
from ocianalyze.fleet.work.conditions import Conditions
from ocianalyze.fleet.work.tasks import ImageTask
engine = Cluster(Conditions(), {cluster.address!r}, patience=2, warn=print)
engine.submit(of_image(1), ImageTask("a.tar", "/a.tar"))
try:
    engine.next()
except Exception as error:
    print(type(error).__name__, error)
engine.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=_PATIENCE * 2)
    warning, error = done.stdout.decode().splitlines()
    assert warning.endswith("has no workers; waiting for some")
    assert error.startswith("AnalysisError the Dask scheduler")


def test_a_worker_of_another_version_ends_the_run(fleet: Fleet, cluster: DaskCluster) -> None:
    code = f"""
import sys, ocianalyze.version
ocianalyze.version.__version__ = "0.0.1"
sys.argv[1:] = {["fleet", "HOST/a:1.0", "--plain-http", "--isolated", "-o", str(fleet.path), "--scheduler"]}
sys.argv.append({cluster.address!r})
from ocianalyze.cli.main import main
main()
"""
    with fault_proxy(None, served({"a": built("a")[0]})) as registry:
        done = subprocess.run(
            [sys.executable, "-c", code.replace("HOST", registry.host)], capture_output=True, check=False
        )
    assert done.returncode == 2
    assert b"was begun with 0.0.1" in done.stderr
    assert done.stderr.count(b"\n") == 1
