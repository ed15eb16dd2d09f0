from ocianalyze.layers.indexes.index import Identities
from ocianalyze.layers.tar.entry import RawEntry

def take_entries(
    buffer: bytes,
    left: int,
    positions: list[int],
    layouts: dict[int, bytes],
    record_layouts: dict[int, bytes],
    identities: Identities,
    entries: list[RawEntry],
    headers: list[tuple[int, int, int, int]],
    state: tuple[int, int, int, int],
    /,
) -> tuple[int, int, int, int]: ...
