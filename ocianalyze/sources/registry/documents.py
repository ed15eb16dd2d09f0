"""Manifests and configs of images in registries that are known already: whoever opens an image again need not ask."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import NamedTuple, TypeAlias


class StoredDocument(NamedTuple):
    """A manifest, an index or a config: its media type, empty for a config, and its bytes."""

    media_type: str
    content: bytes


StoredDocuments: TypeAlias = MutableMapping[str, StoredDocument]
"""Documents by their digests. What is put there was verified, and what is found there is verified again."""
