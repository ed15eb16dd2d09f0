"""The command ``ocianalyze``, from its first line of code to its exit code.

This module is imported first and imports next to nothing, so that whoever presses Ctrl-C while the rest is loaded sees
one line and no traceback (`ocianalyze.cli.stopping`).
"""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import sys
from typing import NoReturn

from ocianalyze.cli.exits import EXIT_CLOSED, discard_output
from ocianalyze.cli.stopping import Stopped, leave, leave_if_told, obey_signals
from ocianalyze.errors import OcianalyzeError
from ocianalyze.own_process import prepare
from ocianalyze.reports.exit_codes import EXIT_NOT_ANALYSED
from ocianalyze.version import __version__


def command() -> NoReturn:
    """Be the command ``ocianalyze``: `main`, what was left to `atexit`, and then the end of the process at once.

    Everything is closed and written by then. To free a million entries one by one, as an interpreter that ends does,
    would take as long as to merge them; the system frees them all together.
    """
    try:
        main()
        code = 0
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        code = end.code
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no other name for what the interpreter does here
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # it may be closed, or None
            stream.flush()
    os._exit(code)


def main() -> None:
    """Run the command line and exit with its code; whatever goes wrong is said in one line on standard error."""
    try:
        _guarded()
    finally:
        leave_if_told()


def _guarded() -> None:
    """Run the command line and exit with its code, or with that of what went wrong."""
    try:
        obey_signals()
        prepare()
        _run()
    except Stopped as stopped:
        leave(stopped.number)
    except OcianalyzeError as error:
        sys.exit(_complain(error.one_line(), error.exit_code))
    except KeyboardInterrupt:
        leave()
    except BrokenPipeError:
        discard_output()
        sys.exit(EXIT_CLOSED)
    except OSError as error:
        discard_output()
        sys.exit(_complain(f"the output cannot be written: {error.strerror}", EXIT_NOT_ANALYSED))
    except MemoryError:
        sys.exit(_complain("out of memory. Lower --max-memory or --jobs, or provide more memory", EXIT_NOT_ANALYSED))
    except Exception as error:  # nobody is to see a traceback who did not ask for it
        if os.environ.get("OCIANALYZE_DEBUG"):
            raise
        what = f"internal error: {type(error).__name__}: {error}. Set OCIANALYZE_DEBUG=1 for a traceback, and report it"
        sys.exit(_complain(what, EXIT_NOT_ANALYSED))


def _run() -> None:
    """Run the command line; its output is complete afterwards."""
    _prepare_output()
    if sys.argv[1:] == ["--version"]:  # asked for often, and nothing has to be loaded for it
        sys.stdout.write(f"ocianalyze {__version__}\n")
        sys.stdout.flush()
        return
    from ocianalyze.cli.app import app

    try:
        app()
    except Stopped:
        raise  # whoever should take the rest of the output may be what we wait for
    except BaseException as end:
        sys.stdout.flush()
        if isinstance(end, SystemExit) and isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None  # typer makes the code 1 of it, which stands for findings
        raise
    sys.stdout.flush()


def _prepare_output() -> None:
    """Make sure that there is something to print to, and that every text can be printed in its encoding."""
    if sys.stdout is None or sys.stderr is None:
        sys.exit(EXIT_NOT_ANALYSED)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _complain(message: str, code: int) -> int:
    leave_if_told()  # what a signal stopped may end in an error of its own
    from ocianalyze.reports.text import printable

    with contextlib.suppress(OSError):  # the exit code says it, too
        print(f"ocianalyze: {printable(message)}", file=sys.stderr)  # noqa: T201
    return code
