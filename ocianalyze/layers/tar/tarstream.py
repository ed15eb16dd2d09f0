"""The tar parser: ustar, v7, old GNU, star and PAX headers become entries, in one bounded and linear pass.

Sources: POSIX.1-2017 pax(1), "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format"
and "Storing Sparse Files"; Go's archive/tar, which the container runtimes read layers with and which decides where
readers differ: GNU long names win over PAX records, links and directories have no content whatever their size says,
global headers change nothing of what follows, numbers may begin with zero bytes (see tests/layers/odd_tars.py).

What can be understood, but what no runtime unpacks, is yielded with the reason why. Whatever makes it unsure where the
next header is is damage.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from ocianalyze.errors import CorruptLayerError, CutShortError
from ocianalyze.layers.blob.compression import adler32
from ocianalyze.layers.tar.entry import Attributes, Kind
from ocianalyze.layers.tar.obstacles import EVERYONE, Cause, Refusal
from ocianalyze.layers.tar.records import RecordError, parse_int, parse_number, parse_records, parse_time
from ocianalyze.layers.tar.sparse import SparseFile
from ocianalyze.layers.tar.sparse_records import Sparse, parse_sparse
from ocianalyze.layers.tar.special import refused_target, special_file
from ocianalyze.layers.tar.xattrs import refused_attributes
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocianalyze.layers.blob.windows import Window
    from ocianalyze.layers.tar.entry import RawEntry

_Cached = TypeVar("_Cached", int, Attributes)
Take: TypeAlias = "Callable[[int, int], tuple[int, int, int]]"
"""Takes entries from a place in a tar on, as long as there is nothing odd about them.

It is given the place, and where the tar ends. It returns how many entries it took, where the next header begins, and
where the content of the last entry ends.
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
_MAGIC: Final = slice(100, 108)
_DEVICE: Final = slice(172, 188)
_TRAILER: Final = slice(351, 355)
_TIMES: Final = ("atime", slice(319, 331)), ("ctime", slice(331, 343))
"""Where star keeps times; in the rest, as the others."""
_USTAR: Final = b"ustar\0"
_GNU: Final = b"ustar  \0"
_STAR: Final = b"tar\0"
_NO_DEVICE: Final = frozenset((bytes(16), b"0000000\0" * 2, b"0000000 " * 2, b"000000 \0" * 2))
_ZEROS: Final = bytes(BLOCK)
_INT64: Final = 1 << 63
_LARGEST: Final = _INT64 - BLOCK
"""Where the content of an entry ends at most: the next header is to lie below 2**63, too."""
_LONGEST_EXTENDED: Final = 1 << 20
"""How many bytes of an extended header, or of a sparse map, Go reads."""
_CACHE_SIZE: Final = 1 << 16
_ADLER: Final = 65521
_SPACE: Final = 0x20

_REGULAR, _DIRECTORY, _SYMLINK, _HARDLINK, _ABSENT, _GLOBAL = (
    int(kind) for kind in (Kind.FILE, Kind.DIRECTORY, Kind.SYMLINK, Kind.HARDLINK, Kind.ABSENT, Kind.GLOBAL_HEADER)
)
_CHARACTERS, _BLOCKS, _FIFO = (int(kind) for kind in (Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE, Kind.FIFO))
_LINKS: Final = frozenset((_SYMLINK, _HARDLINK))
_NODES: Final = frozenset((_CHARACTERS, _BLOCKS, _FIFO))
_KINDS: Final = {
    b"0": _REGULAR,
    b"1": _HARDLINK,
    b"2": _SYMLINK,
    b"3": _CHARACTERS,
    b"4": _BLOCKS,
    b"5": _DIRECTORY,
    b"6": _FIFO,
}
_EXTENSIONS: Final = frozenset((b"x", b"g", b"L", b"K"))
_NEWLINE: Final = 0x0A
_CHECKSUM: Final = regex(rb"[0-7]{6}(?:\0 | \0)").fullmatch
_PLAIN_RECORDS: Final = frozenset(("path", "linkpath"))
_XATTR: Final = "SCHILY.xattr."
_NO_FILES: Final = frozenset((b"V", b"N", b"A", b"X"))
"""Volume label, old GNU names, Solaris access control list and extended header: no files to any reader."""


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
    """
    return _Reader(window, what, sparse).entries(take)


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
    """One pass through one tar.

    `_refusals` are the reasons, found so far, why no runtime unpacks the entry that is being read.
    """

    def __init__(self, window: Window, what: str, on_sparse: Callable[[SparseFile], None] | None) -> None:
        self._window = window
        self._what = what
        self._on_sparse = on_sparse
        self._sparse_map: bytes | None = None
        self._refusals: list[Refusal] = []

    def entries(self, take: Take | None) -> Iterator[RawEntry]:  # noqa: C901, PLR0912, PLR0915 - the one hot loop of the program
        """Yield every entry. What is rare is left to methods; what is common happens here, once for each entry."""
        view, end = self._window.view, self._window.end()
        if end is None:
            end = _LARGEST
        sums = _SUMS
        identities: dict[bytes, Attributes] = {}
        times: dict[bytes, int] = {}
        unpack, adler, kinds, regular = _unpack, adler32, _KINDS, _REGULAR
        refusals = self._refusals
        plain = long_path = b""
        extensions: _Extensions | None = None
        sparse = False
        data, start, length = b"", 0, 0
        position = content_end = 0
        while True:
            if take is not None and extensions is None and not long_path and not refusals:
                taken, after, ended = take(position, end)
                if taken:
                    position, content_end = after, ended
                    continue
            at = position - start
            if at + BLOCK > length:
                data, start = view(position, BLOCK)
                length = len(data)
                at = position - start
                if length - at < BLOCK:
                    self._check_end(start + length, position, content_end)
                    self._check_pending(position)
                    return
            block = data[at : at + BLOCK]
            name, identity, digits, last_digit, time_field, checksum, flag, rest = unpack(block)
            low = adler(block) & 0xFFFF
            if low != sums[checksum] and not self._verify(block, position):
                self._check_trailer(position)
                self._check_pending(position)
                return

            attributes = identities.get(identity)
            if attributes is None:
                attributes = self._attributes(identity)
                if not refusals:
                    _bound(identities)
                    identities[identity] = attributes
            mtime = times.get(time_field)
            if mtime is None:
                mtime = self._field(time_field, "mtime")
                if not refusals:
                    _bound(times)
                    times[time_field] = mtime
            try:
                is_plain = digits.isdigit() and (last_digit == b"\0" or last_digit == b" ")  # noqa: PLR1714 - in() is slower
                size = int(digits, 8) if is_plain else self._number(digits + last_digit, "size", position)
            except ValueError:
                size = self._number(digits + last_digit, "size", position)

            path = name.split(b"\0", 1)[0]
            raw_link = b""
            if rest != plain:  # most often it is the same for one entry after the other
                self._check_rest(rest)
                if rest[_LINK] or rest[_PREFIX]:
                    path, raw_link = self._rest(rest, path)
                elif not refusals:
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
                    content_end = offset + size
                    position = content_end + 511 & -512
                    if flag == b"g":
                        yield self._global(path, attributes, mtime, offset)
                    continue
                sparse_file = None
                if extensions is not None:
                    path, raw_link, attributes, size, mtime, xattrs, sparse_file = self._extended(
                        extensions, path, raw_link, attributes, size, mtime, position, kind
                    )
                    extensions = None
                stored = size
                if sparse_file is not None:
                    path, size, sparse = sparse_file.name or path, sparse_file.size, True
                    self._sparse_map = sparse_file.listed
                    if sparse_file.problem:
                        refusals.append(Refusal(Cause.SPARSE_MAP, EVERYONE, sparse_file.problem))
                        size = stored
                if kind < 0:
                    if flag == b"\0":
                        kind = _DIRECTORY if path.endswith(b"/") else regular
                        stored = stored if kind == regular else 0
                    else:
                        refusals.append(Refusal(Cause.ENTRY_TYPE, EVERYONE, flag.decode("latin-1")))
                        kind = _DIRECTORY if flag == b"D" else _ABSENT if flag in _NO_FILES else regular
                        if flag == b"S" and rest[_MAGIC] == _GNU:
                            size, offset = self._old_sparse(block, offset)
                            sparse = True
                        elif flag == b"S":
                            refusals.append(Refusal(Cause.SPARSE_MAP, EVERYONE, "its header is not in GNU format"))
                elif kind != regular:
                    stored = 0
                    if kind in _NODES:
                        kind = self._node(kind, rest)
                if kind in _LINKS:
                    link = raw_link.decode("utf-8", "surrogateescape")
                    if kind == _SYMLINK:
                        refusals.extend(refused_target(raw_link))
                if kind != regular:
                    size = 0
                if xattrs:
                    refusals.extend(refused_attributes(kind, xattrs))
            if size < 0 or stored < 0:
                raise self._damaged(f"size of {_shown(path)} is negative", position)
            content_end = offset + stored
            position = content_end + 511 & -512
            if content_end > end:
                if end == _LARGEST:
                    raise self._damaged(f"size of {_shown(path)} is {stored:,} bytes", offset - BLOCK)
                raise self._cut(f"the content of {_shown(path)}", end)
            if sparse:
                if self._on_sparse is not None:
                    self._on_sparse(SparseFile(self._sparse_map, flag == b"S", size, offset, stored))
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
                self._refused() if refusals else (),
            )

    # ---- the ends -------------------------------------------------------------------------------------------------

    def _check_end(self, seen: int, position: int, content_end: int) -> None:
        """Nothing was seen from byte `seen` on: check that an entry ends there; what pads its last block may lack."""
        end = self._window.end()
        end = seen if end is None else min(end, seen)
        if end < content_end:
            raise self._cut("the content of an entry", end)
        if end > position:
            raise self._cut("a header", end)

    def _check_trailer(self, position: int) -> None:
        """The block at `position` is all zeros: the next one must be too, or the tar must end here.

        A lone block of zeros before more data is a header that got lost.
        """
        data, start = self._window.view(position + BLOCK, BLOCK)
        following = data[position + BLOCK - start :][:BLOCK]
        if following.strip(b"\0"):
            raise self._damaged("single block of zeros is followed by data", position)
        if 0 < len(following) < BLOCK:
            raise self._cut("the final block", position + BLOCK + len(following))

    def _check_pending(self, position: int) -> None:
        """The tar ends at `position`: no extended header before it may be one that no runtime reads."""
        if self._refusals:
            raise self._damaged(f"extended header is invalid: {self._refusals[0].detail}", position)

    # ---- numbers --------------------------------------------------------------------------------------------------

    def _verify(self, block: bytes, position: int) -> bool:
        """Check the checksum of a header in full; return False if the block is all zeros instead."""
        if block == _ZEROS:
            return False
        field = block[148:156]
        stated = None if field[0] & 0x80 else parse_number(field)
        unsigned = sum(block) - sum(field) + 8 * _SPACE
        signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])  # noqa: PLR2004
        if stated is None:
            raise self._damaged(f"checksum field is {field!r}", position)
        if stated not in (unsigned, signed):
            raise self._damaged(f"header checksum is {unsigned}, but {stated} is stated", position)
        return True

    def _number(self, field: bytes, name: str, position: int) -> int:
        """Return a numeric field that the next header depends on."""
        value = parse_number(field)
        if value is None:
            raise self._damaged(f"{name} field is {field!r}", position)
        return value

    def _field(self, field: bytes, name: str) -> int:
        """Return a numeric field, or 0 and take note that no runtime unpacks the entry."""
        value = parse_number(field)
        if value is None:
            self._refusals.append(Refusal(Cause.NUMBER, EVERYONE, f"{name} field is {field!r}"))
        return value or 0

    def _attributes(self, identity: bytes) -> Attributes:
        mode = self._field(identity[:8], "mode") & 0o7777
        return Attributes(mode, self._field(identity[8:16], "uid"), self._field(identity[16:], "gid"))

    def _check_rest(self, rest: bytes) -> None:
        """Take note of fields that Go reads whether they are needed or not: device numbers, and the times of star."""
        magic = rest[_MAGIC]
        if not magic.startswith(_USTAR) and magic != _GNU:
            return
        if rest[_DEVICE] not in _NO_DEVICE:
            self._field(rest[_DEVICE][:8], "device number")
            self._field(rest[_DEVICE][8:], "device number")
        if rest[_TRAILER] == _STAR and magic != _GNU:
            for name, place in _TIMES:
                self._field(rest[place], name)

    def _node(self, kind: int, rest: bytes) -> int:
        """Return what a device or a named pipe is: a device 0/0 is what overlayfs takes for a whiteout."""
        magic, fields = rest[_MAGIC], rest[_DEVICE]
        if not magic.startswith(_USTAR) and magic != _GNU:
            fields = bytes(16)
        major, minor = parse_number(fields[:8]) or 0, parse_number(fields[8:]) or 0
        kind, refusals = special_file(kind, major, minor)
        self._refusals.extend(refusals)
        return kind

    def _rest(self, rest: bytes, path: bytes) -> tuple[bytes, bytes]:
        """Return the path and the link target of a header that has a prefix or a link name."""
        link, magic, prefix, trailer = _unpack_rest(rest)
        if prefix[0]:
            path = _prefixed(prefix, path, magic, trailer)
        return path, link.partition(b"\0")[0]

    def _refused(self) -> tuple[Refusal, ...]:
        """Return why the entry is refused, and forget it."""
        refusals = tuple(self._refusals)
        self._refusals.clear()
        return refusals

    # ---- extended headers -----------------------------------------------------------------------------------------

    def _long_path(self, body: bytes, size: int) -> bytes:
        """Return the path of a PAX header that says nothing else, and that no limit forbids; else nothing."""
        start = b"%d path=" % size
        if (
            not body.startswith(start)
            or len(body) != size
            or body[-1] != _NEWLINE
            or b"\0" in body
            or size > _LONGEST_EXTENDED
        ):
            return b""
        return body[len(start) : -1]

    def _extend(self, extensions: _Extensions, flag: bytes, body: bytes, offset: int, size: int) -> _Extensions | None:
        """Read the extension header whose content is `size` bytes at `offset`; `body` is what is at hand of it.

        A global one ends what others have said before it, and says nothing.
        """
        if size < 0:
            raise self._damaged("size of an extended header is negative", offset - BLOCK)
        if size > _LONGEST_EXTENDED:
            self._refusals.append(Refusal(Cause.EXTENDED_HEADER, EVERYONE, f"{size:,} bytes"))
            return None if flag == b"g" else extensions
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
        """Return the records of a PAX header that begins at `offset`."""
        try:
            return parse_records(body)
        except RecordError as error:
            raise self._damaged(error.reason, offset + error.at) from error

    def _global(self, path: bytes, attributes: Attributes, mtime: int, offset: int) -> RawEntry:
        """Return a global header as an entry: it has a name, at which runtimes remove what is there."""
        name = path.decode("utf-8", "surrogateescape")
        return name, _GLOBAL, attributes, 0, mtime, "", offset, 0, None, self._refused()

    def _extended(
        self,
        extensions: _Extensions,
        path: bytes,
        link: bytes,
        attributes: Attributes,
        size: int,
        mtime: int,
        position: int,
        kind: int,
    ) -> tuple[bytes, bytes, Attributes, int, int, dict[str, bytes] | None, Sparse | None]:
        """Return the fields of a header as its extension headers change them.

        The last one is what the records say of a sparse file in one of the PAX formats, else None.
        """
        records = extensions.records
        path = extensions.name or records.get("path") or path
        link = extensions.link or records.get("linkpath") or link
        sparse = xattrs = None
        if not records.keys() <= _PLAIN_RECORDS:
            if records.get("size"):
                stated = parse_int(records["size"])
                if stated is None:
                    raise self._damaged(f"PAX record size is {records['size'][:40]!r}", position)
                size = stated
            mtime = self._record(records, "mtime", mtime, parse_time)
            self._record(records, "atime", 0, parse_time)
            self._record(records, "ctime", 0, parse_time)
            uid = self._record(records, "uid", attributes.uid, parse_int)
            gid = self._record(records, "gid", attributes.gid, parse_int)
            if (uid, gid) != attributes[1:]:
                attributes = Attributes(attributes.mode, uid, gid)
            sparse = self._sparse(records, size, position + BLOCK, kind)
            xattrs = {key.removeprefix(_XATTR): value for key, value in records.items() if key.startswith(_XATTR)}
        return path, link, attributes, size, mtime, xattrs or None, sparse

    def _record(self, records: dict[str, bytes], key: str, value: int, parse: Callable[[bytes], int | None]) -> int:
        """Return the number that a record states, or the header's `value`."""
        text = records.get(key)
        if not text:
            return value
        stated = parse(text)
        if stated is None:
            self._refusals.append(Refusal(Cause.NUMBER, EVERYONE, f"PAX record {key} is {text[:40]!r}"))
        return value if stated is None else stated

    def _sparse(self, records: dict[str, bytes], stored: int, offset: int, kind: int) -> Sparse | None:
        """Return what the records say of a sparse file whose content begins at `offset`, if they are those of one."""

        def read(size: int) -> bytes:
            data, start = self._window.view(offset, size)
            return data[offset - start : offset - start + size]

        return parse_sparse(records, stored, read, has_content=kind in (_REGULAR, -1))

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
            if offset - first > _LONGEST_EXTENDED:
                raise self._damaged(f"sparse map is longer than {_LONGEST_EXTENDED:,} bytes", first - BLOCK)
        self._sparse_map = b"".join(numbers)
        return size, offset

    # ---- errors ---------------------------------------------------------------------------------------------------

    def _damaged(self, reason: str, offset: int) -> CorruptLayerError:
        return CorruptLayerError(f"{self._what}: damaged tar at byte {offset:,}: {reason}", offset=offset)

    def _cut(self, thing: str, offset: int) -> CutShortError:
        return CutShortError(f"{self._what}: tar is truncated at byte {offset:,}, inside {thing}", offset=offset)


def _prefixed(prefix: bytes, path: bytes, magic: bytes, trailer: bytes) -> bytes:
    """Join the prefix field and the name, in the formats where it is a prefix.

    star keeps times in its end. Old GNU tar keeps other things there; but what old Go programs wrote, and Go still
    reads, are GNU headers with a prefix, told by times that are none.
    """
    if magic == _GNU:
        times = prefix[:12], prefix[12:24] if prefix[12] else b"\0"
        if None not in map(parse_number, times) or not prefix.partition(b"\0")[0].isascii():
            return path
    elif not magic.startswith(_USTAR):
        return path
    elif trailer == _STAR:
        prefix = prefix[:131]
    return prefix.partition(b"\0")[0] + b"/" + path


def _bound(cache: dict[bytes, _Cached]) -> None:
    """Forget a cache that has grown beyond what real tars make of it."""
    if len(cache) > _CACHE_SIZE:
        cache.clear()


def _shown(path: bytes) -> str:
    return repr(path[:200].decode("utf-8", "backslashreplace"))
