"""Waivers and severities that somebody has set: they decide, and are told."""

from collections.abc import Iterator
from datetime import date

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.rules.engine import Outcome, run
from ocianalyze.rules.profiles import CLASSIC, JUPYTERLAB
from ocianalyze.rules.rule import Finding, Rule, Severity, Subject, rule
from ocianalyze.rules.waivers import Waiver
from tests.rules.subjects import good, make_subject

TODAY = date(2026, 11, 22)


def finding_at(*paths: str | None) -> Rule:
    """Return a rule with a finding at each path."""

    @rule(id="TST001", severity={CLASSIC: Severity.ERROR, JUPYTERLAB: Severity.WARNING})
    def some_thing(_subject: Subject) -> Iterator[Finding]:
        yield from (Finding(message=f"at {path}", path=path) for path in paths)

    return some_thing


def outcome(paths: list[str | None], *waivers: Waiver) -> Outcome:
    """Return what comes of findings at these paths."""
    return run(make_subject(good()), rules=[finding_at(*paths)], waivers=waivers, today=TODAY)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        (None, "/opt/x", True),
        (None, None, True),
        ("/opt/x", None, False),
        ("/opt/x", "/opt/x", True),
        ("/opt/x", "/opt/x/y", False),
        ("/opt/*", "/opt/x", True),
        ("/opt/*", "/opt/x/y", False),
        ("/opt/**", "/opt/x/y/z", True),
        ("/opt/**", "/opt", False),
        ("/opt/*/c/**", "/opt/a/c/d", True),
        ("/opt/*/c/**", "/opt/a/b/c/d", False),
        ("**/x", "/opt/x", True),
        ("**/x", "/x", True),
        ("**/kernels/**", "/usr/share/kernels/a/b", True),
        ("/opt/**", "/opt2/x", False),
        ("/opt/x\n", "/opt/x", False),
    ],
)
def test_paths(pattern: str | None, path: str | None, matches: bool) -> None:  # noqa: FBT001
    found = outcome([path], Waiver(rule="tst001", reason="why", path=pattern))
    assert found.waived == matches
    assert found.count(Severity.ERROR) == (not matches)
    assert [remark.code for remark in found.remarks] == ([] if matches else ["waiver-unused"])


def test_a_waived_finding_is_kept_and_decides_nothing() -> None:
    found = outcome(["/a", "/b"], Waiver(rule="some-thing", reason="why", path="/a", expires=TODAY))
    assert [item.waiver is not None for item in found.judgements] == [True, False]
    assert (found.count(Severity.ERROR), found.count(Severity.WARNING, profile=JUPYTERLAB)) == (1, 1)
    assert not found.remarks


def test_an_expired_waiver_is_told_and_does_not_apply() -> None:
    found = outcome(["/a"], Waiver(rule="TST001", reason="why", expires=date(2026, 11, 21), origin="f: waiver 1"))
    assert (found.waived, found.count(Severity.ERROR)) == (0, 1)
    assert [tuple(remark) for remark in found.remarks] == [
        ("waiver-expired", "f: waiver 1 for TST001 (why) expired on 2026-11-21 and no longer applies")
    ]


def test_a_waiver_of_a_rule_that_did_not_run_is_not_called_unused() -> None:
    waiver = Waiver(rule="TST001", reason="why")
    subject = make_subject(good())
    assert not run(subject, rules=[finding_at()], ignore=["TST001"], waivers=[waiver], today=TODAY).remarks
    assert run(subject, rules=[finding_at()], waivers=[waiver], today=TODAY).remarks


def test_a_waiver_of_no_rule_is_wrong_usage() -> None:
    with pytest.raises(UsageError) as caught:
        outcome([], Waiver(rule="some-thnig", reason="why"))
    assert caught.value.hint == "Did you mean 'some-thing'?"


def test_a_severity_that_is_set_counts_for_all_that_the_finding_concerns() -> None:
    subject = make_subject(good())
    found = run(subject, rules=[finding_at("/a")], severity={"some-thing": Severity.NOTE})
    assert found.judgements[0].severities == {CLASSIC: Severity.NOTE, JUPYTERLAB: Severity.NOTE}

    @rule(id="TST002", severity={CLASSIC: Severity.NOTE, JUPYTERLAB: Severity.NOTE})
    def elsewhere(_subject: Subject) -> Iterator[Finding]:
        yield Finding(message="a", severity={CLASSIC: None, JUPYTERLAB: Severity.WARNING})
        yield Finding(message="b", severity=Severity.WARNING)

    found = run(subject, rules=[elsewhere], severity={"TST002": Severity.ERROR})
    assert [item.severities for item in found.others] == [{JUPYTERLAB: Severity.ERROR}]
    assert found.judgements[0].severity is Severity.ERROR
    with pytest.raises(UsageError, match="unknown rule 'TST'"):
        run(subject, rules=[elsewhere], severity={"TST": Severity.ERROR})
