"""The JSON Schemas of our documents, with the description and the example that stand below each of their fields."""

from __future__ import annotations

import ast
import inspect
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ocianalyze.reports import report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


class _Document(NamedTuple):
    """Where a document is declared, and what it is called there."""

    module: str
    model: str


_DOCUMENTS: Final = {
    "report": _Document("report", "Report"),
    "size": _Document("size.report", "SizeReport"),
    "diff": _Document("difference.document", "Difference"),
}

DOCUMENTS: Final = tuple(_DOCUMENTS)
"""The documents that have a schema: what ``scan``, ``size`` and ``diff`` write as JSON."""


def json_schema(document: str = "report") -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one of `DOCUMENTS`."""
    where, name = _DOCUMENTS[document]
    return schema_of(import_module(f"ocianalyze.reports.{where}"), name)


def schema_of(module: ModuleType, name: str) -> dict[str, Any]:
    """Return the JSON Schema of the document that is declared under a name in a module."""
    model = getattr(module, name)
    schema = model.model_json_schema(by_alias=True, mode="serialization")
    described = {**dict(_described(report)), **dict(_described(module))}
    for part_name, part in ((name, schema), *schema["$defs"].items()):
        fields = getattr(module, part_name, None) or getattr(report, part_name)
        for field, info in fields.model_fields.items():
            part["properties"][info.alias or field].update(described[part_name, field])
    identity = schema["properties"]["schema"]["const"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identity, **schema}


def _described(module: ModuleType) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """Yield what is said of each field, by its model and its name."""
    for model in ast.parse(inspect.getsource(module)).body:
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
