"""The AppImageConfig: what is read strictly, and that our shape of it is botocore's."""

import json

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from ocianalyze.errors import UsageError
from ocianalyze.facts.registration import shapes
from ocianalyze.facts.registration.app_image_config import LARGEST, families, load, validate, violations
from ocianalyze.facts.registration.shapes import APP_IMAGE_CONFIG, Anything, Integer, Items, Pairs, Structure, Text
from tests.support.sagemaker import refused, request, service

GOOD = {
    "AppImageConfigName": "my-image",
    "KernelGatewayImageConfig": {
        "KernelSpecs": [{"Name": "python3", "DisplayName": "Python 3"}],
        "FileSystemConfig": {"MountPath": "/home/sagemaker-user", "DefaultUid": 1000, "DefaultGid": 100},
    },
}
DESCRIBED = {
    **GOOD,
    "AppImageConfigArn": "arn:aws:sagemaker:eu-west-1:123456789012:app-image-config/my-image",
    "CreationTime": "2026-11-01T12:00:00+00:00",
    "LastModifiedTime": 1790000000.5,
}


def assert_same(ours: object, theirs: Shape) -> None:
    """Fail if our shape says anything else than botocore's."""
    stated = theirs.metadata
    if isinstance(ours, Structure):
        assert isinstance(theirs, StructureShape)
        assert set(theirs.required_members) == set(ours.required)
        for name, member in theirs.members.items():
            assert_same(ours.members[name], member)
    elif isinstance(ours, Items):
        assert isinstance(theirs, ListShape)
        assert (stated["min"], stated["max"]) == (ours.least, ours.most)
        assert_same(ours.item, theirs.member)
    elif isinstance(ours, Pairs):
        assert isinstance(theirs, MapShape)
        assert (stated["min"], stated["max"]) == (0, ours.most)
        assert_same(ours.key, theirs.key)
        assert_same(ours.value, theirs.value)
    elif isinstance(ours, Integer):
        assert (theirs.type_name, stated["min"], stated["max"]) == ("integer", ours.least, ours.most)
    else:
        assert isinstance(ours, Text)
        assert isinstance(theirs, StringShape)
        assert (stated["min"], stated["max"]) == (ours.least, ours.most)
        pattern = stated.get("pattern", "").replace("\\/", "/")
        if ours.pattern is shapes._TAG:
            assert pattern == r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)".replace("\\/", "/")
        else:
            assert pattern == (ours.pattern.pattern if ours.pattern else "")


@pytest.mark.parametrize("operation", ["CreateAppImageConfig", "UpdateAppImageConfig"])
def test_our_shape_is_that_of_botocore(operation: str) -> None:
    shape = request(operation)
    assert isinstance(shape, StructureShape)
    assert_same(Structure(APP_IMAGE_CONFIG.members, APP_IMAGE_CONFIG.required), shape)


def test_whatever_is_described_is_known() -> None:
    response = service().operation_model("DescribeAppImageConfig").output_shape
    assert isinstance(response, StructureShape)
    assert set(response.members) <= set(APP_IMAGE_CONFIG.members)
    never_sent = {name for name, shape in APP_IMAGE_CONFIG.members.items() if isinstance(shape, Anything)}
    assert isinstance(shape := request(), StructureShape)
    assert not never_sent & set(shape.members)
    assert load(json.dumps(DESCRIBED).encode(), what="x") == DESCRIBED
    assert not list(APP_IMAGE_CONFIG.violations(DESCRIBED))


@pytest.mark.parametrize(
    ("config", "message", "hint"),
    [
        ([], "x: must be an object", None),
        ({"KernelSpecs": []}, "x: KernelSpecs is not known to the API", "Move it to KernelGatewayImageConfig"),
        (
            {"KernelGatewayImageconfig": {}},
            "x: KernelGatewayImageconfig is not known to the API",
            "Did you mean 'KernelGatewayImageConfig'?",
        ),
        (
            {"KernelGatewayImageConfig": {"KernelSpecs": [{"name": "a"}]}},
            r"x: KernelGatewayImageConfig.KernelSpecs\[0\].name is not known to the API",
            "Did you mean 'Name'?",
        ),
        (
            {"KernelGatewayImageConfig": {"ContainerConfig": {}}},
            "x: KernelGatewayImageConfig.ContainerConfig is not known to the API",
            "Move it to JupyterLabAppImageConfig or CodeEditorAppImageConfig",
        ),
        (
            {"KernelGatewayImageConfig": {"FileSystemConfig": {"DefaultUid": "1000"}}},
            "x: KernelGatewayImageConfig.FileSystemConfig.DefaultUid must be an integer",
            None,
        ),
        ({"KernelGatewayImageConfig": None}, "x: KernelGatewayImageConfig must be an object", None),
        ({"JupyterLabAppImageConfig": {"ContainerConfig": {"ContainerEntrypoint": "a"}}}, "must be a list", None),
        (
            {"CodeEditorAppImageConfig": {"ContainerConfig": {"ContainerEnvironmentVariables": {"A": 1}}}},
            r"ContainerEnvironmentVariables\.A must be a string",
            None,
        ),
        (
            {"CodeEditorAppImageConfig": {"ContainerConfig": {"ContainerEnvironmentVariables": ["A=1"]}}},
            "must be an object",
            None,
        ),
    ],
)
def test_what_is_no_app_image_config_is_refused_and_the_right_one_suggested(
    config: object, message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load(json.dumps(config).encode(), what="x")
    assert caught.value.hint == hint
    if isinstance(config, dict):
        assert refused({"AppImageConfigName": "a", **config})


def test_true_is_no_number() -> None:
    config = {"KernelGatewayImageConfig": {"FileSystemConfig": {"DefaultUid": True}}}
    with pytest.raises(UsageError, match="DefaultUid must be an integer"):
        validate(config, what="x")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"Tags": [], "Tags": []}', "duplicate key 'Tags'"),
        (b"{", "not valid JSON"),
        (b"", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b" " * (LARGEST + 1), "larger than 1 MiB"),
    ],
)
def test_json_is_read_strictly(raw: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(raw, what="x")


def test_limits_are_left_to_the_rules() -> None:
    config = {"AppImageConfigName": "-", "JupyterLabAppImageConfig": {"FileSystemConfig": {"DefaultGid": -1}}}
    validate(config, what="x")
    assert [item.where for item in violations(config, "AppImageConfigName")] == ["AppImageConfigName"]
    assert [item.where for item in violations(config, "FileSystemConfig")] == [
        "JupyterLabAppImageConfig.FileSystemConfig.DefaultGid"
    ]
    assert not list(violations(None, "Tags"))
    assert families(config) == ("JupyterLabAppImageConfig",)
