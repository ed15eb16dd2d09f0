"""What R needs to start besides its script: the program that the script runs, and the packages that a package imports.

Sources: R, ``src/scripts/R.sh.in`` (``R_HOME_DIR``, ``bin/exec/R``); "Writing R Extensions", ``DESCRIPTION``; "Startup"
(``Rprofile.site``).
"""

from __future__ import annotations

import re
from posixpath import join
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.contents.capture import SCRIPT
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from ocianalyze.filesystem.node import Node

IRKERNEL: Final = "IRkernel"
"""The package of R's kernel, the only one whose description is kept."""

_PROFILE: Final = "Rprofile.site"
READS: Final = (f"**/{IRKERNEL}/DESCRIPTION", f"**/{_PROFILE}")

_HOME: Final = regex(rb"^R_HOME_DIR=['\"]?(/[\w./+-]+)['\"]?[ \t]*$", re.MULTILINE)
_FIELD: Final = regex(r"^(\w+):((?:.*\n?)(?:[ \t].*\n?)*)", re.MULTILINE)
_ENDS: Final = regex(rb"^(?:stop|quit|q)[ \t]*\(", re.MULTILINE)
_NAME: Final = regex(r"[A-Za-z][A-Za-z0-9.]+", re.ASCII)
_OF_R: Final = frozenset(
    ("R", "base", "compiler", "datasets", "grDevices", "graphics", "grid", "methods", "parallel", "splines", "stats")
) | {"stats4", "tcltk", "tools", "utils"}
"""What comes with R itself."""


def home_of(script: Node) -> str | None:
    """Return the directory of R that its start script names, if it is such a script.

    Raises:
        ContentUnavailableError: it was not kept.
    """
    home = _HOME.search(script.read(most=SCRIPT))
    return None if home is None else home[1].decode()


def program_in(home: str) -> str:
    """Return the path of the program that R's start script runs."""
    return join(home, "bin/exec/R")


def profile_in(home: str) -> str:
    """Return the path of the profile that R runs first."""
    return join(home, "etc", _PROFILE)


def may_end(profile: Node) -> bool:
    """Tell whether a profile calls, outside functions and blocks, what ends R.

    Raises:
        ContentUnavailableError: it was not kept.
    """
    return _ENDS.search(profile.read(most=SCRIPT)) is not None


def imports_of(description: Node) -> tuple[str, ...]:
    """Return the packages that have to be installed for IRkernel to load, given its description.

    Raises:
        ContentUnavailableError: its description was not kept.
    """
    text = description.read(most=SCRIPT).decode("utf-8", "replace")
    fields = {field[1]: field[2] for field in _FIELD.finditer(text)}
    items = ",".join(fields.get(key, "") for key in ("Depends", "Imports")).split(",")
    names = (_NAME.match(item.strip()) for item in items)
    return tuple(dict.fromkeys(name[0] for name in names if name is not None and name[0] not in _OF_R))
