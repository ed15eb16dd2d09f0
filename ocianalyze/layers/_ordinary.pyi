from typing import Any, TypeAlias

_Taken: TypeAlias = tuple[int, int, int, int, int]

def take(
    tables: tuple[Any, ...],
    data: bytes,
    start: int,
    position: int,
    end: int,
    room: int,
    path_limit: int,
    extended_limit: int,
    /,
) -> _Taken: ...
def walk(
    tables: tuple[Any, ...],
    descriptor: int,
    offset: int,
    position: int,
    end: int,
    room: int,
    path_limit: int,
    extended_limit: int,
    width: int,
    /,
) -> _Taken: ...
