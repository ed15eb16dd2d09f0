"""``ocianalyze fleet`` and ``ocianalyze fleet report``, as people and pipelines call them."""

import csv
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from ocianalyze.fleet.results.locking import locked
from tests.conftest import SaveImage
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.fleet_runs import built, served
from tests.support.tools import requires
from tests.test_cli import run

GOOD, FAULTY = fit_image(), fit_image(config={"User": "1001"})


@pytest.fixture
def results(save_image: SaveImage, tmp_path: Path) -> Path:
    """Return the results of a fleet with an image that passes, one that fails, and one that is missing."""
    path = tmp_path / "fleet.sqlite"
    images = [str(save_image(GOOD)), str(save_image(FAULTY)), str(tmp_path / "missing.tar")]
    done = run("fleet", *images, "-o", str(path), "--isolated", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")
    return path


def test_the_highest_exit_code_counts_and_a_summary_is_printed(save_image: SaveImage, tmp_path: Path) -> None:
    good, faulty = str(save_image(GOOD)), str(save_image(FAULTY))
    done = run("fleet", good, "-o", str(tmp_path / "a.sqlite"), "--isolated")
    assert done.returncode == 0
    assert "1 image:\n pass   1" in done.stdout.decode()
    done = run("fleet", good, faulty, "-o", str(tmp_path / "b.sqlite"), "--isolated")
    assert done.returncode == 1
    assert "USR" in done.stdout.decode()


def test_a_plan_writes_nothing(save_image: SaveImage, tmp_path: Path) -> None:
    path = tmp_path / "fleet.sqlite"
    done = run("fleet", str(save_image(GOOD)), "--plan", "-o", str(path), "--isolated")
    assert done.returncode == 0
    assert re.match(r"images   1\nlayers   3 distinct, 0 of them in the cache\n", done.stdout.decode())
    assert not path.exists()


def test_a_plan_says_what_cannot_be_opened(save_image: SaveImage, tmp_path: Path) -> None:
    done = run("fleet", str(save_image(GOOD)), str(tmp_path / "missing.tar"), "--plan", "--isolated")
    assert done.returncode == 2
    assert "missing.tar does not exist" in done.stdout.decode()


def test_one_call_at_a_time(save_image: SaveImage, tmp_path: Path) -> None:
    path, image = tmp_path / "fleet.sqlite", str(save_image(GOOD))
    with locked(path):
        done = run("fleet", image, "-o", str(path), "--isolated")
    assert done.returncode == 2
    assert b"is in use by another call" in done.stderr
    assert run("fleet", image, "-o", str(path), "--isolated", "-q").returncode == 0
    assert not Path(f"{path}.lock").exists()


@requires("mount")
def test_a_full_disk_is_said_in_one_line(save_image: SaveImage, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if os.getuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120k", "tmpfs", small], check=True)
    try:
        done = run("fleet", str(save_image(GOOD)), "-o", str(small / "fleet.sqlite"), "--isolated", "-q")
    finally:
        subprocess.run(["umount", small], check=True)
    assert done.returncode in (2, 3)
    assert done.stderr.count(b"\n") == 1
    assert b"full" in done.stderr


def test_a_list_on_standard_input(save_image: SaveImage, tmp_path: Path) -> None:
    listed = f"# two images\n{save_image(GOOD)}\n\n{save_image(FAULTY)}\n".encode()
    path = tmp_path / "fleet.sqlite"
    done = run("fleet", "-", "-o", str(path), "--isolated", "-q", stdin=listed)
    assert done.returncode == 1
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT verdict FROM images ORDER BY position").fetchall() == [("pass",), ("fail",)]


def test_each_form_of_the_report(results: Path, tmp_path: Path) -> None:
    document = json.loads(run("fleet", "report", str(results), "-f", "json").stdout)
    jsonschema.validate(document, json.loads(run("schema", "fleet").stdout))
    rows = list(csv.DictReader(io.StringIO(run("fleet", "report", str(results), "-f", "csv").stdout.decode())))
    assert [row["verdict"] for row in rows] == ["pass", "fail", "error"]
    for suffix, begins in (
        (".html", b"<!DOCTYPE html>"),
        (".parquet", b"PAR1"),
        (".json", b"{"),
        (".csv", b"position,"),
    ):
        path = tmp_path / f"report{suffix}"
        done = run("fleet", "report", str(results), "-o", str(path))
        assert (done.returncode, done.stdout) == (0, b"")
        assert path.read_bytes().startswith(begins)
    lines = run("fleet", "report", str(results)).stdout.decode().partition("\n3 images:\n")[2].splitlines()
    assert [line.partition("  ")[0].strip() for line in lines] == ["fail", "not analysed", "pass"]


def test_the_report_on_one_image_is_that_of_a_scan(results: Path) -> None:
    with sqlite3.connect(results) as database:
        (reference,) = database.execute("SELECT reference FROM images WHERE verdict = 'fail'").fetchone()
    done = run("fleet", "report", str(results), "--image", reference)
    jsonschema.validate(json.loads(done.stdout), json.loads(run("schema").stdout))
    assert json.loads(done.stdout)["verdict"] == "fail"
    converted = run("convert", "-", "-f", "line", stdin=done.stdout)
    assert converted.returncode == 1
    assert run("fleet", "report", str(results), "--image", "1").stdout == done.stdout
    assert run("fleet", "report", str(results), "--image", "none").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fleet"], "missing argument 'SOURCE'"),
        (["fleet", "x.tar", "-o", "/nowhere/fleet.sqlite"], "/nowhere/fleet.sqlite cannot be used"),
        (["fleet", "x.tar", "-o", "/"], "cannot be used"),
        (["fleet", "x.tar", "--profile", "none", "-o", "OUT"], "none"),
        (["fleet", "oci:", "-o", "OUT"], "does not name an image"),
        (["fleet", "user:secret@registry.example.com/a:1", "-o", "OUT"], "holds no user and no password"),
        (["fleet", "x.tar", "--store", "s3://user:secret@bucket/x", "-o", "OUT"], "the store s3://"),
        (["fleet", "x.tar", "--scheduler", "tls://user:secret@127.0.0.1:1", "-o", "OUT"], "Dask scheduler"),
        (["fleet", "registry.example.com/a/*:*", "--offline", "-o", "OUT"], "network access is disabled"),
        (["fleet", "ecr://none", "--offline", "-o", "OUT"], "network access is disabled"),
        (["fleet", "a.example.com/x:1", "b.example.com/x:1", "--plain-http", "-o", "OUT"], "--plain-http is for one"),
        (["fleet", "x.tar", "--store", "nothing://x", "-o", "OUT"], "the store nothing://x cannot be"),
        (["fleet", "x.tar", "--scheduler", "ftp://x", "-o", "OUT"], "not the address of a Dask scheduler"),
        (["fleet", "x.tar", "-o", "report.html"], "is for the results file"),
        (["fleet", "x.tar", "-o", "-"], "is for the results file"),
        (["fleet", "report", "EMPTY"], "is not a file"),
        (["fleet", "report", "RESULTS", "--image", "0", "-f", "html"], "--image prints JSON"),
        (["fleet", "report"], "RESULTS"),
        (["fleet", "report", "/nowhere"], "does not exist"),
        (["fleet", "report", "RESULTS", "--run", "9"], "9"),
        (["fleet", "report", "RESULTS", "-f", "pdf"], "pdf"),
    ],
)
def test_wrong_usage_is_said_in_one_line(arguments: list[str], says: str, results: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    names = {"OUT": str(tmp_path / "out.sqlite"), "EMPTY": str(tmp_path / "empty"), "RESULTS": str(results)}
    done = run(*(names.get(word, word) for word in arguments))
    error = done.stderr.decode()
    assert done.returncode == 2
    assert error.count("\n") == 1
    assert error.startswith("ocianalyze: ")
    assert says in error
    assert "secret" not in error
    assert not (tmp_path / "out.sqlite").exists()


def test_credentials_by_hand_are_not_for_a_cluster(tmp_path: Path) -> None:
    done = run(
        *("fleet", "registry.example.com/a:1", "--username", "user", "--password-stdin", "--scheduler", "tcp://x:1"),
        *("-o", str(tmp_path / "out.sqlite"), "--isolated"),
        stdin=b"secret",
    )
    assert done.returncode == 2
    assert b"not sent to the workers" in done.stderr
    assert b"secret" not in done.stderr


def test_an_interrupted_call_ends_at_once_and_can_go_on(tmp_path: Path) -> None:
    images = dict(zip("abcdef", built(*"abcdef"), strict=True))
    behave = served(images)

    def slow(seen: Seen) -> Answer | None:
        if "/blobs/" in seen.path:
            time.sleep(0.3)
        return behave(seen)

    path = tmp_path / "fleet.sqlite"
    with fault_proxy(None, slow) as registry:
        names = [f"{registry.host}/{name}:1.0" for name in images]
        command = ["fleet", *names, "--plain-http", "-o", str(path), "--isolated", "--jobs", "1"]
        process = subprocess.Popen(
            [sys.executable, "-m", "ocianalyze", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        until = time.monotonic() + 60
        while _judged(path) == 0 and time.monotonic() < until:
            time.sleep(0.05)
        children = _children(process.pid)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        _, said = process.communicate(timeout=20)
        assert said == b"ocianalyze: interrupted\n"
        assert time.monotonic() - started < 5
        assert process.returncode == 130
        before = _judged(path)
        assert 0 < before < len(images)
        assert children
        while any(map(_is_alive, children)):
            assert time.monotonic() - started < 20
            time.sleep(0.05)
        done = run(*command)
    assert done.returncode == 0
    assert re.match(rb"ocianalyze: going on with the run that was interrupted: \d of 6 images are done\n", done.stderr)
    assert _judged(path) == len(images)
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT COUNT(*) FROM runs").fetchone() == (1,)


def _judged(path: Path) -> int:
    if not path.exists():
        return 0
    try:
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as database:
            (count,) = database.execute("SELECT COUNT(*) FROM images WHERE verdict IS NOT NULL").fetchone()
            return int(count)
    except sqlite3.OperationalError:
        return 0


def _children(parent: int) -> list[int]:
    return list(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return b"Z" not in Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[:1]
