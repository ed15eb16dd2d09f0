"""Images as they are named on the command line."""

import time

import pytest

from ocianalyze.errors import InvalidReferenceError
from ocianalyze.oci.reference import Reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-", Reference("stdin", "-")),
        ("image.tar", Reference("path", "image.tar")),
        ("./a:b", Reference("path", "./a:b")),
        ("python:3.11", Reference("path", "python:3.11")),
        ("docker://python:3.11", Reference("registry", "python:3.11")),
        ("docker-archive:a.tar", Reference("docker-archive", "a.tar")),
        ("docker-archive:a.tar:x/y:1", Reference("docker-archive", "a.tar", "x/y:1")),
        ("docker-archive:a.tar:@1", Reference("docker-archive", "a.tar", "@1")),
        ("docker-archive:a.tar:", Reference("docker-archive", "a.tar")),
        ("oci-archive:a.tar:latest", Reference("oci-archive", "a.tar", "latest")),
        ("oci:dir", Reference("oci", "dir")),
    ],
)
def test_forms(text: str, expected: Reference) -> None:
    assert Reference.parse(text) == expected


@pytest.mark.parametrize("text", ["", "oci:", "docker-archive:", "docker-archive::x"])
def test_what_names_no_image(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match="does not name an image"):
        Reference.parse(text)


@pytest.mark.parametrize("text", ["docker-daemon:a", "containers-storage:a", "dir:a"])
def test_transports_that_need_a_runtime(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match="is not supported"):
        Reference.parse(text)


@pytest.mark.parametrize(
    ("text", "may_be_name"),
    [
        ("python", True),
        ("python:3.11", True),
        ("team/image:1.0", True),
        ("docker.io/team/image", True),
        ("team/image", False),
        ("image.gz", False),
        ("localhost:5000/a/b_c:tag", True),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/image@sha256:" + "a" * 64, True),
        ("./image.tar", False),
        ("/tmp/image", False),  # noqa: S108
        ("Image.TAR", False),
    ],
)
def test_paths_that_could_be_names(text: str, may_be_name: bool) -> None:  # noqa: FBT001
    assert Reference.parse(text).may_be_name is may_be_name


def test_telling_a_name_takes_linear_time() -> None:
    started = time.process_time()
    for text in ("a" * 50_000 + "!", "a." * 20_000 + "!", "a/" * 20_000 + "!", "a-_." * 10_000 + "!"):
        assert not Reference.parse(text).may_be_name
    assert time.process_time() - started < 2
