"""Images whose layers have indexes of their files, made by the libraries of those who devised the indexes.

The Go program `indexing/` calls them; `.ci/run` builds it as `build/bin/index-layers`.
"""

from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from tests.support.tools import run, skip_or_fail

IndexedForm: TypeAlias = Literal["estargz", "zstd-chunked", "zstd-chunked-stargz", "soci-v1", "soci-v2"]

FORMS: Final[tuple[IndexedForm, ...]] = get_args(IndexedForm)
INDEX_LAYERS: Final = "index-layers"


def index_image(
    layout: Path,
    form: IndexedForm,
    to: Path,
    *,
    chunk_size: int | None = None,
    span_size: int | None = None,
    smallest: int | None = None,
    workers: int = 1,
) -> Path:
    """Write the layout `to` with the image of another one, whose layers are gzip, and indexes of its layers.

    None is what the producers choose: SOCI gives no index to layers below 10 MiB, and fails if none is larger. Layers
    are streamed, so that they may be of any size. Where the program is missing the test is skipped, or fails.

    Args:
        layout: an OCI layout of one image.
        form: the kind of the indexes.
        to: a directory that does not exist yet; its parent also has the temporary files.
        chunk_size: the bytes of a chunk, for "estargz" and "zstd-chunked-stargz"; others ignore it.
        span_size: the uncompressed bytes of a span, for "soci-v1" and "soci-v2"; others ignore it.
        smallest: the compressed bytes of the smallest layer that is given an index; others stay as they are.
        workers: how many parts of a layer are compressed at once by "estargz" and "zstd-chunked-stargz". The bytes
            depend on it.

    """
    skip_or_fail([INDEX_LAYERS])
    sizes = {"-chunk-size": chunk_size, "-span-size": span_size, "-smallest": smallest, "-workers": workers}
    options = [f"{name}={size}" for name, size in sizes.items() if size is not None]
    run(INDEX_LAYERS, *options, form, layout, to)
    return to
