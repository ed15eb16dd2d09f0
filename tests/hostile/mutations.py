"""Chance: bytes, numbers, texts and JSON values that are wrong in the ways that programs get wrong."""

import json
from collections.abc import Sequence
from random import Random
from typing import Any, Final

NUMBERS: Final = (
    0,
    -1,
    1,
    7,
    255,
    4096,
    2**31 - 1,
    2**31,
    2**32,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64,
    -(2**63) - 1,
    10**30,
)
TEXTS: Final = (
    *(
        "",
        " ",
        "\0",
        "/",
        "//",
        ".",
        "..",
        "../..",
        "~",
        "-",
        "--",
        "a/../..",
        "/proc/self/root",
        "\n",
        "\r\n",
        ":",
        "=",
        "%s",
    ),
    *(
        "\ud800",
        "\udcff",
        "\u202e",
        "\x1b[2J",
        "::error::x",
        "##vso[a]b",
        "é",
        "\U0001d518",
        "\ufeff",
        "a" * 300,
        "a/" * 300,
        "*" * 60,
    ),
    *(
        "**/**/**",
        "[",
        "[]",
        "[!",
        "{a,b}",
        "$(x)",
        "${x:-${y}}",
        "`x`",
        "'",
        '"',
        "\\",
        "linux/amd64",
        "latest",
        "null",
    ),
    *("sha256:" + "0" * 64, "sha512:" + "0" * 128, "sha256:x", "application/vnd.oci.image.index.v1+json"),
)
_RARE: Final = 0.05


def mutated_bytes(rng: Random, data: bytes, *, tokens: Sequence[bytes] = ()) -> bytes:
    """Return `data` with a few things changed in it, left out, repeated or put in."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(changed) + 1)
        span = rng.choice((1, 1, 2, 4, 16, 100))
        match rng.randrange(6):
            case 0 if at < len(changed):
                changed[at] = rng.choice((0, 10, 32, 47, 127, 128, 255, rng.randrange(256)))
            case 1:
                del changed[at : at + span]
            case 2:
                changed[at:at] = changed[at : at + span] * rng.choice((1, 2, 50))
            case 3 if tokens:
                changed[at:at] = rng.choice(tokens)
            case 4:
                changed[at:at] = rng.choice(TEXTS).encode("utf-8", "surrogatepass")
            case _ if rng.random() < _RARE:
                del changed[at:]
    return bytes(changed)


def any_json(rng: Random, depth: int = 3) -> Any:  # noqa: ANN401, PLR0911 - any JSON value, and one way for each kind
    """Return a JSON value."""
    match rng.randrange(9 if depth else 6):
        case 0:
            return None
        case 1:
            return rng.random() < 0.5
        case 2:
            return rng.choice(NUMBERS)
        case 3:
            return rng.choice((0.5, -1e300, 1e-300))
        case 4 | 5:
            return rng.choice(TEXTS)
        case 6:
            return [any_json(rng, depth - 1) for _ in range(rng.randrange(4))]
        case 7:
            return {rng.choice(TEXTS): any_json(rng, depth - 1) for _ in range(rng.randrange(4))}
        case _:
            value: Any = rng.choice(([], {}))
            for _ in range(rng.choice((3, 30, 300))):
                value = [value] if rng.random() < 0.7 else {"a": value}
            return value


def mutated_json(rng: Random, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return `value` with one thing somewhere in it replaced, left out or repeated."""
    places = list(_places(value))
    if not places or rng.random() < _RARE:
        return any_json(rng)
    copy = json.loads(json.dumps(value))
    path = rng.choice(places)
    parent = copy
    for step in path[:-1]:
        parent = parent[step]
    last = path[-1]
    match rng.randrange(4):
        case 0:
            del parent[last]
        case 1 if isinstance(parent, list):
            parent.extend(parent[last:] * rng.choice((1, 3, 40)))
        case 1:
            parent[rng.choice((str(last).lower(), str(last).upper(), rng.choice(TEXTS)))] = parent[last]
        case 2:
            parent[last] = [parent[last]]
        case _:
            parent[last] = any_json(rng)
    return copy


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - any JSON value
    """Return the paths of all that is in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, inside in items:
        found.append((*path, key))
        found.extend(_places(inside, (*path, key)))
    return found
