"""The download before the app starts is large.

## What it checks

The compressed layers, as stored in the registry, take at most 10 GB in total. If the compressed sizes are not known, as
for an archive of `docker save`, there is no finding. AWS states no limit; 10 GB is a rule of thumb.

## Why it matters

A host that runs the image for the first time downloads and unpacks all layers. For 10 GB, this takes minutes. The app
must become healthy within about fifteen minutes, and users wait.

## How to fix

Make the image smaller (SIZ001, SIZ003), or create a SOCI index, which lets Studio load the image lazily:

```sh
soci create IMAGE && soci push IMAGE
```

## Data

- `compressed`: the total compressed size, in bytes.

## References

- [SOCI indexing](https://docs.aws.amazon.com/sagemaker/latest/dg/soci-indexing.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.size import compressed_size
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORTH_MENTIONING: Final = 10_000_000_000


@rule(id="SIZ004", severity=everywhere(Severity.NOTE), before_layers=True)
def download_large(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding if the compressed size is known and large."""
    compressed = compressed_size(subject.image) or 0
    if compressed > _WORTH_MENTIONING:
        yield Finding(
            message=f"a host downloads {human(compressed)} when it runs the image for the first time",
            hint="Make the image smaller, or create a SOCI index with 'soci create IMAGE && soci push IMAGE'",
            data={"compressed": compressed},
        )
