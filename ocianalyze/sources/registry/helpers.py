"""Asking credential helpers, the programs that keep credentials for docker and podman.

Source: docker/docker-credential-helpers, README ("Development"): the name of the server goes to standard input, and
JSON with ``Username`` and ``Secret`` comes back.
"""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.errors import AuthenticationError, InvalidImageError
from ocianalyze.oci import json
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAME: Final = regex(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
_SECONDS: Final = 30.0
_MAX_ANSWER: Final = 1 << 16
_NOT_FOUND: Final = b"credentials not found"


def program_of(helper: str, file: Path) -> str:
    """Return the program that the helper named in a file is.

    Raises:
        AuthenticationError: that is no name of a program, but perhaps a path or more.
    """
    if not _NAME.fullmatch(helper):
        raise AuthenticationError(f"{file}: invalid credential helper name {helper[:100]!r}")
    return f"docker-credential-{helper}"


def ask(program: str, server: str, environment: Mapping[str, str], file: Path) -> tuple[str, str] | None:
    """Return the user name and the secret that a helper, named in `file`, has for a server; None if it has none.

    Raises:
        AuthenticationError: it cannot be run, failed, or answered what no helper answers.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell; the name was checked, nothing else is on its command line
            [program, "get"],
            env=dict(environment) or None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
    except FileNotFoundError as error:
        raise AuthenticationError(
            f"{program}, the credential helper in {file}, is not on PATH",
            hint="Install it, or log in with 'docker login' or 'podman login'",
        ) from error
    except OSError as error:
        raise AuthenticationError(f"{program} cannot be run: {error.strerror}") from error
    try:
        printed, has_failed = _talk(process, server, program)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
    if has_failed:
        if _NOT_FOUND in printed:
            return None
        raise AuthenticationError(
            f"the credential helper {program} failed for {server}",
            hint=f"Run 'echo {server} | {program} get' to see why",
        )
    try:
        value: Any = json.decode(printed, what=f"the answer of {program}")
    except InvalidImageError as error:
        raise AuthenticationError(f"the output of {program} is not valid JSON") from error
    username, secret = (value.get(key) for key in ("Username", "Secret")) if isinstance(value, dict) else (None, None)
    return (username, secret) if isinstance(username, str) and isinstance(secret, str) and secret else None


def _talk(process: subprocess.Popen[bytes], server: str, program: str) -> tuple[bytes, bool]:
    """Return what a helper prints, of which there may not be much, and whether it failed.

    A thread listens, which is left alone where it takes too long: a child of the helper may hold the pipe open.
    """
    pieces: list[bytes] = []

    def listen() -> None:
        assert process.stdin is not None  # noqa: S101 - for the type checker
        assert process.stdout is not None  # noqa: S101 - for the type checker
        size = 0
        with suppress(OSError, ValueError):  # it went away, or we did
            process.stdin.write(server.encode())
        with suppress(OSError, ValueError):
            process.stdin.close()
            while size <= _MAX_ANSWER and (piece := process.stdout.read(_MAX_ANSWER)):
                pieces.append(piece)
                size += len(piece)

    end = monotonic() + _SECONDS
    listener = Thread(target=listen, name="credential-helper", daemon=True)
    listener.start()
    listener.join(_SECONDS)
    printed = b"".join(pieces)
    if len(printed) > _MAX_ANSWER:
        raise AuthenticationError(f"the output of {program} has more than {_MAX_ANSWER:,} bytes")
    try:
        code = None if listener.is_alive() else process.wait(max(end - monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        code = None
    if code is None:
        raise AuthenticationError(f"{program} did not answer within {_SECONDS:g} s")
    return printed, code != 0
