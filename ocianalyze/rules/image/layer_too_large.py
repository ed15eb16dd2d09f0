"""A layer is too large for Amazon ECR.

## What it checks

No compressed layer is larger than 52,000 MiB. Layers that are not compressed are not checked, because their size after
a push is not known.

## Why it matters

SageMaker gets images from Amazon ECR, which rejects larger layers. The quota cannot be raised. The push fails with
`LayerPartTooLarge` or `LimitExceeded`, after the whole layer was sent.

## How to fix

Split the step into several:

```dockerfile
COPY models/base/ /opt/models/base/
COPY models/large/ /opt/models/large/
```

## Data

- `size`: the size of the layer as stored, in bytes.
- `limit`: the quota, in bytes.

## References

- [Amazon ECR service quotas](https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html), "Maximum
  layer size".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT: Final = 52_000 << 20
_COMPRESSED: Final = ("gzip", "zstd")


@rule(id="IMG005", severity=everywhere(Severity.ERROR), before_layers=True)
def layer_too_large(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each layer that is over the quota."""
    for layer in subject.image.layers:
        compressed = (layer.media_type or "").endswith(_COMPRESSED)
        if compressed and layer.size is not None and layer.size > LIMIT:
            yield Finding(
                message=f"compressed layer is too large for Amazon ECR: {human(layer.size)}, limit 52,000 MiB",
                layer=layer.position,
                hint="Split the build step into several",
                data={"size": layer.size, "limit": LIMIT},
            )
