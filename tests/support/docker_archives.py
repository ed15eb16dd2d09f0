"""Docker archives: everything that has a `manifest.json`, as each tool and each age of Docker writes it.

Checked against real files: Docker 25 and 29 (from other projects' test data), kaniko's, and what `podman save` and
`skopeo copy` write on the spot. Docker 19's symlinked layers are from a real archive too.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.images import Blob, BuiltImage, platform_object, to_json
from tests.support.layouts import (
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    LayoutOptions,
    blob_items,
    descriptor,
    image_blobs,
    index_items,
    layout,
)
from tests.support.tarballs import Item, directory, file, symlink


def docker_legacy(images: Sequence[BuiltImage], *, symlinked: bool = False) -> list[Item]:
    """Return what `docker save` wrote before version 25: a directory for each layer.

    A layer that stands several times is stored once, and the others link to it; `symlinked` makes each layer a link.
    """
    members: dict[str, Item] = {}
    stored: dict[str, str] = {}
    entries = []
    for image in images:
        ids = _legacy_ids(image)
        paths = []
        for position, (name, layer) in enumerate(zip(ids, image.layers, strict=True)):
            path = f"{name}/layer.tar"
            paths.append(path)
            if path in members:
                continue
            home = stored.setdefault(layer.tar.digest, f"{_hex(path)}/layer.tar" if symlinked else path)
            members[home] = file(home, layer.stored.content)
            if home != path:
                members[path] = symlink(path, f"../{home}")
            parent = ids[position - 1] if position else None
            members |= _legacy_files(image, name, parent)
        config = f"{image.config.encoded}.json"
        members[config] = file(config, image.config.content)
        entries.append({"Config": config, "RepoTags": list(image.spec.tags) or None, "Layers": paths})
    members |= _names(images)
    directories = {path.partition("/")[0] for path in members if "/" in path}
    members |= {name: directory(name) for name in directories}
    return [*(members[path] for path in sorted(members)), file("manifest.json", to_json(entries))]


def docker_25(images: Sequence[BuiltImage]) -> list[Item]:
    """Return what `docker save` writes since version 25: a layout and a `manifest.json` with `LayerSources`.

    As there, an image without a name stands only in `manifest.json`.
    """
    blobs: list[Blob] = []
    entries = []
    described: list[dict[str, Any]] = []
    for image in images:
        sources = {layer.tar.digest: descriptor(layer.stored, OCI_LAYER["none"]) for layer in image.layers}
        manifest = Blob.of_json(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": {**descriptor(image.config, OCI_CONFIG), "platform": platform_object(image.spec.platform)},
                "layers": [sources[diff_id] for diff_id in image.diff_ids],
            },
        )
        blobs += [manifest, *image_blobs(image), *(Blob.of(_legacy_json(image, name)) for name in _legacy_ids(image))]
        entries.append({**_manifest_entry(image), "LayerSources": sources})
        described += [
            {
                **descriptor(manifest, OCI_MANIFEST),
                "annotations": {
                    "io.containerd.image.name": tag,
                    "org.opencontainers.image.ref.name": tag.rpartition(":")[2],
                },
            }
            for tag in image.spec.tags
        ]
    return [
        *blob_items(blobs),
        *index_items(described or None),
        file("manifest.json", to_json(entries)),
        *_names(images).values(),
    ]


def docker_29(images: Sequence[BuiltImage], options: LayoutOptions) -> list[Item]:
    """Return what containerd's exporter writes, for Docker 29 and `buildx --output type=docker`.

    `manifest.json` has one image of each name, the first.
    """
    first = {tuple(image.spec.tags): image for image in reversed(images)}
    entries = [_manifest_entry(image) for image in reversed(first.values())]
    return [*layout(images, options), file("manifest.json", to_json(entries))]


def podman_save(images: Sequence[BuiltImage]) -> list[Item]:
    """Return what `podman save`, `buildah push` and `skopeo copy` write for `docker-archive`; they share the code."""
    members: dict[str, Item] = {}
    entries = []
    for image in images:
        paths = [f"{layer.tar.encoded}.tar" for layer in image.layers]
        members |= {p: file(p, layer.stored.content) for p, layer in zip(paths, image.layers, strict=True)}
        config = f"{image.config.encoded}.json"
        members[config] = file(config, image.config.content)
        parent = None
        for name, path in zip(_legacy_ids(image), paths, strict=True):
            members[f"{name}/layer.tar"] = symlink(f"{name}/layer.tar", f"../{path}")
            members |= _legacy_files(image, name, parent)
            parent = name
        entries.append({"Config": config, "RepoTags": list(image.spec.tags), "Layers": paths})
    return [*members.values(), file("manifest.json", to_json(entries)), *_names(images).values()]


def kaniko(images: Sequence[BuiltImage]) -> list[Item]:
    """Return what kaniko and crane write: layers as stored and the configuration's digest as its name."""
    members: dict[str, Item] = {}
    entries = []
    for image in images:
        paths = [f"{layer.stored.encoded}.tar.gz" for layer in image.layers]
        members[image.config.digest] = file(image.config.digest, image.config.content)
        members |= {p: file(p, layer.stored.content) for p, layer in zip(paths, image.layers, strict=True)}
        entries.append({"Config": image.config.digest, "RepoTags": list(image.spec.tags), "Layers": paths})
    return [*members.values(), file("manifest.json", to_json(entries))]


def _manifest_entry(image: BuiltImage) -> dict[str, Any]:
    return {
        "Config": f"blobs/sha256/{image.config.encoded}",
        "RepoTags": list(image.spec.tags) or None,
        "Layers": [f"blobs/sha256/{layer.stored.encoded}" for layer in image.layers],
    }


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _legacy_ids(image: BuiltImage) -> list[str]:
    """Return the layers' ids of Docker's first format: each depends on those below, the last on the configuration."""
    ids: list[str] = []
    for layer in image.layers:
        ids.append(_hex(f"{ids[-1] if ids else ''} {layer.tar.digest}"))
    if ids:
        ids[-1] = _hex(f"{ids[-1]} {image.config.digest}")
    return ids


def _legacy_json(image: BuiltImage, name: str, parent: str | None = None) -> bytes:
    value = {"id": name, "created": image.spec.created, **platform_object(image.spec.platform)}
    return to_json(value | ({"parent": parent} if parent else {}))


def _legacy_files(image: BuiltImage, name: str, parent: str | None) -> dict[str, Item]:
    return {
        f"{name}/VERSION": file(f"{name}/VERSION", b"1.0"),
        f"{name}/json": file(f"{name}/json", _legacy_json(image, name, parent)),
    }


def _names(images: Sequence[BuiltImage]) -> Mapping[str, Item]:
    """Return `repositories`, which names each image by its last layer; there is none without names."""
    names: dict[str, dict[str, str]] = {}
    for image in images:
        top = (_legacy_ids(image) or [""])[-1]
        for tag in image.spec.tags:
            repository, _, version = tag.rpartition(":")
            names.setdefault(repository, {})[version] = top
    return {"repositories": file("repositories", to_json(names))} if names else {}
