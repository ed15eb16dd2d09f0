"""The image has a SOCI index that is not used, or not for all layers.

## What it checks

The SOCI index that comes with the image, in OCI layouts, archives with an `index.json`, and registries. An image
without one is not checked. The findings, by `cause`:

- `old-version`: there is only an index of version 1, which the runtime ignores by default since SOCI 0.10. Checked in
  layouts and archives only, because a registry has it under another name.
- `other-platform`: the image index has a SOCI index, but the manifest of this image does not name it.
- `not-in-index`: the manifest names a SOCI index that the image index does not contain, or the reference names the
  manifest instead of the image index.
- `contradiction`: the image index assigns the SOCI index to another image, or another SOCI index to this image.
- `missing`: the image index lists the SOCI index, but it cannot be read.
- `ztoc-missing`: the layout or archive lacks ztocs, the tables of contents that the SOCI index refers to. The runtime
  fetches all of them or does without. This and `missing` are notes for an archive of `docker save`, because Docker
  pulls and saves only the image.
- `ztoc-misfit`: ztocs are for layers that the image does not have, for layers of another size, or damaged.
- `zstd-layers`: layers of at least 10 MiB are compressed with zstd, which SOCI does not support.
- `layers-without-ztoc`: other layers of at least 10 MiB have no ztoc.

Whether ztocs list the same files as the layers contain is checked by [SIZ006](SIZ006.md).

## Why it matters

With a SOCI index of version 2, the newer Studio and Unified Studio start an app before all of the image is downloaded.
If the index is not used, everything works, but the start takes as long as without it. Layers without a ztoc are
downloaded in full before the start.

## How to fix

Convert the image, and push the result under a new tag to a private repository of Amazon ECR. This needs nerdctl 2.1.3
and SOCI 0.10, or newer:

```sh
sudo nerdctl image convert --soci SRC DST
sudo nerdctl push --platform linux/amd64 DST
```

Then register the tag `DST`, which names the image index: `aws sagemaker create-image-version --base-image DST`. To copy
the image, copy the whole index, such as with `skopeo copy --all`.

## Data

- `cause`: one of the causes above.
- `soci_index`: the digest of the SOCI index that the manifest names, or null.
- `digests`: the manifests or ztocs concerned.
- `layers`: the positions of the layers concerned.
- `bytes`: the total compressed size of these layers, in bytes.

## References

- [SOCI indexing](https://docs.aws.amazon.com/sagemaker/latest/dg/soci-indexing.html).
- [Create SOCI indexes with
  nerdctl](https://docs.aws.amazon.com/sagemaker/latest/dg/soci-indexing-example-create-indexes.html).
- [SOCI index manifest, version
  2](https://github.com/awslabs/soci-snapshotter/blob/main/docs/soci-index-manifest-v2.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocianalyze.facts.size import soci_problems
from ocianalyze.rules.profiles import newer
from ocianalyze.rules.rule import Declaration, Finding, Severity, rule
from ocianalyze.units import human

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.facts.size import SociProblem
    from ocianalyze.oci.image import Image

CONVERT: Final = "'nerdctl image convert --soci SRC DST' and 'nerdctl push --platform linux/amd64 DST'"

AGAIN: Final = f"Convert and push the image again with {CONVERT}, and register the tag DST"
_HINTS: Final = {
    "old-version": f"Create a SOCI index of version 2 with {CONVERT}, and register the tag DST",
    "not-in-index": "Register and copy the image index that 'nerdctl image convert --soci' made, not only its manifest",
    "zstd-layers": "Compress these layers with gzip, then convert the image again",
    "layers-without-ztoc": "Convert the image again with a smaller --soci-min-layer-size",
}
_NOT_SAVED: Final = ("missing", "ztoc-missing")
"""What `docker save` leaves out, though the registry may have it."""

_SHOWN: Final = 3


def _has_soci(subject: Declaration) -> bool:
    return subject.image.soci.manifest is not None or bool(soci_problems(subject.image))


@rule(id="SIZ005", severity=newer(Severity.WARNING), applies=_has_soci, before_layers=True, identity=("path", "cause"))
def soci_index_unusable(subject: Declaration) -> Iterator[Finding]:
    """Yield a finding for each cause."""
    image = subject.image
    for problem in soci_problems(image):
        yield Finding(
            message=_message(problem, image),
            hint=_HINTS.get(problem.cause, AGAIN),
            severity=Severity.NOTE if image.form == "docker-archive" and problem.cause in _NOT_SAVED else None,
            layer=problem.layers[0].position if problem.layers else None,
            data={
                "cause": problem.cause,
                "soci_index": image.soci.named,
                "digests": list(problem.digests),
                "layers": [layer.position for layer in problem.layers],
                "bytes": sum(layer.size or 0 for layer in problem.layers),
            },
        )


def _message(problem: SociProblem, image: Image) -> str:
    digest, count = image.soci.named or "", len(problem.digests)
    named = f"the SOCI index {digest[:80]}"
    platforms = f" (for {', '.join(problem.platforms[:_SHOWN])})" if problem.platforms else ""
    found_alone = "the reference names the image manifest, not the image index that contains"
    size = human(sum(layer.size or 0 for layer in problem.layers))
    positions = ", ".join(str(layer.position) for layer in problem.layers)
    others = ", ".join(problem.digests)
    early = f"{size} are downloaded before the app starts, because these layers {{}}: {positions}"
    return {
        "old-version": "the image has only a SOCI index of version 1, which the runtime ignores",
        "other-platform": f"the image index contains a SOCI index{platforms}, but the image's manifest names none",
        "not-in-index": f"{found_alone} {named}"
        if image.soci.beside is None
        else f"the image manifest names {named}, but the image index does not contain it",
        "contradiction": f"the image index contradicts the manifest, which names {named}: it has {others[:80]}",
        "missing": f"{named} is in the image index, but it cannot be read",
        "ztoc-missing": f"{named} refers to {_amount(count, 'ztoc')} that cannot be found",
        "ztoc-misfit": f"{_amount(count, 'ztoc')} of {named} {'does' if count == 1 else 'do'} not fit the layers",
        "zstd-layers": early.format("are compressed with zstd, which SOCI does not support"),
        "layers-without-ztoc": early.format("have no ztoc"),
    }[problem.cause]


def _amount(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
