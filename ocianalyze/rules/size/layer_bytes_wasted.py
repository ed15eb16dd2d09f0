r"""A layer contains files that later layers delete or replace.

## What it checks

For each layer, the bytes that later layers delete or replace. Less than a megabyte is not reported.

## Why it matters

A later layer never makes an earlier one smaller. The bytes are stored, downloaded when the app starts, and counted in
the size that `docker image ls` shows and that Studio Classic limits (SIZ001).

## How to fix

Delete files in the same step that creates them:

```dockerfile
RUN apt-get update \
 && apt-get install --yes --no-install-recommends build-essential \
 && make install \
 && apt-get purge --yes build-essential && rm -rf /var/lib/apt/lists/*
```

Set owners and modes while copying, because `RUN chown -R` stores every file a second time:

```dockerfile
COPY --chown=1000:100 project/ /opt/project/
```

## Data

- `shadowed_bytes`: the number of bytes in the layer that are not visible.
- `layer_bytes`: the size of the layer in bytes.
- `directories`: the directories that contained most of these bytes: `path`, `bytes`, and `hidden_by`, the position of
  the layer that deleted or replaced them.

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
    """Yield a finding for each layer that later layers hide much of."""
    for layer, usage in enumerate(subject.filesystem.usage):
        if usage.shadowed >= _WORTH_MENTIONING:
            pieces = subject.facts.size.waste[layer]
            most = f"; layer {pieces[0].hidden_by} hides {human(pieces[0].bytes)} in {pieces[0].path}" if pieces else ""
            yield Finding(
                message=f"later layers delete or replace {human(usage.shadowed)} of this layer's "
                f"{human(usage.size)}{most}",
                layer=layer,
                hint="Delete files in the RUN step that creates them; set owners with 'COPY --chown', not 'RUN chown'",
                data={
                    "shadowed_bytes": usage.shadowed,
                    "layer_bytes": usage.size,
                    "directories": [
                        {"path": piece.path, "bytes": piece.bytes, "hidden_by": piece.hidden_by} for piece in pieces
                    ],
                },
            )
