"""A fleet on a real Dask cluster: scheduler and workers are processes, which die now and then."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.fleet.engines.cluster import Cluster
from ocianalyze.fleet.running import Step
from ocianalyze.fleet.stores.objects import ObjectStore
from ocianalyze.fleet.work.conditions import Conditions
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
from tests.support.fault_proxy import fault_proxy
from tests.support.fleet_runs import Fleet, alone, asked_blobs, built, served
from tests.support.registries import free_port

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
    import socket

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


def on(cluster: DaskCluster, conditions: Conditions) -> Cluster:
    """Return the engine of a cluster."""
    return Cluster(conditions.for_other_hosts(), cluster.address, patience=_PATIENCE)


@pytest.mark.parametrize("shares", [False, True], ids=["alone", "store"])
def test_a_cluster_gives_the_same_results(fleet: Fleet, cluster: DaskCluster, tmp_path: Path, *, shares: bool) -> None:
    images = dict(zip(NAMES, built(*NAMES), strict=True))
    store = ObjectStore(f"file://{tmp_path}/store") if shares else None
    if store is not None:
        store.check()
    with fault_proxy(None, served(images)) as registry:
        references = [f"{registry.host}/{name}:1.0" for name in NAMES]
        found = fleet.scan(*references, engine=lambda conditions: on(cluster, conditions), store=store)
        asked = asked_blobs(registry.blobs)
        for reference in references:
            assert fleet.report(reference) == alone(reference)
        if shares:
            fleet.scan(*references, engine=lambda conditions: on(cluster, conditions), store=store)
            assert fleet.bytes_read() == 0
    assert {row["verdict"] for row in found.values()} == {"pass"}
    layers = {layer.stored.digest for image in images.values() for layer in image.layers}
    assert sorted(asked) == sorted(layers | {image.config.digest for image in images.values()})


def test_a_worker_that_dies_and_a_scheduler_that_is_replaced_lose_nothing(fleet: Fleet, cluster: DaskCluster) -> None:
    images = dict(zip(NAMES, built(*NAMES), strict=True))

    def disturb(step: Step) -> None:
        if step.images == 1 and cluster.workers[0].poll() is None:
            cluster.workers[0].kill()
            cluster.workers.append(cluster.start_worker(2))
        if step.images == 3 and len(cluster.workers) == 3:
            cluster.scheduler.kill()
            cluster.scheduler.wait()
            cluster.scheduler = cluster.start_scheduler()
            cluster.workers.append(cluster.start_worker(3))

    with fault_proxy(None, served(images)) as registry:
        references = [f"{registry.host}/{name}:1.0" for name in NAMES]
        found = fleet.scan(*references, engine=lambda conditions: on(cluster, conditions), store=None, told=disturb)
        for reference in references:
            assert fleet.report(reference) == alone(reference)
    assert len(cluster.workers) == 4
    assert {row["verdict"] for row in found.values()} == {"pass"}


def test_secrets_are_not_sent() -> None:
    access = RegistryAccess(own=HostSettings(headers={"X-Token": "secret"}, proxy="http://user:secret@proxy"))
    sent = Conditions(access=access).for_other_hosts()
    assert sent.access.own.headers is None
    assert sent.access.own.proxy is None
    for given in ({"username": "user", "password": "secret"}, {"bearer_token": "secret"}, {"authfile": Path("auth")}):
        with pytest.raises(UsageError, match="not sent to the workers"):
            Conditions(access=RegistryAccess(**given)).for_other_hosts()


def test_a_scheduler_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no Dask scheduler"):
        Cluster(Conditions(), f"tcp://127.0.0.1:{free_port()}")
    with pytest.raises(UsageError, match="not the address"):
        Cluster(Conditions(), "ftp://127.0.0.1:1")


def test_a_worker_of_another_version_ends_the_run(fleet: Fleet, cluster: DaskCluster) -> None:
    images = {"a": built("a")[0]}
    with fault_proxy(None, served(images)) as registry, pytest.raises(UsageError, match=r"0\.0\.1"):
        fleet.scan(
            f"{registry.host}/a:1.0", engine=lambda conditions: on(cluster, conditions), store=None, version="0.0.1"
        )
