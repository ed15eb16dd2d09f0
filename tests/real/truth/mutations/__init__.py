"""The table of mutations, and the cases that they make, alone and in pairs."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tests.real.truth.mutations import apps, configuration, files, kernels, others, server
from tests.real.truth.mutations.mutation import Mutation
from tests.real.truth.mutations.pairs import PAIRS

MUTATIONS: Sequence[Mutation] = (
    *server.MUTATIONS,
    *configuration.MUTATIONS,
    *files.MUTATIONS,
    *kernels.MUTATIONS,
    *others.MUTATIONS,
    *apps.MUTATIONS,
)


class Case(NamedTuple):
    """An image that is started: a base, and the mutations on it."""

    name: str
    about: str
    lines: str
    base: str = "lab"
    profile: str = "studio-jupyterlab"
    container_config: Mapping[str, Any] = {}


def _cases() -> Iterator[Case]:
    for one in MUTATIONS:
        yield Case(one.name, one.about, one.lines, one.base, one.profile, one.container_config)
    by_name = {one.name: one for one in MUTATIONS}
    for pair in PAIRS:
        first, second = (by_name[name] for name in pair)
        base = second.base if first.base == "lab" else first.base
        config = first.container_config or second.container_config
        lines = f"{first.lines}\n{second.lines}"
        yield Case(" + ".join(pair), f"{first.about}; {second.about}", lines, base, container_config=config)


CASES: Mapping[str, Case] = {case.name: case for case in _cases()}
"""The cases by name."""


def sample(part: int) -> Sequence[Case]:
    """Return a fixed part of the cases, such as a quarter (4): which ones, only their names decide."""
    return [case for case in CASES.values() if zlib.crc32(case.name.encode()) % part == 0]
