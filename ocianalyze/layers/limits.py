"""How much an image may ask of us before it is refused.

The defaults are far above what an image of 35 GB needs. Every limit fails closed: the error names the option that
raises it, and nothing is said of the image.
"""

from __future__ import annotations

from typing import NamedTuple

from ocianalyze.errors import LimitExceededError

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30


class Limits(NamedTuple):
    """The limits of one analysis; sizes are in bytes. `MEANINGS` says what each of them counts."""

    max_entries: int = 20_000_000
    max_path_bytes: int = 4 * _KIB
    max_extended_header: int = 4 * _MIB
    max_metadata: int = 1 * _GIB
    max_implied: int = 64 * _MIB
    max_layer_size: int = 256 * _GIB
    max_ratio: int = 400
    max_window: int = 256 * _MIB
    max_json: int = 8 * _MIB
    max_nesting: int = 4
    max_content: int = 32 * _MIB
    max_captured: int = 256 * _MIB
    max_steps: int = 20_000_000

    def exceeded(self, name: str, what: str) -> LimitExceededError:
        """Return the error that says `what` is over the limit `name`."""
        value = getattr(self, name)
        return LimitExceededError(f"{what}, over the limit of {value:,}", option="--" + name.replace("_", "-"))


DEFAULT_LIMITS = Limits()

MEANINGS = {
    "max_entries": "entries of all layers together",
    "max_path_bytes": "bytes of one path or link target",
    "max_extended_header": "bytes of one PAX header, GNU long name or sparse map",
    "max_metadata": "bytes of one layer's extended headers together, of the directories that paths only imply, and "
    "of the symlinks that hardlinks lead through",
    "max_implied": "bytes of memory for directories that one layer's paths only imply, beyond 2 KiB for each entry",
    "max_layer_size": "bytes of one layer, uncompressed, and of one sparse file",
    "max_ratio": "uncompressed bytes for each compressed byte, once a layer has given 64 MiB",
    "max_window": "bytes of memory that a zstd frame may ask for",
    "max_json": "bytes of an index, a manifest or a config",
    "max_nesting": "indexes within indexes",
    "max_content": "bytes of one file whose content is looked at",
    "max_captured": "bytes kept of the contents of all files together",
    "max_steps": "steps of following links, going through directories and reading configurations, a microsecond each",
}
