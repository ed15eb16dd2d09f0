"""Flatbuffers are read within their bytes, and no more of them than they have."""

import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.layers.indexes.flatbuffers import Flatbuffer, FlatbufferError
from tests.support.ztocs import flatbuffer


def table(fields: dict[int, Any], form: str, defaults: dict[int, int] | None = None) -> list[int]:
    buffer = Flatbuffer(flatbuffer(fields))
    return buffer.tables(form, defaults).read(buffer.root())


def test_numbers_are_read_by_their_slots() -> None:
    fields = {0: ("b", -1), 1: ("q", 1 << 62), 3: ("I", 0xFFFFFFFF), 4: ("H", 7)}
    assert table(fields, "bq IH") == [-1, 1 << 62, 0xFFFFFFFF, 7]
    assert table(fields, "b") == [-1]
    assert table(fields, "   I") == [0xFFFFFFFF]


def test_fields_that_are_left_out_have_their_defaults() -> None:
    assert table({1: ("q", 5)}, "bqi@", {0: 1, 1: 2}) == [1, 5, 0, 0]
    assert table({}, "bq", {1: 2}) == [0, 2]


def test_fields_that_nobody_asks_for_are_passed_over() -> None:
    assert table({0: b"x", 1: ("i", 5), 9: b"later"}, " i") == [5]


def test_references_lead_to_strings_vectors_and_tables() -> None:
    buffer = Flatbuffer(flatbuffer({0: b"text", 1: [b"a", b"", b"bc"], 2: {0: ("i", 7)}, 3: []}))
    text, listed, inner, empty, missing = buffer.tables("@@@@@").read(buffer.root())
    assert buffer.string(text) == b"text"
    assert [buffer.string(position) for position in buffer.references(listed)] == [b"a", b"", b"bc"]
    assert buffer.tables("i").read(inner) == [7]
    assert list(buffer.references(empty)) == []
    assert missing == 0
    assert buffer.string(missing) == b""
    assert list(buffer.references(missing)) == []


@given(
    st.dictionaries(st.integers(0, 6), st.integers(-(1 << 63), (1 << 63) - 1)),
    st.lists(st.binary(max_size=9), max_size=9),
    st.booleans(),
)
def test_what_is_written_is_read(numbers: dict[int, int], strings: list[bytes], is_shared: bool) -> None:  # noqa: FBT001
    fields: dict[int, Any] = {slot: ("q", number) for slot, number in numbers.items()}
    buffer = Flatbuffer(flatbuffer({**fields, 7: strings}, is_shared=is_shared))
    *found, listed = buffer.tables("qqqqqqq@").read(buffer.root())
    assert found == [numbers.get(slot, 0) for slot in range(7)]
    assert len(buffer.references(listed)) == len(strings)
    if not is_shared:
        assert [buffer.string(position) for position in buffer.references(listed)] == strings


def test_a_string_cannot_be_read_more_often_than_it_is_stored() -> None:
    buffer = Flatbuffer(flatbuffer({0: b"x" * 10_000}))
    (text,) = buffer.tables("@").read(buffer.root())
    buffer.string(text)
    with pytest.raises(FlatbufferError, match="overlap"):
        buffer.string(text)


def test_a_vector_cannot_be_read_more_often_than_it_is_stored() -> None:
    buffer = Flatbuffer(flatbuffer({0: [b""] * 1000}))
    (listed,) = buffer.tables("@").read(buffer.root())
    buffer.references(listed)
    buffer.references(listed)
    with pytest.raises(FlatbufferError, match="overlap"):
        [buffer.references(listed) for _ in range(10)]


# The root is at 16, its vtable at 4: its size, that of the table, and the place of a field.
HEAD = struct.pack("<IHHHHxxxxiI", 16, 8, 8, 4, 0, 12, 4)


def test_the_head_is_a_table() -> None:
    buffer = Flatbuffer(HEAD + struct.pack("<I3s", 3, b"abc"))
    assert buffer.string(buffer.tables("@").read(buffer.root())[0]) == b"abc"


@pytest.mark.parametrize(
    "buffer",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x10\0\0", id="no root"),
        pytest.param(struct.pack("<I", 0xFFFFFFFF) + bytes(40), id="root outside"),
        pytest.param(HEAD[:16] + struct.pack("<i", 17) + bytes(40), id="vtable before the buffer"),
        pytest.param(HEAD[:16] + struct.pack("<i", -(1 << 31)) + bytes(40), id="vtable behind the buffer"),
        pytest.param(HEAD[:4] + struct.pack("<HH", 0xFFFF, 0xFFFF) + HEAD[8:] + bytes(9), id="vtable too long"),
        pytest.param(HEAD[:4] + struct.pack("<HHH", 6, 0xFFFF, 0xFFF0) + HEAD[10:] + bytes(9), id="field outside"),
        pytest.param(HEAD[:4] + struct.pack("<HHH", 6, 8, 6) + HEAD[10:] + bytes(9), id="field behind its table"),
        pytest.param(HEAD[:4] + struct.pack("<HHH", 6, 8, 2) + HEAD[10:] + bytes(9), id="field before its table"),
        pytest.param(HEAD[:20] + struct.pack("<I", 0xFFFFFFFF) + bytes(9), id="string outside"),
        pytest.param(HEAD + struct.pack("<I3s", 4, b"abc"), id="string too long"),
        pytest.param(HEAD + struct.pack("<I3s", 0xFFFFFFFF, b"abc"), id="string far too long"),
        pytest.param(HEAD, id="string cut"),
    ],
)
def test_damage_is_noticed(buffer: bytes) -> None:
    with pytest.raises(FlatbufferError):
        read_string(buffer)
    with pytest.raises(FlatbufferError):
        read_vector(buffer)


def read_string(content: bytes) -> bytes:
    buffer = Flatbuffer(content)
    return buffer.string(buffer.tables("@").read(buffer.root())[0])


def read_vector(content: bytes) -> list[bytes]:
    buffer = Flatbuffer(content)
    return [buffer.string(place) for place in buffer.references(buffer.tables("@").read(buffer.root())[0])]


def test_fields_must_not_overlap() -> None:
    overlapping = HEAD[:4] + struct.pack("<HHHH", 8, 16, 4, 6) + HEAD[12:] + bytes(16)
    buffer = Flatbuffer(overlapping)
    assert buffer.tables("I").read(buffer.root()) == [4]
    with pytest.raises(FlatbufferError, match="overlap"):
        buffer.tables("II").read(buffer.root())


def test_there_are_not_too_many_vtables() -> None:
    """Each costs more to take in than it has bytes."""
    vtables = b"".join(struct.pack("<HHii", 4, 4, 4, 0) for _ in range(5000))
    tables = Flatbuffer(vtables).tables("i")
    with pytest.raises(FlatbufferError, match="too many"):
        [tables.read(12 * number + 4) for number in range(5000)]


@given(st.binary(max_size=200), st.integers(0, 200))
def test_no_bytes_are_anything_worse_than_damaged(content: bytes, root: int) -> None:
    for reader in (read_string, read_vector):
        for buffer in (content, struct.pack("<I", root) + content, HEAD[: root % 25] + content):
            with suppress(FlatbufferError):
                reader(buffer)
