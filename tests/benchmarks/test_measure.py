"""What is said of a command is what it did."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.measure import (
    CAN_DROP_PAGES,
    Answer,
    Bounds,
    Command,
    CommandError,
    Run,
    Series,
    measure,
    ratio,
    run,
    spread,
)

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def _python(code: str) -> Command:
    return Command(name="python", argv=(sys.executable, "-c", code), shown="python")


def test_time_memory_and_processor_are_those_of_the_command() -> None:
    ballast = bytearray(200_000_000)  # which must not count as the command's
    idle = run(_python("import time; time.sleep(0.3)"))
    assert idle.wall >= 0.3 > idle.cpu
    assert idle.peak < 60_000_000 < len(ballast)
    assert run(_python("x = bytearray(150_000_000)")).peak > 150_000_000


def test_a_command_is_stopped_at_its_bounds() -> None:
    late = run(replace(_python("import time; time.sleep(60)"), bounds=Bounds(seconds=0.1)))
    assert late.stopped == "after 0 s"
    assert late.wall < 30


@LINUX
def test_a_command_is_stopped_when_its_children_take_too_much_memory() -> None:
    script = f"{sys.executable} -c 'import time; x = bytearray(b\"x\" * 300_000_000); time.sleep(60)'; true"
    command = Command(name="sh", argv=("sh", "-c", script), shown="sh", bounds=Bounds(memory=200_000_000))
    found = run(command)
    assert found.stopped == "at 0 GB of memory"
    assert found.peak > 200_000_000


def test_a_scratch_directory_lasts_as_long_as_its_command(tmp_path: Path) -> None:
    script = 'mkdir "$TMPDIR/a"; echo one > "$TMPDIR/a/b"; chmod 0 "$TMPDIR/a"; echo "$TMPDIR"; echo two'
    command = Command(name="sh", argv=("sh", "-c", script), shown="sh", scratch=tmp_path / "scratch")
    answer = Answer("paths", lambda path: path.read_text().split())
    told = run(replace(command, answer=answer)).answer
    assert Path(told[0]).is_relative_to(tmp_path / "scratch")
    assert told[1:] == ["two"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_failure_is_an_error_unless_it_is_tolerated() -> None:
    code = "import sys; sys.exit('no such image')"
    with pytest.raises(CommandError, match="exit code 1; what it says: no such image"):
        run(_python(code))
    assert run(replace(_python(code), tolerated=True)).stopped == "exit code 1"
    with pytest.raises(CommandError, match="could not be started"):
        run(Command(name="nothing", argv=("/nonexistent",), shown="nothing"))


@pytest.mark.skipif(not CAN_DROP_PAGES, reason="this system cannot")
def test_commands_take_turns_and_cold_ones_are_not_warmed_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    commands = [
        Command(name=name, argv=("sh", "-c", f"echo {name} >> {log}"), shown=name, once=once, cold=cold)
        for name, once, cold in (("a", False, (log,)), ("b", False, ()), ("c", True, ()))
    ]
    series = measure(commands, repetitions=2, note=lambda _: None)
    assert log.read_text().split() == ["b", "a", "b", "a", "b", "c"]
    assert [len(item.runs) for item in series] == [2, 2, 1]


def test_what_starting_up_takes_is_taken_off_in_the_same_round() -> None:
    def series(*walls: float, cpu: float = 1.0) -> Series:
        command = Command(name="x", argv=("x",), shown="x")
        return Series(command, [Run(wall=wall, user=cpu, system=0, peak=1) for wall in walls])

    ours, limit, start = series(12, 22, 33), series(10, 10, 10), series(1, 2, 3)
    assert ratio(ours, limit, "wall") == pytest.approx(2.2)
    assert ratio(ours, limit, "wall", less=start) == pytest.approx(2.0)
    processors = os.cpu_count() or 1
    assert spread(series(6, 6, cpu=4.0)) == pytest.approx(1.5 * processors)
