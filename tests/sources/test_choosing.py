"""Which of several images is meant: by name, position, digest or platform; and what is no choice at all."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.errors import ImageChoiceError, InvalidImageError, OcianalyzeError, UsageError
from tests.conftest import SaveImage
from tests.support.forms import FORMS, FormName, archive, archive_items
from tests.support.images import BuiltImage, ImageSpec, build, platform_object
from tests.support.layouts import OCI_MANIFEST, blob_items, descriptor, image_blobs, index_items, manifest
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


NEWER = replace(ONE, layers=[[file("newer")]], platform="linux/amd64/v3")


@pytest.mark.parametrize("form", INDEXED)
def test_a_variant_is_no_choice_but_for_who_asks_for_it(form: FormName, save_image: SaveImage) -> None:
    for images in ([NEWER, ONE, ARM], [ONE, NEWER], [ARM, NEWER, ONE]):
        path = save_image(images, form)
        for source in (path, path.read_bytes()):
            assert list(see(source).tree) == ["/one"]
            assert list(see(source, platform="linux/amd64/v2").tree) == ["/one"]
            assert list(see(source, platform="linux/amd64/v3").tree) == ["/newer"]
            assert list(see(source, platform="linux/amd64/v4").tree) == ["/newer"]
    for source in (path := save_image([NEWER, ARM], form), path.read_bytes()):
        error = _error(source)
        assert error.choices == ("linux/amd64/v3", "linux/arm64/v8")
        assert error.message == "there is no image for platform linux/amd64, only for"


@pytest.mark.parametrize("form", INDEXED)
def test_of_images_for_one_platform_the_first_is_taken(form: FormName, save_image: SaveImage) -> None:
    other = replace(ONE, layers=[[file("other")]])
    for images, taken in (([ONE, other], "/one"), ([other, ONE], "/other"), ([ARM, other, ONE], "/other")):
        path = save_image(images, form)
        for source in (path, path.read_bytes()):
            assert list(see(source).tree) == [taken]


@pytest.mark.parametrize("form", ["docker-legacy", "docker-25", "podman-save"])
def test_several_items_of_one_name_in_a_docker_archive(form: FormName, save_image: SaveImage) -> None:
    """They are one image for several platforms; of two for one platform, which is taken depends on the program."""
    path = save_image([NEWER, ONE, ARM], form)
    assert list(see(path).tree) == ["/one"]
    assert list(see(path, platform="linux/amd64/v3").tree) == ["/newer"]
    assert list(see(path, platform="linux/arm64").tree) == ["/arm"]
    twins = save_image([ONE, replace(ONE, layers=[[file("other")]])], "docker-legacy")
    error = _error(twins)
    assert list(see(twins, name=error.choices[1]).tree) == ["/other"]


@pytest.mark.parametrize("platform", ["linux/", "/amd64", "linux/amd64/v1/x", "li nux/amd64", "linux/*", "x", "a(b/c"])
def test_what_is_no_platform_is_wrong_before_anything_is_read(platform: str) -> None:
    with pytest.raises(UsageError, match="invalid platform"), opened(Path("missing"), platform=platform):
        pass


def test_a_platform_may_be_stated_in_short(save_image: SaveImage) -> None:
    path = save_image([ARM, ONE], "oci-nested")
    for platform in ("amd64", "linux", "linux/x86_64", "Linux/AMD64", "linux/amd64/v1", "x86-64"):
        assert list(see(path, platform=platform).tree) == ["/one"]
    for platform in ("arm64", "aarch64", "linux/arm64/8", "linux/arm64/v9"):
        assert list(see(path, platform=platform).tree) == ["/arm"]


@pytest.mark.parametrize("named", [True, False])
def test_images_that_the_top_of_a_layout_lists(named: bool) -> None:  # noqa: FBT001
    """What is listed under one name, or without any, is one image for several platforms."""
    one, arm, other = (build(replace(spec, tags=())) for spec in (ONE, ARM, TWO))
    name = {"annotations": {"org.opencontainers.image.ref.name": "1.0"}} if named else {}
    entries = [descriptor(manifest(image), OCI_MANIFEST) | name for image in (arm, one)]
    data = _layout([arm, one], entries)
    assert list(see(data).tree) == ["/one"]
    assert list(see(data, platform="linux/arm64").tree) == ["/arm"]
    absent = {"mediaType": OCI_MANIFEST, "digest": f"sha256:{'0' * 64}", "size": 1}
    amd = {"platform": platform_object("linux/amd64")}
    for extra in (absent | amd, absent | amd | {"digest": "blake3:0"}):
        with pytest.raises(OcianalyzeError):
            see(_layout([arm], [entries[0], extra | name]), platform="linux/amd64")
        assert list(see(_layout([arm, one], [*entries, extra | name]), platform="linux/arm64").tree) == ["/arm"]
    twice = _layout([one, other], [descriptor(manifest(image), OCI_MANIFEST) | name for image in (one, other)])
    if named:
        assert list(see(twice).tree) == ["/one"]
    else:
        error = _error(twice)
        assert len(error.choices) == 2
        assert list(see(twice, name="@1").tree) == ["/two"]


def _layout(images: Sequence[BuiltImage], entries: Sequence[dict[str, Any]]) -> bytes:
    blobs = [blob for image in images for blob in (manifest(image), *image_blobs(image))]
    return layer([*blob_items(blobs), *index_items(entries)])


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
