"""What is said of layers that were to be read by their indexes, and were not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ocianalyze.layers.changeset.changeset import Diagnostic
from ocianalyze.layers.indexes.finding import has_table
from ocianalyze.layers.indexes.ranges import ranges_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.layers.reading.reader import ReadLayer
    from ocianalyze.oci.image import Layer

_CODE: Final = "index-not-used"
_NONE: Final = "no-index"
_ONE: Final = "the layer was read without its index: "
_VAIN: Final = "no layer was read by an index of its files: "
_STREAMED: Final = "an image on standard input, or in an archive that is compressed as a whole, has to be read in full"
_SMALL: Final = "those that have one are too small for it to save anything"


def index_not_used(why: object, layer: int) -> Diagnostic:
    """Return that the index of a layer was not used."""
    return Diagnostic(_CODE, f"{_ONE}{why}", layer)


def with_remarks(layers: Sequence[Layer], read: Sequence[ReadLayer]) -> list[ReadLayer]:
    """Return what was read of an image by indexes, with a remark if that was in vain; what many have is said once."""
    by_message: dict[str, list[int]] = defaultdict(list)
    for number, result in enumerate(read):
        for remark in result.remarks:
            by_message[remark.message].append(number)
    found = list(read)
    for message, numbers in by_message.items():
        if len(numbers) > 1:
            why = message.removeprefix(_ONE)
            together = Diagnostic(_CODE, f"{len(numbers)} layers were read without their indexes: {why}")
            for number in numbers:
                found[number] = replace(found[number], remarks=(together,) if number == numbers[0] else ())
    if not by_message and not any(result.index for result in read) and any(result.read == "full" for result in read):
        found[0] = replace(found[0], remarks=(_in_vain(layers),))
    return found


def _in_vain(layers: Sequence[Layer]) -> Diagnostic:
    """Return why no layer of an image was read by an index."""
    indexed = [layer for layer in layers if has_table(layer.annotations) or layer.ztoc is not None]
    if not indexed:
        return Diagnostic(_NONE, f"{_VAIN}none has one")
    why = _SMALL if any(ranges_of(layer.blob) is not None for layer in indexed) else _STREAMED
    return Diagnostic(_CODE, f"{_VAIN}{why}")
