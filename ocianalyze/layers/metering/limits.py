"""How much an image may ask of us before it is refused.

The defaults are far above what an image of 35 GB needs (docs/limits.md has what was measured). Every limit fails
closed: the error names the option that raises it, and nothing is said of the image.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ocianalyze.errors import LimitExceededError

_GIB: Final = 1 << 30
RATIO: Final = 400
"""How many bytes each compressed byte may inflate to before it counts: those of real layers inflate to three or so."""


class Limits(NamedTuple):
    """The limits of one analysis; `MEANINGS` says what each of them counts. Sizes are in bytes."""

    max_memory: int = 1 * _GIB
    max_inflated: int = 2 * _GIB
    max_steps: int = 5_000_000

    @property
    def max_document(self) -> int:
        """How many bytes an index, a manifest or a config may have."""
        return self.max_memory >> 6

    @property
    def max_content(self) -> int:
        """How many bytes a file may have whose content is looked at."""
        return self.max_memory >> 5

    @property
    def max_window(self) -> int:
        """How many bytes of memory a compressed stream may ask for; ``zstd --ultra -22`` asks for 128 MiB."""
        return self.max_memory >> 3

    @property
    def max_implied(self) -> int:
        """How many bytes the directories may take that one layer's paths only imply, beyond 2 KiB for each entry."""
        return self.max_memory >> 4

    @property
    def max_followed(self) -> int:
        """How many characters of paths and symlinks are gone through for one layer's entries, a nanosecond each."""
        return 200 * self.max_steps

    def exceeded(self, name: str, what: str, *, most: int | None = None) -> LimitExceededError:
        """Return the error that says `what` is over the limit `name`, or over `most`, which follows from it."""
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
"""Limits of version 0.1, whose place these take: they are still accepted, and do nothing."""
