"""How the command line ends: exit codes that no report gives, and output that nobody wants any more."""

from __future__ import annotations

import os
import sys
from typing import Final

EXIT_USAGE: Final = 2
EXIT_REGISTRY: Final = 4
EXIT_CLOSED: Final = 141
"""What shells know a program by that SIGPIPE has ended, such as ``grep`` in front of ``head``."""


def discard_output() -> None:
    """Let whatever is still to be written to standard output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
