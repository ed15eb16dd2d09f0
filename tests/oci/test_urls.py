"""What people paste from a browser, or write in capitals: an error that says the right name."""

import pytest

from ocianalyze.analysis import Source
from ocianalyze.errors import InvalidReferenceError
from ocianalyze.oci.reference import Reference
from ocianalyze.oci.repository import RepositoryName

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://registry.example.com/team/app:1", "registry.example.com/team/app:1"),
        ("https://registry.example.com/team/app/", "registry.example.com/team/app"),
        ("HTTP://localhost:5000/app", "localhost:5000/app and add --plain-http"),
        (f"https://ghcr.io/a/b@{DIGEST}", f"ghcr.io/a/b@{DIGEST}"),
        ("https://r.example.com/v2/a/b/manifests/V1.0", "r.example.com/a/b:V1.0"),
        (f"https://r.example.com/v2/a/b/blobs/{DIGEST}", f"r.example.com/a/b@{DIGEST}"),
        ("https://hub.docker.com/r/jupyter/base-notebook/tags?page=2", "docker.io/jupyter/base-notebook"),
        ("https://hub.docker.com/_/python", "docker.io/library/python"),
        ("https://hub.docker.com/layers/library/python/3.12/images/sha256-0", "docker.io/library/python"),
        ("https://gallery.ecr.aws/sagemaker/sagemaker-distribution", "public.ecr.aws/sagemaker/sagemaker-distribution"),
        ("https://github.com/orgs/Foo/packages/container/package/bar%2Fbaz", "ghcr.io/foo/bar/baz"),
        ("https://github.com/Foo/repo/pkgs/container/bar", "ghcr.io/foo/bar"),
        ("https://quay.io/repository/jupyter/scipy-notebook?tab=tags", "quay.io/jupyter/scipy-notebook"),
        ("https://catalog.ngc.nvidia.com/orgs/nvidia/containers/pytorch/tags", "nvcr.io/nvidia/pytorch"),
        ("https://user:canary@registry.example.com/a/b?token=canary", "registry.example.com/a/b"),
        ("https://", "registry.example.com/team/image:tag"),
        ("https://registry.example.com:5000/", "registry.example.com/team/image:tag"),
        ("https://[::1/a", "registry.example.com/team/image:tag"),
    ],
)
def test_addresses_of_pages(url: str, name: str) -> None:
    for parse in (Reference.parse, RepositoryName.parse):
        with pytest.raises(InvalidReferenceError, match="is a URL, not an image name") as error:
            parse(url)
        assert error.value.hint == f"Write {name}"
        assert "canary" not in error.value.one_line()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("docker.io/Library/Ubuntu", "docker.io/library/ubuntu"),
        ("Ubuntu", "ubuntu"),
        ("registry.example.com/Team/App:V1", "registry.example.com/team/app:V1"),
        (f"ghcr.io/Me/App@{DIGEST}", f"ghcr.io/me/app@{DIGEST}"),
    ],
)
def test_capitals(text: str, name: str) -> None:
    for reference in (text, f"docker://{text}"):
        with pytest.raises(InvalidReferenceError) as error, Source(reference=reference).open():
            pass
        assert f"Write {name}" in str(error.value.hint)
        assert "lower case" in str(error.value.hint)
        assert error.value.exit_code == 2


@pytest.mark.parametrize("text", ["./X/Y", "docker.io/a b", "docker.io/A b", "registry.example.com/a:B C"])
def test_what_capitals_are_not_the_fault_of(text: str) -> None:
    with pytest.raises(InvalidReferenceError) as error:
        RepositoryName.parse(text)
    assert "lower case" not in str(error.value.hint)
