"""Asking credential helpers, the programs that keep credentials for docker and podman.

Source: docker/docker-credential-helpers, README ("Development"): the name of the server goes to standard input, and
JSON with ``Username`` and ``Secret`` comes back. Why one fails is printed on either output.
"""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, Final

from ocianalyze.errors import AuthenticationError, InvalidImageError
from ocianalyze.oci import json
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = regex(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
_SECONDS: Final = 30.0
_STEP: Final = 0.1
_GRACE: Final = 0.5
"""For how many seconds what was printed is waited for when the helper has ended."""
_MAX_ANSWER: Final = 1 << 16
_MAX_SAID: Final = 300
_NOT_FOUND: Final = b"credentials not found"
_NONSENSE: Final = "answered something else than a user name and a secret"
_ASSIGNED: Final = regex(r"(?i)([\"']?[\w-]*(?:secret|passw(?:or)?d|token|authorization)[\w-]*[\"']?\s*[=:])\s*\S.*")
"""Where a helper prints a name and behind it what may be secret; the rest of that line is not shown."""
_LONG_WORD: Final = regex(r"(?<![\w/.+=-])[A-Za-z0-9+=_.-][A-Za-z0-9+/=_.-]{39,}")
"""What may be a token: longer than words are, and no path."""


class HelperError(AuthenticationError):
    """A helper did not do its work; the message says what it did instead, as the end of a sentence about it."""


def program_of(helper: str, where: str) -> str:
    """Return the program that is the helper named in a file.

    Raises:
        AuthenticationError: that is no name of a program, but perhaps a path or more.
    """
    if not _NAME.fullmatch(helper):
        raise AuthenticationError(f"{where}: invalid credential helper name {helper[:100]!r}")
    return f"docker-credential-{helper}"


def ask(program: str, server: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the user name and the secret that a helper has for a server; None if it has none.

    Raises:
        HelperError: it cannot be run, failed, or answered what no helper answers.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell; the name was checked, nothing else is on its command line
            [program, "get"],
            env=dict(environment) or None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
    except FileNotFoundError as error:
        raise HelperError("is not on PATH") from error
    except OSError as error:
        raise HelperError(f"cannot be run: {error.strerror}") from error
    try:
        printed, complaints, code = _talk(process, server)
    finally:
        process.kill()
        process.wait()
    if code != 0:
        if _NOT_FOUND in printed or _NOT_FOUND in complaints:
            return None
        said = _shown(printed) or _shown(complaints)
        raise HelperError(f"failed: {said}" if said else f"failed with status {code}")
    return _answer(printed)


def _answer(printed: bytes) -> tuple[str, str] | None:
    try:
        value: Any = json.decode(printed, what="the answer")
    except InvalidImageError as error:
        raise HelperError(_NONSENSE) from error
    username, secret = (value.get(key) for key in ("Username", "Secret")) if isinstance(value, dict) else (None, None)
    if not isinstance(username, str) or not isinstance(secret, str):
        raise HelperError(_NONSENSE)
    return (username, secret) if secret else None


def _talk(process: subprocess.Popen[bytes], server: str) -> tuple[bytes, bytes, int]:
    """Return what a helper prints on its two outputs, of which there may not be much, and its exit code.

    Threads listen, which are left alone once it ended: an agent that it started may hold the pipes open.
    """
    printed, complaints = _Listener(process.stdout, drains=False), _Listener(process.stderr, drains=True)
    if process.stdin is not None:
        with suppress(OSError), process.stdin:  # it may have gone away
            process.stdin.write(server.encode())
    code = _wait(process, printed)
    printed.join(_GRACE)
    complaints.join(_GRACE)
    if printed.size > _MAX_ANSWER:
        raise HelperError(f"printed more than {_MAX_ANSWER:,} bytes")
    if code is None:
        raise HelperError(f"did not answer within {_SECONDS:g} s")
    return printed.text, complaints.text, code


def _wait(process: subprocess.Popen[bytes], printed: _Listener) -> int | None:
    """Return the exit code of a helper, None if it does not end in time or prints too much."""
    end = monotonic() + _SECONDS
    while monotonic() < end and printed.size <= _MAX_ANSWER:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_STEP)
    return None


class _Listener(Thread):
    """Reads a pipe until there is too much in it; one that `drains` reads on, and keeps no more.

    It closes the pipe itself: what another thread closes while it is read may be another pipe's by the next read.
    """

    def __init__(self, pipe: IO[bytes] | None, *, drains: bool) -> None:
        super().__init__(name="credential-helper", daemon=True)
        self._pipe = pipe
        self._drains = drains
        self._pieces: list[bytes] = []
        self.size = 0
        self.start()

    @property
    def text(self) -> bytes:
        """What came so far."""
        return b"".join(self._pieces)

    def run(self) -> None:
        """Read."""
        if self._pipe is None:
            return
        with suppress(OSError, ValueError), self._pipe as pipe:
            while piece := pipe.read(_MAX_ANSWER):
                if self.size <= _MAX_ANSWER:
                    self._pieces.append(piece)
                    self.size += len(piece)
                if self.size > _MAX_ANSWER and not self._drains:
                    return


def _shown(printed: bytes) -> str:
    """Return why a helper failed, in its own words: one line, cut, without what may be a secret or move a cursor."""
    text = printed.decode("utf-8", "replace").strip()
    if not text or "{" in text:  # perhaps the answer itself, secret and all
        return ""
    lines = (_LONG_WORD.sub("…", _ASSIGNED.sub(r"\1 …", line)).strip() for line in text.splitlines())
    said = " ".join(" ".join(filter(None, lines)).split()).rstrip(". ")
    safe = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in said)
    return safe if len(safe) <= _MAX_SAID else f"{safe[:_MAX_SAID]}…"
