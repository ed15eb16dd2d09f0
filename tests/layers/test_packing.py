"""What is packed comes back as it was; what was altered is refused, and never loops or crashes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import CorruptLayerError
from ocianalyze.layers.packing import DamagedPackError, Packed, pack, unpack
from tests.support.changesets import ODD, changeset_of, columns
from tests.support.strategies import disputed_layers
from tests.support.tarballs import Item, layer

CAPTURED = {1: b"x", 3: b"", 5: bytes(range(256))}


def _packed(data: bytes) -> Packed:
    return Packed(changeset_of(data), "zstd", 1 << 40, 7, 3, 0.5, CAPTURED)


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
        assert changeset.attributes[changeset.identities[row]]
