"""The machinery: rules are found, run, judged and sorted; what fails is an error."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from types import ModuleType, SimpleNamespace
from typing import NoReturn

import pytest

from ocianalyze.errors import ContentUnavailableError, RuleError, UsageError
from ocianalyze.filesystem.node import Node
from ocianalyze.rules import registry
from ocianalyze.rules.engine import run
from ocianalyze.rules.page import HEADINGS, parse_page
from ocianalyze.rules.profiles import CLASSIC, JUPYTERLAB, PROFILES, choose_profiles
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Finding, Rule, Severity, Subject, rule
from ocianalyze.rules.selection import choose_rules, exact_rule
from ocianalyze.rules.waivers import Waiver
from tests.rules.subjects import base, good, kernel, make_subject

FAMILIES = {
    "APP": tuple(range(1, 12)),
    "CFG": (1, 2, 3, 4, 5, 6),
    "FSR": tuple(range(1, 8)),
    "GPU": tuple(range(1, 8)),
    "IMG": tuple(range(1, 8)),
    "KRN": tuple(range(1, 17)),
    "RTM": (1, 2, 3, 4),
    "SIZ": (1, 2, 3, 4),
    "USR": tuple(range(1, 9)),
}
IDS = [f"{family}{number:03}" for family, numbers in FAMILIES.items() for number in numbers]


@pytest.fixture(scope="module")
def subject() -> Subject:
    """Return any subject."""
    return make_subject(good())


def test_all_rules_are_found() -> None:
    assert set(IDS) <= {item.id for item in all_rules()}
    assert [item.id for item in all_rules()] == sorted(item.id for item in all_rules())


@pytest.mark.parametrize("item", all_rules(), ids=lambda item: item.id)
def test_every_rule_has_a_page_a_name_and_a_file(item: Rule) -> None:
    assert re.fullmatch(r"[A-Z]{3}\d{3}", item.id)
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", item.name)
    assert item.module.rpartition(".")[2] == item.name.replace("-", "_")
    assert tuple(item.page.sections) == HEADINGS
    assert all(item.page.sections.values())
    assert item.summary.endswith(".")
    assert set(item.severity) <= set(PROFILES)
    assert item.severity
    assert item.url == f"docs/rules/{item.id}.md"
    assert item.reads == ()  # what ours read, the facts declare


def test_names_are_distinct_and_found() -> None:
    assert len({item.name for item in all_rules()}) == len(all_rules())
    assert exact_rule(all_rules(), "krn005") is exact_rule(all_rules(), "kernel-interpreter-missing")
    with pytest.raises(UsageError) as caught:
        exact_rule(all_rules(), "kernel-interpretr-missing")
    assert caught.value.hint == "Did you mean 'kernel-interpreter-missing'?"
    with pytest.raises(UsageError, match="unknown rule 'KRN'"):
        exact_rule(all_rules(), "KRN")


def test_profiles() -> None:
    assert choose_profiles([JUPYTERLAB, CLASSIC, JUPYTERLAB]) == (JUPYTERLAB, CLASSIC)
    assert "closed" in (PROFILES[CLASSIC].notice or "")
    with pytest.raises(UsageError) as caught:
        choose_profiles(["Studio_JupyterLab"])
    assert caught.value.hint == "Did you mean 'studio-jupyterlab'?"
    with pytest.raises(UsageError) as caught:
        choose_profiles(["x"])
    assert caught.value.hint == f"Use one of: {', '.join(PROFILES)}, all"
    assert choose_profiles([JUPYTERLAB, "all"])[:2] == (JUPYTERLAB, CLASSIC)
    assert set(choose_profiles(["all"])) == set(PROFILES)


def make_rule(id_: str, *findings: Finding, applies: bool = True, severity: Severity = Severity.WARNING) -> Rule:
    """Return a rule that finds what is given."""

    @rule(id=id_, severity={CLASSIC: severity, JUPYTERLAB: Severity.NOTE}, applies=lambda _subject: applies)
    def some_rule(_subject: Subject) -> Iterator[Finding]:
        yield from findings

    return some_rule


def test_findings_are_sorted_and_judged(subject: Subject) -> None:
    rules = [
        make_rule(
            "BBB001", Finding(message="b", path="/b"), Finding(message="a", path="/a", layer=2), Finding(message="c")
        ),
        make_rule("AAA001", Finding(message="w"), Finding(message="e", severity=Severity.ERROR)),
        make_rule("CCC001", applies=False),
        make_rule("DDD001", Finding(message="n", severity={CLASSIC: Severity.NOTE, JUPYTERLAB: None})),
    ]
    outcome = run(subject, [CLASSIC, JUPYTERLAB], rules=rules)
    shown = [(item.severity.value, item.finding.rule, item.finding.message) for item in outcome.judgements]
    assert shown == [
        ("error", "AAA001", "e"),
        ("warning", "BBB001", "a"),  # in a layer; what no layer is to blame for comes after
        ("warning", "AAA001", "w"),
        ("warning", "BBB001", "c"),
        ("warning", "BBB001", "b"),
        ("note", "DDD001", "n"),
    ]
    assert outcome.judgements[1].severities == {CLASSIC: Severity.WARNING, JUPYTERLAB: Severity.NOTE}
    assert outcome.judgements[-1].profiles == (CLASSIC,)
    assert [item.id for item in outcome.rules] == ["BBB001", "AAA001", "DDD001"]
    assert [item.id for item in outcome.not_applicable] == ["CCC001"]
    assert (outcome.count(Severity.WARNING), outcome.count(Severity.NOTE, profile=JUPYTERLAB)) == (4, 4)


def read_nothing(_subject: Subject) -> str:
    """Raise as a content that was not kept does."""
    raise ContentUnavailableError("gone", hint="scan a file", path="/opt/x", layer=3)


def test_a_rule_that_fails_is_an_error(subject: Subject) -> None:
    @rule(id="EEE001", severity={CLASSIC: Severity.NOTE})
    def failing(_subject: Subject) -> Iterator[Finding]:
        yield Finding(message="first")
        parse(_subject.filesystem.node(3))

    def parse(node: Node) -> NoReturn:  # noqa: ARG001 - what is in hand when it fails
        raise KeyError("oops")

    with pytest.raises(RuleError, match=rf"EEE001 .* at {subject.filesystem.node(3).path}: KeyError.*oops") as caught:
        run(subject, rules=[failing])
    assert isinstance(caught.value.__cause__, KeyError)


def undecided_rule(id_: str, severity: dict[str, Severity], *, applies: bool = True) -> Rule:
    """Return a rule that finds something, and then comes upon a content that was not kept."""

    def ask(subject: Subject) -> bool:
        return applies or bool(read_nothing(subject))

    @rule(id=id_, severity=severity, applies=ask)
    def blind(subject: Subject) -> Iterator[Finding]:
        yield Finding(message="first", severity=Severity.NOTE)
        yield Finding(message=read_nothing(subject))

    return blind


def test_a_rule_that_needs_what_was_not_kept_is_undecided(subject: Subject) -> None:
    severity = {CLASSIC: Severity.ERROR, JUPYTERLAB: Severity.WARNING}
    outcome = run(subject, [CLASSIC], rules=[undecided_rule("EEE002", severity)])
    unknown, first = outcome.judgements
    assert (first.finding.message, first.finding.kind) == ("first", "finding")  # what it found before still counts
    assert (unknown.finding.kind, unknown.severities, unknown.rule.id) == ("undecided", severity, "EEE002")
    assert unknown.finding.message == "this check could not be completed: gone"
    assert (unknown.finding.hint, unknown.finding.path, unknown.finding.layer) == ("scan a file", "/opt/x", 3)
    assert (outcome.verdict(CLASSIC), outcome.verdict(JUPYTERLAB)) == ("undecided", "pass")
    assert (outcome.count(Severity.ERROR), outcome.count_undecided(), outcome.decisive("error")) == (0, 1, ())
    assert outcome.count_undecided(profile=JUPYTERLAB) == 1
    with_error = run(subject, rules=[undecided_rule("EEE002", severity), make_rule("EEE003", severity=Severity.ERROR)])
    assert with_error.verdict(CLASSIC) == "undecided"
    found = make_rule("EEE003", Finding(message="x"), severity=Severity.ERROR)
    assert run(subject, rules=[undecided_rule("EEE002", severity), found]).verdict(CLASSIC) == "fail"


def test_a_rule_that_cannot_tell_whether_it_applies_is_undecided(subject: Subject) -> None:
    outcome = run(subject, rules=[undecided_rule("EEE004", {CLASSIC: Severity.ERROR}, applies=False)])
    assert [item.finding.kind for item in outcome.judgements] == ["undecided"]


def test_what_is_undecided_is_accepted_until_a_day_only(subject: Subject) -> None:
    blind = undecided_rule("EEE005", {CLASSIC: Severity.ERROR})
    for expires, verdict, remarks in (
        (date(2026, 1, 31), "pass", []),
        (None, "undecided", ["waiver-undated"]),
        (date(2025, 12, 31), "undecided", ["waiver-expired"]),
    ):
        waiver = Waiver(rule="EEE005", reason="started by hand", expires=expires)
        outcome = run(subject, rules=[blind], waivers=[waiver], today=date(2026, 1, 1))
        assert outcome.verdict(CLASSIC) == verdict
        assert [remark.code for remark in outcome.remarks] == remarks


def test_a_rule_of_other_profiles_that_fails_takes_only_their_verdict(subject: Subject) -> None:
    @rule(id="FFF001", severity={JUPYTERLAB: Severity.ERROR})
    def crashing(subject: Subject) -> Iterator[Finding]:
        yield Finding(message=str(1 // (subject.size_limit - subject.size_limit)))

    outcome = run(subject, [CLASSIC], rules=[crashing, make_rule("GGG001", Finding(message="a"))])
    assert [item.id for item in outcome.rules] == ["GGG001"]
    assert list(outcome.failures) == [JUPYTERLAB]
    assert "FFF001" in outcome.failures[JUPYTERLAB]
    assert outcome.verdict(JUPYTERLAB) == "error"
    with pytest.raises(RuleError, match="FFF001"):
        run(subject, [CLASSIC, JUPYTERLAB], rules=[crashing])


def test_findings_of_profiles_that_were_not_asked_for_are_kept_apart(subject: Subject) -> None:
    elsewhere = {CLASSIC: None, JUPYTERLAB: Severity.ERROR}
    mixed = make_rule("HHH001", Finding(message="both"), Finding(message="other", severity=elsewhere))
    outcome = run(subject, [CLASSIC], rules=[mixed])
    assert [(item.finding.message, item.severity.value) for item in outcome.judgements] == [("both", "warning")]
    assert [(item.finding.message, item.severity.value) for item in outcome.others] == [("other", "error")]
    assert outcome.judgements[0].profiles == (CLASSIC, JUPYTERLAB)
    assert outcome.count(Severity.ERROR) == 0
    assert outcome.count(Severity.ERROR, profile=JUPYTERLAB) == 1
    assert outcome.count(Severity.NOTE, profile=JUPYTERLAB) == 1
    asked = run(subject, [JUPYTERLAB], rules=[mixed])
    assert [(item.finding.message, item.severity.value) for item in asked.judgements] == [
        ("other", "error"),
        ("both", "note"),
    ]


def test_selection() -> None:
    def ids(**options: list[str]) -> list[str]:
        return [item.id for item in choose_rules(all_rules(), **options)]

    assert ids() == [item.id for item in all_rules()]
    assert ids(select=["KRN00"]) == [item for item in IDS if item.startswith("KRN00")]
    assert ids(select=["krn", "usr001"], ignore=["KRN"]) == ["USR001"]
    assert ids(select=["kernel-hidden"]) == ["KRN008"]
    with pytest.raises(UsageError, match="KRN999"):
        ids(select=["KRN999"])
    with pytest.raises(UsageError):
        ids(ignore=[""])


def test_kernel_problems() -> None:
    directory = "/usr/local/share/jupyter/kernels/python3"
    subject = make_subject([*base(), kernel(directory[1:], ("/gone", "{connection_file}"))])
    assert run(subject).kernel_problems() == {directory: ("KRN005",)}


def test_pages() -> None:
    page = parse_page("Title\n  goes on.\n\n## A\n\ntext\n\n## B\nmore\n")
    assert (page.summary, dict(page.sections)) == ("Title goes on.", {"A": "text", "B": "more"})


class _EntryPoint(SimpleNamespace):
    name: str
    value: object
    dist = SimpleNamespace(name="acme", version="1.0")

    def load(self) -> object:
        """Return what it names, or fail."""
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


def load_entry_points(monkeypatch: pytest.MonkeyPatch, *values: object) -> list[str]:
    """Return the ids of the rules that other packages bring."""
    points = [_EntryPoint(name=f"p{n}", value=value) for n, value in enumerate(values)]
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == "ocianalyze.rules" else [])
    registry.foreign_rules.cache_clear()
    try:
        return [item.id for item in registry.all_rules.__wrapped__() if item.module == __name__]
    finally:
        registry.foreign_rules.cache_clear()


def test_rules_of_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make_rule("XYZ001"), replace(make_rule("XYZ002"), name="another-rule")
    module = ModuleType(__name__)
    vars(module).update(rule=second, other=1)
    assert load_entry_points(monkeypatch, first, module) == ["XYZ001", "XYZ002"]


ANY = make_rule("XYZ001")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (ImportError("gone"), "rules 'p0' of acme 1.0 cannot be loaded: ImportError: gone"),
        (SystemExit(0), "rules 'p0' of acme 1.0 cannot be loaded: SystemExit"),
        (5, "is neither a rule nor a module with rules"),
        (ModuleType("empty"), "is neither a rule nor a module with rules"),
        (
            make_rule("KRN001"),
            "two rules have the id KRN001: one in ocianalyze.rules.kernels.no_usable_kernel, one in",
        ),
        (replace(ANY, name="user-unsupported"), "two rules have the name user-unsupported"),
        (replace(ANY, id="xyz1"), "acme 1.0: rule xyz1: an id must be"),
        (replace(ANY, severity={}), "it belongs to no profile"),
        (replace(ANY, severity={"studio": Severity.NOTE}), "unknown profile 'studio'"),
        (replace(ANY, severity={CLASSIC: "note"}), "'note' is not a Severity"),  # type: ignore[dict-item]
        (replace(ANY, reads=("etc/passwd",)), "must be an absolute path or begin with"),
    ],
)
def test_rules_of_other_packages_that_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, value: object, message: str
) -> None:
    with pytest.raises(RuleError, match=re.escape(message)):
        load_entry_points(monkeypatch, value)


def test_a_rule_that_exits_is_an_error(subject: Subject) -> None:
    @rule(id="EEE003", severity={CLASSIC: Severity.NOTE})
    def leaving(subject: Subject) -> Iterator[Finding]:
        yield Finding(message=str(subject.size_limit))
        raise SystemExit(0)

    with pytest.raises(RuleError, match="EEE003"):
        run(subject, rules=[leaving])
