"""A layer contains files whose user ID or group ID is greater than 65535.

## What it checks

The user ID and group ID of every entry in every layer are at most 65535. This includes entries that later layers delete
or replace. There is one finding per layer.

## Why it matters

Studio maps the image's users to users of the host, and has a range of 65536 IDs for this. The limit "applies to files
in every layer of the image". With one such file anywhere, the app does not start. Such files usually come from archives
that were packed by users with large IDs, most often npm packages.

## How to fix

Change the owner in the step that unpacks the archive. A later `RUN chown` creates a new layer and does not change this
one:

```dockerfile
RUN npm install --global some-package && chown -R root:root /usr/local/lib/node_modules
RUN curl -sSL https://example.com/tool.tar.gz | tar -xz --no-same-owner -C /opt
```

## Data

- `count`: the number of affected entries in the layer.
- `deleted`: how many of them later layers delete or replace.
- `ids`: some of the owners, as `uid:gid`.
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


@rule(id="USR005", severity={CLASSIC: Severity.ERROR, **newer(Severity.WARNING)}, identity=())
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
    message = f"{what} with a user ID or group ID over {MAX_ID}: {first} has {owners[0]}"
    if deleted:
        gone = "deleted or replaced in a later layer" if deleted == len(rows) else f"{deleted:,} of them deleted later"
        message = f"{message} ({gone}, but the limit applies to every layer)"
    data: dict[str, Any] = {
        "count": len(rows),
        "deleted": deleted,
        "ids": list(dict.fromkeys(owners))[:_SHOWN],
        "paths": [changeset.path(row) for row in rows[:_SHOWN]],
    }
    hint = "Change the owner in the step that writes the files: 'tar --no-same-owner', or 'chown' in the same RUN"
    return Finding(message=message, path=first, layer=layer, hint=hint, data=data)
