"""The report as JSON, and its schema."""

import json
from typing import Any

import jsonschema
import pytest

from ocianalyze.errors import UsageError
from ocianalyze.fleet.report import render
from ocianalyze.fleet.report.document import FleetReport
from ocianalyze.fleet.report.schema import json_schema
from tests.fleet.report.conftest import AskAbout
from tests.reports.test_output_is_data import obeyed
from tests.support.fleets import run

SCHEMA = json_schema()
PARTS: dict[str, Any] = {"FleetReport": SCHEMA, **SCHEMA["$defs"]}
FIELDS = [(name, field) for name, part in PARTS.items() for field in part["properties"]]


@pytest.mark.parametrize("name", ["sample_report", "hostile_report"])
def test_json_is_as_its_schema_says(request: pytest.FixtureRequest, name: str) -> None:
    report: FleetReport = request.getfixturevalue(name)
    content = render(report, "json")
    document = json.loads(content)
    jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert document["schema"] == "ocianalyze.fleet/1"
    assert len(document["images"]) == len(report.images)
    assert FleetReport.model_validate(document, by_alias=True) == report
    assert list(obeyed(content.decode())) == []


def test_an_empty_run_is_as_the_schema_says(about: AskAbout) -> None:
    jsonschema.validate(json.loads(render(about(run()), "json")), SCHEMA)


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[f"{name}.{field}" for name, field in FIELDS])
def test_each_field_is_described(name: str, field: str) -> None:
    info = PARTS[name]["properties"][field]
    assert info["description"][0].isupper() or info["description"][0] == "`"
    assert info["description"].endswith(".")
    for example in info.get("examples", ()):
        jsonschema.validate(example, {**info, "$defs": SCHEMA["$defs"]})


def test_sizes_and_times_have_units() -> None:
    for name, field in FIELDS:
        text = PARTS[name]["properties"][field]["description"].lower()
        if "size" in field or field in ("seconds", "apart", "together", "saved"):
            assert "byte" in text or "second" in text or field == "sizes", (name, field)


def test_an_unknown_format(sample_report: FleetReport) -> None:
    with pytest.raises(UsageError, match="unknown format 'jason'") as caught:
        render(sample_report, "jason")
    assert caught.value.hint == "Did you mean 'json'?"
