"""Which of several images is meant: by name, position, digest or platform; and what is no choice at all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ocianalyze.errors import ImageChoiceError, InvalidImageError
from tests.conftest import SaveImage
from tests.support.forms import FORMS, FormName, archive, archive_items
from tests.support.images import ImageSpec
from tests.support.opening import opened, see
from tests.support.tarballs import file, layer

ONE = ImageSpec(layers=[[file("one")]], tags=("example.com/one:1", "docker.io/library/alias:latest"))
TWO = ImageSpec(layers=[[file("two")]], tags=("example.com/two:2",))
ARM = replace(ONE, layers=[[file("arm")]], platform="linux/arm64/v8")
INDEXED: tuple[FormName, ...] = ("docker-29", "buildx-oci", "oci", "oci-nested", "oci-docker-types")


def _error(source: Path | bytes, *, name: str | None = None, platform: str | None = None) -> ImageChoiceError:
    with pytest.raises(ImageChoiceError) as error, opened(source, name=name, platform=platform):
        pass
    assert error.value.choices
    assert error.value.hint
    return error.value


@pytest.mark.parametrize("form", FORMS)
def test_one_of_several_by_name_position_or_digest(form: FormName, save_image: SaveImage) -> None:
    path = save_image([ONE, TWO], form)
    for source in (path, path.read_bytes()):
        for name in ("example.com/one:1", "alias", "alias:latest", "library/alias", "docker.io/library/alias"):
            assert list(see(source, name=name).tree) == ["/one"]
        assert list(see(source, name="example.com/two:2").tree) == ["/two"]
        with opened(source, name="example.com/two:2") as image:
            digests = [str(image.config_digest), *([str(image.digest)] if image.digest else [])]
        for digest in digests:
            assert list(see(source, name=digest).tree) == ["/two"]
        assert {*see(source, name="@0").tree, *see(source, name="@1").tree} == {"/one", "/two"}
    assert list(see(f"{'docker' if FORMS[form].docker else 'oci'}-archive:{path}:example.com/two:2").tree) == ["/two"]


@pytest.mark.parametrize("form", FORMS)
def test_none_or_a_wrong_choice_lists_what_there_is(form: FormName, save_image: SaveImage) -> None:
    path = save_image([ONE, TWO], form)
    for choice in ({}, {"name": "three"}, {"name": "@2"}, {"name": "@x"}, {"name": "example.com/two"}, {"name": ""}):
        error = _error(path, **choice)
        assert any("example.com/one:1, docker.io/library/alias:latest" in line for line in error.choices)
        assert any("example.com/two:2 (linux/amd64)" in line for line in error.choices)


@pytest.mark.parametrize("form", INDEXED)
def test_the_platform_of_a_multi_platform_image(form: FormName, save_image: SaveImage) -> None:
    path = save_image([ARM, ONE], form)
    for source in (path, path.read_bytes()):
        assert list(see(source).tree) == ["/one"]
        assert list(see(source, platform="linux/amd64").tree) == ["/one"]
        assert list(see(source, platform="linux/arm64").tree) == ["/arm"]
        assert list(see(source, platform="linux/arm64/v8").tree) == ["/arm"]
        assert "linux/s390x" in _error(source, platform="linux/s390x").message


def test_a_single_image_needs_no_platform_but_must_be_of_the_one_asked_for(save_image: SaveImage) -> None:
    for form in FORMS:
        path = save_image(ARM, form)
        assert list(see(path).tree) == ["/arm"]
        assert _error(path, platform="linux/amd64").choices == ("linux/arm64/v8",)


def test_a_platform_does_not_choose_among_images_of_different_names(save_image: SaveImage) -> None:
    other = replace(ARM, tags=("example.com/other:1",))
    for form in FORMS:
        path = save_image([ONE, other], form)
        assert len(_error(path).choices) == 2
        assert list(see(path, platform="linux/arm64").tree) == ["/arm"]
        assert list(see(path, name="example.com/other:1").tree) == ["/arm"]


def test_images_with_and_without_names_in_one_docker_archive(save_image: SaveImage) -> None:
    """Docker 25 lists images without a name in manifest.json only."""
    path = save_image([ONE, replace(TWO, tags=())], "docker-25")
    error = _error(path)
    assert len(error.choices) == 2
    assert list(see(path, name="@1").tree) == ["/two"]
    assert list(see(path, name="@0").tree) == ["/one"]


def test_images_with_names_that_stand_in_manifest_json_only(tmp_path: Path) -> None:
    members = [
        replace(item, content=_first_only(item.content))
        if item.path == "index.json" and isinstance(item.content, bytes)
        else item
        for item in archive_items([ONE, TWO], "docker-25", compression="none")
    ]
    path = tmp_path / "image.tar"
    path.write_bytes(layer(members))
    for source in (path, path.read_bytes()):
        assert len(_error(source).choices) == 2
        assert list(see(source, name="example.com/one:1").tree) == ["/one"]
        assert list(see(source, name="example.com/two:2").tree) == ["/two"]


def _first_only(index: bytes) -> bytes:
    value = json.loads(index)
    first = value["manifests"][0]["digest"]
    value["manifests"] = [item for item in value["manifests"] if item["digest"] == first]
    return json.dumps(value).encode()


def test_one_image_under_several_names_is_no_choice(save_image: SaveImage) -> None:
    for form in FORMS:
        seen = see(save_image([ONE, replace(ONE, tags=("example.com/other:1",))], form))
        assert set(seen.image.names) == {*ONE.tags, "example.com/other:1"}


def test_nothing_to_choose_from() -> None:
    with pytest.raises(InvalidImageError, match="no image"), opened(archive([], "docker-legacy")):
        pass
    with pytest.raises(InvalidImageError, match="no image"), opened(archive([], "oci")):
        pass
