r"""A layer holds files that later layers delete or replace.

## What it checks

For each layer, the bytes of what later layers delete or replace. Less than a megabyte is not mentioned.

## Why it matters

A layer is never made smaller by a later one: the bytes are stored, downloaded when the app starts, and count
towards the size that `docker image ls` shows and that Studio Classic limits (SIZ001).

## How to fix

Delete in the same step:

```dockerfile
RUN apt-get update \
 && apt-get install --yes --no-install-recommends build-essential \
 && make install \
 && apt-get purge --yes build-essential && rm -rf /var/lib/apt/lists/*
```

and change owners and modes while copying, because `RUN chown -R` stores every file a second time:

```dockerfile
COPY --chown=1000:100 project/ /opt/project/
```

## Data

- `shadowed_bytes`: how many bytes of the layer are not visible.
- `layer_bytes`: how many bytes the layer has.
- `directories`: in which directories most of it lay: `path`, `bytes`, and `hidden_by`, the position of the layer that
  deleted or replaced it.

## References

- [OCI image specification, layer.md](https://github.com/opencontainers/image-spec/blob/main/layer.md): whiteouts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORTH_MENTIONING: Final = 1_000_000


@rule(id="SIZ003", severity=everywhere(Severity.NOTE))
def layer_bytes_wasted(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each layer of which much is hidden by later ones."""
    for layer, usage in enumerate(subject.filesystem.usage):
        if usage.shadowed >= _WORTH_MENTIONING:
            pieces = subject.facts.size.waste[layer]
            most = f"; layer {pieces[0].hidden_by} hides {human(pieces[0].bytes)} in {pieces[0].path}" if pieces else ""
            yield Finding(
                message=f"later layers delete or replace {human(usage.shadowed)} of this layer's "
                f"{human(usage.size)}{most}",
                layer=layer,
                hint="delete in the step that writes, and set owners with 'COPY --chown' instead of 'RUN chown'",
                data={
                    "shadowed_bytes": usage.shadowed,
                    "layer_bytes": usage.size,
                    "directories": [
                        {"path": piece.path, "bytes": piece.bytes, "hidden_by": piece.hidden_by} for piece in pieces
                    ],
                },
            )
