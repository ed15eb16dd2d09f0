"""The SOCI index lists other files than the layer contains, or is damaged.

## What it checks

Each ztoc, the table of contents that a SOCI index of version 2 has of a layer, is compared with the layer: paths,
types, modes, owners, sizes, link targets, extended attributes and the places of the contents. Modification times are
not compared. A ztoc that is damaged cannot be compared and is a warning, because the runtime does without it; one for
another layer is reported by [SIZ005](SIZ005.md). The digests of spans are not compared. With `--lazy`, layers that are
read by their ztocs cannot be compared with them; a note names these.

## Why it matters

If the newer Studio or Unified Studio loads the image lazily, the container has the files that the ztoc lists. A file
that is missing there does not exist, and a file with another mode, size or place in the layer cannot be used or has
other contents, although the same image works everywhere else.

## How to fix

Convert the image again, and push the result under a new tag to a private repository of Amazon ECR:

```sh
sudo nerdctl image convert --soci SRC DST
sudo nerdctl push --platform linux/amd64 DST
```

Then register the tag `DST`. If the difference remains, look for the program that made the ztoc in the annotation
`com.amazon.soci.build-tool-identifier` of the SOCI index, and report it to its developers.

## Data

- `soci_index`: the digest of the SOCI index.
- `ztoc`: the digest of the ztoc.
- `count`: the number of paths that differ.
- `paths`: the first of these paths, each with the difference.
- `problem`: why the ztoc cannot be used, or null.
- `layers`: the layers that were not compared; only in the note.

## References

- [SOCI indexing](https://docs.aws.amazon.com/sagemaker/latest/dg/soci-indexing.html).
- [SOCI snapshotter, ztoc](https://github.com/awslabs/soci-snapshotter/blob/main/docs/ztoc.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.facts.size import has_ztocs, read_by_ztocs, soci_differences
from ocianalyze.rules.profiles import newer
from ocianalyze.rules.rule import Declaration, Finding, Severity, Subject, rule
from ocianalyze.rules.size.soci_index_unusable import AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.size import SociDifference


def _has_ztocs(subject: Declaration) -> bool:
    return has_ztocs(subject.image)


@rule(id="SIZ006", severity=newer(Severity.ERROR), applies=_has_ztocs)
def soci_index_differs(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each layer that its ztoc does not describe, and one for those that cannot be compared."""
    if layers := read_by_ztocs(subject.image, subject.filesystem):
        positions = ", ".join(str(layer.position) for layer in layers)
        these = f"layer {positions}, which was" if len(layers) == 1 else f"layers {positions}, which were"
        yield Finding(
            message=f"the SOCI index was not compared with {these} read by it",
            hint="Scan the image without --lazy",
            severity=Severity.NOTE,
            data={"soci_index": subject.image.soci.named, "layers": [layer.position for layer in layers], "ztoc": None},
        )
    for difference in soci_differences(subject.image, subject.filesystem):
        layer = difference.layer
        yield Finding(
            message=_message(difference),
            hint=AGAIN,
            severity=Severity.WARNING if difference.problem else None,
            path=difference.paths[0][0] if difference.paths else None,
            layer=layer.position,
            data={
                "soci_index": subject.image.soci.named,
                "ztoc": layer.ztoc.digest if layer.ztoc is not None else None,
                "count": difference.number,
                "paths": [{"path": path, "difference": how} for path, how in difference.paths],
                "problem": difference.problem or None,
            },
        )


def _message(difference: SociDifference) -> str:
    position = difference.layer.position
    if difference.problem:
        return f"the SOCI index cannot be used for layer {position}: {difference.problem}"
    path, how = difference.paths[0]
    more = difference.number - 1
    others = (
        f", and {more:,} other path{'' if more == 1 else 's'} {'differs' if more == 1 else 'differ'}" if more else ""
    )
    return f"the SOCI index does not describe layer {position}: {path} {how}{others}"
