"""Looks at some of a layer's tar headers, to see whether its index describes it.

That finds an index of another layer. It does not find one lie among many entries, and is not meant to.
"""

from __future__ import annotations

from itertools import islice
from secrets import SystemRandom
from typing import TYPE_CHECKING, Final

from ocianalyze.errors import CorruptLayerError, IndexMismatchError
from ocianalyze.layers.blob.windows import StreamWindow
from ocianalyze.layers.changeset.places import normalise
from ocianalyze.layers.indexes.index import IndexUnusableError
from ocianalyze.layers.tar.tarstream import read_entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from ocianalyze.layers.indexes.index import IndexedContents, OpenIndex, Stretch
    from ocianalyze.layers.tar.entry import RawEntry

_PLACES: Final = 2, 4
"""In how many places headers are looked at that have to be fetched for that, at least and at most."""
_ENOUGH: Final = 8
"""How many headers are enough for the smallest number of places."""
_CANDIDATES: Final = 64
"""Among how many the cheap ones of them are looked for."""
_BESIDE: Final = 64
"""How many stretches of headers are looked at that are fetched anyway, in one place or in all."""
_CHEAP: Final = 1 << 14
"""How many bytes of a layer may be fetched for headers in one place."""
_ODD: Final = 8
"""How many stretches are looked at where an entry may be hidden."""
_ROUNDING: Final = 1
"""By how many seconds times may differ: eStargz rounds them, and tar readers cut them."""
_WORTH: Final = 4 << 20
"""The same for one where an entry may be hidden, or if there is no cheaper one."""
_ID: Final = (1 << 32) - 1
"""The bits of a user or a group that every index has."""
_SPARSE: Final = b"GNU.sparse."
CHANCE: Random = SystemRandom()
"""Chooses the places; nobody who makes an image can know which."""


def spot_check(index: OpenIndex, pieces: Sequence[tuple[int, int]] = (), *, what: str) -> int:
    """Compare the headers in some places of a layer with its index; return how many were compared.

    `pieces` are the contents that will be asked for: they are fetched, too. The places are chosen at random, but for
    those first where an entry may be hidden.

    Raises:
        IndexMismatchError: a header is not what the index says.
        IndexUnusableError: the layer has a sparse file.
        OcianalyzeError: the bytes cannot be had.
    """
    chosen = _choose(index.contents, pieces)
    checked = 0
    for stretch, headers in zip(chosen, index.contents.prepare(pieces, chosen), strict=True):
        stated = index.entries[stretch.first : stretch.last + 1]
        _compare(headers, stated, what)
        checked += len(stated)
    return checked


def _choose(contents: IndexedContents, pieces: Sequence[tuple[int, int]]) -> list[Stretch]:
    """Return the stretches to look at, in their order."""
    odd = [stretch for stretch in contents.odd_stretches if stretch.cost <= _WORTH]
    chosen = {stretch.number: stretch for stretch in odd[:_ODD]} | _sample(contents.beside(pieces))
    numbers = CHANCE.sample(range(len(contents.stretches)), min(len(contents.stretches), _CANDIDATES))
    least, most = _PLACES
    places = 0
    for stretch in map(contents.stretches.__getitem__, numbers):
        if places == most or (places >= least and sum(map(_entries, chosen.values())) >= _ENOUGH):
            break
        if stretch.number not in chosen and stretch.cost <= _CHEAP:
            chosen |= {one.number: one for one in contents.near(stretch, _CHEAP)}
            places += 1
    if not chosen:  # one place is looked at, whatever it costs, if that is worth it
        dear = (stretch for stretch in map(contents.stretches.__getitem__, numbers) if stretch.cost <= _WORTH)
        for stretch in islice(dear, 1):
            chosen = {stretch.number: stretch} | _sample(contents.near(stretch, stretch.cost))
    return [chosen[number] for number in sorted(chosen)]


def _sample(stretches: Sequence[Stretch]) -> dict[int, Stretch]:
    """Return some of the stretches that are fetched anyway, by their numbers."""
    return {stretch.number: stretch for stretch in CHANCE.sample(stretches, min(len(stretches), _BESIDE))}


def _entries(stretch: Stretch) -> int:
    """Return how many entries the headers in a stretch describe."""
    return stretch.last - stretch.first + 1


def _compare(headers: bytes, stated: Sequence[RawEntry], what: str) -> None:
    """Raise IndexMismatchError if headers are not those of the entries, IndexUnusableError if a file is sparse."""
    if _SPARSE in headers:  # no index tells where the content of such a file is, and its header is not whole without
        raise IndexUnusableError("it has a sparse file")
    entries = read_entries(StreamWindow(iter((headers,))), what=what)
    for expected in stated:
        try:
            found = next(entries, None)
        except CorruptLayerError as error:
            raise _mismatch(what, expected, error.message) from error
        if found is None:
            raise _mismatch(what, expected, "there is no header")
        one, other = _comparable(found), _comparable(expected)
        if one["path"] != other["path"]:
            raise _mismatch(what, expected, f"the header is that of {found[0][:200]!r}")
        differing = [name for name, value in one.items() if value != other[name]]
        if abs(found[4] - expected[4]) > _ROUNDING:
            differing.append("time")
        if differing:
            raise _mismatch(what, expected, f"its header has another {', '.join(differing)}")


def _comparable(entry: RawEntry) -> Mapping[str, object]:
    """Return what a header and an index say alike: not where the content is, and paths as runtimes take them."""
    path, kind, (mode, uid, gid), size, _, link, _, _, xattrs, _ = entry
    return {
        "path": normalise(path),
        "type": kind,
        "mode": mode,
        "owner": (uid & _ID, gid & _ID),
        "size": size,
        "target": link,
        "extended attributes": xattrs,
    }


def _mismatch(what: str, expected: RawEntry, reason: str) -> IndexMismatchError:
    return IndexMismatchError(
        f"{what}: the index does not describe its layer: it lists {expected[0][:200]!r}, but {reason}",
        hint="Create the index again, or scan the image without --lazy",
    )
