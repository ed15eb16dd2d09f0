"""What the media type of a layer states of its compression."""

import pytest

from ocianalyze.oci.media_types import is_foreign, is_tar_layer, stated_compression

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


@pytest.mark.parametrize(
    ("media_type", "is_tar"),
    [
        (f"{OCI}.v1.tar", True),
        (f"{OCI}.v1.tar+gzip", True),
        (f"{OCI}.v1.tar+zstd", True),
        (f"{OCI}.nondistributable.v1.tar+zstd", True),
        (f"{DOCKER}.diff.tar", True),
        (f"{DOCKER}.diff.tar.gzip", True),
        (f"{DOCKER}.foreign.diff.tar.gzip", True),
        (f"{OCI}.v1.tar+gzip+encrypted", False),
        (f"{OCI}.v1.tar+encrypted", False),
        (f"{OCI}.v1.tar+bzip2", False),
        (f"{OCI}.nydus.blob.v1", False),
        ("application/vnd.erofs.layer.v1", False),
        ("application/x-tar", False),
        ("", False),
    ],
)
def test_which_layers_are_tars(media_type: str, is_tar: bool) -> None:  # noqa: FBT001
    assert is_tar_layer(media_type) is is_tar
    assert is_foreign(media_type) == ("foreign" in media_type or "nondistributable" in media_type)
