"""What has one cause is one finding: the cause comes first, its consequences name it, and all count as one."""

from collections.abc import Sequence
from typing import get_args

import pytest

from ocianalyze.rules.engine import Outcome, run
from ocianalyze.rules.profiles import CLASSIC, JUPYTERLAB
from ocianalyze.rules.rule import Finding, Kind, Severity
from ocianalyze.rules.waivers import Waiver
from tests.rules.subjects import good, make_subject
from tests.rules.test_machinery import make_rule
from tests.support.tarballs import Item, directory, file, whiteout

SERVER = [
    file("usr/local/lib/python3.11/site-packages/jupyterlab/__init__.py", b"#"),
    file("usr/local/bin/jupyter-lab", b"#!/usr/local/bin/python3\n", mode=0o755),
]
CONFIG = {
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
    "Entrypoint": ["jupyter-lab"],
    "Cmd": [
        *("--ip=0.0.0.0", "--port=8888", "--ServerApp.base_url=/jupyterlab/default"),
        *("--ServerApp.token=", "--ServerApp.allow_origin=*"),
    ],
}


def outcome(*items: Item, select: Sequence[str] = (), waivers: Sequence[Waiver] = ()) -> Outcome:
    subject = make_subject(good(), [*SERVER, *items], config=CONFIG)
    return run(subject, [CLASSIC, JUPYTERLAB], select=select, waivers=waivers)


def chains(found: Outcome) -> dict[str, list[str]]:
    """Return the rules of errors and warnings that have no cause, with those of their consequences."""
    roots: dict[str, list[str]] = {}
    for item in found.judgements:
        if item.severity is not Severity.NOTE:
            if item.cause is None:
                roots[item.rule.id] = []
            else:
                roots[item.cause.rule.id].append(item.rule.id)
    return roots


@pytest.mark.parametrize("path", ["usr", "usr/local"])
@pytest.mark.parametrize("mode", [0o700, 0o644])
def test_a_directory_that_cannot_be_entered_is_one_finding(path: str, mode: int) -> None:
    found = outcome(directory(path, mode=mode))
    assert chains(found) == {"USR006": ["KRN001", "APP002", "USR006", "KRN010"]}
    for profile in (None, CLASSIC, JUPYTERLAB):
        assert (found.count(Severity.ERROR, profile=profile), found.count(Severity.WARNING, profile=profile)) == (1, 0)
    assert found.verdict(CLASSIC) == found.verdict(JUPYTERLAB) == "fail"


def test_an_interpreter_that_is_missing_is_one_finding() -> None:
    assert chains(outcome(whiteout("usr/local/bin/python3.11"))) == {"KRN005": ["KRN001", "APP002", "KRN010"]}


def test_a_kernel_that_is_broken_is_one_finding() -> None:
    broken = file("usr/local/share/jupyter/kernels/python3/kernel.json", b"{")
    assert chains(outcome(broken)) == {"KRN003": ["KRN001"]}


def test_a_good_image_has_neither() -> None:
    assert chains(outcome()) == {}


def test_without_its_cause_a_consequence_stands_alone() -> None:
    closed = directory("usr/local", mode=0o700)
    assert chains(outcome(closed, select=["KRN001"])) == {"KRN001": []}
    waiver = Waiver(rule="USR006", reason="accepted")
    found = outcome(closed, select=["KRN001", "USR006"], waivers=[waiver])
    assert [(item.rule.id, item.cause) for item in found.judgements if item.waiver is None] == [("KRN001", None)]
    assert found.verdict(CLASSIC) == "fail"


def test_no_finding_is_lost_however_they_refer_to_each_other() -> None:
    names = (None, "/a", "/b")
    every = [
        Finding(message=f"{culprit} {because} {kind}", culprit=culprit, because=because, kind=kind)
        for culprit in names
        for because in names
        for kind in get_args(Kind)
    ]
    for order in (every, every[::-1]):
        rules = [make_rule("AAA001", *order[::2]), make_rule("BBB001", *order[1::2])]
        found = run(make_subject(good()), [CLASSIC], rules=rules).judgements
        assert sorted(item.finding.message for item in found) == sorted(item.message for item in every)
        assert all(item.cause is None or item.cause.cause is None for item in found)
        assert all(item.cause is None or item.cause in found for item in found)


def test_two_causes_count_twice() -> None:
    rules = [
        make_rule("AAA001", Finding(message="a", culprit="/a", severity=Severity.ERROR)),
        make_rule("BBB001", Finding(message="b", because="/a", severity=Severity.ERROR)),
        make_rule("CCC001", Finding(message="c", because="/a"), Finding(message="d", culprit="/d")),
        make_rule(
            "DDD001", Finding(message="e", because="/nowhere"), Finding(message="f", because="/d", kind="undecided")
        ),
    ]
    found = run(make_subject(good()), [CLASSIC], rules=rules)
    causes = {item.finding.message: item.cause and item.cause.finding.message for item in found.judgements}
    assert causes == {"a": None, "b": "a", "c": "a", "d": None, "e": None, "f": None}
    shown = [item.finding.message for item in found.judgements]
    assert shown.index("b") == shown.index("a") + 1
    assert [found.count(severity) for severity in Severity] == [1, 2, 0]
    assert found.count_undecided() == 1


def test_what_is_less_severe_explains_nothing() -> None:
    rules = [
        make_rule("AAA001", Finding(message="a", culprit="/a", severity=Severity.NOTE)),
        make_rule("BBB001", Finding(message="b", because="/a", severity=Severity.ERROR)),
    ]
    found = run(make_subject(good()), [CLASSIC], rules=rules)
    assert [(item.finding.message, item.cause) for item in found.judgements] == [("b", None), ("a", None)]


def test_for_each_profile_the_worst_of_one_cause_counts() -> None:
    everywhere = {CLASSIC: Severity.ERROR, JUPYTERLAB: Severity.NOTE}
    rules = [
        make_rule("AAA001", Finding(message="a", culprit="/a", severity=everywhere)),
        make_rule("BBB001", Finding(message="b", because="/a", severity={CLASSIC: None, JUPYTERLAB: Severity.ERROR})),
    ]
    found = run(make_subject(good()), [CLASSIC, JUPYTERLAB], rules=rules)
    for profile in (CLASSIC, JUPYTERLAB):
        assert [found.count(severity, profile=profile) for severity in Severity] == [1, 0, 0]
        assert found.verdict(profile) == "fail"
