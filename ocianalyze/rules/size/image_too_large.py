r"""The image is larger than 35 GB.

## What it checks

The sum, over all layers, of the sizes of the regular files and the lengths of the symlinks: the number that
`docker image ls` shows with a graph driver such as overlay2. A gigabyte is 10^9 bytes. What a later layer deletes or
replaces still counts. Docker shows three significant digits, so that everything between 34.95 GB and 35.05 GB reads
`35GB`; what reads like the limit is a warning.

## Why it matters

The specification of Studio Classic limits images to 35 GB. It does not say how AWS measures it beyond "run
`docker image ls`", and the newer Studio's specification states no limit, so that there it is a warning.

## How to fix

Remove files in the `RUN` step that makes them, not in a later one; SIZ003 names the layers that waste most:

```dockerfile
RUN pip install --no-cache-dir torch \
 && conda clean --all --yes \
 && rm -rf /var/lib/apt/lists/*
```

or build in one stage and copy what is needed into a fresh one with `COPY --from`.

## Data

- `docker_image_size`: the size in bytes.
- `limit`: the limit in bytes.
- `wasted`: how many bytes of it later layers delete or replace.
- `largest`: the largest directories: `path`, `layer`, `bytes`.

## References

- [Custom SageMaker image specifications](https://docs.aws.amazon.com/sagemaker/latest/dg/studio-byoi-specs.html),
  "Image size".
- moby, `daemon/graphdriver/overlay2/overlay.go` and `pkg/directory`: what is counted.
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
    """Yield a finding if the size is over the limit, or so near it that Docker shows the limit."""
    size, limit = subject.facts.size.docker_image_size, subject.size_limit
    within = human(size) == human(limit)
    if size <= limit and not within:
        return
    relation = (
        f"which docker shows as {human(size)}, the limit itself" if within else "over the limit of " + human(limit)
    )
    yield Finding(
        message=f"the image has {size:,} bytes, {relation}",
        hint="remove caches and packages in the RUN step that makes them, or copy what is needed into a fresh stage",
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
