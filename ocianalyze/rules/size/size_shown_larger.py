"""Docker's containerd image store shows more than 35 GB, but the image is within the limit.

## What it checks

The image is within the limit (SIZ001), but the `DISK USAGE` that `docker image ls` shows with the containerd image
store is not. That number is the size of the compressed layers plus the disk blocks of the unpacked files, at 4096 bytes
per block. It is an estimate, because block sizes differ between file systems.

## Why it matters

The specification says: "To view the size of your image, run `docker image ls`." It was written for the number that
Docker showed until version 28. Docker 29 uses the containerd image store on new installations, which shows a number
that is half as large again. It is not documented which of the two AWS measures. No image is known to have been rejected
because of the larger number.

## How to fix

There is nothing to fix. To see the number that the limit was written for:

```sh
ocianalyze scan --format json IMAGE | jq .facts.size.docker_image_size
```

## Data

- `containerd_estimate`, `docker_image_size`: the two numbers, in bytes.
- `limit`: the limit in bytes.

## References

- moby, `daemon/containerd/image_list.go`: how Docker measures the size.
- [containerd image store](https://docs.docker.com/engine/storage/containerd/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.profiles import studio
from ocianalyze.rules.rule import Finding, Severity, Subject, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="SIZ002", severity=studio(Severity.NOTE))
def size_shown_larger(subject: Subject) -> Iterator[Finding]:
    """Yield a finding if only the larger number is over the limit."""
    size, limit = subject.facts.size, subject.size_limit
    if size.containerd_estimate > limit >= size.docker_image_size:
        yield Finding(
            message=f"Docker with the containerd image store shows about {human(size.containerd_estimate)}, over "
            f"{human(limit)}, but the layers contain only {human(size.docker_image_size)}",
            data={
                "containerd_estimate": size.containerd_estimate,
                "docker_image_size": size.docker_image_size,
                "limit": limit,
            },
        )
