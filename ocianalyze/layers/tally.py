"""Bytes counted and hashed while they pass by."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ocianalyze.oci.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tally:
    """The size and the hash of what passed so far; `algorithm` is that of a digest, such as ``sha256``."""

    def __init__(self, algorithm: str) -> None:
        self._hash = hashlib.new(algorithm, usedforsecurity=True)
        self.size = 0

    def count(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the chunks as they are."""
        update = self._hash.update
        for chunk in chunks:
            self.size += len(chunk)
            update(chunk)
            yield chunk

    def digest(self) -> Digest:
        """Return the digest of what passed."""
        return Digest.parse(f"{self._hash.name}:{self._hash.hexdigest()}")
