"""What holds for every format: valid for those who read it, whatever the report says, and never a command."""

import json
from pathlib import Path, PurePosixPath

import jsonschema
import pytest
from junitparser import JUnitXml
from lxml import etree

from ocianalyze.errors import UsageError
from ocianalyze.reports.formats import FORMS, form_of, render
from ocianalyze.reports.report import Report
from tests.reports.formats.samples import NAMES, report
from tests.reports.test_output_is_data import obeyed

DATA = Path(__file__).parents[2] / "data"
SARIF = json.loads((DATA / "sarif-2.1.0.json").read_bytes())
JUNIT = etree.XMLSchema(file=str(DATA / "junit-10.xsd"))


@pytest.mark.parametrize("name", NAMES)
def test_json(name: str) -> None:
    content = render(report(name), "json")
    stored = Report.from_json(content)
    assert stored == report(name)
    assert render(stored, "json") == content


@pytest.mark.parametrize("name", NAMES)
def test_sarif(name: str) -> None:
    log = json.loads(render(report(name), "sarif"))
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(log)


@pytest.mark.parametrize("name", NAMES)
def test_junit(name: str) -> None:
    content = render(report(name), "junit")
    JUNIT.assertValid(etree.fromstring(content))
    suites = list(JUnitXml.fromstring(content))
    for suite in suites:
        cases = list(suite)
        assert suite.tests == len(cases)
        assert suite.failures == sum(any(type(item).__name__ == "Failure" for item in case.result) for case in cases)
        names = [(case.classname, case.name) for case in cases]
        assert len(names) == len(set(names)), "GitLab drops a name that occurs twice"
    assert suites


@pytest.mark.parametrize("name", NAMES)
def test_code_quality(name: str) -> None:
    issues = json.loads(render(report(name), "gitlab-codequality"))
    for issue in issues:
        assert issue["description"]
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        path = PurePosixPath(issue["location"]["path"])
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert issue["location"]["lines"]["begin"] >= 1
    fingerprints = [issue["fingerprint"] for issue in issues]
    assert len(set(fingerprints)) == len(fingerprints), "GitLab shows equal ones as one"
    assert bool(issues) == (name != "fit")


@pytest.mark.parametrize("form", [form for form in FORMS if form != "github"])
def test_nothing_is_a_command(form: str) -> None:
    for name in NAMES:
        assert list(obeyed(render(report(name), form).decode().replace("✅", "").replace("❓", ""))) == [], name


@pytest.mark.parametrize("form", FORMS)
def test_what_could_not_be_analysed_is_no_success(form: str) -> None:
    text = render(report("not-analysed"), form).decode()
    assert "i.tar" in text
    assert "/x/" not in text or form == "json", "directories of the machine are nobody's business"
    assert "could not be analysed" in text or form == "json"


@pytest.mark.parametrize("form", FORMS)
def test_a_report_is_written_the_same_from_a_stored_one(form: str) -> None:
    for name in NAMES:
        assert render(Report.from_json(report(name).to_json()), form) == render(report(name), form)


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("a.json", "json"),
        ("a.sarif", "sarif"),
        ("a.sarif.json", "sarif"),
        ("ocianalyze.junit.xml", "junit"),
        ("x/gl-code-quality-report.json", "gitlab-codequality"),
        ("a.MD", "markdown"),
        ("ocianalyze.html", "html"),
        ("a.txt", None),
        ("json", None),
    ],
)
def test_the_name_of_a_file_says_its_form(file: str, form: str | None) -> None:
    assert form_of(PurePosixPath(file)) == form


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("findings", 0, "rule"), "X\x1b[2J"),
        (("findings", 0, "name"), "##[error]x"),
        (("findings", 0, "url"), "https://x/\n::error::y"),
        (("findings", 0, "source"), {"file": "a", "line": 0, "end_line": 1, "instruction": "RUN"}),
        (("rules", 0, "id"), "\x00"),
        (("tool", "version"), "\u202e"),
        (("timing", "started"), "soon"),
        (("profiles", "studio-classic", "notice"), "\x9b31m"),
    ],
)
def test_what_is_not_of_the_image_is_checked_in_stored_reports(place: tuple[str | int, ...], value: object) -> None:
    stored = json.loads(report("demo").to_json())
    inner = stored
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(UsageError, match="is not valid at"):
        Report.from_json(json.dumps(stored).encode())


def test_what_a_stored_report_says_twice_is_one_rule() -> None:
    doubled = report("demo").model_copy(update={"rules": [*report("demo").rules] * 2})
    jsonschema.Draft4Validator(SARIF).validate(json.loads(render(doubled, "sarif")))
