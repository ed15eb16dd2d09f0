"""The schema says of each field what it is; its examples are of its type."""

from typing import Any

import jsonschema
import pytest

from ocianalyze.reports.schema import json_schema

SCHEMA = json_schema()
PARTS: dict[str, Any] = {"Report": SCHEMA, **SCHEMA["$defs"]}
FIELDS = [(name, field) for name, part in PARTS.items() for field in part["properties"]]


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[f"{name}.{field}" for name, field in FIELDS])
def test_each_field_is_described(name: str, field: str) -> None:
    info = PARTS[name]["properties"][field]
    assert info["description"][0].isupper() or info["description"][0] == "`"
    assert info["description"].endswith((".", "zero"))
    for example in info.get("examples", ()):
        jsonschema.validate(example, {**info, "$defs": SCHEMA["$defs"]})


def test_sizes_and_times_have_units() -> None:
    for name, field in FIELDS:
        text = PARTS[name]["properties"][field]["description"].lower()
        if "size" in field or field == "seconds":
            assert any(word in text for word in ("byte", "second", "docker image ls", "download", "largest", "sizes"))
