"""How far a scan is: bars on a terminal, lines with --verbose, nothing elsewhere, and the same report in all cases."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.layers.metering.progress import SILENT, Silent, tell_chunks
from ocianalyze.layers.reading import layers as reading_module
from ocianalyze.layers.tar.telling import tell_entries
from tests.conftest import SaveImage
from tests.support.fault_proxy import Answer, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.images import ImageSpec, build
from tests.support.served import serving_image
from tests.support.slow_images import slow_layout
from tests.support.tarballs import file
from tests.support.terminal import clean_environment, look, on_terminal

DEMO = Path(__file__).parents[1] / "testdata" / "demo.tar.gz"
OCIANALYZE = [sys.executable, "-m", "ocianalyze"]
HOSTILE = "RUN echo \x1b[2J\x1b]0;owned\x07\u202e# " + "long " * 500
COLOR = re.compile(rb"\x1b\[[\d;]*[349]\d")


@pytest.fixture
def archive(save_image: SaveImage) -> bytes:
    return save_image(fit_image([file("big", os.urandom(3 << 20))], [file("more", os.urandom(3 << 20))])).read_bytes()


@contextmanager
def slowly(data: bytes, seconds: float = 1.2) -> Iterator[IO[bytes]]:
    """Yield the end of a pipe into which the data come in the course of so many seconds."""
    reader, writer = os.pipe()
    pieces = 24
    size = len(data) // pieces + 1

    def feed() -> None:
        with os.fdopen(writer, "wb", buffering=0) as sink, suppress(BrokenPipeError):
            for start in range(0, len(data), size):
                sink.write(data[start : start + size])
                time.sleep(seconds / pieces)

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(reader, "rb") as stream:
        yield stream
    thread.join()


@pytest.mark.parametrize("command", ["scan", "files", "size", "app-image-config", "inspect"])
def test_bars_on_a_terminal_for_every_command_that_reads_layers(archive: bytes, command: str) -> None:
    with slowly(archive) as stdin, on_terminal([*OCIANALYZE, command, "-"], stdin=stdin) as terminal:
        assert terminal.finish() == 0
    assert re.search(r"\d+ layers .*\d MB .* MB/s +[\d,]+ entries", terminal.text)
    assert terminal.screen == []
    assert terminal.has_cursor


@pytest.mark.parametrize("command", ["diff", "scan"])
def test_bars_name_the_image_where_there_are_several(archive: bytes, command: str) -> None:
    with slowly(archive) as stdin, on_terminal([*OCIANALYZE, command, str(DEMO), "-"], stdin=stdin) as terminal:
        assert terminal.finish() in (0, 1, 3)
    assert re.search(r"-: \d+ layers .*\d MB .* MB/s +[\d,]+ entries", terminal.text)
    assert terminal.screen == []


def test_the_report_is_the_same_with_bars_and_without(archive: bytes, tmp_path: Path) -> None:
    reports = []
    for columns in (120, 60):
        with slowly(archive) as stdin:
            scan = [*OCIANALYZE, "scan", "-", "-f", "json"]
            with (tmp_path / "report.json").open("w+b") as stdout:
                with on_terminal(scan, stdin=stdin, stdout=stdout, columns=columns) as terminal:
                    assert terminal.finish() == 0
                stdout.seek(0)
                reports.append(json.loads(stdout.read()))
            assert "layers" in terminal.text
    done = subprocess.run([*OCIANALYZE, "scan", "-", "-f", "json"], input=archive, capture_output=True, check=True)
    assert done.stderr == b""
    for report in (*reports, expected := json.loads(done.stdout)):
        del report["timing"]
    assert reports == [expected, expected]


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": ""}, {"CI": "true"}], ids=str)
def test_no_bars_where_nobody_watches_or_nothing_can_move(archive: bytes, env: Mapping[str, str]) -> None:
    with slowly(archive) as stdin, on_terminal([*OCIANALYZE, "scan", "-"], stdin=stdin, env=env) as terminal:
        assert terminal.finish() == 0
    assert terminal.written == b""


def test_quiet_is_quiet(archive: bytes) -> None:
    with slowly(archive) as stdin, on_terminal([*OCIANALYZE, "scan", "-", "-q"], stdin=stdin) as terminal:
        assert terminal.finish() == 0
    assert terminal.written == b""


@pytest.mark.parametrize(
    ("arguments", "env", "colored"), [((), {}, True), ((), {"NO_COLOR": "1"}, False), (("--color", "never"), {}, False)]
)
def test_bars_have_colors_if_wanted(
    archive: bytes, arguments: tuple[str, ...], env: Mapping[str, str], *, colored: bool
) -> None:
    scan = [*OCIANALYZE, "scan", "-", *arguments]
    with slowly(archive) as stdin, on_terminal(scan, stdin=stdin, env=env) as terminal:
        assert terminal.finish() == 0
    assert "entries" in terminal.text
    assert bool(COLOR.search(terminal.written)) is colored


def test_a_short_scan_shows_nothing() -> None:
    written = b"not run"
    for _ in range(5):  # a busy machine may make it a long one
        started = time.monotonic()
        with on_terminal([*OCIANALYZE, "scan", str(DEMO)]) as terminal:
            assert terminal.finish() == 1
        written = terminal.written
        if time.monotonic() - started < 1 or not written:
            break
    assert written == b""


def test_a_scan_that_shows_nothing_loads_nothing_that_draws() -> None:
    code = f"""
import sys
from ocianalyze.cli.main import main
sys.argv = ["ocianalyze", "scan", {str(DEMO)!r}, "-f", "json"]
try:
    main()
except SystemExit:
    print(*[name for name in sys.modules if name.startswith("rich")], file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=clean_environment(), text=True
    )
    assert done.stderr.split() == []


def test_verbose_says_it_now_and_then_wherever_it_goes(archive: bytes) -> None:
    with slowly(archive, 6.5) as stdin:
        done = subprocess.run(
            [*OCIANALYZE, "scan", "-", "--verbose"],
            stdin=stdin,
            capture_output=True,
            check=True,
            env=clean_environment(),
            text=True,
        )
    lines = re.findall(r"^ocianalyze\.cli\.progress: (.*)$", done.stderr, re.MULTILINE)
    assert len(lines) in (1, 2)
    assert re.fullmatch(r"[\d.]+ MB, [\d.]+ [kM]B/s, [\d,]+ entries, \d+ layers done", lines[0])
    assert "\x1b" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="layers are walked by one process here")
def test_workers_tell_how_far_they_are_and_no_name_moves_the_cursor(tmp_path: Path) -> None:
    layout = slow_layout(tmp_path / "image", compression="none", steps=[HOSTILE, HOSTILE], amount=200_000)
    with on_terminal([*OCIANALYZE, "scan", "--jobs", "2", "--select", "IMG", str(layout)]) as terminal:
        terminal.finish()
    assert re.search(r"0 of 2 layers .* [\d.]+ MB/[\d.]+ MB .* MB/s +[1-9][\d,]+ entries +\d+:\d\d", terminal.text)
    assert re.search(r"layer [01]: RUN echo \\x1b\[2J\\x1b\]0;owned\\x07", terminal.text)
    assert not re.search("\x1b\\[2J|\x1b\\]|\x07|\u202e", terminal.written.decode())
    assert terminal.screen == []
    assert terminal.has_cursor


def test_a_registry_that_keeps_us_waiting_is_shown_as_such() -> None:
    behave = serving_image(build(fit_image([file("x", os.urandom(100_000))]), compression="gzip"))
    late: list[float] = []

    def waiting(seen: Seen) -> Answer | None:
        answer = behave(seen)
        if answer is not None and seen.is_blob and isinstance(answer.body, bytes) and len(answer.body) > 50_000:
            late.append(1.5)
            answer.delay = 1.5
        return answer

    with fault_proxy(None, waiting) as proxy:
        scan = [*OCIANALYZE, "scan", "--plain-http", f"docker://{proxy.host}/team/image:1.0"]
        with on_terminal(scan) as terminal:
            assert terminal.finish() == 0
    assert late
    assert len(re.findall(r"layer \d: RUN step \d .* 0 B/100 kB +0 B/s", terminal.text)) > 2


def test_a_warning_stays_on_the_screen_above_the_bars() -> None:
    image = build(fit_image([file("x", os.urandom(3 << 20))]), compression="gzip")
    serve = serving_image(image)
    large = max(image.layers, key=lambda layer: layer.stored.size).stored.digest

    def breaking(seen: Seen) -> Answer | None:
        answer = serve(seen)
        if answer is not None and seen.path.endswith(large):
            return Answer(status=404, delay=1.2)
        return answer

    def late(seen: Seen) -> Answer | None:
        answer = serve(seen)
        if answer is not None and seen.path.endswith(large):
            answer.delay = 1.2
        return answer

    with fault_proxy(None, breaking) as mirror, fault_proxy(None, late) as registry:
        scan = [*OCIANALYZE, "scan", "--no-cache", "--plain-http", "--mirror", f"{registry.host}=http://{mirror.host}"]
        with on_terminal([*scan, "--output", "/dev/null", f"{registry.host}/team/image:1.0"]) as terminal:
            assert terminal.finish() == 0
    assert len(re.findall(r"layer \d: RUN", terminal.text)) > 2
    assert f"ocianalyze: skipping mirror http://{mirror.host}," in " ".join(terminal.screen)
    assert "layers" not in " ".join(terminal.screen)
    assert terminal.has_cursor


# --- what is told -----------------------------------------------------------------------------------------------------


@dataclass
class Told(Silent):
    """A `Progress` that writes down what it is told."""

    expected: list[tuple[int, int | None]] = field(default_factory=list)
    layers: dict[str, "ToldLayer"] = field(default_factory=dict)
    stream: "ToldLayer | None" = None

    def expect(self, layers: int, size: int | None) -> None:
        """Write it down."""
        self.expected.append((layers, size))

    def begin(self, what: str, size: int | None, *, step: str | None = None) -> "ToldLayer":
        """Write it down."""
        assert what not in self.layers
        self.layers[what] = ToldLayer(size, step)
        return self.layers[what]

    def begin_stream(self, what: str, size: int | None) -> "ToldLayer":
        """Write it down."""
        self.stream = ToldLayer(size, what)
        return self.stream


@dataclass
class ToldLayer(Silent):
    """A `LayerProgress` that writes down what it is told."""

    size: int | None
    step: str | None
    positions: list[int] = field(default_factory=lambda: [0])
    entries: list[int] = field(default_factory=lambda: [0])
    ends: int = 0

    def reach(self, position: int) -> None:
        """Write it down."""
        self.positions.append(position)

    def count(self, entries: int) -> None:
        """Write it down."""
        self.entries.append(entries)

    def __exit__(self, *_: object) -> None:
        self.ends += 1


LAYERS = [[file(f"{layer}/{number}", b"x" * number) for number in range(700)] for layer in "ab"]


@pytest.mark.parametrize("workers", [False, True])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_each_layer_is_told_from_its_begin_to_its_end(
    save_image: SaveImage, monkeypatch: pytest.MonkeyPatch, compression: str, *, workers: bool
) -> None:
    monkeypatch.setattr(reading_module, "_WORTH_A_FORK", 0 if workers else 1 << 60)
    path = save_image(ImageSpec(layers=LAYERS), "oci", compression="gzip" if compression == "gzip" else None)
    told = Told()
    report = analyze(Source(reference=str(path), progress=told, jobs=2), Policy(fail_on="never"))
    sizes = {f"layer {layer.position}": layer.size for layer in report.layers}
    assert told.expected == [(2, sum(sizes.values()))]
    assert {what: layer.size for what, layer in told.layers.items()} == sizes
    for what, layer in told.layers.items():
        assert layer.step == report.layers[int(what[-1])].created_by
        assert layer.ends == 1
        assert layer.positions == sorted(layer.positions)
        assert layer.positions[-1] <= sizes[what]
        assert layer.entries == sorted(layer.entries)
        assert 512 <= layer.entries[-1] <= 700
        if compression == "gzip":
            assert layer.positions[-1] == sizes[what]


def test_a_stream_is_told_as_a_whole_and_by_its_layers(save_image: SaveImage) -> None:
    data = save_image(ImageSpec(layers=LAYERS)).read_bytes()
    told = Told()
    reader, writer = os.pipe()
    sink = os.fdopen(writer, "wb")
    with os.fdopen(reader, "rb") as stdin:

        def feed() -> None:
            with sink:
                sink.write(data)

        thread = threading.Thread(target=feed)
        thread.start()
        analyze(Source(reference="-", stdin=stdin, progress=told), Policy(fail_on="never"))
        thread.join()
    assert told.stream is not None
    assert (told.stream.size, told.stream.positions[-1], told.stream.ends) == (None, len(data), 1)
    assert len(told.layers) == 2
    assert {layer.ends for layer in told.layers.values()} == {1}


def test_a_compressed_file_is_told_by_its_own_size() -> None:
    told = Told()
    analyze(Source(reference=str(DEMO), progress=told))
    assert told.stream is not None
    assert told.stream.size == told.stream.positions[-1] == DEMO.stat().st_size


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 1000])
def test_what_passes_by_is_the_same_whether_somebody_is_told_or_not(count: int) -> None:
    entries: list[Any] = [(str(number), 0, None, 0, 0, "", number, 0, None) for number in range(count)]
    layer = ToldLayer(None, None)
    assert list(tell_entries(iter(entries), layer, walked=True)) == entries
    assert layer.entries[-1] == (max(0, count - 1) // 256) * 256
    assert list(tell_entries(iter(entries), SILENT)) == entries
    assert list(tell_chunks(iter([b"ab", b"c"]), layer)) == [b"ab", b"c"]
    assert layer.positions[-1] == 3


def test_a_layer_that_cannot_be_read_is_ended_too(save_image: SaveImage) -> None:
    told = Told()
    path = save_image(ImageSpec(layers=[b"no tar at all" * 100]))
    with pytest.raises(Exception, match="layer 0 is not a tar"):
        analyze(Source(reference=str(path), progress=told))
    assert [layer.ends for layer in told.layers.values()] in ([], [1])


def test_the_screen_of_these_tests_does_what_terminals_do() -> None:
    assert look("\x1b[?25lone\r\ntwo\r\x1b[2K\x1b[1A\x1b[2Kthree\x1b[?25h") == (["three"], True)
    assert look("\x1b[?25l\x1b[1mabcdef\r\x1b[0mxy") == (["xycdef"], False)
