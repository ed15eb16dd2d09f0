"""Whoever presses Ctrl-C, or sends SIGTERM, at whatever moment: an end at once, one line, and nothing left behind."""

import array
import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import termios
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.images import build
from tests.support.served import serving_image
from tests.support.slow_images import slow_layout
from tests.support.tarballs import file
from tests.support.terminal import clean_environment, on_terminal

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

DEMO = Path(__file__).parents[1] / "testdata" / "demo.tar.gz"
OCIANALYZE = [sys.executable, "-m", "ocianalyze"]
SIGNALS: Final[dict[int, tuple[int, str]]] = {
    signal.SIGINT: (130, "ocianalyze: interrupted"),
    signal.SIGTERM: (143, "ocianalyze: terminated"),
}
SOON = 1.0
"""Within so many seconds it is over; a busy machine gets more, but not so many as the work would take."""


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("walked") / "image"
    return slow_layout(directory, compression="none", steps=["RUN one", "RUN two"], amount=400_000)


@pytest.fixture(scope="session")
def inflated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("inflated") / "image"
    return slow_layout(directory, compression="gzip", steps=["RUN one", "RUN two"], amount=500)


@pytest.fixture(scope="session")
def without_digests(inflated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A docker archive with one compressed layer, whose tar is to be hashed without being asked for."""
    archive = tmp_path_factory.mktemp("archive") / "image.tar"
    index = json.loads((inflated / "index.json").read_bytes())
    blobs = inflated / "blobs" / "sha256"
    manifest = json.loads((blobs / index["manifests"][0]["digest"].removeprefix("sha256:")).read_bytes())
    config = json.loads((blobs / manifest["config"]["digest"].removeprefix("sha256:")).read_bytes())
    config["rootfs"]["diff_ids"], config["history"] = config["rootfs"]["diff_ids"][:1], config["history"][:1]
    documents = {"config.json": config, "manifest.json": [{"Config": "config.json", "Layers": ["layer.tar"]}]}
    with tarfile.open(archive, "w") as tar:
        for name, value in documents.items():
            member = tarfile.TarInfo(name)
            raw = json.dumps(value).encode()
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
        tar.add(blobs / manifest["layers"][0]["digest"].removeprefix("sha256:"), "layer.tar")
    return archive


def stop(process: subprocess.Popen[bytes], number: int, *, most: float = 5 * SOON) -> None:
    """Send a signal to a process alone and hold it to what is promised; its standard error is a pipe."""
    family = [process.pid, *descendants(process.pid)]
    assert process.poll() is None
    process.send_signal(number)
    started = time.monotonic()
    code, line = SIGNALS[number]
    assert process.wait(30) == code
    assert time.monotonic() - started < most
    assert process.stderr is not None
    assert process.stderr.read().decode().splitlines() == [line]
    expect_gone(family)


def descendants(process: int) -> list[int]:
    """Return the processes that a process has started, and those that they have; threads and processes may end."""
    found = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                for child in map(int, (thread / "children").read_text().split()):
                    found += [child, *descendants(child)]
    return found


def expect_gone(processes: list[int]) -> None:
    """Wait a moment for processes to be gone; who has nobody to wait for it may stay as a zombie."""
    end = time.monotonic() + 5
    while alive := [number for number in processes if _is_alive(number)]:
        assert time.monotonic() < end, alive
        time.sleep(0.02)


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def cpu_seconds(process: int) -> float:
    """Return how much time of the processors a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def start(
    *arguments: str | Path, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command line for the time of the block, with a group of processes for itself."""
    with subprocess.Popen(
        [*OCIANALYZE, *map(str, arguments)],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", SIGNALS)
def test_while_workers_walk_layers(walked: Path, number: int) -> None:
    with start("scan", "--jobs", "2", walked) as process:
        wait_until(lambda: len(descendants(process.pid)) == 2)
        time.sleep(0.2)
        stop(process, number)


@pytest.mark.parametrize("number", SIGNALS)
def test_while_threads_inflate(inflated: Path, number: int) -> None:
    with start("scan", "--jobs", "2", inflated) as process:
        wait_until(lambda: len(list(Path(f"/proc/{process.pid}/task").iterdir())) > 2)
        time.sleep(0.3)
        stop(process, number)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("after", [0.0, 0.1, 0.2, 0.3])
@pytest.mark.parametrize(("command", "threads"), [(("scan", "--verify"), 4), (("files",), 3)])
def test_while_threads_read_ahead_and_hash_what_another_inflates(
    without_digests: Path, command: tuple[str, ...], threads: int, after: float, number: int
) -> None:
    """Another than the main one, or that one: `files` has nothing else to do meanwhile."""
    with start(*command, "--jobs", "2", "--no-cache", without_digests) as process:
        wait_until(lambda: len(list(Path(f"/proc/{process.pid}/task").iterdir())) == threads)
        time.sleep(after)
        stop(process, number)


@pytest.mark.parametrize("number", SIGNALS)
def test_while_a_registry_keeps_us_waiting(number: int) -> None:
    behave = serving_image(build(fit_image([file("x", os.urandom(300_000))]), compression="gzip"))

    def stalling(seen: Seen) -> Answer | None:
        answer = behave(seen)
        if answer is not None and isinstance(answer.body, bytes) and seen.is_blob and len(answer.body) > 100_000:
            answer.stall_after = 70_000
        return answer

    with fault_proxy(None, stalling) as proxy, start("scan", "--plain-http", f"docker://{proxy.host}/a/b:1") as process:
        wait_until(lambda: len(proxy.blobs) > 1)
        time.sleep(0.5)
        stop(process, number)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("part", [0, 1000, 100_000])
def test_while_a_pipe_brings_nothing(number: int, part: int) -> None:
    with start("scan", "-", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(DEMO.read_bytes()[:part])
        process.stdin.flush()
        wait_until(lambda: _waits(process.pid))
        time.sleep(0.3)
        stop(process, number)


def _waits(pid: int) -> bool:
    """Tell whether a process has begun to work, and now waits for something."""
    used = cpu_seconds(pid)
    if used < 0.05 or _state(pid) != "S":
        return False
    time.sleep(0.2)
    return _state(pid) == "S" and cpu_seconds(pid) == used


def _state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("how", ["table", "json"])
def test_while_nobody_takes_the_report(number: int, how: str) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    waiting = array.array("i", [0])

    def is_full() -> bool:
        before = waiting[0]
        time.sleep(0.2)
        fcntl.ioctl(reader, termios.FIONREAD, waiting)
        return 0 < before == waiting[0]

    try:
        with start("scan", "-f", how, "--profile", "all", DEMO, stdout=writer) as process:
            wait_until(is_full)
            stop(process, number, most=SOON)
    finally:
        os.close(reader)
        os.close(writer)


def test_bars_are_taken_away_and_the_cursor_is_back(walked: Path, inflated: Path) -> None:
    for image in (walked, inflated):
        with on_terminal([*OCIANALYZE, "scan", "--jobs", "2", str(image)]) as terminal:
            terminal.wait_for("0 of 2 layers")
            assert terminal.written.startswith(b"\x1b[?25l")
            family = [terminal.process.pid, *descendants(terminal.process.pid)]
            terminal.press(b"\x03")
            assert terminal.finish() == 130
        assert [line.removeprefix("^C") for line in terminal.screen] == ["ocianalyze: interrupted"]
        assert terminal.has_cursor
        expect_gone(family)


def test_a_worker_does_not_outlive_a_parent_that_is_killed(walked: Path) -> None:
    with start("scan", "--jobs", "2", walked) as process:
        wait_until(lambda: len(descendants(process.pid)) == 2)
        time.sleep(0.2)
        family = descendants(process.pid)
        process.kill()
        process.wait()
        expect_gone(family)


_IMPORTING = """
import os, sys

class Callback:
    def __del__(self):
        os.kill(os.getpid(), {number})
        for _ in range(1000):
            pass

class Interrupt:
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            {what}

sys.meta_path.insert(0, Interrupt)
from ocianalyze.cli.main import main
sys.argv[1:] = ["scan", {demo!r}]
main()
"""


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("module", ["typer", "pydantic", "ocianalyze.reports.table"])
@pytest.mark.parametrize("what", ["os.kill(os.getpid(), {number})", "Callback()"])
def test_while_something_is_imported(number: int, module: str, what: str) -> None:
    code = _IMPORTING.replace("{what}", what).format(number=int(number), module=module, demo=str(DEMO))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (SIGNALS[number][0], "", SIGNALS[number][1] + "\n")


def test_who_is_not_to_be_interrupted_is_not() -> None:
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *OCIANALYZE, "scan", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment()
    ) as process:
        wait_until(lambda: _waits(process.pid))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(DEMO.read_bytes())
    assert process.returncode == 1
    assert b" FAIL   studio-jupyterlab " in out
    assert err == b""


_WRITING = """
import os, pathlib, signal, sys
opened = pathlib.Path.open

def interrupted(self, *how, **more):
    if "wb" in how:
        os.kill(os.getpid(), signal.SIGINT)
    return opened(self, *how, **more)

pathlib.Path.open = interrupted
from ocianalyze.cli.main import main
main()
"""


def test_a_report_in_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    scan = ["scan", str(DEMO), "-f", "json", "-o", str(report)]
    done = subprocess.run([sys.executable, "-c", _WRITING, *scan], capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (130, "ocianalyze: interrupted\n")
    assert report.read_text().endswith("}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_an_error_on_the_way_out_does_not_hide_the_signal() -> None:
    program = """
        import os, signal
        from ocianalyze.cli import app, main
        from ocianalyze.errors import CorruptLayerError

        def run():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                raise CorruptLayerError("layer 0 ends early")

        app.app = run
        main.main()
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (143, "ocianalyze: terminated\n")
