"""Pushes a layout as it is, with referrers and the tags that list them, which skopeo leaves behind or refuses.

Source: distribution-spec, "Pushing blobs" and "Pushing manifests".
"""

import json
from pathlib import Path
from typing import Any

import requests

from tests.support.registries import PASSWORD, USER, Registry

_REF_NAME = "org.opencontainers.image.ref.name"


def push_layout(registry: Registry, repository: str, layout: Path, tag: str) -> None:
    """Push all blobs and manifests of a layout; what is called like a tag for referrers keeps its name."""
    with requests.Session() as session:
        session.auth = None if registry.guard == "open" else (USER, PASSWORD)
        base = f"http://{registry.host}/v2/{repository}"
        blobs = {f"sha256:{path.name}": path.read_bytes() for path in (layout / "blobs" / "sha256").iterdir()}
        documents = {digest: found for digest, raw in blobs.items() if (found := _document(raw)) is not None}
        for digest in blobs.keys() - documents.keys():
            place = _done(session.post(f"{base}/blobs/uploads/")).headers["Location"]
            _done(session.put(f"{place}&digest={digest}", data=blobs[digest]))
        order = sorted(documents, key=lambda digest: "manifests" in documents[digest])  # an index after what it lists
        top = {item["digest"]: item["annotations"][_REF_NAME] for item in _json(layout / "index.json")["manifests"]}
        for digest in order:
            name = top.get(digest)
            for reference in (digest, *(() if name is None else (name if name.startswith("sha256-") else tag,))):
                headers = {"Content-Type": documents[digest]["mediaType"]}
                _done(session.put(f"{base}/manifests/{reference}", data=blobs[digest], headers=headers))


def _document(raw: bytes) -> dict[str, Any] | None:
    """Return a manifest or an index, None for all else."""
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"manifests", "layers"} & found.keys() else None


def _json(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(path.read_text())


def _done(response: requests.Response) -> requests.Response:
    response.raise_for_status()
    return response
