"""A layer may not be distributed, or lies somewhere else than the registry.

## What it checks

No layer has the media type of a foreign (Docker) or non-distributable (OCI) layer.

## Why it matters

Such a layer is not pushed: whoever pulls the image has to fetch it from where its publisher keeps it. Amazon ECR
cannot serve it, and the hosts of Studio may not reach the place, so that the app fails with `InternalFailure`. Only
base images of Windows ever had such layers; the OCI advises against them.

## How to fix

Take a Linux base image, or push the layers as well:

```json
{"allow-nondistributable-artifacts": ["123456789012.dkr.ecr.eu-west-1.amazonaws.com"]}
```

(in the Docker daemon's configuration).

## Data

- `media_type`: the layer's.

## References

- [OCI image specification, layer.md](https://github.com/opencontainers/image-spec/blob/main/layer.md),
  "Non-Distributable Layers".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="IMG007", severity=everywhere(Severity.WARNING), before_layers=True)
def layer_not_distributable(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each such layer."""
    for layer in subject.image.layers:
        if any(word in (layer.media_type or "") for word in ("nondistributable", ".foreign.")):
            yield Finding(
                message="the layer is not pushed with the image, because its media type says that it may not be",
                layer=layer.position,
                hint="take a base image without such layers",
                data={"media_type": layer.media_type},
            )
