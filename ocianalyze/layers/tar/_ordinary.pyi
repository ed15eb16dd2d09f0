from typing import Any, TypeAlias

from ocianalyze.layers.tar.entry import RawEntry

_Taken: TypeAlias = tuple[int, int, int, int]

def take(
    tables: tuple[Any, ...],
    data: bytes,
    start: int,
    position: int,
    end: int,
    room: int,
    /,
) -> _Taken: ...
def add(tables: tuple[Any, ...], entries: list[RawEntry], at: int, room: int, /) -> int: ...
def walk(
    tables: tuple[Any, ...],
    descriptor: int,
    offset: int,
    position: int,
    end: int,
    room: int,
    width: int,
    /,
) -> _Taken: ...
