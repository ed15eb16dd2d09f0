"""Which CUDA runs with which driver of NVIDIA's; Linux on x86-64.

Sources: NVIDIA, "CUDA Compatibility", minor version compatibility (the oldest driver for a major version); the CUDA
release notes, "CUDA Toolkit and Corresponding Driver Versions", which meson's ``modules/cuda.py`` has as a table. The
rows beyond 13.0 are not from these, but from the releases of nvidia-ml-py, which bear the numbers of both.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Version: TypeAlias = "tuple[int, ...]"

MINIMUM: Final = (
    ((13, 0), "580"),
    ((12, 0), "525.60.13"),
    ((11, 0), "450.80.02"),
    ((10, 2), "440.33"),
    ((10, 1), "418.39"),
    ((10, 0), "410.48"),
)
"""The oldest driver that a runtime works with, from the newest version on."""

RELEASED: Final = {
    "13.3": "610.43.02",
    "13.2": "595.45.04",
    "13.1": "590.44.01",
    "13.0": "580.65.06",
    "12.9": "575.51.03",
    "12.8": "570.26",
    "12.6": "560.28.03",
    "12.5": "555.42.02",
    "12.4": "550.54.14",
    "12.3": "545.23.06",
    "12.2": "535.54.03",
    "12.1": "530.30.02",
    "12.0": "525.60.13",
    "11.8": "520.61.05",
    "11.7": "515.43.04",
    "11.6": "510.39.01",
    "11.5": "495.29.05",
    "11.4": "470.42.01",
    "11.3": "465.19.01",
    "11.2": "460.27.03",
    "11.1": "455.23",
    "11.0": "450.36.06",
    "10.2": "440.33",
    "10.1": "418.39",
    "10.0": "410.48",
    "9.2": "396.26",
    "9.1": "390.46",
    "9.0": "384.81",
}
"""The first driver of each branch that introduced a CUDA version, newest first."""

_MOST_PARTS: Final = 6
_LONGEST_PART: Final = 9


def parse_version(text: str) -> Version | None:
    """Return the numbers of a version of digits and dots, or None if it is invalid."""
    parts = text.split(".")
    if len(parts) > _MOST_PARTS or not all(
        part.isascii() and part.isdigit() and len(part) <= _LONGEST_PART for part in parts
    ):
        return None
    return tuple(int(part) for part in parts)


def compare(left: Version, right: Version) -> int:
    """Return -1, 0 or 1; what a version does not state is 0 (libnvidia-container, ``dsl_compare_version``)."""
    size = max(len(left), len(right))
    first, second = (version + (0,) * (size - len(version)) for version in (left, right))
    return (first > second) - (first < second)


def suffices(driver: Version, minimum: Version) -> bool:
    """Return whether a driver is not older than another; one without all parts (``535``) stands for its whole branch.

    NVIDIA's table of minimum drivers has branches, too.
    """
    return compare(driver, minimum[: len(driver)]) >= 0


def minimum_for(cuda: Version) -> str | None:
    """Return the oldest driver that a CUDA runtime works with, or None if none is known."""
    return next((driver for least, driver in MINIMUM if cuda >= least), None)


def released_with(cuda: Version) -> str | None:
    """Return the first driver that has this CUDA version itself, or the next one up; None if none is known."""
    fitting = [driver for version, driver in RELEASED.items() if compare(parse_version(version) or (), cuda) >= 0]
    return fitting[-1] if fitting else None


def is_newer_than_known(driver: Version) -> bool:
    """Return whether a driver's branch is newer than all of the table, so that it may have a newer CUDA version."""
    newest = parse_version(next(iter(RELEASED.values()))) or ()
    return driver[:1] > newest[:1]


def cuda_of(driver: Version) -> Version | None:
    """Return the CUDA version that a driver has at least, or None for one older than any that is known."""
    for version, first in RELEASED.items():
        branch = parse_version(first)
        if branch is not None and driver[0] >= branch[0]:
            return parse_version(version)
    return None
