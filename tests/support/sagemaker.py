"""The SageMaker API as botocore knows it: its own validation, and the limits that it leaves to the service."""

import re
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator


@cache
def service() -> ServiceModel:
    """Return the model of the API."""
    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


def request(operation: str = "CreateAppImageConfig") -> Shape:
    """Return the shape of an operation's request."""
    shape = service().operation_model(operation).input_shape
    assert shape is not None
    return shape


def refused(config: dict[str, Any]) -> str:
    """Return what botocore itself has against these parameters of CreateAppImageConfig; empty if nothing."""
    report: str = ParamValidator().validate(config, request()).generate_report()
    return report


def complaints(config: dict[str, Any]) -> list[Any]:
    """Return all that is wrong with these parameters: what botocore says, and the limits that the service enforces."""
    report = refused(config)
    return [report] if report else _beyond(config, request())


def _beyond(value: Any, shape: Any) -> list[Any]:  # noqa: ANN401 - any JSON value, and botocore's untyped shapes
    """Return which limits and patterns are broken that botocore does not enforce."""
    found: list[Any] = []
    size = value if isinstance(value, int) else len(value)
    if size > shape.metadata.get("max", size):
        found.append((shape.name, "max"))
    pattern = shape.metadata.get("pattern")
    if pattern is not None and "\\p" not in pattern and not re.fullmatch(pattern, value):
        found.append((shape.name, "pattern"))
    if shape.type_name == "structure":
        for key, item in value.items():
            found += _beyond(item, shape.members[key])
    elif shape.type_name == "map":
        for key, item in value.items():
            found += [*_beyond(key, shape.key), *_beyond(item, shape.value)]
    elif shape.type_name == "list":
        for item in value:
            found += _beyond(item, shape.member)
    return found
