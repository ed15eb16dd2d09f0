"""What registries ask for, as they write it, and as nobody should."""

import time

import pytest

from ocianalyze.sources.registry.login.challenges import parse_challenges

BEARER = ("bearer", {"realm": "https://auth.docker.io/token", "service": "registry.docker.io"})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer realm="https://auth.docker.io/token",service="registry.docker.io"', [BEARER]),
        ('bearer  realm = "https://auth.docker.io/token" , service=registry.docker.io', [BEARER]),
        ('Basic realm="a, b=\\"c\\" Bearer"', [("basic", {"realm": 'a, b="c" Bearer'})]),
        (
            'Basic realm="x", Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
            [("basic", {"realm": "x"}), BEARER],
        ),
        ('Negotiate YII==, Digest realm="Basic realm=x", nonce="y", Basic realm="z"', [("basic", {"realm": "z"})]),
        ('Bearer realm="first",realm="second"', [("bearer", {"realm": "first"})]),
        ("Basic", [("basic", {})]),
        ('Bearer realm="never closed, Basic realm=x', [("bearer", {"realm": ""})]),
        ("Bearer realm=", [("bearer", {"realm": ""})]),
        ('realm="x"', []),
        ("XBasic BasicX realm=x", []),
        ("", []),
        ('=,="\\', []),
    ],
)
def test_what_is_asked_for(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [tuple(challenge) for challenge in parse_challenges(header)] == expected


@pytest.mark.parametrize("unit", [" ", "\t,", '"', '\\"', "=", 'a="\\', "Bearer ", 'a="b",', "\x00", "a"])
def test_a_hostile_header_takes_linear_time(unit: str) -> None:
    header = "Bearer " + unit * 100_000
    start = time.perf_counter()
    parse_challenges(header)
    assert time.perf_counter() - start < 0.5
