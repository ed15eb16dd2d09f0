"""What the GitHub action installs is pinned, and is all that the package needs."""

import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from delivery.lock import read_lock
from tests.support.pipelines import ROOT

LOCKED = [
    entry for name in ("requirements", "requirements-build") for entry in read_lock(ROOT / "delivery" / f"{name}.lock")
]


def test_everything_has_a_version_and_hashes_and_stands_once() -> None:
    for entry in LOCKED:
        assert [pin.operator for pin in entry.requirement.specifier] == ["=="], entry
        assert entry.hashes, entry
    assert len({entry.name for entry in LOCKED}) == len(LOCKED)


def test_all_that_the_package_needs_is_pinned() -> None:
    pinned = {entry.name: next(iter(entry.requirement.specifier)).version for entry in LOCKED}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    assert len(needed) > 10
    for requirement in map(Requirement, needed):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_the_action_installs_them() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert '--require-hashes --requirement "$locks.lock" --requirement "$locks-build.lock"' in text
