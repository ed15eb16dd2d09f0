r"""Much has to be downloaded before the app starts.

## What it checks

The layers as they are stored in the registry, compressed, are together no larger than 10 GB. Where the registry's sizes
are not known, as with an archive of `docker save`, nothing is said. The number is a guess at what is worth mentioning;
AWS gives none.

## Why it matters

A host that has not run the image before pulls and unpacks all of it: for 10 GB that takes minutes. The app has some
fifteen minutes to become healthy, and users wait.

## How to fix

Make the image smaller (SIZ001, SIZ003), or let Studio load it lazily by a SOCI index:

```sh
soci create IMAGE && soci push IMAGE
```

## Data

- `compressed`: the sum, in bytes.

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
    """Yield a finding if it is known that much is stored."""
    compressed = compressed_size(subject.image) or 0
    if compressed > _WORTH_MENTIONING:
        yield Finding(
            message=f"{human(compressed)} are downloaded when a host runs the image for the first time",
            hint="make the image smaller, or register it with a SOCI index",
            data={"compressed": compressed},
        )
