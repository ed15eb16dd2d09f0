"""What a file is, told from its first bytes: the only door to libmagic.

ELF files and scripts, which every image has, are told by hand. python-magic names the rest where libmagic can be loaded
(`pylibmagic` brings it as a wheel), which takes longer than a small scan's rules; elsewhere the few kinds that matter
here are told apart by hand, too.
"""

from __future__ import annotations

import logging
from functools import cache
from threading import Lock
from typing import Any

from ocianalyze.layers.contents.elf import MAGIC

_log = logging.getLogger(__name__)
_lock = Lock()
_LONGEST = 100

_MAGIC = {
    b"\x1f\x8b": "gzip compressed data",
    b"\x28\xb5\x2f\xfd": "Zstandard compressed data",
    b"BZh": "bzip2 compressed data",
    b"\xfd7zXZ\0": "XZ compressed data",
    b"PK\x03\x04": "Zip archive data",
    b"{": "JSON text data",
    b"[": "JSON text data",
    b"MZ": "PE executable",
    b"!<arch>": "ar archive",
}
_MACHINES = {
    0x03: "Intel 80386",
    0x28: "ARM",
    0x3E: "x86-64",
    0xB7: "ARM aarch64",
    0xF3: "RISC-V",
    0x15: "PowerPC64",
    0x16: "S/390",
}


def describe(head: bytes) -> str:
    """Return in a few words what a file that begins with `head` is, such as ``ELF 64-bit, x86-64`` or ``empty``."""
    if not head:
        return "empty"
    if head.startswith(MAGIC):
        return _describe_elf(head)
    if head.startswith(b"#!"):
        return _describe_script(head)
    magic = _libmagic()
    if magic is not None:
        with _lock:  # a libmagic handle serves one thread at a time
            try:
                return str(magic.from_buffer(head))[:_LONGEST]
            except Exception as error:  # noqa: BLE001 - python-magic raises what libmagic says
                _log.debug("libmagic failed: %s", error)
    return _describe_by_hand(head)


def elf_machine(head: bytes) -> int | None:
    """Return ``e_machine`` of an ELF file that begins with `head`, or None if it is none (ELF gABI, "ELF Header")."""
    if len(head) < 20 or not head.startswith(MAGIC):  # noqa: PLR2004 - where e_machine ends
        return None
    return int.from_bytes(head[18:20], "big" if head[5] == 2 else "little")  # noqa: PLR2004 - ELFDATA2MSB


def machine_name(machine: int) -> str:
    """Return the name of an ELF machine number."""
    return _MACHINES.get(machine, f"machine {machine}")


def available() -> bool:
    """Tell whether libmagic can be loaded."""
    return _libmagic() is not None


def _describe_elf(head: bytes) -> str:
    machine = elf_machine(head)
    if machine is None:
        return "ELF, truncated"
    bits = {1: "32-bit", 2: "64-bit"}.get(head[4], "")
    return f"ELF {bits}, {machine_name(machine)}".replace(" ,", ",")


def _describe_script(head: bytes) -> str:
    line = head[2:].split(b"\n", 1)[0].split()
    interpreter = line[0].rpartition(b"/")[2].decode("ascii", "replace") if line else "script"
    return f"{interpreter} script text executable"


def _describe_by_hand(head: bytes) -> str:
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    return "data of unknown type (libmagic is not available)" if b"\0" in head else "text"


@cache
def _libmagic() -> Any:  # noqa: ANN401 - an untyped library
    try:
        import pylibmagic  # noqa: F401 - it makes the library known to python-magic
    except ImportError as error:
        _log.debug("no pylibmagic: %s", error)
    try:
        import magic

        return magic.Magic()
    except Exception as error:  # noqa: BLE001 - ImportError, OSError, MagicException: the tool works without
        _log.debug("libmagic cannot be loaded: %s", error)
        return None
