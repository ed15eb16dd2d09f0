r"""The image has more layers than Docker supports.

## What it checks

The image has at most 125 layers. Build steps without a layer do not count.

## Why it matters

Docker refuses to pull an image with more layers (`max depth exceeded`). It is not documented which container runtime
the hosts of Studio use, so this is a warning.

## How to fix

Combine several steps into one:

```dockerfile
RUN step-one \
 && step-two
```

Or copy the result of many steps into a new stage with `COPY --from`.

## Data

- `layers`: the number of layers.
- `limit`: 125.

## References

- moby, `layer/layer_store.go`: `maxLayerDepth`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT: Final = 125


@rule(id="IMG006", severity=everywhere(Severity.WARNING), before_layers=True)
def too_many_layers(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding if there are too many layers."""
    count = len(subject.image.layers)
    if count > LIMIT:
        yield Finding(
            message=f"the image has {count} layers, but Docker supports at most {LIMIT}",
            hint="Combine several RUN steps into one, or copy the result into a new stage",
            data={"layers": count, "limit": LIMIT},
        )
