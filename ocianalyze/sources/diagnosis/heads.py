"""What a file is instead of an archive, and what has damaged it, told from its first bytes."""

from __future__ import annotations

from typing import Final

from ocianalyze.layers.blob.compression import MAGIC_SIZE, recognise
from ocianalyze.layers.blob.signatures import HEAD, as_text, describe, recognised
from ocianalyze.layers.tar.tarstream import BLOCK, begins_tar
from ocianalyze.sources.diagnosis import SAVE, Cause

__all__ = ["HEAD", "of_damage", "of_head"]

_MAGIC_AT: Final = 257
_BINARY: Final = "Copy it again in binary mode, not as text and not through a terminal (ssh -t, docker run -t)"
_ENOUGH: Final = 3
"""How many ends of lines must be altered, all that there are, to be sure that it was no chance: each is one in 256."""
_REPLACEMENT: Final = "\ufffd".encode()
_LONGEST: Final = 60
_EMPTY: Final = "Create it again with 'docker save -o FILE IMAGE' and check whether that fails"


def of_head(head: bytes) -> Cause | None:
    """Return why a file that begins with `head`, up to `HEAD` bytes of it, is no tar archive; None if it may be one."""
    if not head:
        return Cause("is not an image: it is empty", _EMPTY)
    known = recognised(head)
    first = head[:BLOCK]
    if (begins_tar(first) and (known is None or any(first))) or head[_MAGIC_AT : _MAGIC_AT + 5] == b"ustar":
        return None  # but a file system, which leaves room at its begin, is no tar that ends at once
    if known is not None:
        is_compressed = known.name.startswith(("compressed", "encrypted", "encoded"))
        return Cause(f"is {'' if is_compressed else 'not an image but '}{known.name}", known.hint or SAVE)
    return _text_before(head) or of_damage(head) or Cause(f"is not an image but {describe(head)}")


def of_damage(head: bytes) -> Cause | None:
    """Return what has damaged a binary file that begins with `head`, if that can be told: a copy as text."""
    lines = head.count(b"\n")
    if lines >= _ENOUGH and head.count(b"\r\n") == lines and as_text(head) is None:
        return Cause("was copied as text: every line ending became CR LF", _BINARY)
    if head.count(_REPLACEMENT) >= _ENOUGH and _is_utf8(head):
        return Cause("was copied as text: bytes that are not UTF-8 were replaced", _BINARY)
    return None


def _text_before(head: bytes) -> Cause | None:
    """Return that there is text before the archive, such as the banner of a server, if there is."""
    begin = _archive_in(head)
    text = as_text(head[:begin]) if begin > 0 else None
    if text is None:
        return None
    line = next(filter(None, map(str.strip, text.splitlines())), "")
    return Cause(
        f"has {begin:,} bytes of text before the archive, starting with {line[:_LONGEST]!r}",
        "Save it again without the output of the shell or the server",
    )


def _archive_in(head: bytes) -> int:
    """Return where in `head` a tar or a compressed stream begins, or 0."""
    at = head.find(b"ustar", _MAGIC_AT)
    while at > 0:
        start = at - _MAGIC_AT
        if begins_tar(head[start : start + BLOCK]):
            return start
        at = head.find(b"ustar", at + 1)
    end = head.find(b"\n") + 1
    while 0 < end < len(head):
        if recognise(head[end : end + MAGIC_SIZE]) != "none":
            return end
        end = head.find(b"\n", end) + 1
    return 0


def _is_utf8(head: bytes) -> bool:
    """Tell whether `head`, which may be cut in the middle of a character, is UTF-8, control characters or not."""
    return head.decode(errors="replace").count("\ufffd") <= head.count(_REPLACEMENT) + 1
