"""A layer is compressed with zstd, and it is not known whether SageMaker can read it.

## What it checks

No layer has a media type that ends in `+zstd`.

## Why it matters

All known documents and reports about SageMaker refer to gzip. It is not documented whether its hosts can unpack zstd,
so this is a warning and not an error. An old container runtime fails with `unsupported compression` or `gzip: invalid
header`, and the app with `InternalFailure`.

## How to fix

```sh
docker buildx build --output type=image,compression=gzip,force-compression=true,push=true,name=IMAGE .
skopeo copy --dest-compress-format gzip --dest-force-compress-format oci-archive:image.tar docker://IMAGE
```

## Data

- `layers`: the positions of the layers.

## References

- [OCI image specification, media-types.md](https://github.com/opencontainers/image-spec/blob/main/media-types.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.rules.profiles import studio
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(id="IMG004", severity=studio(Severity.WARNING), before_layers=True)
def layer_compression_unconfirmed(subject: Declaration) -> Iterator[Finding]:
    """Yield one finding for all layers."""
    layers = [layer.position for layer in subject.image.layers if (layer.media_type or "").endswith("+zstd")]
    if layers:
        count = f"{len(layers)} layers are" if len(layers) > 1 else "1 layer is"
        yield Finding(
            message=f"{count} compressed with zstd, which SageMaker is not confirmed to support",
            layer=layers[0],
            hint="Push with gzip: use 'compression=gzip,force-compression=true' of buildx, or "
            "'--dest-compress-format gzip' of skopeo",
            data={"layers": layers},
        )
