"""A layer holds files whose owner or group is over 65535.

## What it checks

The user id and the group id of every entry of every layer, also of what later layers delete or replace. 65535 itself
passes, as does 65534 (`nobody`). There is one finding for each layer.

## Why it matters

Studio maps the users of the image to users of the host, and has a range of 65536 numbers for that. The limit
"applies to files in every layer of the image"; with one such file anywhere the app does not start. They come from
archives that were packed by users with large numbers, npm packages above all.

## How to fix

Change the owner in the step that unpacks the archive. A later `RUN chown` makes a new layer and leaves this one as
it is:

```dockerfile
RUN npm install --global some-package && chown -R root:root /usr/local/lib/node_modules
RUN curl -sSL https://example.com/tool.tar.gz | tar -xz --no-same-owner -C /opt
```

## Data

- `count`: how many entries of the layer are affected.
- `deleted`: how many of them later layers delete or replace.
- `ids`: some of the pairs, as `uid:gid`.
- `paths`: some of the paths.

## References

- [Custom image samples,
  DEVELOPMENT.md](https://github.com/aws-samples/sagemaker-studio-custom-image-samples/blob/main/DEVELOPMENT.md),
  "Files With Unsupported UIDs/GIDs".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ocianalyze.rules.profiles import CLASSIC, newer
from ocianalyze.rules.rule import Finding, Severity, Subject, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ID: Final = 65535
_SHOWN: Final = 10


@rule(id="USR005", severity={CLASSIC: Severity.ERROR, **newer(Severity.WARNING)})
def owner_id_too_large(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each layer with such entries; only layers that have such owners at all are walked."""
    for layer, changeset in enumerate(subject.filesystem.changesets):
        too_large = {
            number: f"{attributes.uid}:{attributes.gid}"
            for number, attributes in enumerate(changeset.attributes)
            if attributes.uid > MAX_ID or attributes.gid > MAX_ID
        }
        rows = [row for row, number in enumerate(changeset.identities) if number in too_large] if too_large else []
        if rows:
            yield _finding(subject, layer, rows, [too_large[changeset.identities[row]] for row in rows])


def _finding(subject: Subject, layer: int, rows: list[int], owners: list[str]) -> Finding:
    changeset, base = subject.filesystem.changesets[layer], subject.filesystem.bases[layer]
    deleted = sum(base + row in subject.filesystem.shadowed for row in rows)
    first = changeset.path(rows[0])
    what = "an entry" if len(rows) == 1 else f"{len(rows):,} entries"
    message = f"{what} with a user or group id over {MAX_ID}, such as {owners[0]} on {first}"
    if deleted:
        gone = (
            "which a later layer deletes or replaces" if deleted == len(rows) else f"{deleted:,} of them deleted later"
        )
        message = f"{message} ({gone}; they count all the same)"
    data: dict[str, Any] = {
        "count": len(rows),
        "deleted": deleted,
        "ids": list(dict.fromkeys(owners))[:_SHOWN],
        "paths": [changeset.path(row) for row in rows[:_SHOWN]],
    }
    hint = "change the owner in the step that writes them ('tar --no-same-owner', 'chown' in the same RUN)"
    return Finding(message=message, path=first, layer=layer, hint=hint, data=data)
