"""The objects in the JSON of a table of contents, one for each entry and each further chunk of a file.

All of them are parsed at once; where compiled code reads the ordinary ones by itself, the others are one by one.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ocianalyze.errors import InvalidImageError
from ocianalyze.layers.indexes import listed
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.metering.budget import LISTED
from ocianalyze.oci import json
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Item: TypeAlias = "Mapping[str, Any]"

_CHUNK: Final = "chunk"
_WHAT: Final = "the table of contents"
_VALUE: Final = 100
"""How many bytes of memory a value of JSON takes, with its place in a list or its key."""
_PARSING: Final = Lock()
"""So that the values of one table only are in memory at a time."""
_SPACE: Final = rb"[ \t\r\n]*"
_BEGIN: Final = regex(_SPACE.join((b"", rb"\{", b'"version"', b":", b"1", b",", b'"entries"', b":", rb"\[", b"")))
"""How producers begin a table."""
_LIST_END: Final = ord("]")


class NotPlainError(Exception):
    """A document is not as producers write it, and has to be parsed as a whole to tell whether it is valid."""


class ParsedItems:
    """The objects of a document that was parsed."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._at = 0

    @property
    def is_over(self) -> bool:
        """Whether all were taken."""
        return self._at == len(self._items)

    def take(self) -> tuple[Item, Sequence[Item]]:
        """Return the one that comes next, and the chunks that follow it."""
        begin = self._at
        self._at += 1
        while not self.is_over and is_chunk(self._items[self._at]):
            self._at += 1
        return self._items[begin], self._items[begin + 1 : self._at]


class StoredItems:
    """The objects of a document of which nothing was parsed but what was taken.

    Attributes:
        raw: the document, in UTF-8.
        at: where the one that comes next begins, or the list ends; compiled code moves it on.
    """

    def __init__(self, raw: bytes, at: int, most: int) -> None:
        """What is taken may need at most so many bytes of memory."""
        self.raw = raw
        self.at = at
        self._most = most

    @property
    def is_over(self) -> bool:
        """Whether all were taken.

        Raises:
            NotPlainError: they were, but the document does not end as it should.
        """
        if self.raw[self.at] != _LIST_END:
            return False
        rest = _parsed(b'{"": 0' + self.raw[self.at + 1 :], self._most)
        if not isinstance(rest, dict) or not rest.keys().isdisjoint(("version", "entries")):
            raise NotPlainError
        return True

    def take(self) -> tuple[Item, Sequence[Item]]:
        """Return the one that comes next, and the chunks that follow it.

        Raises:
            NotPlainError: one of them is none, or it does not end as it should.
        """
        item = self._next()
        chunks: list[Item] = []
        while self.raw[self.at] != _LIST_END:
            before = self.at
            following = self._next()
            if not is_chunk(following):
                self.at = before
                break
            chunks.append(following)
        return item, chunks

    def _next(self) -> Item:
        found = listed.compiled_table.find_object(self.raw, self.at)
        if found is None:
            raise NotPlainError
        end, following = found
        item = _parsed(b"[[%s]]" % self.raw[self.at : end], self._most)[0][0]  # no deeper than in the document
        if not isinstance(item, dict):
            raise NotPlainError
        self.at = following
        return item


def memory_of_table(raw: bytes) -> int:
    """Return how many bytes of memory reading a document takes: if it is as producers write it, it is not parsed."""
    return _memory_of_stored(raw) if listed.compiled_table is not None else _memory_of(raw)


def stored_items(raw: bytes, most: int) -> StoredItems | None:
    """Return the objects of a document, None if it has to be parsed to tell where they are."""
    begin = None if listed.compiled_table is None or _memory_of_stored(raw) > most else _BEGIN.match(raw)
    if begin is None or begin.end() == len(raw) or not _is_text(raw):
        return None
    return StoredItems(raw, begin.end(), most)


def parsed_items(raw: bytes, most: int) -> ParsedItems:
    """Return the objects of a document, which may need at most so many bytes of memory.

    Raises:
        IndexUnusableError: it is none, or needs more.
    """
    if _memory_of(raw) > most:
        raise IndexUnusableError("the table of contents takes too much memory")
    try:
        with _PARSING:
            document = json.glance(raw, what=_WHAT)
    except InvalidImageError as error:
        raise IndexUnusableError(error.message) from error
    items = document.get("entries", 0) if isinstance(document, dict) else 0
    if items is None:  # as Go writes a list of none
        items = []
    if not isinstance(items, list) or set(map(type, items)) - {dict}:
        raise IndexUnusableError("the table of contents has no list of entries")
    version = document.get("version")
    if version != 1 or type(version) is not int:
        raise IndexUnusableError(f"the table of contents has the unknown version {str(version)[:20]}")
    return ParsedItems(items)


def is_chunk(item: Item) -> bool:
    """Tell whether an object describes a further chunk of a file."""
    return item.get("type") == _CHUNK


def _parsed(raw: bytes, most: int) -> Any:  # noqa: ANN401 - any JSON value
    if _memory_of(raw) > most:
        raise NotPlainError
    try:
        return json.glance(raw, what=_WHAT)
    except InvalidImageError as error:
        raise NotPlainError from error


def _memory_of(raw: bytes) -> int:
    """Return how many bytes of memory the values of a JSON document may take, and what they describe."""
    return 2 * len(raw) + _VALUE * sum(map(raw.count, (b",", b"[", b"{"))) + LISTED * raw.count(b"{")


def _memory_of_stored(raw: bytes) -> int:
    return len(raw) + LISTED * raw.count(b"{")


def _is_text(raw: bytes) -> bool:
    try:
        return raw.isascii() or raw.decode() != ""
    except UnicodeDecodeError:
        return False
