"""What a file is that should be a tar, detected from its first bytes: a table, and a few kinds of text.

The result is the same everywhere, because hints depend on it: libmagic, which knows more types, is not used.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final, NamedTuple

from ocianalyze.regex import regex

HEAD: Final = 64 << 10
"""How many bytes of a file are examined: enough for the signature of ISO 9660, and for text before an archive."""


class Signature(NamedTuple):
    """The type of a file with certain bytes at an offset, and a hint what to do instead."""

    offset: int
    magic: bytes
    name: str
    hint: str | None = None


_INSIDE: Final = "and scan the archive inside"
_DISK: Final = "Save the image itself with docker save, podman save or skopeo copy, not a disk image created from it"
_TOO_OFTEN: Final = "Decompress it once and scan the result"
_DECRYPT: Final = "Decrypt it and scan the archive inside"

SIGNATURES: Final = (
    Signature(0, b"PK\x03\x04", "a zip archive", f"Unzip it {_INSIDE}"),
    Signature(0, b"PK\x05\x06", "an empty zip archive", "Create the archive again"),
    Signature(0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", f"Unpack it with '7z x' {_INSIDE}"),
    Signature(0, b"Rar!\x1a\x07", "a RAR archive", f"Unpack it with 'unrar x' {_INSIDE}"),
    Signature(0, b"MSCF\0\0\0\0", "a cabinet archive", f"Unpack it with 'cabextract' {_INSIDE}"),
    Signature(0, b"xar!", "a xar archive", f"Unpack it with 'xar -xf' {_INSIDE}"),
    Signature(0, b"\x04\x22\x4d\x18", "compressed with lz4", "Decompress it with 'lz4 -d' and scan the result"),
    Signature(0, b"\x02\x21\x4c\x18", "compressed with lz4", "Decompress it with 'lz4 -d' and scan the result"),
    Signature(
        0, b"\x5d\x00\x00", "compressed with LZMA", "Decompress it with 'xz --format=lzma -d' and scan the result"
    ),
    Signature(0, b"LZIP", "compressed with lzip", "Decompress it with 'lzip -d' and scan the result"),
    Signature(0, b"\x89LZO\0", "compressed with lzop", "Decompress it with 'lzop -d' and scan the result"),
    Signature(0, b"LRZI", "compressed with lrzip", "Decompress it with 'lrzip -d' and scan the result"),
    Signature(0, b"\x1f\x9d", "compressed with Unix compress", "Decompress it with 'gzip -d' and scan the result"),
    Signature(0, b"\x1f\x1e", "compressed with pack", "Decompress it with 'gzip -d' and scan the result"),
    Signature(0, b"\x1f\xa0", "compressed with LZH", "Decompress it with 'gzip -d' and scan the result"),
    Signature(0, b"\xff\x06\0\0sNaPpY", "compressed with snappy", "Decompress it and scan the result"),
    Signature(0, b"\x1f\x8b\x08", "compressed twice, with gzip inside", _TOO_OFTEN),
    Signature(0, b"\x28\xb5\x2f\xfd", "compressed twice, with zstd inside", _TOO_OFTEN),
    Signature(0, b"BZh", "compressed twice, with bzip2 inside", _TOO_OFTEN),
    Signature(0, b"\xfd7zXZ\0", "compressed twice, with xz inside", _TOO_OFTEN),
    Signature(0, b"070701", "a cpio archive", "Create the archive with docker save, podman save or skopeo copy"),
    Signature(0, b"070702", "a cpio archive", "Create the archive with docker save, podman save or skopeo copy"),
    Signature(0, b"070707", "a cpio archive", "Create the archive with docker save, podman save or skopeo copy"),
    Signature(0, b"\xc7\x71", "a cpio archive", "Create the archive with docker save, podman save or skopeo copy"),
    Signature(0, b"\x71\xc7", "a cpio archive", "Create the archive with docker save, podman save or skopeo copy"),
    Signature(0, b"hsqs", "a squashfs file system", _DISK),
    Signature(0, b"sqsh", "a squashfs file system", _DISK),
    Signature(1024, b"\xe2\xe1\xf5\xe0", "an EROFS file system", _DISK),
    Signature(1080, b"\x53\xef", "an ext4 file system", _DISK),
    Signature(0, b"XFSB", "an XFS file system", _DISK),
    Signature(0, b"LUKS\xba\xbe", "an encrypted disk image", _DISK),
    Signature(0, b"QFI\xfb", "a qcow2 disk image", _DISK),
    Signature(0, b"KDMV", "a VMDK disk image", _DISK),
    Signature(0, b"# Disk DescriptorFile", "a VMDK disk image", _DISK),
    Signature(0, b"vhdxfile", "a VHDX disk image", _DISK),
    Signature(0, b"conectix", "a VHD disk image", _DISK),
    Signature(0, b"<<< ", "a VDI disk image", _DISK),
    Signature(0, b"MSWIM\0\0\0", "a WIM disk image", _DISK),
    Signature(32769, b"CD001", "an ISO 9660 disk image", _DISK),
    Signature(512, b"EFI PART", "a disk image with partitions", _DISK),
    Signature(510, b"\x55\xaa", "a disk image with a boot sector", _DISK),
    Signature(0, b"\xed\xab\xee\xdb", "an RPM package", "Build an image with this package installed"),
    Signature(0, b"!<arch>\ndebian", "a Debian package", "Build an image with this package installed"),
    Signature(0, b"!<arch>", "an ar archive"),
    Signature(0, b"\x7fELF", "an ELF executable"),
    Signature(0, b"MZ", "a Windows executable"),
    Signature(0, b"\xcf\xfa\xed\xfe", "a macOS executable"),
    Signature(0, b"\xca\xfe\xba\xbe", "a macOS executable or a Java class"),
    Signature(0, b"%PDF-", "a PDF document"),
    Signature(0, b"-----BEGIN PGP", "a PGP message", _DECRYPT),
    Signature(0, b"age-encryption.org/", "encrypted with age", _DECRYPT),
    Signature(0, b"Salted__", "encrypted with openssl", _DECRYPT),
    Signature(0, b"# v2 git bundle", "a git bundle", "Build an image from it and scan that"),
    Signature(
        0,
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer",
        "Download the file itself with 'git lfs pull'",
    ),
    Signature(0, b"/annex/objects/", "a git-annex pointer", "Download the file itself with 'git annex get'"),
    Signature(0, b"outs:\n", "a DVC pointer", "Download the file itself with 'dvc pull'"),
    Signature(0, b"#!", "a script"),
)

_POWERSHELL: Final = "Save it with 'docker save -o FILE IMAGE', because '>' in PowerShell writes text"
_PAGE: Final = "Download the file again, and log in first if the server requires it"
_ALONE: Final = "Scan the archive or directory that contains it, because a JSON document has no layers"
_SIF: Final = "Use the image that it was built from, such as docker://NAME"
_IDS: Final = "Save the images with 'docker save -o FILE ID...'"
_IMAGE_IDS: Final = regex(r"(?:(?:sha256:)?[0-9a-f]{12,64}\s+)+", re.ASCII)
_BASE64: Final = regex(rb"(?![0-9a-f]{64})[A-Za-z0-9+/]{64}")
_SAMPLE: Final = 64
_PAGES: Final = (b"<!doctype html", b"<html", b"<head", b"<body")
_CONTROL: Final = regex(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_LONGEST_LINE: Final = 100
_ENOUGH: Final = 8


def recognised(head: bytes) -> Signature | None:
    """Return the signature of a file that begins with `head`, or None if it is unknown."""
    if head[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return Signature(0, head[:4], "text in UTF-32", _POWERSHELL)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or _is_wide(head):
        return Signature(0, head[:2], "text in UTF-16, as PowerShell writes", _POWERSHELL)
    if head.startswith(b"\xef\xbb\xbf"):
        return Signature(0, head[:3], "text with a byte order mark, as PowerShell writes", _POWERSHELL)
    if head[32:41] == b"SIF_MAGIC":
        return Signature(32, b"SIF_MAGIC", "a Singularity or Apptainer image (SIF)", _SIF)
    for signature in SIGNATURES:
        if head.startswith(signature.magic, signature.offset):
            return signature
    return _markup(head)


def describe(head: bytes) -> str:
    """Return a description of a file that begins with `head`, such as ``a zip archive``; for text, its first line."""
    known = recognised(head)
    if known is not None:
        return known.name
    text = as_text(head)
    if text is None:
        return "data of an unknown type"
    line = next(filter(None, map(str.strip, text.splitlines())), "")
    return f"text that begins with {line[:_LONGEST_LINE]!r}" if line else "blank text"


def as_text(head: bytes) -> str | None:
    """Return `head`, which may be cut in the middle of a character, as text; None if it is no text in UTF-8."""
    if _CONTROL.search(head):
        return None
    for cut in range(min(4, len(head) + 1)):
        try:
            return head[: len(head) - cut].decode()
        except UnicodeDecodeError:
            continue
    return None


def _is_wide(head: bytes) -> bool:
    """Return whether every second byte is zero: ASCII in UTF-16 without a byte order mark."""
    even, odd = head[:64:2], head[1:64:2]
    return len(odd) >= _ENOUGH and ((all(even) and not any(odd)) or (all(odd) and not any(even)))


def _markup(head: bytes) -> Signature | None:
    """Return the signature of structured text that begins with `head`, or None."""
    start = head.lstrip()[:100].lower()
    if start.startswith(_PAGES):
        return Signature(0, b"<", "an HTML page", _PAGE)
    if start.startswith(b"<") and as_text(head) is not None:
        return Signature(0, b"<", "an XML document", _PAGE)
    if start.startswith((b"{", b"[")) and as_text(head) is not None:
        return Signature(0, b"{", "a JSON document", _ALONE)
    text = as_text(head)
    if text is not None and _IMAGE_IDS.fullmatch(text.strip() + "\n"):
        return Signature(0, b"", "a list of image IDs", _IDS)
    if _BASE64.match(head) and as_text(b64decode(head[:_SAMPLE])) is None:
        return Signature(0, b"", "encoded in base64", "Decode it with 'base64 -d' and scan the result")
    return None
