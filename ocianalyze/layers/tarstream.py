"""The tar parser: ustar, v7, old GNU, star and PAX headers become entries, in one bounded and linear pass.

Sources: POSIX.1-2017 pax(1), "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format"
and "Storing Sparse Files"; Go's archive/tar, which the container runtimes read layers with and which decides where
readers differ: GNU long names win over PAX records, links and directories have no content whatever their size says,
a global header changes nothing but the defaults of what follows.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, TypeVar

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.compression import adler32
from ocianalyze.layers.entry import Attributes, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.layers.entry import RawEntry
    from ocianalyze.layers.limits import Limits
    from ocianalyze.layers.windows import Window

_Cached = TypeVar("_Cached", int, Attributes)

BLOCK: Final = 512
"""Tar is made of blocks of this many bytes."""

# name, mode+uid+gid, size, mtime, checksum, typeflag, linkname, magic+version, prefix
_unpack = struct.Struct("100s24s12s12s8sc100s8s80x155s12x").unpack_from
_USTAR: Final = b"ustar\x0000"
_ZEROS: Final = bytes(BLOCK)
_INT64: Final = 1 << 63
_CACHE_SIZE: Final = 1 << 16
_ADLER: Final = 65521
_SPACE: Final = 0x20

_REGULAR, _DIRECTORY, _SYMLINK, _HARDLINK = (
    int(kind) for kind in (Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK)
)
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
_SKIPPED: Final = frozenset((b"V", b"N", b"A"))
"""Volume label, old GNU names, Solaris access control list: not files."""


def read_entries(window: Window, *, limits: Limits, what: str) -> Iterator[RawEntry]:
    """Yield the entries of the tar that `window` shows, in the order of the tar, as tuples of `Entry`'s fields.

    Between two entries the caller may look at content through the same window. A tar may end with two blocks of zeros
    or where an entry ends. Stops at the first end-of-archive mark; whatever lies behind it is not tar.

    Raises:
        CorruptLayerError: a header is damaged or cut, or content is; with the offset in the uncompressed tar.
        LimitExceededError: a path or an extended header is longer than allowed.
    """
    return _Reader(window, limits, what).entries()


class _Extensions:
    """What extension headers say of the next entry (x, L, K) and of all that follow (g)."""

    __slots__ = ("defaults", "link", "name", "records")

    def __init__(self) -> None:
        self.defaults: dict[str, bytes] = {}
        self.records: dict[str, bytes] = {}
        self.name: bytes | None = None
        self.link: bytes | None = None


class _Reader:
    """One pass through one tar."""

    def __init__(self, window: Window, limits: Limits, what: str) -> None:
        self._window = window
        self._limits = limits
        self._what = what

    def entries(self) -> Iterator[RawEntry]:  # noqa: C901, PLR0912, PLR0915 - the one hot loop of the program
        """Yield every entry. What is rare is left to methods; what is common happens here, once for each entry."""
        view, end = self._window.view, self._window.end()
        sums: dict[bytes, int] = {}
        identities: dict[bytes, Attributes] = {}
        times: dict[bytes, int] = {}
        kinds = _KINDS
        regular = _REGULAR
        extensions: _Extensions | None = None
        data, start, length = b"", 0, 0
        position = content_end = 0
        while True:
            at = position - start
            if at + BLOCK > length:
                data, start = view(position, BLOCK)
                length = len(data)
                at = position - start
                if length - at < BLOCK:
                    self._check_end(start + length, position, content_end, pending=extensions is not None)
                    return
            name, identity, size_field, time_field, checksum, flag, link_field, magic, prefix = _unpack(data, at)
            if adler32(data[at : at + BLOCK]) & 0xFFFF != sums.get(checksum):
                if not self._verify(data[at : at + BLOCK], position, sums):
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
                size = int(size_field[:11] if size_field[11] <= _SPACE else size_field, 8)
            except ValueError:
                size = self._number(size_field, "size", position)

            path = name.split(b"\0", 1)[0]
            if prefix[0] and magic == _USTAR:
                path = self._prefixed(prefix, path, data[at + 508 : at + BLOCK])
            offset = position + BLOCK
            link = ""
            xattrs = None

            kind = kinds.get(flag, -1)
            if kind == regular and extensions is None:
                stored = size
            else:
                if flag in _EXTENSIONS:
                    extensions = self._extend(extensions or _Extensions(), flag, offset, size)
                    position = offset + (size + 511 & -512)
                    continue
                raw_link = link_field.partition(b"\0")[0] if link_field[0] else b""
                sparse = False
                stored = size
                if flag == b"S":
                    size, offset = self._old_sparse(data[at : at + BLOCK], offset)
                    sparse, kind = True, regular
                if extensions is not None:
                    path, raw_link, attributes, size, stored, mtime, xattrs, pax_sparse = self._extended(
                        extensions, path, raw_link, attributes, size, stored, mtime, position
                    )
                    sparse = sparse or pax_sparse
                    defaults = extensions.defaults
                    extensions = None
                    if defaults:
                        extensions = _Extensions()
                        extensions.defaults = defaults
                if kind < 0:
                    if flag in _SKIPPED:
                        position = offset + (stored + 511 & -512)
                        continue
                    if flag == b"D":
                        kind = _DIRECTORY
                    elif flag == b"\0" and path.endswith(b"/"):
                        kind, stored = _DIRECTORY, 0
                    else:
                        kind = regular
                elif kind != regular:
                    stored = 0
                if kind == _SYMLINK or kind == _HARDLINK:
                    link = raw_link.decode("utf-8", "surrogateescape")
                if kind != regular:
                    size = 0
            if size < 0 or stored < 0:
                raise self._damaged(f"the size of {_shown(path)} is negative", position)
            content_end = offset + stored
            position = content_end + 511 & -512
            if end is not None and content_end > end:
                raise self._cut(f"the content of {_shown(path)}", end)
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

    def _check_end(self, end: int, position: int, content_end: int, *, pending: bool) -> None:
        if end < content_end:
            raise self._cut("the content of an entry", end)
        if end > position:
            raise self._cut("a header", end)
        if pending:
            raise self._cut("an extended header without the entry that it describes", end)

    def _check_trailer(self, position: int) -> None:
        """The block at `position` is all zeros: the next one must be too, or the tar must end here."""
        data, start = self._window.view(position + BLOCK, BLOCK)
        at = position + BLOCK - start
        following = data[at : at + BLOCK]
        if following.strip(b"\0"):
            raise self._damaged("a lone block of zeros is followed by data", position)

    # ---- numbers --------------------------------------------------------------------------------------------------

    def _verify(self, block: bytes, position: int, sums: dict[bytes, int]) -> bool:
        """Check the checksum of a header; return False if the block is all zeros instead.

        adler32's lower half is one plus the sum of the bytes, so each checksum field is turned once into what
        adler32 must give for a header that holds it.
        """
        if block == _ZEROS:
            return False
        field = block[148:156]
        stated = self._number(field, "checksum", position)
        unsigned = sum(block) - sum(field) + 8 * _SPACE
        if stated == unsigned:
            sums[field] = (1 + unsigned - 8 * _SPACE + sum(field)) % _ADLER
            _bound(sums)
            return True
        signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])  # noqa: PLR2004
        if stated != signed:
            raise self._damaged(f"the header checksum is {unsigned}, but {stated} is stated", position)
        return True

    def _number(self, field: bytes, name: str, position: int) -> int:
        """Return a numeric field: octal digits, or base 256 where the first bit is set."""
        if field[0] & 0x80:
            value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
            if field[0] & 0x40:
                value -= 1 << (8 * len(field) - 1)
        else:
            digits = field.partition(b"\0")[0].strip(b" ")
            if digits and not (digits.isdigit() and b"8" not in digits and b"9" not in digits):
                raise self._damaged(f"the {name} field is {field!r}", position)
            value = int(digits, 8) if digits else 0
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

    @staticmethod
    def _prefixed(prefix: bytes, path: bytes, trailer: bytes) -> bytes:
        """Join the prefix field and the name; star keeps times in the end of the prefix."""
        if trailer.endswith(b"tar\0"):
            prefix = prefix[:131]
        return prefix.partition(b"\0")[0] + b"/" + path

    # ---- extended headers -----------------------------------------------------------------------------------------

    def _extend(self, extensions: _Extensions, flag: bytes, offset: int, size: int) -> _Extensions:
        """Read the extension header whose content is `size` bytes at `offset`."""
        if size < 0:
            raise self._damaged("the size of an extended header is negative", offset - BLOCK)
        if size > self._limits.max_extended_header:
            raise self._limits.exceeded(
                "max_extended_header",
                f"{self._what}: the extended header at byte {offset - BLOCK:,} has {size:,} bytes",
            )
        data, start = self._window.view(offset, size)
        body = data[offset - start : offset - start + size]
        if len(body) < size:
            raise self._cut("an extended header", offset + len(body))
        if flag == b"L":
            extensions.name = body.partition(b"\0")[0]
        elif flag == b"K":
            extensions.link = body.partition(b"\0")[0]
        elif flag == b"g":
            extensions.defaults = extensions.defaults | self._records(body, offset)
        else:
            extensions.records = self._records(body, offset)
        return extensions

    def _records(self, body: bytes, offset: int) -> dict[str, bytes]:
        """Return the records of a PAX header: lines of ``length key=value``; of a key that repeats, the last."""
        records: dict[str, bytes] = {}
        at = 0
        while at < len(body):
            space = body.find(b" ", at, at + 20)
            digits = body[at:space] if space > 0 else b""
            if not digits.isdigit():
                if not body[at:].strip(b"\0"):
                    break
                raise self._damaged("a PAX record has no length", offset + at)
            after = at + int(digits)
            key, equals, value = body[space + 1 : after - 1].partition(b"=")
            if not equals or not key or after > len(body) or body[after - 1] != 0x0A:
                raise self._damaged("a PAX record is damaged", offset + at)
            records[key.decode("utf-8", "surrogateescape")] = value
            at = after
        return records

    def _extended(
        self,
        extensions: _Extensions,
        path: bytes,
        link: bytes,
        attributes: Attributes,
        size: int,
        stored: int,
        mtime: int,
        position: int,
    ) -> tuple[bytes, bytes, Attributes, int, int, int, dict[str, bytes] | None, bool]:
        """Return the fields of a header as its extension headers change them, and whether it is sparse."""
        records = extensions.defaults | extensions.records if extensions.defaults else extensions.records
        if records:
            for name in ("path", "linkpath", "GNU.sparse.name"):
                if b"\0" in records.get(name, b""):
                    raise self._damaged(f"the PAX record {name} holds a zero byte", position)
            path = records.get("GNU.sparse.name") or records.get("path") or path
            link = records.get("linkpath") or link
            if records.get("size"):
                size = stored = self._decimal(records["size"], "size", position)
            if records.get("mtime"):
                mtime = self._decimal(records["mtime"].partition(b".")[0], "mtime", position)
            if records.get("uid") or records.get("gid"):
                uid, gid = (
                    self._decimal(records[key], key, position) if records.get(key) else value
                    for key, value in (("uid", attributes.uid), ("gid", attributes.gid))
                )
                attributes = Attributes(attributes.mode, uid, gid)
        path = path if extensions.name is None else extensions.name
        link = link if extensions.link is None else extensions.link
        if max(len(path), len(link)) > self._limits.max_path_bytes:
            raise self._limits.exceeded(
                "max_path_bytes", f"{self._what}: a path at byte {position:,} has {max(len(path), len(link)):,} bytes"
            )
        real_size = (
            records.get("GNU.sparse.realsize") or records.get("GNU.sparse.size") or records.get("SCHILY.realsize")
        )
        if real_size:
            size = self._decimal(real_size, "sparse size", position)
        xattrs = {
            key.removeprefix("SCHILY.xattr."): value
            for key, value in records.items()
            if key.startswith("SCHILY.xattr.") and value
        }
        return path, link, attributes, size, stored, mtime, xattrs or None, bool(real_size)

    def _decimal(self, text: bytes, name: str, position: int) -> int:
        digits = text.removeprefix(b"-")
        if not digits.isdigit() or len(digits) > 19 or not -_INT64 <= int(text) < _INT64:  # noqa: PLR2004
            raise self._damaged(f"the PAX record {name} is {text[:40]!r}", position)
        return int(text)

    def _old_sparse(self, block: bytes, offset: int) -> tuple[int, int]:
        """Return the real size of an old GNU sparse file, and where its content begins behind the sparse map."""
        size = self._number(block[483:495], "sparse size", offset - BLOCK)
        more, first = block[482], offset
        while more:
            data, start = self._window.view(offset, BLOCK)
            extension = data[offset - start : offset - start + BLOCK]
            if len(extension) < BLOCK:
                raise self._cut("a sparse map", offset + len(extension))
            more = extension[504]
            offset += BLOCK
            if offset - first > self._limits.max_extended_header:
                raise self._limits.exceeded(
                    "max_extended_header", f"{self._what}: a sparse map is {offset - first:,} bytes"
                )
        return size, offset

    # ---- errors ---------------------------------------------------------------------------------------------------

    def _damaged(self, reason: str, offset: int) -> CorruptLayerError:
        return CorruptLayerError(f"{self._what}: damaged tar at byte {offset:,}: {reason}", offset=offset)

    def _cut(self, thing: str, offset: int) -> CorruptLayerError:
        return CorruptLayerError(f"{self._what}: the tar ends at byte {offset:,}, inside {thing}", offset=offset)


def _bound(cache: dict[bytes, _Cached]) -> None:
    """Forget a cache that has grown beyond what real tars make of it."""
    if len(cache) > _CACHE_SIZE:
        cache.clear()


def _shown(path: bytes) -> str:
    return repr(path[:200].decode("utf-8", "backslashreplace"))
