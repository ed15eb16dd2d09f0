"""Patterns of images: which they are, and what they match."""

import pytest

from ocianalyze.errors import InvalidReferenceError
from ocianalyze.oci.patterns import ImagePattern, natural

HOST = "registry.example.com"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (f"{HOST}/team/app:*", (HOST, "team/app", "*")),
        (f"{HOST}/team/app:v1.?", (HOST, "team/app", "v1.?")),
        (f"{HOST}/team/*", (HOST, "team/*", "latest")),
        (f"{HOST}/*/app:[0-9]*", (HOST, "*/app", "[0-9]*")),
        ("repo:v1.*", ("docker.io", "library/repo", "v1.*")),
        ("localhost:5000/app:*", ("localhost:5000", "app", "*")),
        ("[::1]:5000/app:*", ("[::1]:5000", "app", "*")),
    ],
)
def test_a_pattern_has_a_registry_a_repository_and_a_tag(text: str, parsed: tuple[str, str, str]) -> None:
    assert ImagePattern.parse(text) == parsed


@pytest.mark.parametrize(
    "text", [f"{HOST}/team/app:1", f"{HOST}/app", "[::1]:5000/app:1", f"{HOST}/app:*@sha256:{'0' * 64}"]
)
def test_a_name_is_no_pattern(text: str) -> None:
    assert ImagePattern.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "*.example.com/team/*",
        f"{HOST}/Team/*",
        f"{HOST}/team/app:*:1",
        f"{HOST}/team/app :*",
        f"{HOST}/TEAM:*",
        f"{HOST}:99999/app:*",
        f"{HOST}/{'a' * 600}:*",
    ],
)
def test_what_no_name_can_match_is_refused(text: str) -> None:
    with pytest.raises(InvalidReferenceError):
        ImagePattern.parse(text)


def test_tags_are_matched_with_capitals_and_sorted_as_people_do() -> None:
    pattern = ImagePattern(HOST, "app", "v*")
    assert pattern.tags(["v10", "V3", "v9", "v9.1", "latest", "v"]) == ["v", "v9", "v9.1", "v10"]


def test_signatures_are_no_images_unless_they_are_asked_for() -> None:
    tags = ["1.0", f"sha256-{'a' * 64}.sig", f"sha256-{'a' * 64}", "sha256-short"]
    assert ImagePattern(HOST, "app", "*").tags(tags) == ["1.0", "sha256-short"]
    assert len(ImagePattern(HOST, "app", "sha256-*").tags(tags)) == 3


@pytest.mark.parametrize(
    ("repository", "beginning"), [("team/app", "team/app"), ("team/a*/x", "team"), ("*", ""), ("a/b/[cd]", "a/b")]
)
def test_the_directory_is_what_comes_before_the_pattern(repository: str, beginning: str) -> None:
    assert ImagePattern(HOST, repository, "1").directory == beginning


def test_natural_order() -> None:
    assert sorted(["1.10", "1.9", "1", "a10b", "a9b", "2024-12"], key=natural) == [
        *("1", "1.9", "1.10", "2024-12"),
        *("a9b", "a10b"),
    ]
