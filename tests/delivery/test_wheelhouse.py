"""The wheelhouse has a wheel for every target and every dependency, and our own wheels are the same every time."""

import os
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from delivery.lock import LOCKS, read_lock
from delivery.project import ROOT, build_wheels
from delivery.targets import TARGETS, Target

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
pytestmark = pytest.mark.timeout(900)


def _tags(target: Target) -> set[Tag]:
    version = tuple(int(part) for part in target.python.split("."))
    platforms = [f"manylinux_2_{minor}_{target.machine}" for minor in range(17, 4, -1)] + [
        f"{name}_{target.machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1")
    ]
    of_python = cpython_tags(version, platforms=platforms)
    return {*of_python, *compatible_tags(version, interpreter=f"cp{version[0]}{version[1]}", platforms=platforms)}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_target_has_all_it_needs(wheelhouse: Path, target: Target) -> None:
    tags = _tags(target)
    wheels = (parse_wheel_filename(wheel.name) for wheel in wheelhouse.glob("wheels/*.whl"))
    present = {name for name, _, _, those in wheels if those & tags}
    needed = {entry.name for lock in LOCKS.values() for entry in read_lock(lock) if entry.applies_to(target)}
    assert needed | {"ocianalyze"} <= present


def test_the_locks_have_what_the_project_needs() -> None:
    extras = {"requirements": [], "requirements-ecr": PROJECT["optional-dependencies"]["ecr"]}
    for name, path in LOCKS.items():
        locked = {entry.name: entry.requirement.specifier for entry in read_lock(path)}
        for line in (*PROJECT["dependencies"], *extras[name]):
            wanted = Requirement(line)
            (pinned,) = locked[canonicalize_name(wanted.name)]
            assert wanted.specifier.contains(pinned.version), f"run 'make lock': {line}"


def test_our_wheels_are_the_same_twice(wheelhouse: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        again = build_wheels(tmp_path)
    finally:
        os.umask(before)
    assert again[0].name.endswith("-py3-none-any.whl")
    for wheel in again:
        assert wheel.read_bytes() == (wheelhouse / "wheels" / wheel.name).read_bytes()
