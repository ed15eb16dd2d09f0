"""The tar parser: ustar, v7, old GNU, star and PAX headers become entries, in one bounded and linear pass.

Sources: POSIX.1-2017 pax(1), "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format"
and "Storing Sparse Files"; Go's archive/tar, which the container runtimes read layers with and which decides where
readers differ: GNU long names win over PAX records, links and directories have no content whatever their size says,
global headers change nothing of what follows, numbers may begin with zero bytes (see tests/layers/odd_tars.py).
"""

from __future__ import annotations

import contextlib
import re
import struct
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from ocianalyze.errors import CorruptLayerError, CutShortError
from ocianalyze.layers.compression import adler32
from ocianalyze.layers.entry import Attributes, Kind
from ocianalyze.layers.sparse import SparseFile, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.layers.entry import RawEntry
    from ocianalyze.layers.limits import Limits
    from ocianalyze.layers.windows import Window

_Cached = TypeVar("_Cached", int, Attributes)
Take: TypeAlias = "Callable[[int, int, int, int], tuple[int, int, int, int]]"
"""Takes entries from a place in a tar on, as long as there is nothing odd about them.

It is given the place, where the tar ends, how long a path may be, and how many bytes extended headers may still have.
It returns how many entries it took, where the next header begins, where the content of the last entry ends, and how
many bytes of extended headers there were.
"""

BLOCK: Final = 512
"""Tar is made of blocks of this many bytes."""

# name, mode+uid+gid, size and its last byte, mtime, checksum, typeflag, all the rest
_unpack: Final = struct.Struct("100s24s11sc12s8sc355s").unpack
# of the rest: linkname, magic+version, prefix, the end of the block
_unpack_rest: Final = struct.Struct("100s8s80x155s8x4s").unpack
_LINK: Final = 0
_PREFIX: Final = 188
"""Where in the rest the fields that are seldom used begin."""
_USTAR: Final = b"ustar\0"
_GNU: Final = b"ustar  \0"
_ZEROS: Final = bytes(BLOCK)
_INT64: Final = 1 << 63
_CACHE_SIZE: Final = 1 << 16
_ADLER: Final = 65521
_SPACE: Final = 0x20

_REGULAR, _DIRECTORY, _SYMLINK, _HARDLINK = (
    int(kind) for kind in (Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK)
)
_LINKS: Final = frozenset((_SYMLINK, _HARDLINK))
_KINDS: Final = {
    b"0": _REGULAR,
    b"7": _REGULAR,
    b"1": _HARDLINK,
    b"2": _SYMLINK,
    b"3": int(Kind.CHARACTER_DEVICE),
    b"4": int(Kind.BLOCK_DEVICE),
    b"5": _DIRECTORY,
    b"6": int(Kind.FIFO),
}
_EXTENSIONS: Final = frozenset((b"x", b"X", b"g", b"L", b"K"))
_MAP_IN_CONTENT: Final = (b"1", b"0")
_SPARSE_VERSIONS: Final = frozenset(((b"0", b"0"), (b"0", b"1"), _MAP_IN_CONTENT))
_MAP_PARTS: Final = frozenset((b"GNU.sparse.offset", b"GNU.sparse.numbytes"))
_NEWLINE: Final = 0x0A
_CHECKSUM: Final = re.compile(rb"[0-7]{6}(?:\0 | \0)").fullmatch
_NAMES: Final = frozenset((b"path", b"linkpath", b"uname", b"gname", b"GNU.sparse.name"))
"""PAX records in which a zero byte would end the value for some readers only."""
_PLAIN_RECORDS: Final = frozenset(("path", "linkpath"))
_SKIPPED: Final = frozenset((b"V", b"N", b"A"))
"""Volume label, old GNU names, Solaris access control list: not files."""


class _Sums(dict[bytes, int]):
    """What adler32's lower half must be for a header with a given checksum field; -1 where that is no good field.

    That half is one plus the sum of the bytes, so each checksum field is turned once into what it must be.
    """

    def __missing__(self, field: bytes) -> int:
        if not _CHECKSUM(field):
            return -1
        _bound(self)
        low = self[field] = (1 + int(field[:6], 8) - 8 * _SPACE + sum(field)) % _ADLER
        return low


_SUMS: Final = _Sums()


def read_entries(
    window: Window,
    *,
    limits: Limits,
    what: str,
    take: Take | None = None,
    sparse: Callable[[SparseFile], None] | None = None,
) -> Iterator[RawEntry]:
    """Yield the entries of the tar that `window` shows, in the order of the tar, as tuples of `Entry`'s fields.

    `take` is asked first for what lies ahead; entries that it takes are not yielded. `sparse` is told where the content
    of a sparse file is before that is yielded, and judges whether it is too large.

    Between two entries the caller may look at content through the same window. A tar may end with two blocks of zeros
    or where an entry ends. Stops at the first end-of-archive mark; whatever lies behind it is not tar.

    Raises:
        CorruptLayerError: a header is damaged or cut, or content is; with the offset in the uncompressed tar.
        LimitExceededError: a path or an extended header is longer than allowed.
    """
    return _Reader(window, limits, what, sparse).entries(take)


def begins_tar(block: bytes) -> bool:
    """Tell whether `block`, the first one of a file or all there is of it, can begin a tar: a header, or zeros."""
    if len(block) < BLOCK or block == _ZEROS:
        return block == _ZEROS
    field = block[148:156]
    total = sum(block) - sum(field) + 8 * _SPACE
    signed = total - 256 * sum(byte > 127 for byte in block[:148] + block[156:])  # noqa: PLR2004
    try:
        return int(field.strip(b" \0").partition(b"\0")[0], 8) in (total, signed)
    except ValueError:
        return False


class _Extensions:
    """What extension headers say of the next entry: PAX records, a GNU long name, a GNU long link."""

    __slots__ = ("link", "name", "records")

    def __init__(self, path: bytes) -> None:
        self.records: dict[str, bytes] = {"path": path} if path else {}
        self.name = b""
        self.link = b""


class _Reader:
    """One pass through one tar."""

    def __init__(
        self, window: Window, limits: Limits, what: str, on_sparse: Callable[[SparseFile], None] | None
    ) -> None:
        self._window = window
        self._limits = limits
        self._what = what
        self._on_sparse = on_sparse
        self._sparse_map: bytes | None = None
        self._extended_bytes = 0
        self._shortest_limit = min(limits.max_extended_header, limits.max_path_bytes)

    def entries(self, take: Take | None) -> Iterator[RawEntry]:  # noqa: C901, PLR0912, PLR0915 - the one hot loop of the program
        """Yield every entry. What is rare is left to methods; what is common happens here, once for each entry."""
        view, end = self._window.view, self._window.end()
        if end is None:
            end = _INT64 - 1
        sums = _SUMS
        identities: dict[bytes, Attributes] = {}
        times: dict[bytes, int] = {}
        unpack, adler, kinds, regular = _unpack, adler32, _KINDS, _REGULAR
        plain = long_path = b""
        extensions: _Extensions | None = None
        sparse = False
        data, start, length = b"", 0, 0
        position = content_end = 0
        while True:
            if take is not None and extensions is None and not long_path:
                left = self._limits.max_metadata - self._extended_bytes
                taken, after, ended, extended = take(position, end, self._shortest_limit, left)
                if taken:
                    position, content_end = after, ended
                    self._extended_bytes += extended
                    continue
            at = position - start
            if at + BLOCK > length:
                data, start = view(position, BLOCK)
                length = len(data)
                at = position - start
                if length - at < BLOCK:
                    self._check_end(start + length, position, content_end, pending=bool(extensions or long_path))
                    return
            block = data[at : at + BLOCK]
            name, identity, digits, last_digit, time_field, checksum, flag, rest = unpack(block)
            low = adler(block) & 0xFFFF
            if low != sums[checksum] and not self._verify(block, position):
                self._check_trailer(position)
                return

            attributes = identities.get(identity)
            if attributes is None:
                attributes = identities[identity] = self._attributes(identity, position)
                _bound(identities)
            mtime = times.get(time_field)
            if mtime is None:
                mtime = times[time_field] = self._time(time_field, position)
                _bound(times)
            try:
                size = int(digits if last_digit <= b" " else digits + last_digit, 8)
            except ValueError:
                size = self._number(digits + last_digit, "size", position)

            path = name.split(b"\0", 1)[0]
            raw_link = b""
            if rest != plain:  # most often it is the same for one entry after the other
                if rest[_LINK] or rest[_PREFIX]:
                    path, raw_link = self._rest(rest, path)
                else:
                    plain = rest
            if long_path and flag not in _EXTENSIONS:
                path, long_path = long_path, b""
            offset = position + BLOCK
            link = ""
            xattrs = None

            kind = kinds.get(flag, -1)
            if kind == regular and extensions is None:
                stored = size
            else:
                if flag in _EXTENSIONS:
                    at += BLOCK
                    body = data[at : at + size] if size <= length else b""
                    if flag != b"x" or extensions or long_path or not (long_path := self._long_path(body, size)):
                        extensions = self._extend(extensions or _Extensions(long_path), flag, body, offset, size)
                        long_path = b""
                    position = offset + (size + 511 & -512)
                    continue
                sparse_file = None
                if extensions is not None:
                    path, raw_link, attributes, size, mtime, xattrs, sparse_file = self._extended(
                        extensions, path, raw_link, attributes, size, mtime, position
                    )
                    extensions = None
                stored = size
                if flag == b"S":
                    size, offset = self._old_sparse(block, offset)
                    sparse, kind = True, regular
                elif sparse_file is not None:
                    path, size = sparse_file
                    sparse = True
                if kind < 0:
                    if flag in _SKIPPED:
                        if stored < 0:
                            raise self._damaged(f"the size of {_shown(path)} is negative", position)
                        content_end = offset + stored
                        position = content_end + 511 & -512
                        sparse = False
                        continue
                    if flag == b"D":
                        kind = _DIRECTORY
                    elif flag == b"\0" and path.endswith(b"/"):
                        kind, stored = _DIRECTORY, 0
                    else:
                        kind = regular
                elif kind != regular:
                    stored = 0
                if kind in _LINKS:
                    link = raw_link.decode("utf-8", "surrogateescape")
                if kind != regular:
                    size = 0
            if size < 0 or stored < 0:
                raise self._damaged(f"the size of {_shown(path)} is negative", position)
            content_end = offset + stored
            position = content_end + 511 & -512
            if content_end > end:
                raise self._cut(f"the content of {_shown(path)}", end)
            if sparse:
                if self._on_sparse is not None:
                    self._on_sparse(SparseFile(self._sparse_map, flag == b"S", size, offset, stored))
                elif size > self._limits.max_layer_size:
                    raise self._limits.exceeded(
                        "max_layer_size", f"{self._what}: the sparse file {_shown(path)} has {size:,} bytes"
                    )
                offset, sparse = -1, False
            yield (
                path.decode("utf-8", "surrogateescape"),
                kind,
                attributes,
                size,
                mtime,
                link,
                offset,
                stored,
                xattrs,
            )

    # ---- the ends -------------------------------------------------------------------------------------------------

    def _check_end(self, seen: int, position: int, content_end: int, *, pending: bool) -> None:
        """Nothing was seen from byte `seen` on: check that an entry ends there; what pads its last block may lack."""
        end = self._window.end()
        end = seen if end is None else min(end, seen)
        if end < content_end:
            raise self._cut("the content of an entry", end)
        if end > position:
            raise self._cut("a header", end)
        if pending:
            raise self._cut("an extended header without the entry that it describes", end)

    def _check_trailer(self, position: int) -> None:
        """The block at `position` is all zeros: the next one must be too, or be the last, or the tar must end here.

        A lone block of zeros before more data is a header that got lost.
        """
        data, start = self._window.view(position + BLOCK, 2 * BLOCK)
        at = position + BLOCK - start
        if data[at : at + BLOCK].strip(b"\0") and len(data) > at + BLOCK:
            raise self._damaged("a lone block of zeros is followed by data", position)

    # ---- numbers --------------------------------------------------------------------------------------------------

    def _verify(self, block: bytes, position: int) -> bool:
        """Check the checksum of a header in full; return False if the block is all zeros instead."""
        if block == _ZEROS:
            return False
        field = block[148:156]
        stated = self._number(field, "checksum", position)
        unsigned = sum(block) - sum(field) + 8 * _SPACE
        signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])  # noqa: PLR2004
        if stated not in (unsigned, signed):
            raise self._damaged(f"the header checksum is {unsigned}, but {stated} is stated", position)
        return True

    def _number(self, field: bytes, name: str, position: int) -> int:
        """Return a numeric field: octal digits among zero bytes and spaces, or base 256 where the first bit is set."""
        value = number(field)
        if value is None:
            raise self._damaged(f"the {name} field is {field!r}", position)
        if not -_INT64 <= value < _INT64:
            raise self._damaged(f"the {name} field does not fit 64 bits", position)
        return value

    def _attributes(self, identity: bytes, position: int) -> Attributes:
        mode = self._number(identity[:8], "mode", position) & 0o7777
        uid = self._number(identity[8:16], "uid", position)
        gid = self._number(identity[16:], "gid", position)
        return Attributes(mode, uid, gid)

    def _time(self, field: bytes, position: int) -> int:
        return self._number(field, "mtime", position)

    def _rest(self, rest: bytes, path: bytes) -> tuple[bytes, bytes]:
        """Return the path and the link target of a header that has a prefix or a link name."""
        link, magic, prefix, trailer = _unpack_rest(rest)
        if prefix[0]:
            path = self._prefixed(prefix, path, magic, trailer)
        return path, link.partition(b"\0")[0]

    def _prefixed(self, prefix: bytes, path: bytes, magic: bytes, trailer: bytes) -> bytes:
        """Join the prefix field and the name, in the formats where it is a prefix.

        star keeps times in its end. Old GNU tar keeps other things there; but what old Go programs wrote, and Go still
        reads, are GNU headers with a prefix, told by times that are none.
        """
        if magic == _GNU:
            try:
                self._number(prefix[:12], "atime", 0)
                self._number(prefix[12:24] if prefix[12] else b"\0", "ctime", 0)
            except CorruptLayerError:
                if not prefix.partition(b"\0")[0].isascii():
                    return path
            else:
                return path
        elif not magic.startswith(_USTAR):
            return path
        elif trailer == b"tar\0":
            prefix = prefix[:131]
        return prefix.partition(b"\0")[0] + b"/" + path

    # ---- extended headers -----------------------------------------------------------------------------------------

    def _long_path(self, body: bytes, size: int) -> bytes:
        """Return the path of a PAX header that says nothing else, and that no limit forbids; else nothing."""
        start = b"%d path=" % size
        seen = self._extended_bytes + size
        if (
            not body.startswith(start)
            or len(body) != size
            or body[-1] != _NEWLINE
            or b"\0" in body
            or size > self._shortest_limit
            or seen > self._limits.max_metadata
        ):
            return b""
        self._extended_bytes = seen
        return body[len(start) : -1]

    def _extend(self, extensions: _Extensions, flag: bytes, body: bytes, offset: int, size: int) -> _Extensions | None:
        """Read the extension header whose content is `size` bytes at `offset`; `body` is what is at hand of it.

        A global one ends what others have said before it, and says nothing.
        """
        if size < 0:
            raise self._damaged("the size of an extended header is negative", offset - BLOCK)
        if size > self._limits.max_extended_header:
            raise self._limits.exceeded(
                "max_extended_header",
                f"{self._what}: the extended header at byte {offset - BLOCK:,} has {size:,} bytes",
            )
        self._extended_bytes += size
        if self._extended_bytes > self._limits.max_metadata:
            raise self._limits.exceeded(
                "max_metadata", f"{self._what}: the extended headers have {self._extended_bytes:,} bytes"
            )
        if len(body) < size:
            data, start = self._window.view(offset, size)
            body = data[offset - start : offset - start + size]
            if len(body) < size:
                raise self._cut("an extended header", offset + len(body))
        if flag == b"L":
            extensions.name = body.partition(b"\0")[0]
        elif flag == b"K":
            extensions.link = body.partition(b"\0")[0]
        elif flag == b"g":
            self._records(body, offset)
            return None
        else:
            extensions.records = self._records(body, offset)
        return extensions

    def _records(self, body: bytes, offset: int) -> dict[str, bytes]:
        """Return the records of a PAX header: lines of ``length key=value``; of a key that repeats, the last."""
        records: dict[str, bytes] = {}
        parts: list[bytes] = []
        at = 0
        while at < len(body):
            space = body.find(b" ", at, at + 20)
            digits = body[at:space] if space > 0 else b""
            if not digits.isdigit():
                if not body[at:].strip(b"\0"):
                    break
                raise self._damaged("a PAX record has no length", offset + at)
            after = at + int(digits)
            if after <= space + 1:
                raise self._damaged("a PAX record is shorter than its length", offset + at)
            key, equals, value = body[space + 1 : after - 1].partition(b"=")
            if not equals or not key or b"\0" in key or after > len(body) or body[after - 1] != _NEWLINE:
                raise self._damaged("a PAX record is damaged", offset + at)
            if key in _NAMES and b"\0" in value:
                raise self._damaged(f"the PAX record {key.decode()} holds a zero byte", offset + at)
            if key in _MAP_PARTS:  # they stand by turns, and each of them many times
                parts.append(value)
            else:
                records[key.decode("utf-8", "surrogateescape")] = value
            at = after
        if parts:
            records["GNU.sparse.map"] = b",".join(parts)
        return records

    def _extended(
        self,
        extensions: _Extensions,
        path: bytes,
        link: bytes,
        attributes: Attributes,
        size: int,
        mtime: int,
        position: int,
    ) -> tuple[bytes, bytes, Attributes, int, int, dict[str, bytes] | None, tuple[bytes, int] | None]:
        """Return the fields of a header as its extension headers change them.

        The last one is the path and the real size of a sparse file in one of the PAX formats, else None.
        """
        records = extensions.records
        path = extensions.name or records.get("path") or path
        link = extensions.link or records.get("linkpath") or link
        sparse = xattrs = None
        if not records.keys() <= _PLAIN_RECORDS:
            if records.get("size"):
                size = self._decimal(records["size"], "size", position)
            if records.get("mtime"):
                with contextlib.suppress(CorruptLayerError):  # other readers keep the header's time, and it matters not
                    mtime = self._decimal(records["mtime"].partition(b".")[0], "mtime", position)
            if records.get("uid") or records.get("gid"):
                uid, gid = (
                    self._decimal(records[key], key, position) if records.get(key) else value
                    for key, value in (("uid", attributes.uid), ("gid", attributes.gid))
                )
                attributes = Attributes(attributes.mode, uid, gid)
            sparse = self._pax_sparse(records, path, size, position)
            xattrs = {
                key.removeprefix("SCHILY.xattr."): value
                for key, value in records.items()
                if key.startswith("SCHILY.xattr.") and value
            }
        longest = max(len(path), len(link), len(sparse[0]) if sparse else 0)
        if longest > self._limits.max_path_bytes:
            raise self._limits.exceeded(
                "max_path_bytes", f"{self._what}: a path at byte {position:,} has {longest:,} bytes"
            )
        return path, link, attributes, size, mtime, xattrs or None, sparse

    def _pax_sparse(self, records: dict[str, bytes], path: bytes, size: int, position: int) -> tuple[bytes, int] | None:
        """Return the path and the real size of a sparse file, if the records are those of one (0.0, 0.1 or 1.0)."""
        version = records.get("GNU.sparse.major", b""), records.get("GNU.sparse.minor", b"")
        if version not in _SPARSE_VERSIONS and (any(version) or not records.get("GNU.sparse.map")):
            return None
        real_size = records.get("GNU.sparse.size") or records.get("GNU.sparse.realsize")
        if real_size:
            size = self._decimal(real_size, "sparse size", position)
        self._sparse_map = None if version == _MAP_IN_CONTENT else records.get("GNU.sparse.map", b"")
        return records.get("GNU.sparse.name") or path, size

    def _decimal(self, text: bytes, name: str, position: int) -> int:
        digits = text.removeprefix(b"-")
        significant = digits.lstrip(b"0") or b"0"
        if digits.isdigit() and len(significant) <= len(str(_INT64)):
            value = -int(significant) if text.startswith(b"-") else int(significant)
            if -_INT64 <= value < _INT64:
                return value
        raise self._damaged(f"the PAX record {name} is {text[:40]!r}", position)

    def _old_sparse(self, block: bytes, offset: int) -> tuple[int, int]:
        """Return the real size of an old GNU sparse file, and where its content begins behind the sparse map."""
        size = self._number(block[483:495], "sparse size", offset - BLOCK)
        more, first = block[482], offset
        numbers = [block[386:482]]
        while more:
            data, start = self._window.view(offset, BLOCK)
            extension = data[offset - start : offset - start + BLOCK]
            if len(extension) < BLOCK:
                raise self._cut("a sparse map", offset + len(extension))
            more = extension[504]
            numbers.append(extension[:504])
            offset += BLOCK
            if offset - first > self._limits.max_extended_header:
                raise self._limits.exceeded(
                    "max_extended_header", f"{self._what}: a sparse map is {offset - first:,} bytes"
                )
        self._sparse_map = b"".join(numbers)
        return size, offset

    # ---- errors ---------------------------------------------------------------------------------------------------

    def _damaged(self, reason: str, offset: int) -> CorruptLayerError:
        return CorruptLayerError(f"{self._what}: damaged tar at byte {offset:,}: {reason}", offset=offset)

    def _cut(self, thing: str, offset: int) -> CutShortError:
        return CutShortError(f"{self._what}: the tar ends at byte {offset:,}, inside {thing}", offset=offset)


def _bound(cache: dict[bytes, _Cached]) -> None:
    """Forget a cache that has grown beyond what real tars make of it."""
    if len(cache) > _CACHE_SIZE:
        cache.clear()


def _shown(path: bytes) -> str:
    return repr(path[:200].decode("utf-8", "backslashreplace"))
