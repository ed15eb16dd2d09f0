"""Where the frames of a zstd stream end, told without decompressing them (RFC 8878, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SKIPPABLE: Final = frozenset(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))
"""How skippable frames begin."""


class Frames:
    """Follows the frames and blocks of a stream that begins where a frame does."""

    def __init__(self) -> None:
        self._head = b""
        self._skip = 0
        self._next: Callable[[bytes], None] = self._magic
        self._need = 4
        self._checksum = 0

    def follow(self, chunk: bytes) -> int:
        """Take note of the next chunk; return the byte in it at which the last frame ends that does, 0 if none does."""
        at = end = 0
        while at < len(chunk):
            if self._skip:
                step = min(self._skip, len(chunk) - at)
                self._skip -= step
            else:
                step = self._need - len(self._head)
                self._head += chunk[at : at + step]
                if len(self._head) == self._need:
                    head, self._head = self._head, b""
                    self._next(head)
            at += step
            if self.between:
                end = min(at, len(chunk))
        return end

    @property
    def between(self) -> bool:
        """Tell whether what came so far ends where a frame ends."""
        return not (self._skip or self._head) and self._need == 4 and self._next == self._magic  # noqa: PLR2004

    def _expect(self, reader: Callable[[bytes], None], need: int) -> None:
        self._next, self._need = reader, need

    def _magic(self, head: bytes) -> None:
        if head in SKIPPABLE:
            self._expect(self._skippable_size, 4)
        else:
            self._expect(self._descriptor, 1)

    def _skippable_size(self, head: bytes) -> None:
        self._skip = int.from_bytes(head, "little")
        self._expect(self._magic, 4)

    def _descriptor(self, head: bytes) -> None:
        flags = head[0]
        single_segment = flags >> 5 & 1
        content_size = (single_segment, 2, 4, 8)[flags >> 6]
        self._checksum = 4 * (flags >> 2 & 1)
        self._skip = (1 - single_segment) + (0, 1, 2, 4)[flags & 3] + content_size
        self._expect(self._block, 3)

    def _block(self, head: bytes) -> None:
        header = int.from_bytes(head, "little")
        is_last, kind, size = header & 1, header >> 1 & 3, header >> 3
        self._skip = 1 if kind == 1 else size
        if is_last:
            self._skip += self._checksum
            self._expect(self._magic, 4)
