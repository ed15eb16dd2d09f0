"""JSON in columns of the results file; one that somebody has changed may have anything there."""

from __future__ import annotations

from typing import Any

import orjson


def stored_json(text: str | None) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON document; None if it is none."""
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def stored_texts(text: str | None) -> list[str]:
    """Return a list of texts; empty if it is none."""
    value = stored_json(text)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
