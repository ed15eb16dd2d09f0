r"""A build step deletes, replaces or changes files of earlier layers, which stay in the image.

## What it checks

For each layer, the bytes of earlier layers that it hides: files that it deletes, that it replaces, or that it stores
again because their owner or mode was changed. Less than a megabyte is not reported.

It is a note. If more than a third of the bytes of the image is hidden, the steps that hide most are warnings: as many
as you have to change to get below a third.

## Why it matters

A later layer never makes an earlier one smaller. The bytes are stored, downloaded when the app starts, and counted in
the size that `docker image ls` shows and that Studio Classic limits (SIZ001). `RUN chown -R` and `RUN chmod -R` store
every file a second time that they change.

## How to fix

Set owners and modes while copying:

```dockerfile
COPY --chown=1000:100 project/ /opt/project/
COPY --chmod=755 start.sh /opt/start.sh
```

Change owners in the same step that writes the files, and delete files in the step that creates them:

```dockerfile
RUN /tmp/miniforge.sh -b -p /opt/conda \
 && /opt/conda/bin/conda clean --all --yes \
 && chown -R 1000:100 /opt/conda

RUN apt-get update \
 && apt-get install --yes --no-install-recommends build-essential \
 && make install \
 && apt-get purge --yes build-essential && rm -rf /var/lib/apt/lists/*
```

Mount files that only one step needs, instead of copying and deleting them:

```dockerfile
RUN --mount=type=bind,source=installer.sh,target=/tmp/installer.sh sh /tmp/installer.sh
```

Join steps that install a package in several versions. If the files come with the base image, use another base image,
or change only the directories that users have to write.

## Data

- `shadowed_bytes`: the number of bytes of earlier layers that the layer hides.
- `wasted_bytes`, `image_bytes`: the number of bytes that are hidden in the whole image, and its size.
- `places`: where most of these bytes are: `path`, `bytes`, `layer`, the position of the layer that stores them,
  `change` (`deleted`, `replaced`, `owner`, `mode`, or `again` for files that were stored again without a change of
  size, time, owner or mode), and `value`, the new owner or mode if there is one for all.

## References

- [OCI image specification, layer.md](https://github.com/opencontainers/image-spec/blob/main/layer.md): whiteouts.
- [Dockerfile reference](https://docs.docker.com/reference/dockerfile/): `COPY --chown`, `COPY --chmod`,
  `RUN --mount=type=bind`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.size import LARGE, Change
from ocianalyze.rules.profiles import everywhere
from ocianalyze.rules.rule import Finding, Severity, Subject, rule
from ocianalyze.rules.size.saving import saving
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ocianalyze.facts.size import Hidden

_MUCH: Final = 3
"""More than one byte of so many is too much."""
_SHOWN: Final = 2
_LITTLE: Final = 0.2
"""A second place is shown if it has this share of the bytes of the first."""
_DONE: Final = {
    Change.DELETED: "deletes {0}",
    Change.REPLACED: "replaces {0}",
    Change.OWNER: "stores {0} again with another owner",
    Change.MODE: "stores {0} again with another mode",
    Change.AGAIN: "stores {0} again with the same size, time, owner and mode",
}


@rule(id="SIZ003", severity=everywhere(Severity.NOTE))
def layer_bytes_wasted(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each layer that hides much of earlier layers."""
    hides = {layer: usage.hides for layer, usage in enumerate(subject.filesystem.usage) if usage.hides >= LARGE}
    size, wasted = subject.facts.size.docker_image_size, sum(subject.facts.size.shadowed)
    places: dict[int, list[Hidden]] = {}
    for place in subject.facts.size.waste if hides else ():
        places.setdefault(place.hidden_by, []).append(place)
    much = _too_much(hides, size, wasted)
    for layer, hidden in hides.items():
        shown = _worth_showing(places.get(layer, ()))
        share = f"; {wasted / size:.0%} of the image is hidden in all" if layer in much else ""
        yield Finding(
            message=f"layer {layer} hides {human(hidden)} of earlier layers{_told(shown)}{share}",
            layer=layer,
            hint="; ".join(dict.fromkeys(saving(subject.image, place) for place in shown)) or None,
            severity=Severity.WARNING if layer in much else None,
            data={
                "shadowed_bytes": hidden,
                "wasted_bytes": wasted,
                "image_bytes": size,
                "places": [
                    {
                        "path": place.path,
                        "bytes": place.bytes,
                        "layer": place.layer,
                        "change": place.change.name.lower(),
                        "value": place.value,
                    }
                    for place in places.get(layer, ())
                ],
            },
        )


def _too_much(hides: Mapping[int, int], size: int, wasted: int) -> frozenset[int]:
    """Return the layers that would have to hide nothing so that no more than a third of the image is hidden."""
    found = set()
    for layer in sorted(hides, key=lambda layer: -hides[layer]):
        if wasted * _MUCH <= size:
            break
        found.add(layer)
        wasted, size = wasted - hides[layer], size - hides[layer]
    return frozenset(found)


def _worth_showing(places: Sequence[Hidden]) -> Sequence[Hidden]:
    return [place for place in places[:_SHOWN] if place.bytes >= places[0].bytes * _LITTLE]


def _told(places: Sequence[Hidden]) -> str:
    parts = (
        f"{_DONE[place.change].format(human(place.bytes))} in {place.path} (layer {place.layer})" for place in places
    )
    text = ", and ".join(parts)
    return f": it {text}" if text else ""
