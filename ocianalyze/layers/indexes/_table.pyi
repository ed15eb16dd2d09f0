from array import array

from ocianalyze.layers.indexes.index import Identities
from ocianalyze.layers.tar.entry import RawEntry

def take_entries(
    raw: bytes,
    end: int,
    identities: Identities,
    entries: list[RawEntry],
    headers: list[tuple[int, int, int, int, int]],
    digests: list[str],
    state: tuple[int, ...],
    /,
) -> tuple[tuple[int, ...], bytes, bytes, bytes, bytes]: ...
def find_object(raw: bytes, at: int, /) -> tuple[int, int] | None: ...
def are_sound(
    starts: array[int],
    limits: array[int],
    inners: array[int],
    sizes: array[int],
    end: int,
    largest: int,
    ratio: int,
    most: int,
    /,
) -> bool: ...
