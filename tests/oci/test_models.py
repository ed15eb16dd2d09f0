"""The documents of the image specification, as real programs write them."""

from collections.abc import Iterator
from typing import Any

import pytest

from ocianalyze.errors import InvalidImageError
from ocianalyze.oci import media_types
from ocianalyze.oci.image import build_steps
from ocianalyze.oci.models import Descriptor, History, ImageConfig, ImageIndex, Manifest, Platform, parse_manifest

DIGEST = "sha256:" + "a" * 64
LAYER = {"mediaType": media_types.OCI_LAYER, "digest": DIGEST, "size": 3}
CONFIG = {"mediaType": media_types.OCI_CONFIG, "digest": DIGEST, "size": 3}


def _config(value: dict[str, Any]) -> ImageConfig:
    return ImageConfig.from_value({"rootfs": {"type": "layers", "diff_ids": [DIGEST]}} | value, what="config")


def test_null_is_empty_as_go_writes_it() -> None:
    config = _config({"config": {"Env": None, "Labels": None, "Entrypoint": None, "User": None, "ExposedPorts": None}})
    assert (config.config.env, config.config.labels, config.config.entrypoint, config.config.user) == ((), {}, (), "")
    assert _config({"config": None, "history": None}).config.cmd == ()
    assert ImageConfig.from_value({"rootfs": {"diff_ids": None}}, what="x").rootfs.diff_ids == ()
    index = parse_manifest({"schemaVersion": 2, "manifests": None}, what="index")
    assert isinstance(index, ImageIndex)
    assert index.manifests == ()


FULL_CONFIG: dict[str, Any] = {
    "created": "2026-01-02T03:04:05Z",
    "architecture": "amd64",
    "os": "linux",
    "variant": "v1",
    "os.version": "1",
    "os.features": ["a", "b"],
    "config": {
        "User": "1",
        "Env": ["A=b", "C=d"],
        "Entrypoint": ["a"],
        "Cmd": ["b"],
        "WorkingDir": "/",
        "Labels": {"a": "b"},
        "ExposedPorts": {"1/tcp": {}},
        "StopSignal": "SIGTERM",
        "Healthcheck": {"Test": ["CMD", "x"], "Retries": 3},
    },
    "history": [
        {"created": "2026-01-02T03:04:05.123+01:00", "created_by": "y", "comment": "z", "empty_layer": True},
        {},
    ],
    "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
}
FULL_INDEX: dict[str, Any] = {
    "mediaType": media_types.OCI_INDEX,
    "manifests": [
        {
            "mediaType": media_types.OCI_MANIFEST,
            "digest": DIGEST,
            "size": 3,
            "urls": ["a"],
            "artifactType": "",
            "annotations": {"a": "b"},
            "platform": {
                "os": "linux",
                "architecture": "amd64",
                "variant": "v1",
                "os.version": "1",
                "os.features": ["a"],
            },
        },
    ],
}
FULL_MANIFEST: dict[str, Any] = {
    "mediaType": media_types.OCI_MANIFEST,
    "artifactType": "x",
    "config": CONFIG,
    "layers": [LAYER | {"urls": ["a"], "annotations": {"a": "b"}}],
}


def _with_null(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield a value with null at each place in it, and that place."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        for place, changed in (("", None), *_with_null(item)):
            copy = value.copy()
            copy[key] = changed
            yield f"{key}/{place}".rstrip("/"), copy


def test_null_stands_for_what_is_empty_wherever_it_stands() -> None:
    """Only where it leaves nothing that can be verified, or no root file system, it is refused."""
    for document, model, refused in (
        (FULL_CONFIG, ImageConfig, {"rootfs", "rootfs/diff_ids/0"}),
        (FULL_INDEX, ImageIndex, set()),
        (FULL_MANIFEST, Manifest, {"config", "config/digest", "layers/0", "layers/0/digest"}),
    ):
        met = set()
        for place, changed in _with_null(document):
            try:
                model.from_value(changed, what="x")
            except InvalidImageError:
                met.add(place)
        assert met == refused


def test_what_null_is_read_as() -> None:
    config = _config(
        {
            "config": {"Env": [None, "A=b"], "Cmd": ["sh", None], "Labels": {"a": None}},
            "history": [None, {"created_by": None}],
        }
    )
    assert config.config.env == ("", "A=b")
    assert config.config.cmd == ("sh", "")
    assert config.config.labels == {"a": ""}
    assert config.history == (History(), History())
    assert build_steps(config.history, 2) == [None, None]
    listed = [None, {"annotations": {"a": None}, "platform": {"os": None}}]
    index = ImageIndex.from_value({"manifests": listed}, what="x")
    assert [item.digest for item in index.manifests] == ["", ""]
    assert (index.manifests[0].platform, index.manifests[1].platform) == (None, Platform())
    assert index.manifests[1].annotations == {"a": ""}


def test_unknown_fields_are_ignored() -> None:
    config = _config({"config": {"ArgsEscaped": True, "Image": "", "OnBuild": None}, "container_config": {}, "id": 5})
    assert config.config.working_dir == ""


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ({"config": {"user": "1"}}, "config: ambiguous key 'user': some programs read it as 'User'"),
        ({"config": {"User": "0", "user": "1"}}, "ambiguous"),
        ({"config": {"User": 0}}, "config.User: must be a string"),
        ({"config": {"User": []}}, "config.User: must be a string"),
        ({"config": {"Env": {}}}, "config.Env: must be a list"),
        ({"config": "x"}, "config: must be an object"),
        ({"history": [{"empty_layer": 1}]}, "empty_layer: must be true or false"),
        ({"history": [{}] * 100_001}, "history: has 100,001 items"),
        ({"rootfs": {"diff_ids": [DIGEST] * 100_001}}, "diff_ids: has 100,001 items"),
        ({"config": {"Env": "A=b"}}, "Env"),
        ({"config": {"Env": [1]}}, "Env"),
        ({"config": {"Labels": {"a": 1}}}, "Labels"),
        ({"config": []}, "config"),
        ({"rootfs": {"diff_ids": ["sha256:x"]}}, "rootfs.diff_ids.0: invalid digest"),
        ({"rootfs": {"Diff_ids": [DIGEST]}}, "ambiguous"),
        ({"rootfs": None}, "rootfs"),
        ({"RootFS": {"diff_ids": []}}, "ambiguous"),
        ({"history": [{"empty_layer": "yes"}]}, "empty_layer"),
        ({"architecture": 5}, "architecture"),
    ],
)
def test_configs_that_are_refused_and_where(value: dict[str, Any], match: str) -> None:
    with pytest.raises(InvalidImageError, match=match):
        _config(value)


@pytest.mark.parametrize(
    "value",
    [
        *(
            {"created": text}
            for text in ("", "yesterday", "2026-01-02", "2026-13-01T00:00:00Z", "2026-01-02T24:00:00Z")
        ),
        *({"created": text} for text in ("2026-01-02T03:04:05", "2026-02-30T03:04:05Z", "2026-01-02t03:04:05z")),
        {"history": [{"created": "x"}]},
        {"author": 1},
        {"history": [{"author": []}]},
        {"config": {"ExposedPorts": {"80/tcp": "x"}}},
        {"config": {"Volumes": {"/v": True}}},
        {"config": {"ArgsEscaped": "yes"}},
        {"config": {"Env": ["A=b\0c"]}},
        {"config": {"Cmd": ["a", "\0"]}},
        {"config": {"WorkingDir": "/a\0"}},
    ],
)
def test_configs_that_no_runtime_takes(value: dict[str, Any]) -> None:
    with pytest.raises(InvalidImageError):
        _config(value)


@pytest.mark.parametrize(
    "change", [{"annotations": {"a": 1}}, {"annotations": []}, {"schemaVersion": "2"}, {"schemaVersion": 1.5}]
)
def test_manifests_and_indexes_that_go_does_not_read(change: dict[str, Any]) -> None:
    for document in (FULL_MANIFEST, FULL_INDEX):
        parse_manifest(document, what="x")
        with pytest.raises(InvalidImageError):
            parse_manifest({**document, **change}, what="x")
    large = {**FULL_MANIFEST, "config": {**FULL_MANIFEST["config"], "size": 2**63}}
    with pytest.raises(InvalidImageError):
        parse_manifest(large, what="x")


def test_what_has_no_rootfs_is_not_an_image() -> None:
    with pytest.raises(InvalidImageError, match="not an image config: rootfs is missing"):
        ImageConfig.from_value({"architecture": "amd64"}, what="config")


def test_a_field_has_one_name() -> None:
    """The names of Python's side are not accepted from outside: Go would not see them."""
    with pytest.raises(InvalidImageError):
        Descriptor.from_value({"media_type": "x", "digest": DIGEST, "size": 1, "Size": 2}, what="x")
    assert Descriptor.from_value({"media_type": "x", "digest": DIGEST, "size": 1}, what="x").media_type == ""


def test_lists_that_no_manifest_has_are_refused() -> None:
    for document in ({"manifests": [CONFIG] * 100_001}, {"config": CONFIG, "layers": [LAYER] * 100_001}):
        with pytest.raises(InvalidImageError, match="has 100,001 items"):
            parse_manifest(document, what="x")
    with pytest.raises(InvalidImageError, match="size: must be an integer"):
        Descriptor.from_value({"digest": DIGEST, "size": "1"}, what="x")


def test_the_last_of_two_variables_counts() -> None:
    config = _config({"config": {"Env": ["A=1", "B", "A=2=3", "=x"]}})
    assert config.config.environment == {"A": "2=3", "B": "", "": "x"}


@pytest.mark.parametrize("is_index", [True, False])
def test_manifests_and_indexes_of_both_families(is_index: bool) -> None:  # noqa: FBT001
    kinds = media_types.INDEXES if is_index else media_types.MANIFESTS
    body = {"manifests": []} if is_index else {"config": CONFIG, "layers": [LAYER]}
    for kind in kinds:
        for stated in ({"mediaType": kind}, {}):
            for media_type in (kind, None, ""):
                document = parse_manifest({"schemaVersion": 2, **stated, **body}, what="x", media_type=media_type)
                assert isinstance(document, ImageIndex if is_index else Manifest)


def test_kinds_that_contradict_each_other() -> None:
    for value, media_type in (
        ({"manifests": [], "mediaType": media_types.OCI_MANIFEST}, None),
        ({"manifests": []}, media_types.OCI_MANIFEST),
        ({"config": CONFIG, "mediaType": media_types.OCI_INDEX}, None),
        ({"config": CONFIG}, media_types.DOCKER_LIST),
        ({"config": CONFIG, "mediaType": media_types.DOCKER_MANIFEST}, media_types.OCI_MANIFEST),
        ({"manifests": [], "config": CONFIG}, None),
        ({"schemaVersion": 2}, None),
        ([], None),
        ("x", None),
        (None, None),
    ):
        with pytest.raises(InvalidImageError):
            parse_manifest(value, what="x", media_type=media_type)


@pytest.mark.parametrize(
    ("platform", "shown", "known"),
    [
        ({"os": "linux", "architecture": "arm64", "variant": "v8"}, "linux/arm64/v8", True),
        ({"os": "linux", "architecture": "amd64"}, "linux/amd64", True),
        ({"os": "unknown", "architecture": "unknown"}, "unknown/unknown", False),
        ({}, "", False),
    ],
)
def test_platforms(platform: dict[str, str], shown: str, known: bool) -> None:  # noqa: FBT001
    value = Platform.from_value(platform, what="x")
    assert (str(value), value.known) == (shown, known)


def test_build_steps_skip_what_made_no_layer() -> None:
    history = [
        History(created_by="one"),
        History(created_by="ENV", empty_layer=True),
        History(comment="two"),
        History(created_by="", comment=""),
    ]
    assert build_steps(history, 3) == ["one", "two", None]
    assert build_steps(history, 2) == [None, None]
    assert build_steps([], 0) == []


def test_layer_media_types() -> None:
    for kind in ("none", "gzip", "zstd"):
        assert media_types.is_layer(media_types.layer_media_type(kind))
    assert media_types.is_layer("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
    assert media_types.is_layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
    assert not media_types.is_layer("application/vnd.in-toto+json")
