"""What the output of other tools says that ours says as well."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

OURS: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "paths": lambda report: report["facts"]["filesystem"]["entries"],
    "files": lambda report: report["facts"]["filesystem"]["files"],
    "diff_ids": lambda report: [layer["diff_id"] for layer in report["layers"]],
}
"""What a JSON report of ours says: paths of the merged file system, files among them, the layers."""


def count_lines(path: Path) -> int:
    """Return how many lines there are."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


def skopeo_layers(path: Path) -> list[str]:
    """Return the layers that `skopeo inspect` names; in a docker archive it names them by diff_id."""
    layers: list[str] = json.loads(path.read_bytes())["Layers"]
    return layers


def syft_files(path: Path) -> int:
    """Return how many paths syft's own JSON lists, the root left out, which a layer may or may not have."""
    found = json.loads(path.read_bytes()).get("files", [])
    return len({item["location"]["path"] for item in found} - {"/"})


def show(value: object) -> str:
    """Return an answer as readers want it."""
    return f"{value:,}" if isinstance(value, int) else f"{len(value)} layers" if isinstance(value, list) else str(value)
