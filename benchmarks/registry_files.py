"""The files that docker-registry keeps its images in, written without asking it.

Source: distribution, ``registry/storage/paths.go``.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

_REF_NAME = "org.opencontainers.image.ref.name"


def data_of(home: Path) -> Path:
    """Return where a registry keeps what it has whose directory is `home`."""
    return home / "data" / "docker" / "registry" / "v2"


def store_blob(data: Path, raw: bytes) -> str:
    """Write a blob, and return its digest."""
    digest = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    _place(data, digest).write_bytes(raw)
    return digest


def link_image(data: Path, name: str, manifests: Iterable[str], tags: Mapping[str, str], blobs: Iterable[str]) -> None:
    """Write what makes blobs an image of a repository; `tags` are the manifests that tags name."""
    home = data / "repositories" / name
    links = {
        **{home / "_layers" / "sha256" / blob.partition(":")[2]: blob for blob in blobs},
        **{home / "_manifests" / "revisions" / "sha256" / one.partition(":")[2]: one for one in manifests},
    }
    for tag, manifest in tags.items():
        place = home / "_manifests" / "tags" / tag
        links |= {place / "current": manifest, place / "index" / "sha256" / manifest.partition(":")[2]: manifest}
    for directory, digest in links.items():
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "link").write_text(digest)


def store_layout(data: Path, name: str, layout: Path, tag: str) -> None:
    """Let a repository have the image of a layout, with all that refers to it; its blobs become the registry's."""
    manifests: list[str] = []
    blobs: list[str] = []
    for path in (layout / "blobs" / "sha256").iterdir():
        digest = f"sha256:{path.name}"
        (manifests if _is_manifest(path) else blobs).append(digest)
        place = _place(data, digest)
        if not place.exists():
            os.link(path, place)
    top = json.loads((layout / "index.json").read_bytes())["manifests"]
    names = {item["digest"]: item.get("annotations", {}).get(_REF_NAME, tag) for item in top}
    tags = {name if name.startswith("sha256-") else tag: digest for digest, name in names.items()}
    link_image(data, name, manifests, tags, blobs)


def _place(data: Path, digest: str) -> Path:
    encoded = digest.partition(":")[2]
    directory = data / "blobs" / "sha256" / encoded[:2] / encoded
    directory.mkdir(parents=True, exist_ok=True)
    return directory / "data"


def _is_manifest(path: Path) -> bool:
    if path.stat().st_size > 1 << 20:
        return False
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(found, dict) and bool({"manifests", "layers"} & found.keys())
