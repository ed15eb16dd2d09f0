r"""The image is larger than 35 GB.

## What it checks

The size is the total size of the regular files and the symlink targets in all layers. `docker image ls` shows this
number with a graph driver such as overlay2. A gigabyte is 10^9 bytes. Files that a later layer deletes or replaces
still count.

Docker shows three significant digits, so every size between 34.95 GB and 35.05 GB is shown as `35GB`. A size that is
shown as the limit is a warning.

## Why it matters

The specification of Studio Classic limits images to 35 GB. For the measurement, it only says "run `docker image ls`".
The specification of the newer Studio states no limit, so the finding is a warning there.

## How to fix

Remove files in the `RUN` step that creates them, not in a later one. SIZ003 lists the layers that waste the most:

```dockerfile
RUN pip install --no-cache-dir torch \
 && conda clean --all --yes \
 && rm -rf /var/lib/apt/lists/*
```

Or build in one stage, and copy only what you need into a new stage with `COPY --from`.

## Data

- `docker_image_size`: the size in bytes.
- `limit`: the limit in bytes.
- `wasted`: the number of bytes that later layers delete or replace.
- `largest`: the largest directories: `path`, `layer`, `bytes`.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Image size".
- moby, `daemon/graphdriver/overlay2/overlay.go` and `pkg/directory`: how Docker measures the size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="SIZ001", severity={CLASSIC: Severity.ERROR, **newer(Severity.WARNING)})
def image_too_large(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if the size is over the limit, or so close to it that Docker shows the limit."""
    size, limit = subject.facts.size.docker_image_size, subject.size_limit
    within = human(size) == human(limit)
    if size <= limit and not within:
        return
    relation = f"which Docker shows as {human(size)}, the limit" if within else f"over the limit of {human(limit)}"
    yield Finding(
        message=f"image size is {size:,} bytes, {relation}",
        hint="Remove caches and packages in the RUN step that creates them, or copy what you need into a new stage",
        severity=Severity.WARNING if within else None,
        data={
            "docker_image_size": size,
            "limit": limit,
            "wasted": sum(subject.facts.size.shadowed),
            "largest": [
                {"path": piece.path, "layer": piece.layer, "bytes": piece.bytes}
                for piece in subject.facts.size.largest.directories
            ],
        },
    )
