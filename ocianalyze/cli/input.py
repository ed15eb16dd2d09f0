"""What the command line reads beside the image: the files that come with it, and the environment."""

from __future__ import annotations

import os
import sys
import time
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ocianalyze.cli.files import STDIN, name_of, read_bytes
from ocianalyze.errors import UsageError, suggest
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocianalyze.facts.registration import AppImageConfig
    from ocianalyze.rules.rule import Severity
    from ocianalyze.settings.model import Settings

_PREFIX: Final = "OCIANALYZE_"
_START_TIME: Final = 22 - 3
"""Which field of a process's state, behind its name, says when it was started."""
_ALIKE: Final = 0.75
"""From here on a variable is taken for a misspelt one of ours."""
_OF_KUBERNETES: Final = regex(r"OCIANALYZE_(SERVICE_(HOST|PORT)|PORT)(_|$)")
"""What Kubernetes tells all pods beside a service with our name."""


def read_app_image_config(path: Path, *, image: str) -> AppImageConfig:
    """Return the AppImageConfig in a file, or on standard input if `path` is ``-`` and the image is not read from it.

    Raises:
        UsageError: it cannot be read, or is not one.
    """
    from ocianalyze.facts.registration import LARGEST, load

    if path == STDIN and (image == "-" or sys.stdin is None):
        raise UsageError(
            "standard input cannot be both the image and the AppImageConfig"
            if image == "-"
            else "standard input is closed"
        )
    return load(read_bytes(path, LARGEST + 1), what=name_of(path))


def read_settings(path: Path | None, *, isolated: bool) -> Settings:
    """Return the settings in a file, else the nearest, else the user's own; none if `isolated`.

    What the user's own file says of registries holds in any case.

    Raises:
        UsageError: they cannot be read, something in them is not known, or a variable of the environment is misspelt.
    """
    from ocianalyze.settings.files import find_settings, load_settings, user_file
    from ocianalyze.settings.model import Settings

    _check_environment()
    if isolated:
        return Settings()
    own = user_file(os.environ)
    was_found = path is None
    if path is None:
        try:
            directory = Path.cwd()
        except OSError as error:
            raise UsageError(
                f"cannot find the working directory: {error.strerror}",
                hint="Name a settings file with --config, or use --isolated",
            ) from error
        path = find_settings(directory)
    users = Settings() if own is None else load_settings(own)
    if path is None or (own is not None and path == own):
        return users
    return load_settings(path, was_found=was_found).beside(users)


def read_severities(stated: Iterable[str]) -> dict[str, Severity]:
    """Return what each ``RULE=SEVERITY`` says, by the ids of the rules."""
    from ocianalyze.rules.registry import all_rules
    from ocianalyze.rules.rule import Severity
    from ocianalyze.rules.selection import exact_rule

    severities = {}
    for item in stated:
        rule, sign, name = item.partition("=")
        known = [severity.value for severity in Severity]
        if not sign or name not in known:
            raise UsageError(
                f"{item[:100]!r} does not have the form RULE=SEVERITY, such as KRN010=note",
                hint=suggest(name, known) if sign else None,
            )
        severities[exact_rule(all_rules(), rule).id] = Severity(name)
    return severities


def several(values: Iterable[str] | None) -> list[str]:
    """Return the values of an option that may be repeated, each of which may be several with commas between them."""
    return [
        part
        for value in values or ()
        for part in [part.strip() for part in value.split(",") if part.strip()] or [value]
    ]


def either(*values: Any) -> Any:  # noqa: ANN401 - of whatever type they are
    """Return the first of them that is not None: what was given, what the settings say, perhaps a default."""
    return next((value for value in values if value is not None), None)


def process_age() -> float | None:
    """Return how many seconds ago this process was started, None where that cannot be told (proc_pid_stat(5))."""
    try:
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        started = int(fields[_START_TIME]) / os.sysconf("SC_CLK_TCK")
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, ValueError, IndexError, AttributeError):
        return None
    return age if age >= 0 else None


def _check_environment() -> None:
    """Raise UsageError if a variable of the environment is none of ours, though it looks like one."""
    names = sorted(name for name in os.environ if name.startswith(_PREFIX) and not _OF_KUBERNETES.match(name))
    if not names:
        return
    from ocianalyze.cli.variables import variables

    known = variables()
    for name in names:
        if name not in known:
            raise UsageError(f"unknown environment variable {name}", hint=_meant(name.removeprefix(_PREFIX), known))


def _meant(name: str, known: set[str]) -> str:
    """Return a hint about a variable that is not known; `name` is what comes behind the prefix."""
    from ocianalyze.cli.variables import option_without_variable

    if f"{_PREFIX}REGISTRY_{name}" in known:
        return f"Did you mean {_PREFIX}REGISTRY_{name}?"
    if option := option_without_variable(name):
        return f"Use the option {option}, which has no variable"
    close = get_close_matches(name, [one.removeprefix(_PREFIX) for one in known], n=1, cutoff=_ALIKE)
    return f"Did you mean {_PREFIX}{close[0]}?" if close else "Unset it; --help names those that are known"
