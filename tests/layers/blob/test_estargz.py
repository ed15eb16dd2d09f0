"""Where gzip members begin is read off the table of an eStargz layer, if it has one, and believed by nobody."""

import gzip
import io
import json
import tarfile
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise

import pytest

from ocianalyze.layers.blob import estargz, parts
from ocianalyze.layers.blob.estargz import member_offsets
from ocianalyze.layers.blob.helpers import ALONE, Helpers, Slots
from ocianalyze.layers.reading import reader
from ocianalyze.layers.reading.reader import Reading, read_blob
from tests.support.blobs import MemoryBlob
from tests.support.changesets import columns
from tests.support.tarballs import file, layer

OLD = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x16\0%016xSTARGZ\x01\0\0\xff\xff" + bytes(8)
NEW = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0%016xSTARGZ\x01\0\0\xff\xff" + bytes(8)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estargz, "_STEP", 100)
    monkeypatch.setattr(parts, "_LEAST", 100)
    monkeypatch.setattr(reader, "_WORTH_CUTTING", 1000)


def build(
    contents: Sequence[bytes], *, footer: bytes = NEW, shift: int = 0, padding: int = 0
) -> tuple[bytes, list[int]]:
    """Return an eStargz layer with a member for each file, and where they begin; the table says so, but for `shift`.

    Zeros follow each member, as many as `padding` says.
    """
    plain = layer([file(f"{number}", content) for number, content in enumerate(contents)])
    blob, at, offsets = b"", 0, []
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for member in tar:
            blob += gzip.compress(plain[at : member.offset_data], mtime=0) + bytes(padding)
            at = member.offset_data
            offsets.append(len(blob))
    blob += gzip.compress(plain[at:-1024], mtime=0) + bytes(padding)
    entries = [{"name": f'{n}"offset":7', "offset": offset + shift} for n, offset in enumerate(offsets)]
    table = json.dumps({"version": 1, "entries": entries}).encode()
    toc = layer([file("stargz.index.json", table)])
    return blob + gzip.compress(toc, mtime=0) + footer % len(blob), [*offsets, len(blob)]


CONTENTS = [bytes([number]) * 3000 + bytes(range(256)) * (number % 5) for number in range(200)]


@pytest.mark.parametrize("footer", [OLD, NEW])
def test_the_table_says_where_members_begin(footer: bytes) -> None:
    data, expected = build(CONTENTS, footer=footer)
    found = member_offsets(MemoryBlob(data, seekable=True))
    assert len(found) > 50
    assert set(found) <= set(expected)
    assert all(later - earlier >= 100 for earlier, later in pairwise(found))


@pytest.mark.parametrize("at", [0, -1, 1 << 62, 3, -60])
def test_a_footer_that_leads_astray_gives_nothing_wrong(at: int) -> None:
    data, expected = build(CONTENTS)
    table = at if at >= 0 else len(data) + at
    found = member_offsets(MemoryBlob(data[:-51] + NEW % table, seekable=True))
    assert set(found) - {table} <= set(expected)


def test_no_footer_no_offsets() -> None:
    data, _ = build(CONTENTS)
    for other in (data[:-1], data + b"\0", b"", b"x" * 51, gzip.compress(b"x")):
        assert member_offsets(MemoryBlob(other, seekable=True)) == []


def test_a_table_that_is_a_bomb_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estargz, "_MOST", 1 << 20)
    data, _ = build([b"x"] * 3)
    table = b'"offset": 12, ' * (1 << 20)
    bomb = data[:-51] + gzip.compress(table) + NEW % (len(data) - 51)
    assert member_offsets(MemoryBlob(bomb, seekable=True)) in ([], [len(data) - 51])


@pytest.mark.parametrize("padding", [0, 64, 5000])
@pytest.mark.parametrize("shift", [0, 1, -5, 40])
def test_a_layer_is_the_same_by_its_members(shift: int, padding: int) -> None:
    data, _ = build(CONTENTS, shift=shift, padding=padding)
    found = []
    with closing(Slots(3)) as slots:
        for helpers in (ALONE, Helpers(lambda: True, slots)):
            reading, blob = Reading(), MemoryBlob(data, seekable=True)
            budget = reading.spending()
            done = read_blob(blob, reading, what="x", budget=budget, need_diff_id=True, helpers=helpers)
            found.append((columns(done.changeset), done.digest, done.diff_id, done.uncompressed_size))
    assert found[0] == found[1]
