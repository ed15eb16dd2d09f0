"""The resources that an image may require before it is rejected.

The defaults are far above what an image of 35 GB needs (see the measurements in docs/limits.md). Every limit fails
closed: the error names the option that raises it, and the image gets no verdict.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ocianalyze.errors import LimitExceededError

_GIB: Final = 1 << 30
RATIO: Final = 400
"""How many bytes a compressed byte may inflate to before it counts; in real layers it is about three."""


class Limits(NamedTuple):
    """The limits of one analysis; `MEANINGS` describes each of them. Sizes are in bytes."""

    max_memory: int = 1 * _GIB
    max_inflated: int = 2 * _GIB
    max_steps: int = 5_000_000

    @property
    def max_document(self) -> int:
        """The maximum size of an index, a manifest or a config, in bytes."""
        return self.max_memory >> 6

    @property
    def max_content(self) -> int:
        """The maximum size of a file whose content is examined, in bytes."""
        return self.max_memory >> 5

    @property
    def max_window(self) -> int:
        """The maximum window of a compressed stream, in bytes; ``zstd --ultra -22`` requires 128 MiB."""
        return self.max_memory >> 3

    @property
    def max_implied(self) -> int:
        """The maximum memory for the implied directories of one layer, in bytes, beyond 2 KiB for each entry."""
        return self.max_memory >> 4

    @property
    def max_followed(self) -> int:
        """The maximum number of characters of paths and symlinks to follow for one layer, about a nanosecond each."""
        return 200 * self.max_steps

    def exceeded(self, name: str, what: str, *, most: int | None = None) -> LimitExceededError:
        """Return the error that `what` is over the limit `name`, or over `most`, which is derived from it."""
        value = getattr(self, name) if most is None else most
        return LimitExceededError(f"{what}, over the limit of {value:,}", option="--" + name.replace("_", "-"))


DEFAULT_LIMITS = Limits()

MEANINGS: Final = {
    "max_memory": "maximum memory for the data of one image, such as 2GiB",
    "max_inflated": f"maximum bytes that layers inflate to beyond {RATIO} times their compressed size",
    "max_steps": "maximum steps of work, such as following a link; about a microsecond each",
}

REPLACED: Final = frozenset(
    (
        "max_entries",
        "max_path_bytes",
        "max_extended_header",
        "max_metadata",
        "max_implied",
        "max_layer_size",
        "max_ratio",
        "max_window",
        "max_json",
        "max_nesting",
        "max_content",
        "max_captured",
    )
)
"""Limits of version 0.1 that these replace: still accepted, without effect."""
