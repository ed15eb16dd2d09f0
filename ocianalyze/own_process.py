"""What is done at the start of processes that are ours alone, the command and its workers, for speed."""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

_GARBAGE_THRESHOLD: Final = 1 << 20
"""After how many new objects garbage is looked for: an image's entries are many and none of them is garbage."""

_SLOW: Final = "rfc3987_syntax"
"""Where it is installed, as beside Jupyter, jsonschema builds a grammar with it when oras imports that: seconds of work
for a check that oras never asks for."""

_NO_PLUGINS: Final = ("PYDANTIC_DISABLE_PLUGINS", "__all__")
"""Pydantic would read the metadata of every installed package, and let any that says so see what is read."""


def seldom_collect() -> None:
    """Look for garbage seldom, for which a process need not be ours alone."""
    gc.set_threshold(_GARBAGE_THRESHOLD)


def prepare() -> None:
    """Set up this process; called before anything else is imported."""
    seldom_collect()
    os.environ.setdefault(*_NO_PLUGINS)
    sys.modules.setdefault(_SLOW, None)  # type: ignore[arg-type] # None stands for a module that cannot be imported
