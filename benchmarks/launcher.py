"""Runs one command for `measure.py` and says what it took; a process of its own, so that nothing else counts.

It is started as a script, imports little and stays small: on Linux the peak memory of a process is never less than
what the process that started it had. It reads what to do as JSON from standard input and writes what came of it as
JSON to standard output.
"""

# ruff: noqa: PTH123, PTH208 - pathlib would make it larger

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

_INTERVAL = 0.25
_GRACE = 20
_COMPLAINT = 2_000
_PIECE = 1 << 20


class Watch:
    """Stops a command that takes more than it may: seconds, memory of all its processes, room on the disk."""

    def __init__(self, bounds: dict[str, Any]) -> None:
        self.bounds = bounds
        self.stopped: str | None = None
        self.grace = _GRACE
        self.pid = 0
        self.end = 0.0

    def begin(self, pid: int) -> None:
        """Look at the process and its descendants from now on, if there are bounds."""
        self.pid = pid
        self.end = time.monotonic() + (self.bounds["seconds"] or 0)
        if any(self.bounds.values()):
            signal.signal(signal.SIGALRM, self._look)
            signal.setitimer(signal.ITIMER_REAL, _INTERVAL, _INTERVAL)

    def finish(self) -> None:
        """Look no more."""
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, *_: object) -> None:
        if self.stopped:
            self._kill()
            return
        seconds, memory, room = (self.bounds[name] for name in ("seconds", "memory", "room"))
        if seconds and time.monotonic() > self.end:
            self.stopped = f"after {seconds:.0f} s"
        elif memory and resident(self.pid) > memory:
            self.stopped = f"at {memory / 1e9:.0f} GB of memory"
        elif room and _free(room["path"]) < room["bytes"]:
            self.stopped = "the disk was full"
        if self.stopped:
            self._kill()

    def _kill(self) -> None:
        """Kill what it started, so that it can still say what these took; after a while kill it, too."""
        self.grace -= 1
        children = family(self.pid)[1:]
        if self.grace <= 0 or not children:
            self.finish()
            os.killpg(self.pid, signal.SIGKILL)
            return
        for pid in children:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for parent in found:
        try:
            for thread in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{thread}/children") as file:
                    found += map(int, file.read().split())
        except OSError:
            continue
    return found


def resident(pid: int) -> int:
    """Return the resident bytes of a process and its descendants, as far as the system tells."""
    total = 0
    for member in family(pid):
        try:
            with open(f"/proc/{member}/statm") as file:
                total += int(file.read().split()[1])
        except OSError:
            continue
    return total * os.sysconf("SC_PAGE_SIZE")


def _free(path: str) -> int:
    room = os.statvfs(path)
    return room.f_bavail * room.f_frsize


def _make_cold(path: str) -> None:
    """Drop the pages of a file from the page cache; what was written must be on the disk before."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def _make_warm(path: str) -> None:
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(_PIECE)
        while file.readinto(buffer):
            pass


def main() -> None:
    """Run one command."""
    task = json.load(sys.stdin)
    for path in task["warm"]:
        _make_warm(path)
    for path in task["cold"]:
        _make_cold(path)
    watch = Watch(task["bounds"])
    with tempfile.TemporaryFile() as complaint, open(task["output"], "wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            task["argv"],
            env={**os.environ, **task["environment"]},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=complaint,
            start_new_session=True,
        )
        try:
            watch.begin(process.pid)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            watch.finish()
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
        complaint.seek(max(0, complaint.seek(0, os.SEEK_END) - _COMPLAINT))
        result = {
            "code": process.returncode,
            "wall": wall,
            "user": usage.ru_utime,
            "system": usage.ru_stime,
            "peak": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            "stopped": watch.stopped,
            "complaint": complaint.read().decode(errors="replace"),
        }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
