"""A few cases of each kind; `.ci/run` runs more of them, `docs/hostile-images.md` says how to run them for hours."""

import os
from pathlib import Path

import pytest

from tests.hostile.campaign import run
from tests.hostile.cases import KINDS, case
from tests.hostile.planted import ERRORS


def test_a_few_cases_of_each_kind(tmp_path: Path) -> None:
    counts = run(seed=1, seconds=8, jobs=os.cpu_count() or 1, sanitized=None, keep=tmp_path)
    assert counts.wrong == []
    assert all(counter.total() for counter in counts.ends.values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_can_be_made_again(kind: str) -> None:
    assert case(kind, 3, 7) == case(kind, 3, 7)


def test_what_goes_wrong_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A campaign that sees nothing would be worth nothing: all that is planted is taken for what passes."""
    monkeypatch.setattr("tests.hostile.planted.ERRORS", ERRORS[:1])
    monkeypatch.setattr("tests.hostile.campaign._look", _always_passes)
    counts = run(seed=1, seconds=1, jobs=1, sanitized=None, keep=tmp_path, kinds=["planted"])
    assert counts.wrong[0].endswith("passed in spite of an error: KRN005")
    assert list(tmp_path.iterdir())


def _always_passes(_path: Path, *, lazy: bool) -> object:  # noqa: ARG001 - as `_look` has it
    from tests.hostile.campaign import _End

    return _End("pass", "")
