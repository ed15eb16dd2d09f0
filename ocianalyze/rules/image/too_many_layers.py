r"""The image has more layers than Docker can stack.

## What it checks

There are no more than 125 layers, empty build steps not counted.

## Why it matters

Docker refuses to pull an image with more (`max depth exceeded`). Which container runtime the hosts of Studio have is
not documented, so that this is a warning.

## How to fix

Put several steps into one:

```dockerfile
RUN step-one \
 && step-two
```

or copy the result of many steps into a fresh stage with `COPY --from`.

## Data

- `layers`: how many there are.
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
    """Yield a finding if there are too many."""
    count = len(subject.image.layers)
    if count > LIMIT:
        yield Finding(
            message=f"the image has {count} layers; Docker stacks no more than {LIMIT}",
            hint="put several RUN steps into one, or copy the result into a fresh stage",
            data={"layers": count, "limit": LIMIT},
        )
