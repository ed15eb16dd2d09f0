"""What an index of real producers says of a layer, and what is read by it, is what the layer's tar holds."""

from itertools import chain
from pathlib import Path

import pytest

from ocianalyze.errors import CorruptLayerError, IndexMismatchError
from ocianalyze.layers.blob.windows import StreamWindow
from ocianalyze.layers.indexes.checking import spot_check
from ocianalyze.layers.tar.tarstream import read_entries
from tests.support.indexed_images import FORMS
from tests.support.indexed_layers import SAMPLES, TABLES, IndexedLayer, comparable, indexed_layers

every_form = pytest.mark.parametrize("form", FORMS)
with_digests = pytest.mark.parametrize("form", TABLES)


def layers(form: str) -> list[IndexedLayer]:
    with indexed_layers(Path(SAMPLES, f"{form}.tar")) as found:
        assert found
        return found


@every_form
def test_its_entries_are_those_of_the_tar(form: str) -> None:
    for one in layers(form):
        entries = one.read().entries
        assert list(map(comparable, entries)) == list(map(comparable, one.entries))
        assert [entry[4] for entry in entries] == [entry[4] for entry in one.entries]


@every_form
def test_so_are_its_contents(form: str) -> None:
    for one in layers(form):
        index = one.read()
        files = [(a, b) for a, b in zip(index.entries, one.entries, strict=True) if a[3] and a[6] >= 0]
        for prepared in (True, False):
            if prepared:
                index.contents.prepare([(entry[6], entry[3]) for entry, _ in files])
            for entry, real in files:
                assert index.contents.read_at(entry[6], entry[3]) == one.tar[real[6] : real[6] + real[3]]
                part = index.contents.read_at(entry[6] + entry[3] // 2, entry[3] // 3)
                assert part == one.tar[real[6] + real[3] // 2 :][: entry[3] // 3]


@every_form
def test_headers_lie_where_it_says(form: str) -> None:
    for one in layers(form):
        index = one.read()
        stretches = index.contents.stretches
        described = list(chain(*(range(each.first, each.last + 1) for each in stretches)))
        assert described == sorted(set(described))
        assert not index.contents.odd_stretches
        for stretch, headers in zip(stretches, index.contents.prepare((), stretches), strict=True):
            stated = index.entries[stretch.first : stretch.last + 1]
            entries = read_entries(StreamWindow(iter((headers,))), what="headers")
            found = [entry for _, entry in zip(stated, entries, strict=False)]
            assert list(map(comparable, found)) == list(map(comparable, stated))


@every_form
def test_some_headers_are_compared_with_it(form: str) -> None:
    assert sum(spot_check(one.read(), what="layer 0") for one in layers(form)) >= 8


@every_form
@pytest.mark.parametrize("change", ["mode", "name", "another layer"])
def test_an_index_that_does_not_describe_its_layer_is_an_error(form: str, change: str) -> None:
    one, other = layers(form)[:2]
    index = one.read()
    entries = list(index.entries)
    for number, (path, kind, attributes, *rest) in enumerate(entries):
        if change == "mode":
            entries[number] = (path, kind, attributes._replace(mode=attributes.mode ^ 1), *rest)  # type: ignore[assignment]
        elif change == "name":
            entries[number] = (f"{path}x", kind, attributes, *rest)  # type: ignore[assignment]
        else:
            entries[number] = other.entries[number % len(other.entries)]
    with pytest.raises(IndexMismatchError, match="layer 7: the index does not describe its layer"):
        spot_check(index._replace(entries=entries), what="layer 7")


@every_form
def test_contents_that_it_does_not_describe_are_an_error(form: str) -> None:
    one = layers(form)[0]
    index = one.read()
    entry = max(index.entries, key=lambda entry: entry[3] if entry[6] >= 0 else 0)
    start, end = index.contents.stretches[0].cost, len(one.stored)  # somewhere in the largest file
    middle = (start + end) // 2
    spoilt = bytearray(one.stored)
    wrong = 0
    for place in range(middle, middle + 2000, 500):
        spoilt[place] ^= 0x40
    try:
        wrong += one.read(bytes(spoilt)).contents.read_at(entry[6], entry[3]) != index.contents.read_at(
            entry[6], entry[3]
        )
    except CorruptLayerError:
        return
    assert not wrong
