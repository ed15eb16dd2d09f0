"""Fingerprints: the same for one finding whatever its image looks like, and another for every other finding."""

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.reports.report import Report
from ocianalyze.rules.engine import run
from ocianalyze.rules.fingerprints import digest, with_fingerprints
from ocianalyze.rules.judgement import Judgement
from ocianalyze.rules.profiles import ALL, CLASSIC, JUPYTERLAB, PROFILES, everywhere
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Finding, Rule, Severity, Subject, rule
from tests.rules.distinct import check_distinct
from tests.rules.subjects import base, golden, good, kernel, make_subject
from tests.support.compress import compress
from tests.support.fit import BASE, IPYKERNEL, PYTHON, fit_image
from tests.support.forms import FormName, write_archive, write_directory
from tests.support.images import ImageSpec
from tests.support.tarballs import Item, file, symlink, whiteout
from tests.test_one_answer import any_image

ROOT: Final = Path(__file__).parents[2]
GOLDEN: Final = ROOT / "tests" / "data" / "fingerprints.json"
OF_THE_FORM: Final = ("IMG003", "IMG004")
"""The rules about the form in which an image is stored."""
RULES: Final = [item for item in all_rules() if item.package == "ocianalyze"]
CHANGING: Final = ("message", "hint", "severity", "bytes", "count", "size", "layer", "digest", "version", "paths")
"""What a rebuild changes."""

TROUBLES: Final[tuple[Sequence[Item], ...]] = (
    [
        file("opt/ml/code/train.py", b"print()\n"),
        file("usr/lib/x86_64-linux-gnu/libcuda.so.535.104.05", b"\x7fELF" + bytes(2_000)),
        file("var/owned", b"#", uid=70_000),
        symlink("opt/broken", "/nowhere"),
    ],
    [
        file("opt/ml/code/train.py", b"print(1)\n"),
        file("usr/lib/x86_64-linux-gnu/libnvidia-ml.so.535.104.05", b"\x7fELF"),
        file("home/sagemaker-user/work.ipynb", b"{}"),
        kernel("usr/local/share/jupyter/kernels/other", ("/nowhere",)),
        kernel("usr/local/share/jupyter/kernels/R and more", ("/usr/local/bin/python3", "-m", "lost")),
    ],
    [file("opt/ml/code/more.py", b"#"), whiteout("opt/broken"), file("var/owned2", b"#", uid=70_000)],
)
TROUBLED: Final[Mapping[str, Any]] = {
    "User": "1001",
    "Env": [
        "PATH=/usr/local/bin:/bin",
        "AWS_REGION=x",
        "SAGEMAKER_A=1",
        "APP_PORT=8888",
        "NVIDIA_VISIBLE_DEVICES=none",
    ],
    "Cmd": ["jupyter", "lab", "--port=8888"],
    "ExposedPorts": {"8888/tcp": {}, "8888/udp": {}},
}


def look(reference: Path | str, policy: Policy | None = None, **how: Any) -> Report:  # noqa: ANN401 - as `Source`
    return analyze(Source(reference=str(reference), **how), policy or Policy(ignore=OF_THE_FORM))


def fingerprints(report: Report) -> dict[str, str]:
    """Return the rule of each finding by its fingerprint."""
    every = [(item.fingerprint, item.rule) for item in (*report.findings, *report.other_findings)]
    assert len(dict(every)) == len(every)
    assert all(re.fullmatch(r"[0-9a-f]{64}:[1-9]\d*", fingerprint) for fingerprint, _ in every)
    return dict(every)


def troubled(*, below: Sequence[Item] = (), above: Sequence[Item] = (), name: str = "example.com/a/b:1") -> ImageSpec:
    layers = [*([below] if below else []), BASE, PYTHON, IPYKERNEL, *TROUBLES, *([above] if above else [])]
    return ImageSpec(layers=layers, config=TROUBLED, tags=(name,))


def some_subject() -> Subject:
    return make_subject(BASE, PYTHON, IPYKERNEL, *TROUBLES, config=TROUBLED)


def fingerprints_of(subject: Subject, profiles: Sequence[str] = (CLASSIC,), **options: Any) -> dict[str, str]:  # noqa: ANN401 - as `run`
    """Return the message of each finding by its fingerprint, whether or not it is for a requested profile."""
    outcome = run(subject, profiles, **options)
    return {item.fingerprint: item.finding.message for item in (*outcome.judgements, *outcome.others)}


@pytest.mark.parametrize("spec", [troubled(), any_image(1), any_image(5)], ids=["troubled", "one", "another"])
def test_the_form_the_name_and_the_compression_change_none(tmp_path: Path, spec: ImageSpec) -> None:
    names: tuple[FormName, ...] = ("docker-legacy", "docker-25", "docker-29", "podman-save", "kaniko", "oci")
    first = fingerprints(look(write_archive(tmp_path / "first.tar", spec, "docker-25")))
    assert len(first) > 3
    renamed = ImageSpec(layers=spec.layers, config=spec.config, tags=("registry.example/other/name:2",))
    for compression in ("none", "gzip", "zstd"):
        for number, name in enumerate(names):
            path = tmp_path / f"{number}-{compression}.tar"
            write_archive(path, (spec, renamed)[number % 2], name, compression=compression)
            assert fingerprints(look(path)) == first, path
            assert fingerprints(look("-", stdin=io.BytesIO(path.read_bytes()))) == first, path
        layout = write_directory(tmp_path / f"layout-{compression}", renamed, "oci", compression=compression)
        assert fingerprints(look(layout)) == first
    packed = tmp_path / "packed.tar.gz"
    packed.write_bytes(compress((tmp_path / "first.tar").read_bytes(), "gzip"))
    assert fingerprints(look(packed)) == first


def test_an_unrelated_layer_changes_none(tmp_path: Path) -> None:
    below, above = [file("srv/below", b"#")], [file("srv/above", b"#")]
    first = fingerprints(look(write_archive(tmp_path / "first.tar", troubled(), "docker-25")))
    assert {"FSR001", "GPU001", "USR005", "KRN005", "APP010"} <= set(first.values())
    for number, spec in enumerate(
        (troubled(below=below), troubled(above=above), troubled(below=below, above=above, name="c:3"))
    ):
        assert fingerprints(look(write_archive(tmp_path / f"{number}.tar", spec, "docker-25"))) == first


def test_a_change_that_is_not_about_a_finding_keeps_it(tmp_path: Path) -> None:
    before = fingerprints(look(write_archive(tmp_path / "before.tar", troubled(), "docker-25")))
    config = {**TROUBLED, "ExposedPorts": {"8888/udp": {}}, "Env": [*TROUBLED["Env"][:2], "SAGEMAKER_A=2"]}
    layers = [
        BASE,
        PYTHON,
        IPYKERNEL,
        TROUBLES[0],
        [*TROUBLES[1][1:], file("usr/share/new", bytes(3_000))],
        TROUBLES[2],
    ]
    after = fingerprints(
        look(write_archive(tmp_path / "after.tar", ImageSpec(layers=layers, config=config), "docker-25"))
    )
    assert after.keys() < before.keys()
    gone = sorted(before[fingerprint] for fingerprint in before.keys() - after.keys())
    assert gone == ["APP010", "APP010", "GPU006"]


@pytest.mark.parametrize("profile", [*PROFILES, ALL])
def test_the_profiles_asked_for_change_none(profile: str) -> None:
    subject = some_subject()
    chosen = tuple(PROFILES) if profile == ALL else (profile,)
    assert fingerprints_of(subject, chosen) == fingerprints_of(subject)


@pytest.mark.parametrize("options", [{"select": ["FSR"]}, {"select": ["APP010", "KRN"]}, {"ignore": ["FSR001", "USR"]}])
def test_the_rules_asked_for_change_none(options: dict[str, Any]) -> None:
    subject = some_subject()
    every, some = fingerprints_of(subject), fingerprints_of(subject, **options)
    assert some
    assert some.items() < every.items()


def test_other_severities_change_none() -> None:
    subject = some_subject()
    other = {item.id: Severity.NOTE for item in RULES}
    assert fingerprints_of(subject, severity=other) == fingerprints_of(subject)


def test_rules_that_run_before_the_layers_are_read_change_none() -> None:
    subject = some_subject()
    early = run(subject.declaration, [CLASSIC])
    assert early.judgements
    every = {item.fingerprint: item.finding.message for item in (*early.judgements, *early.others)}
    assert every.items() < fingerprints_of(subject).items()


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "testdata").glob("*.tar*")))
def test_those_of_real_images_are_distinct(name: str) -> None:
    report = look(ROOT / "testdata" / name, Policy(profiles=[ALL]))
    check_distinct((item.rule, item.fingerprint) for item in (*report.findings, *report.other_findings))


@pytest.mark.parametrize("seed", range(6))
def test_those_of_any_images_are_distinct(tmp_path: Path, seed: int) -> None:
    path = write_archive(tmp_path / "any.tar", any_image(seed), "oci")
    report = look(path, Policy(profiles=[ALL]))
    check_distinct((item.rule, item.fingerprint) for item in (*report.findings, *report.other_findings))


@pytest.mark.parametrize("layers", [[base()], golden(), [good()], [BASE, PYTHON, IPYKERNEL, *TROUBLES]])
def test_those_of_made_images_are_distinct(layers: Sequence[Sequence[Item]]) -> None:
    outcome = run(make_subject(*layers, config=TROUBLED), tuple(PROFILES))
    assert outcome.judgements
    check_distinct((item.rule.id, item.fingerprint) for item in (*outcome.judgements, *outcome.others))


def test_what_a_start_script_needs_tells_findings_apart() -> None:
    script = b"#!/bin/bash\nsupervisord -n\n"
    entry = "entrypoint-jupyter-server"
    items = [
        *good(),
        file(f"usr/local/bin/{entry}", script, mode=0o755),
        file("etc/supervisor/conf.d/jupyter.conf", b"command=start-jupyter-server\n"),
    ]
    subject = make_subject(items, config={"Entrypoint": [entry], "Env": ["PATH=/usr/local/bin:/bin"]})
    outcome = run(subject, [JUPYTERLAB], select=["APP002"])
    needed = [item.finding.data.get("needed") for item in outcome.judgements]
    assert {"supervisord", "start-jupyter-server"} <= set(needed)
    assert all(item.fingerprint.endswith(":1") for item in outcome.judgements)


def make_rule(*identity: str) -> Rule:
    @rule(id="TST001", severity=everywhere(Severity.NOTE), identity=identity)
    def some_rule(_subject: Subject) -> Any:  # noqa: ANN401 - it never runs
        yield Finding(message="a")

    return some_rule


def numbers(*found: Finding, identity: Sequence[str] = ("path",)) -> list[str]:
    made = make_rule(*identity)
    judgements = [Judgement(made, finding, Severity.NOTE, {CLASSIC: Severity.NOTE}) for finding in found]
    assert [item.finding for item in with_fingerprints(judgements)] == list(found)
    return [item.fingerprint.partition(":")[2] for item in with_fingerprints(judgements)]


def test_equal_ones_are_counted_by_layer() -> None:
    layers = [Finding(message=str(layer), layer=layer) for layer in (None, 3, 0, 3)]
    assert numbers(*layers) == ["4", "2", "1", "3"]
    assert numbers(*layers, Finding(message="", path="/a", layer=1)) == ["4", "2", "1", "3", "1"]
    shifted = [Finding(message="", layer=layer) for layer in (None, 7, 4, 7)]
    assert numbers(*shifted) == numbers(*layers)


def test_what_a_fingerprint_is_made_of() -> None:
    made = make_rule("b", "path", "a", "missing")
    finding = Finding(message="m", path="/é\udcff", data={"a": "x", "b": ["ü", 1], "c": "not in it"}, layer=4)
    text = r'["ocianalyze/1","TST001",{"a":"x","b":["\u00fc",1],"missing":null,"path":"/\u00e9\udcff"}]'
    assert digest(made, finding) == hashlib.sha256(text.encode()).hexdigest()
    assert digest(make_rule("missing", "a", "b", "path"), finding) == digest(made, finding)
    other = Finding(message="n", path="/é\udcff", data={"b": ["ü", 1], "a": "x", "d": 1}, kind="undecided", hint="h")
    assert digest(made, other) == digest(made, finding)
    assert digest(made, Finding(message="m")) == digest(made, Finding(message="m", path=""))


def test_anything_in_an_image_has_one() -> None:
    rng = Random(3)  # noqa: S311 - chance that can be repeated
    for _ in range(100):
        text = "".join(chr(rng.choice((0, 10, 34, 92, 0x7F, 0x2028, 0xDC80, 0xDCFF, 0x1F600))) for _ in range(20))
        assert len(digest(make_rule("a", "path"), Finding(message="", path=f"/{text}", data={"a": text}))) == 64


@pytest.mark.parametrize("item", RULES, ids=lambda item: item.id)
def test_an_identity_is_documented_and_lasts(item: Rule) -> None:
    documented = {"path"} | set(re.findall(r"`([a-z_]+)`", item.page.sections["Data"]))
    assert documented.issuperset(item.identity), f"the page does not document {set(item.identity) - documented}"
    assert len(set(item.identity)) == len(item.identity)
    assert not set(item.identity).intersection(CHANGING)


def synthetic() -> dict[str, dict[str, Any]]:
    """Return for each rule its identity, and the fingerprint of a finding made for it."""
    made = {}
    for item in RULES:
        finding = Finding(
            message="", path=f"/{item.name}", data={key: f"some {key}" for key in item.identity if key != "path"}
        )
        made[item.id] = {"identity": sorted(item.identity), "fingerprint": f"{digest(item, finding)}:1"}
    return made


def test_no_fingerprint_changes_unnoticed() -> None:
    assert synthetic() == json.loads(GOLDEN.read_text(encoding="utf-8")), (
        "fingerprints change, so that stored reports no longer fit: if they have to, run "
        "'python -m tests.rules.test_fingerprints', and say so in the changelog"
    )


def test_a_report_has_them_in_its_order(tmp_path: Path) -> None:
    spec = fit_image(*TROUBLES, config=TROUBLED)
    report = look(write_archive(tmp_path / "image.tar", spec, "docker-25"), Policy(profiles=[ALL]))
    last: dict[tuple[str, str], int] = {}
    for finding in report.findings:
        digits, _, number = finding.fingerprint.partition(":")
        key = finding.severity, digits
        assert int(number) > last.get(key, 0)
        last[key] = int(number)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(synthetic(), indent=1) + "\n", encoding="utf-8")
