"""Manifests and configs of images in registries that are known already: whoever opens an image again need not ask."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class StoredDocument(NamedTuple):
    """A manifest, an index or a config: its media type, empty for a config, and its bytes."""

    media_type: str
    content: bytes


class DocumentStore(Protocol):
    """Keeps documents by their digests; what is kept was verified, and what is found is verified again."""

    def find(self, digest: str) -> StoredDocument | None:
        """Return the document with this digest, or None."""

    def keep(self, digest: str, document: StoredDocument) -> None:
        """Keep a document that has this digest."""


class NoDocuments:
    """Keeps none."""

    def find(self, digest: str) -> None:
        """Return None."""

    def keep(self, digest: str, document: StoredDocument) -> None:
        """Do nothing."""
