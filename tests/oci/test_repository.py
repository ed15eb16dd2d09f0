"""Names of images, as Docker and skopeo read them (distribution/reference, `normalize_test.go`)."""

import pytest

from ocianalyze.analysis import analyze
from ocianalyze.errors import InvalidReferenceError
from ocianalyze.oci.reference import Reference
from ocianalyze.oci.repository import RepositoryName

DIGEST = "sha256:" + "a1" * 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ubuntu", "docker.io/library/ubuntu:latest"),
        ("ubuntu:22.04", "docker.io/library/ubuntu:22.04"),
        ("library/ubuntu", "docker.io/library/ubuntu:latest"),
        ("team/image", "docker.io/team/image:latest"),
        ("docker.io/ubuntu", "docker.io/library/ubuntu:latest"),
        ("index.docker.io/ubuntu", "docker.io/library/ubuntu:latest"),
        ("registry-1.docker.io/library/ubuntu", "docker.io/library/ubuntu:latest"),
        ("localhost/foo", "localhost/foo:latest"),
        ("localhost:5000/foo", "localhost:5000/foo:latest"),
        ("localhost:5000/foo:bar", "localhost:5000/foo:bar"),
        ("127.0.0.1:5000/foo/bar/baz", "127.0.0.1:5000/foo/bar/baz:latest"),
        ("[::1]:5000/foo", "[::1]:5000/foo:latest"),
        ("registry.example.com/a__b/c-d.e:1_2.3-x", "registry.example.com/a__b/c-d.e:1_2.3-x"),
        ("Registry/foo", "Registry/foo:latest"),
        (f"ubuntu@{DIGEST}", f"docker.io/library/ubuntu@{DIGEST}"),
        (f"localhost:5000/foo:1@{DIGEST}", f"localhost:5000/foo:1@{DIGEST}"),
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/image:tag",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/image:tag",
        ),
    ],
)
def test_names_are_brought_to_one_form(text: str, expected: str) -> None:
    name = RepositoryName.parse(text)
    assert str(name) == expected
    assert RepositoryName.parse(str(name)) == name
    assert Reference("path", text).may_be_name is (text not in ("library/ubuntu", "team/image"))  # these may be files


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ubuntu",
        "team/Image",
        "/foo",
        "foo/",
        "foo//bar",
        "foo:",
        "foo:bar:baz",
        "foo@sha256:abc",
        "foo@",
        "foo bar",
        "foo\n",
        "-foo",
        "foo/-bar",
        "a..b/../../etc",
        "http://registry.example.com/foo",
        "user:pass@registry.example.com/foo",
        "registry.example.com:99999/foo",
        "registry.example.com:/foo",
        "exa mple.com/foo",
        "a" * 300,
        "foo:" + "a" * 129,
        f"foo@{DIGEST.upper()}",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(InvalidReferenceError):
        RepositoryName.parse(text)
    assert not Reference("path", text).may_be_name


@pytest.mark.parametrize(
    "text", ["image.tar", "./ubuntu", "../x", "/a/b", "image.tar.gz", "x.tgz", "~/x", "images/a.oci"]
)
def test_what_looks_like_a_file_is_not_looked_for_elsewhere(text: str) -> None:
    assert not Reference("path", text).may_be_name


def test_where_docker_hub_answers() -> None:
    assert RepositoryName.parse("ubuntu").api_host == "registry-1.docker.io"
    assert RepositoryName.parse("localhost:5000/x").api_host == "localhost:5000"


@pytest.mark.parametrize("text", ["me:canary@registry.example.com/team/app:1", "me:canary@localhost:5000/app"])
def test_a_login_in_a_name_is_refused_and_not_shown(text: str) -> None:
    for read in (lambda: RepositoryName.parse(text), lambda: analyze(text), lambda: analyze(f"docker://{text}")):
        with pytest.raises(InvalidReferenceError, match="holds no user and no password") as error:
            read()
        assert "canary" not in error.value.one_line()


def test_a_missing_file_that_names_a_registry_may_be_a_name_that_is_none() -> None:
    with pytest.raises(InvalidReferenceError, match="does not exist") as error:
        analyze("registry.example.com/team/app@sha256:xyz")
    assert "It is not an image name either: " in error.value.one_line()
    assert "invalid digest 'sha256:xyz'" in error.value.one_line()
    for path in ("/registry.example.com/team/app@x", "build/app@x", "image@x"):
        with pytest.raises(InvalidReferenceError, match="does not exist") as error:
            analyze(path)
        assert error.value.hint is None
