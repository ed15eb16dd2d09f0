"""The download before the app starts is large.

## What it checks

The compressed layers, as stored in the registry, take at most 10 GB in total. If the compressed sizes are not known, as
for an archive of `docker save`, there is no finding. AWS states no limit; 10 GB is a rule of thumb.

## Why it matters

A host that runs the image for the first time downloads and unpacks all layers. For 10 GB, this takes minutes. The app
must become healthy within about fifteen minutes, and users wait.

## How to fix

Make the image smaller (SIZ001, SIZ003). For the newer Studio and Unified Studio, you can also create a SOCI index, with
which an app starts before all of the image is downloaded. Convert the image, and push the result under a new tag to a
private repository of Amazon ECR. This needs nerdctl 2.1.3 and SOCI 0.10, or newer:

```sh
sudo nerdctl image convert --soci SRC DST
sudo nerdctl push --platform linux/amd64 DST
```

Then register the tag `DST`, which names the image index, as the image version:

```sh
aws sagemaker create-image-version --image-name NAME --base-image DST
```

The commands `soci create` and `soci push` make an index of version 1, which is no longer used.

AWS documents no SOCI index for HyperPod Spaces. There, load the image on each node of the cluster before it is needed,
with a DaemonSet that runs it.

## Data

- `service`: `studio` or `hyperpod-spaces`.
- `compressed`: the total compressed size, in bytes.

## References

- [HyperPod Spaces, pre-warming images](https://docs.aws.amazon.com/sagemaker/latest/dg/customization.html).
- [SOCI indexing](https://docs.aws.amazon.com/sagemaker/latest/dg/soci-indexing.html).
- [Create SOCI indexes with
  nerdctl](https://docs.aws.amazon.com/sagemaker/latest/dg/soci-indexing-example-create-indexes.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ocianalyze.facts.size import compressed_size, loads_lazily
from ocianalyze.rules.profiles import HYPERPOD, everywhere, studio
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule
from ocianalyze.rules.size.soci_index_unusable import CONVERT
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORTH_MENTIONING: Final = 10_000_000_000


@rule(id="SIZ004", severity=everywhere(Severity.NOTE), before_layers=True, identity=("path", "service"))
def download_large(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding if the compressed size is known and large."""
    compressed = compressed_size(subject.image) or 0
    if compressed <= _WORTH_MENTIONING:
        return
    message = f"a host downloads {human(compressed)} when it runs the image for the first time"
    if not loads_lazily(subject.image):
        hint = f"Make the image smaller, or create a SOCI index with {CONVERT}, and register the tag DST"
        yield Finding(message=message, hint=hint, severity={HYPERPOD: None}, data=_data("studio", compressed))
    hint = "Make the image smaller, or let a DaemonSet load it on each node of the cluster before it is needed"
    severity = {**studio(None), HYPERPOD: Severity.NOTE}
    yield Finding(message=message, hint=hint, severity=severity, data=_data("hyperpod-spaces", compressed))


def _data(service: str, compressed: int) -> dict[str, Any]:
    return {"service": service, "compressed": compressed}
