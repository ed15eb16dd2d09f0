"""The locked versions: which release of each dependency is delivered, and the hashes of its files.

`requirements.lock` and, with the extra `ecr`, `requirements-ecr.lock` are written by ``make lock``.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from delivery.targets import Target

HERE = Path(__file__).parent
LOCKS = {"requirements": HERE / "requirements.lock", "requirements-ecr": HERE / "requirements-ecr.lock"}
"""By the name of the file in the wheelhouse."""
EXTRAS = {"requirements": "", "requirements-ecr": "[ecr]"}
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Locked:
    """A release of a package: what it is required as, and the hashes of its files."""

    requirement: Requirement
    hashes: frozenset[str]

    @property
    def name(self) -> str:
        """The name of the package as files and other packages compare it."""
        return canonicalize_name(self.requirement.name)

    def applies_to(self, target: Target) -> bool:
        """Tell whether a target needs it."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(dict(target.environment))


def read_lock(path: Path) -> list[Locked]:
    """Return what a lock has, in its order."""
    return list(_parse(path.read_text()))


def lines(locked: Iterable[tuple[Requirement, Iterable[str]]]) -> str:
    """Return a requirements file from requirements and their hashes."""
    return "".join(
        " \\\n    ".join((str(requirement), *(f"--hash={digest}" for digest in sorted(hashes)))) + "\n"
        for requirement, hashes in locked
    )


def _parse(text: str) -> Iterator[Locked]:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            requirement = Requirement(line.partition("--hash=")[0].strip())
            yield Locked(requirement, frozenset(_HASH.findall(line)))
