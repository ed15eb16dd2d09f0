"""What the media type of a layer states of its compression."""

import pytest

from ocianalyze.oci.media_types import stated_compression

OCI = "application/vnd.oci.image.layer"
DOCKER = "application/vnd.docker.image.rootfs"


@pytest.mark.parametrize(
    ("media_type", "stated"),
    [
        (f"{OCI}.v1.tar", "none"),
        (f"{OCI}.v1.tar+gzip", "gzip"),
        (f"{OCI}.v1.tar+zstd", "zstd"),
        (f"{OCI}.nondistributable.v1.tar", "none"),
        (f"{OCI}.nondistributable.v1.tar+gzip", "gzip"),
        (f"{OCI}.v1.tar+gzip+encrypted", None),
        (f"{DOCKER}.diff.tar", None),
        (f"{DOCKER}.diff.tar.gzip", "gzip"),
        (f"{DOCKER}.diff.tar.zstd", "zstd"),
        (f"{DOCKER}.foreign.diff.tar.gzip", "gzip"),
        ("application/x-tar+gzip", None),
        ("application/gzip", None),
        ("", None),
    ],
)
def test_what_a_media_type_states_of_the_compression(media_type: str, stated: str | None) -> None:
    assert stated_compression(media_type) == stated
