"""Rules that need no layer: they see no file, are asked once, and fail closed like all others."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.errors import RuleError
from ocianalyze.layers.reading.cache import LayerCache
from ocianalyze.oci.image import ByteRange
from ocianalyze.reports.schema import json_schema
from ocianalyze.rules.engine import Outcome, run
from ocianalyze.rules.profiles import CLASSIC, HYPERPOD, JUPYTERLAB, PROFILES
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Declaration, EarlyRule, Finding, Severity, Subject, rule
from tests.conftest import SaveImage
from tests.rules.subjects import good, make_subject
from tests.support.fit import fit_image
from tests.support.observing import Foresight

DEMO = Path(__file__).parents[2] / "testdata" / "demo.tar.gz"
EARLY = (
    *("APP008", "APP010", "CFG001", "CFG002", "CFG003", "CFG004", "CFG005", "CFG006", "FSR006", "GPU004", "GPU005"),
    *("GPU006", "IMG001", "IMG003", "IMG004", "IMG005", "IMG006", "IMG007", "RTM006", "SIZ004", "SIZ005"),
)
CONFIG = {
    "Env": ["AWS_SECRET_ACCESS_KEY=x", "NVIDIA_DRIVER_CAPABILITIES=x", "NVIDIA_REQUIRE_CUDA=cuda>=12.4", "PORT=8888"],
    "ExposedPorts": {"8888/tcp": {}},
    "WorkingDir": "/srv",
}


class Unreadable:
    """A blob that nobody may read."""

    size = None

    def chunks(self) -> Iterator[bytes]:
        """Fail."""
        raise AssertionError("a layer is read")

    def byte_range(self) -> ByteRange | None:
        """Fail."""
        raise AssertionError("a layer is read")


def told(outcome: Outcome) -> list[tuple[str, Finding]]:
    """Return what the early rules found."""
    every = (*outcome.judgements, *outcome.others)
    return [(item.rule.id, item.finding) for item in every if isinstance(item.rule, EarlyRule)]


def test_which_they_are() -> None:
    assert [item.id for item in all_rules() if isinstance(item, EarlyRule)] == list(EARLY)


@pytest.mark.parametrize("profile", PROFILES)
def test_they_find_the_same_with_and_without_layers(profile: str) -> None:
    media_types = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.layer.v1.tar+zstd")
    subject = make_subject(
        good(),
        config=CONFIG,
        platform="linux/arm64",
        app_image_config={"AppImageConfigName": "-"},
        driver_version="470.57.02",
        sizes=[11_000_000_000],
        media_types=media_types,
    )
    sealed = subject.image._replace(layers=tuple(layer._replace(blob=Unreadable()) for layer in subject.image.layers))
    early = run(replace(subject.declaration, image=sealed), [profile])
    assert told(early) == told(run(subject, [profile]))
    assert {id_ for id_, _ in told(early)} >= {"IMG001", "IMG003", "IMG004", "APP008", "APP010", "GPU004", "SIZ004"}
    assert all(isinstance(item, EarlyRule) for item in early.rules)


def test_a_rule_is_asked_once_and_never_sees_more() -> None:
    asked: list[type] = []

    @rule(id="EEE001", severity={CLASSIC: Severity.ERROR}, before_layers=True)
    def counted(subject: Declaration) -> Iterator[Finding]:
        asked.append(type(subject))
        yield Finding(message=f"asked {len(asked)} times")

    subject = make_subject(good())
    early = run(subject.declaration, rules=[counted])
    late = run(subject, rules=[counted], earlier=early)
    assert [item.finding.message for item in (*early.judgements, *late.judgements)] == ["asked 1 times"] * 2
    run(subject, rules=[counted])
    assert asked == [Declaration, Declaration]


def test_one_that_fails_is_an_error_at_once_or_takes_its_profiles_verdict() -> None:
    asked: list[str] = []

    @rule(id="EEE002", severity={JUPYTERLAB: Severity.NOTE}, before_layers=True)
    def failing(_subject: Declaration) -> Iterator[Finding]:
        asked.append("")
        raise KeyError("oops")

    subject = make_subject(good())
    with pytest.raises(RuleError, match=r"EEE002 .*KeyError.*oops"):
        run(subject.declaration, [JUPYTERLAB], rules=[failing])
    asked.clear()
    early = run(subject.declaration, [CLASSIC], rules=[failing])
    late = run(subject, [CLASSIC], rules=[failing], earlier=early)
    assert early.failures == late.failures
    assert list(late.failures) == [JUPYTERLAB]
    assert len(asked) == 1


def test_one_that_wants_files_all_the_same_is_an_error() -> None:
    def hungry(subject: Subject) -> Iterator[Finding]:
        yield Finding(message=str(subject.filesystem))

    made = rule(id="EEE003", severity={CLASSIC: Severity.NOTE}, before_layers=True)(hungry)  # type: ignore[arg-type]
    for subject in (make_subject(good()), make_subject(good()).declaration):
        with pytest.raises(RuleError, match=r"EEE003 .*filesystem"):
            run(subject, rules=[made])


def test_a_scan_stops_where_they_decide(save_image: SaveImage) -> None:
    path = save_image(replace(fit_image(), platform="linux/arm64"), "docker-25")
    told_early: list[Outcome] = []
    source = Source(reference=str(path), platform="linux/arm64")
    policy = Policy(fail_fast=True, profiles=[CLASSIC])
    report = analyze(source, policy, observers=[Foresight(told_early.append)])
    assert report.verdict == "fail"
    assert (report.facts, report.layers, report.timing.bytes_read) == (None, [], 0)
    assert "no layer was read" in str(report.stopped)
    assert [finding.rule for finding in report.findings if finding.severity == "error"] == ["IMG001"]
    verdicts = {profile: judged.verdict for profile, judged in report.profiles.items()}
    assert verdicts.pop(HYPERPOD) == "error"  # some of its nodes have ARM processors
    assert set(verdicts.values()) == {"fail"}
    jsonschema.validate(json.loads(report.to_json()), json_schema())
    (outcome,) = told_early
    assert [item.rule.id for item in outcome.decisive("error")] == ["IMG001"]
    full = analyze(source, Policy(profiles=[CLASSIC]))
    assert full.stopped is None
    assert [finding for finding in full.findings if finding.rule in EARLY] == report.findings


def test_it_is_told_early_only_while_there_are_layers_to_read(save_image: SaveImage, tmp_path: Path) -> None:
    path = save_image(fit_image(config={"ExposedPorts": {"8888/tcp": {}}}), "oci", compression="gzip")
    cache = LayerCache(tmp_path / "cache")
    source = Source(reference=str(path), cache=cache)
    told: list[Outcome] = []
    first = analyze(source, observers=[Foresight(told.append)])
    assert len(told) == 1
    again = analyze(source, observers=[Foresight(told.append)])
    assert len(told) == 1
    assert {layer.read for layer in again.layers} == {"cache"}
    assert again.findings == first.findings
    analyze(
        Source(reference=str(DEMO)), observers=[Foresight(told.append)]
    )  # it is compressed as a whole: its layers come first
    assert len(told) == 1


def test_a_profile_of_which_nothing_sure_is_known_does_not_pass(save_image: SaveImage) -> None:
    config = {"ExposedPorts": {"8888/tcp": {}}, "WorkingDir": "/home/sagemaker-user"}
    path = save_image(fit_image(config=config))
    report = analyze(Source(reference=str(path)), Policy(profiles=[CLASSIC], fail_fast=True, fail_on="note"))
    verdicts = {profile: judged.verdict for profile, judged in report.profiles.items()}
    assert set(verdicts.values()) == {report.verdict} == {"error"}
    assert report.stopped
    config["User"] = "nobody-at-all"
    failed = analyze(
        Source(reference=str(save_image(fit_image(config=config)))),
        Policy(profiles=[CLASSIC], fail_fast=True, fail_on="note"),
    )
    assert {profile.verdict for profile in failed.profiles.values()} == {"error"}  # USER needs the layers


def test_where_they_decide_nothing_the_report_is_the_same(save_image: SaveImage) -> None:
    path = save_image(fit_image())
    fast = analyze(Source(reference=str(path)), Policy(fail_fast=True)).model_dump(exclude={"timing"})
    assert fast == analyze(Source(reference=str(path))).model_dump(exclude={"timing"})
    streamed = analyze(Source(reference="-", stdin=io.BytesIO(path.read_bytes())), Policy(fail_fast=True))
    assert streamed.facts is not None
