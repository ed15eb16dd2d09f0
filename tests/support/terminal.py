"""A program on a terminal of its own, and what somebody who sits there would see."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_CONTROL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(2, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Makes standard error the controlling terminal, so that Ctrl-C reaches the program and its children."""
_PART = re.compile(r"\x1b\[(\?25[lh]|\d*[AKJ]|[\d;]*m)|\r|\n|[^\x1b\r\n]+|\x1b")
_SECONDS = 60.0


class Terminal:
    """A program whose standard error is a terminal; what it writes there is collected in `written`."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.written = b""
        self._master = master

    def read(self, seconds: float = 0.05) -> bool:
        """Collect what comes in so many seconds; return False once there is nothing more to come."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # the other end is closed
            return False
        self.written += data
        return bool(data)

    def wait_for(self, text: str) -> None:
        """Wait until the program has written `text`."""
        end = time.monotonic() + _SECONDS
        while text.encode() not in self.written:
            assert time.monotonic() < end, self.written
            assert self.read(), self.written

    def finish(self) -> int:
        """Wait for the end of the program, and return its exit code."""
        end = time.monotonic() + _SECONDS
        while self.read():
            assert time.monotonic() < end, self.written
        return self.process.wait(_SECONDS)

    def press(self, key: bytes) -> None:
        """Type something."""
        os.write(self._master, key)

    @property
    def text(self) -> str:
        """All that was written, without what is no text."""
        return re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", self.written.decode())

    @property
    def screen(self) -> list[str]:
        """The lines that are left on the screen."""
        return look(self.written.decode())[0]

    @property
    def has_cursor(self) -> bool:
        """Whether the cursor is shown."""
        return look(self.written.decode())[1]


@contextmanager
def on_terminal(
    command: Sequence[str | Path],
    *,
    stdin: int | IO[Any] = subprocess.DEVNULL,
    stdout: int | IO[Any] = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
    columns: int = 120,
) -> Iterator[Terminal]:
    """Run a command with a terminal of 24 lines as its standard error."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", _CONTROL, *map(str, command)],
        stdin=stdin,
        stdout=stdout,
        stderr=slave,
        env={**clean_environment(), "TERM": "xterm-256color", **(env or {})},
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def clean_environment() -> dict[str, str]:
    """Return the environment without what changes how progress is shown."""
    drop = ("OCIANALYZE_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI", "TTY_")
    return {key: value for key, value in os.environ.items() if not key.startswith(drop)}


def look(written: str) -> tuple[list[str], bool]:
    """Return the lines that are left on a terminal, without empty ones at the end, and whether the cursor is shown."""
    lines, row, column, cursor = [""], 0, 0, True
    for match in _PART.finditer(written):
        part, code = match.group(), match.group(1)
        if part == "\r":
            column = 0
        elif part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif code is None:
            assert part != "\x1b", "an escape sequence that is not known"
            line = lines[row].ljust(column)
            lines[row] = line[:column] + part + line[column + len(part) :]
            column += len(part)
        elif code.startswith("?"):
            cursor = code.endswith("h")
        elif code.endswith("A"):
            row -= int(code[:-1] or 1)
        elif code.endswith("K"):
            lines[row] = "" if code == "2K" else lines[row][:column]
        elif code.endswith("J"):
            lines[row] = lines[row][:column]
            del lines[row + 1 :]
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.rstrip() for line in lines], cursor
