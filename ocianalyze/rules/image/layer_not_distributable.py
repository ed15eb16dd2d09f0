"""A layer may not be distributed, or is stored outside the registry.

## What it checks

No layer has the media type of a foreign (Docker) or non-distributable (OCI) layer.

## Why it matters

Such a layer is not pushed. Everyone who pulls the image must download it from its publisher. Amazon ECR cannot serve
it, and the hosts of Studio may not be able to reach the publisher. The app then fails with `InternalFailure`. Only
Windows base images ever had such layers, and the OCI advises against them.

## How to fix

Use a Linux base image, or push these layers as well. Set this in the configuration of the Docker daemon:

```json
{"allow-nondistributable-artifacts": ["123456789012.dkr.ecr.eu-west-1.amazonaws.com"]}
```

## Data

- `media_type`: the media type of the layer.

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
                message=f"layer is not pushed with the image: media type {layer.media_type} is not distributable",
                layer=layer.position,
                hint="Use a base image without non-distributable layers",
                data={"media_type": layer.media_type},
            )
