"""Odd tars of other projects' test suites, what other readers make of each, and our choice where those disagree.

The files are those of Go's archive/tar (`go-`) and of libarchive (`la-`). `oracle.json` beside them has the entries
that Python's `tarfile` 3.11 and Go's archive/tar 1.26 list (name, type flag, size, link), and the exit code and the
number of entries of GNU tar 1.34 and bsdtar 3.6.2.

Container runtimes read layers with Go's archive/tar, so that decides, unless it would hide damage: a file that an
image holds must not be seen by the runtime and not by us, or the other way round.
"""

import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ocianalyze.errors import CorruptLayerError, LimitExceededError
from ocianalyze.layers.blob.windows import Window
from ocianalyze.layers.tar.entry import Entry, Kind
from ocianalyze.layers.tar.tarstream import read_entries

ARCHIVE = Path(__file__).parents[1] / "data" / "odd-tars.tar.xz"


@dataclass(frozen=True, slots=True)
class Choice:
    """What we do with a file on which readers disagree: what Go does, refuse it, or list the given entries."""

    what: Literal["go", "refuse", "list"]
    reason: str
    entries: Sequence[tuple[str, Kind, int, str]] = field(default=())


_RUNTIMES_REFUSE = "damaged; Go refuses it, and so do the runtimes"
CHOICES = {
    "go-gnu-incremental.tar": Choice("go", "tarfile takes the times in a GNU header for a prefix"),
    "go-gnu-multi-hdrs.tar": Choice("go", "the last of several long names counts; for tarfile it is the first"),
    "go-hdr-only.tar": Choice("go", "GNU tar takes the size of links and directories for content and loses its way"),
    "go-invalid-go17.tar": Choice("go", "old Go wrote a prefix into GNU headers; Go still reads it, as does tarfile"),
    "go-issue10968.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "go-issue11169.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "go-issue12435.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "go-neg-size.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "go-pax-bad-hdr-file.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "go-pax-global-records.tar": Choice("go", "tarfile and GNU tar apply global headers, Go and bsdtar do not"),
    "go-pax-multi-hdrs.tar": Choice("go", "the last of several PAX headers counts; bsdtar only warns"),
    "go-pax-nil-sparse-data.tar": Choice("go", "tarfile 3.11 does not see that it is sparse"),
    "go-pax-nil-sparse-hole.tar": Choice("go", "tarfile 3.11 does not see that it is sparse"),
    "go-pax-nul-path.tar": Choice("refuse", "a zero byte in the path ends it for GNU tar and bsdtar, not for tarfile"),
    "go-pax-nul-xattrs.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "go-pax-path-hdr.tar": Choice("go", "an extended header without its entry: Go passes over it"),
    "go-pax-sparse-big.tar": Choice("go", "tarfile 3.11 does not see the real size"),
    "go-writer-big-long.tar": Choice("refuse", "the content is cut off; Go lists the entry before it sees that"),
    "go-writer-big.tar": Choice("refuse", "the content is cut off; Go lists the entry before it sees that"),
    "la-test_compat_solaris_tar_acl.tar": Choice(
        "list",
        "access control lists (type A) are not files, as in bsdtar; other readers list them, runtimes refuse them",
        (
            ("file-with-posix-acls", Kind.FILE, 0, ""),
            ("dir-with-posix-acls", Kind.DIRECTORY, 0, ""),
            ("file-with-nfsv4-acls", Kind.FILE, 0, ""),
            ("dir-with-nfsv4-acls", Kind.DIRECTORY, 0, ""),
        ),
    ),
    "la-test_compat_plexus_archiver_tar.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "la-test_compat_tar_directory_1.tar": Choice("go", "a directory's size is no content; GNU tar skips it"),
    "la-test_pax_filename_encoding.tar": Choice("go", "bsdtar cannot convert the name; its bytes are kept"),
    "la-test_read_format_gtar_sparse_1_17_posix10_modified.tar": Choice(
        "list",
        "a bad sparse map, which runtimes refuse; its file has the size that the tar holds",
        (
            ("sparse", Kind.FILE, 1536, ""),
            ("sparse2", Kind.FILE, 99_000_001, ""),
            ("non-sparse", Kind.FILE, 0, ""),
        ),
    ),
    "la-test_read_format_tar_V_negative_size.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "la-test_read_format_tar_acl_oob_read.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "la-test_read_format_tar_empty_filename.tar": Choice("go", "bsdtar skips an entry without a name"),
    "la-test_read_format_tar_empty_with_gnulabel.tar": Choice(
        "list", "a volume label is not a file, as in bsdtar; tarfile and GNU tar list it, runtimes refuse it"
    ),
    "la-test_read_format_tar_invalid_pax_size.tar": Choice("refuse", _RUNTIMES_REFUSE),
    "la-test_read_format_tar_pax_g_large.tar": Choice("refuse", "a global header is cut off"),
    "la-test_read_format_tar_timestamp_overflow.tar": Choice(
        "go", "the size field begins with zero bytes: Go reads the digits behind them, others read 0"
    ),
    "la-test_read_pax_empty_val_no_nl.tar": Choice("refuse", _RUNTIMES_REFUSE),
}

_KINDS = {
    "0": Kind.FILE,
    "\0": Kind.FILE,
    "7": Kind.FILE,
    "S": Kind.FILE,
    "1": Kind.HARDLINK,
    "2": Kind.SYMLINK,
    "3": Kind.CHARACTER_DEVICE,
    "4": Kind.BLOCK_DEVICE,
    "5": Kind.DIRECTORY,
    "6": Kind.FIFO,
    "D": Kind.DIRECTORY,
}


@cache
def odd_tars() -> dict[str, bytes]:
    """Return the odd tars by name."""
    with tarfile.open(ARCHIVE) as archive:
        return {member.name[2:]: _content(archive, member) for member in archive if member.name.endswith(".tar")}


@cache
def oracle() -> dict[str, Any]:
    """Return what other readers say of each odd tar."""
    with tarfile.open(ARCHIVE) as archive:
        value: dict[str, Any] = json.loads(_content(archive, archive.getmember("./oracle.json")))
        return value


def readers_agree(name: str) -> bool:
    """Tell whether tarfile, GNU tar and bsdtar read a file without complaint and list as many entries."""
    said = oracle()[name]
    counts = {len(said["py"] or ()), said["gnu_n"], said["bsd_n"]}
    return said["py_err"] is None and said["gnu_rc"] == said["bsd_rc"] == 0 and len(counts) == 1


def expected(name: str) -> list[tuple[str, Kind, int, str]] | None:
    """Return the entries that a file is to have, or None if it is to be refused."""
    choice = CHOICES.get(name)
    if choice is None:
        return said_by("py", name)
    if choice.what == "go":
        return said_by("go", name)
    return list(choice.entries) if choice.what == "list" else None


def said_by(reader: Literal["py", "go"], name: str) -> list[tuple[str, Kind, int, str]]:
    """Return the entries that a reader lists, in the form of `entries`; Go lists global headers, too."""
    return [
        (
            _as_latin_1(path.rstrip("/")) if reader == "py" else path.rstrip("/"),
            kind,
            size if kind is Kind.FILE else 0,
            link if kind in (Kind.SYMLINK, Kind.HARDLINK) else "",
        )
        for path, flag, size, link in oracle()[name][reader]
        if flag != "g"
        for kind in (_KINDS[flag],)
    ]


def entries(window: Window) -> list[Entry]:
    """Return the entries of the tar in a window."""
    return [Entry(*entry) for entry in read_entries(window, what="layer 0")]


def outcome(window: Window) -> list[tuple[str, Kind, int, str]] | None:
    """Return the paths, kinds, sizes and links of a tar, or None if it is refused."""
    try:
        found = entries(window)
    except CorruptLayerError as error:
        return None if error.offset is not None else []
    except LimitExceededError:
        return None
    return [
        (
            _as_latin_1(entry.path.rstrip("/")),
            Kind(entry.kind),
            entry.size,
            _as_latin_1(entry.link),
        )
        for entry in found
        if entry.kind not in (Kind.ABSENT, Kind.GLOBAL_HEADER)
    ]


def _as_latin_1(text: str) -> str:
    """Return text with a character for each of its bytes, as `oracle.json` has what Go says."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    body = archive.extractfile(member)
    assert body is not None
    return body.read()
