"""The JSON Schema of the report, with the description and the example that stand below each of its fields."""

from __future__ import annotations

import ast
import inspect
import json
from typing import TYPE_CHECKING, Any

from ocianalyze.reports import report

if TYPE_CHECKING:
    from collections.abc import Iterator


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the report (draft 2020-12)."""
    schema = report.Report.model_json_schema(by_alias=True, mode="serialization")
    described = dict(_described())
    for name, part in (("Report", schema), *schema["$defs"].items()):
        model = getattr(report, name)
        for field, info in model.model_fields.items():
            part["properties"][info.alias or field].update(described[name, field])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": report.SCHEMA, **schema}


def _described() -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """Yield what is said of each field, by its model and its name."""
    for model in ast.parse(inspect.getsource(report)).body:
        if isinstance(model, ast.ClassDef):
            for field, text in zip(model.body, model.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    yield (model.name, field.target.id), _described_by(text)


def _described_by(text: ast.stmt) -> dict[str, Any]:
    assert isinstance(text, ast.Expr)  # noqa: S101 - our own source
    assert isinstance(text.value, ast.Constant)  # noqa: S101
    description, _, example = " ".join(str(text.value.value).split()).partition("Example: ")
    described: dict[str, Any] = {"description": description.strip().replace("``", "`")}
    return described | ({"examples": [json.loads(example)]} if example else {})
