"""Digests, as the image specification writes them (descriptor.md, section "Digests")."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Self

from ocianalyze.errors import InvalidImageError
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from hashlib import _Hash

_PATTERN = regex(r"(sha256):([0-9a-f]{64})|(sha512):([0-9a-f]{128})", re.ASCII)


class Digest(str):
    """A validated ``algorithm:encoded``, so that it may take part in a path, a URL or a cache key."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return `text` as a digest.

        Raises:
            InvalidImageError: it is not a sha256 or sha512 digest in lower-case hexadecimal.
        """
        if isinstance(text, cls):
            return text
        if not isinstance(text, str) or not _PATTERN.fullmatch(text):
            shown = repr(text if not isinstance(text, str) else text[:100])
            raise InvalidImageError(
                f"invalid digest {shown}", hint="Write a digest as 'sha256:' and 64 lower-case hexadecimal digits"
            )
        return cls(text)

    @staticmethod
    def is_one(text: str) -> bool:
        """Tell whether `text` is a digest that `parse` accepts."""
        return _PATTERN.fullmatch(text) is not None

    @classmethod
    def sha256(cls, encoded: str) -> Self:
        """Return the sha256 digest whose hexadecimal form is `encoded`."""
        return cls.parse(f"sha256:{encoded}")

    @classmethod
    def of(cls, data: bytes, *, algorithm: str = "sha256") -> Self:
        """Return the digest of `data`."""
        return cls.parse(f"{algorithm}:{hashlib.new(algorithm, data, usedforsecurity=True).hexdigest()}")

    @property
    def algorithm(self) -> str:
        """``sha256`` or ``sha512``."""
        return self.partition(":")[0]

    @property
    def encoded(self) -> str:
        """The hexadecimal digits."""
        return self.partition(":")[2]

    def hasher(self) -> _Hash:
        """Return a new hash object of this digest's algorithm."""
        return hashlib.new(self.algorithm, usedforsecurity=True)

    def matches(self, data: bytes) -> bool:
        """Tell whether this is the digest of `data`."""
        hasher = self.hasher()
        hasher.update(data)
        return hasher.hexdigest() == self.encoded


def hexadecimal_digest(text: str) -> Digest | None:
    """Return the sha256 digest that `text` states by being 64 hexadecimal digits, if it is."""
    return Digest.sha256(text) if re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII) else None
