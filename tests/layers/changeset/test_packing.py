"""What is packed comes back as it was; what was altered is refused, and never loops or crashes."""

from array import array
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.changeset.answers import prepare
from ocianalyze.layers.changeset.packing import DamagedPackError, Packed, pack, unpack
from ocianalyze.layers.tar.entry import Attributes, Kind
from tests.support.changesets import ODD, changeset_of, columns
from tests.support.strategies import disputed_layers
from tests.support.tarballs import Item, layer

CAPTURED = {1: b"x", 3: b"", 5: bytes(range(256))}


def _packed(data: bytes) -> Packed:
    changeset = changeset_of(data)
    prepare(changeset, ["u", "[a-f]"])
    captured = {row: content for row, content in CAPTURED.items() if row < len(changeset)}
    return Packed(changeset, "zstd", 1 << 40, 7, 3, 0.5, captured)


def _state(packed: Packed) -> dict[str, object]:
    return {**packed._asdict(), "changeset": columns(packed.changeset)}


def test_odd_changesets_survive() -> None:
    packed = _packed(ODD)
    assert packed.changeset.xattrs
    assert packed.changeset.diagnostics
    assert _state(unpack(pack(packed))) == _state(packed)
    empty = _packed(b"")._replace(captured={})
    assert _state(unpack(pack(empty))) == _state(empty)


@settings(max_examples=60)
@given(disputed_layers())
def test_any_changeset_survives(items: list[Item]) -> None:
    try:
        packed = _packed(layer(items))
    except CorruptLayerError:
        return
    assert _state(unpack(pack(packed))) == _state(packed)


def test_what_is_cut_or_goes_on_is_refused() -> None:
    whole = pack(_packed(ODD))
    for length in range(len(whole)):
        with pytest.raises(DamagedPackError):
            unpack(whole[:length])
    with pytest.raises(DamagedPackError):
        unpack(whole + b"x")


@settings(max_examples=300)
@given(st.data())
def test_altered_bytes_give_a_layer_or_are_refused(data: st.DataObject) -> None:
    whole = bytearray(pack(_packed(ODD)))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        changeset = unpack(bytes(whole)).changeset
    except DamagedPackError:
        return
    for row in range(len(changeset)):
        assert changeset.path(row).startswith("/")
        assert changeset.entry(row)


def _alter(packed: Packed, what: str, row: int, value: int) -> None:
    column = getattr(packed.changeset, what)
    column[row] = value


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        (lambda packed: _alter(packed, "kinds", 1, 12), "kinds"),
        (lambda packed: _alter(packed, "kinds", 1, Kind.SYMLINK), "links without a target"),
        (lambda packed: _alter(packed, "parents", 2, 1), "row with an invalid parent"),
        (lambda packed: _alter(packed, "sizes", 1, -1), "row with an invalid parent, size"),
        (
            lambda packed: packed.changeset.links.update({1: packed.changeset.links.popitem()[1]}),
            "rows that are not links",
        ),
        (lambda packed: packed.changeset.xattrs.update({99: {"x": b""}}), "rows that do not exist"),
        (lambda packed: packed.captured.update({99: b""}), "rows that do not exist"),
        (lambda packed: packed.changeset.attributes.append(Attributes(1 << 63, 0, 0)), "contains invalid attributes"),
        (lambda packed: setattr(packed.changeset, "entries", 1 << 63), "sizes"),
        (lambda packed: packed.changeset.repeats.append((1, 1)), "repeats of rows"),
        (lambda packed: packed.changeset.repeats.append((99, 1)), "repeats of rows"),
        (lambda packed: packed.changeset.repeats.append((1, 0)), "repeats of rows"),
        (lambda packed: packed.changeset.repeats.append((3, 2)), "repeats of rows"),
        (lambda packed: setattr(packed.changeset, "_joined_names", b"\0x"), "do not end"),
        (lambda packed: packed.changeset.linked.append(99), "no files"),
        (lambda packed: packed.changeset.linked.append(0), "no files"),
        (lambda packed: packed.changeset.searches["u"].append(99), "rows that do not exist"),
        (lambda packed: packed.changeset.searches["u"].append(-1), "rows that do not exist"),
    ],
)
def test_what_would_lead_astray_later_is_refused(alter: Callable[[Packed], object], reason: str) -> None:
    packed = _packed(ODD)
    assert packed.changeset.kinds[1] == Kind.FILE
    packed = packed._replace(captured=dict(packed.captured))
    alter(packed)
    with pytest.raises(DamagedPackError, match=reason):
        unpack(pack(packed))
    with pytest.raises(DamagedPackError, match="compression"):
        unpack(pack(_packed(ODD)._replace(compression="x")))


def test_contents_do_not_overlap() -> None:
    """Sizes that go back and forth would make much of little."""
    packed = _packed(ODD)
    whole = pack(packed)
    sizes = array("q", map(len, packed.captured.values())).tobytes()
    assert whole.count(sizes) == 1
    with pytest.raises(DamagedPackError, match="cut"):
        unpack(whole.replace(sizes, array("q", [sum(array("q", sizes)), -5, 5]).tobytes()))
