"""Rules about the AppImageConfig: the limits of the API, on both sides of each."""

from typing import Any

import pytest

from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, PROFILES, UNIFIED, studio
from tests.rules.subjects import findings, good, make_subject
from tests.support.sagemaker import complaints

NAMED = {"AppImageConfigName": "my-image"}


def gateway(**more: object) -> dict[str, Any]:
    """Return an AppImageConfig for a KernelGateway app."""
    return {**NAMED, "KernelGatewayImageConfig": {"KernelSpecs": [{"Name": "python3"}], **more}}


def lab(**container: object) -> dict[str, Any]:
    """Return an AppImageConfig for JupyterLab with these settings of the container."""
    return {**NAMED, "JupyterLabAppImageConfig": {"ContainerConfig": container}}


def found(rule: str, config: dict[str, Any], profile: str = CLASSIC) -> list[tuple[str, str]]:
    """Return the severities and places of what a rule finds."""
    items = findings(rule, good(), app_image_config=config, profile=profile)
    return [(severity, str(item.data.get("place"))) for severity, item in items]


VALID: list[dict[str, Any]] = [
    gateway(),
    {**gateway(), "AppImageConfigName": "a"},
    {**gateway(), "AppImageConfigName": "A" * 63},
    {**gateway(), "AppImageConfigName": "a--b"},
    {**gateway(), "Tags": [{"Key": "team", "Value": ""}] * 50},
    gateway(KernelSpecs=[{"Name": "n" * 1024, "DisplayName": "d" * 1024}] * 5),
    gateway(FileSystemConfig={}),
    gateway(FileSystemConfig={"MountPath": "/"}),
    gateway(FileSystemConfig={"MountPath": "/" + "m" * 1023, "DefaultUid": 1000, "DefaultGid": 100}),
    gateway(FileSystemConfig={"DefaultUid": 0, "DefaultGid": 0}),
    {**NAMED, "CodeEditorAppImageConfig": {}},
    lab(ContainerEntrypoint=[], ContainerArguments=[], ContainerEnvironmentVariables={}),
    lab(ContainerEntrypoint=["e" * 256], ContainerArguments=["a" * 64] * 50),
    lab(ContainerEnvironmentVariables={f"{n}{'k' * 254}": "v" * 256 for n in range(10, 35)}),
    lab(ContainerEnvironmentVariables={"EMPTY": ""}),
]
INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("CFG001", {**gateway(), "AppImageConfigName": ""}, "AppImageConfigName"),
    ("CFG001", {**gateway(), "AppImageConfigName": "a" * 64}, "AppImageConfigName"),
    ("CFG001", {**gateway(), "AppImageConfigName": "a-"}, "AppImageConfigName"),
    ("CFG001", {**gateway(), "AppImageConfigName": "a_b"}, "AppImageConfigName"),
    ("CFG001", {**gateway(), "AppImageConfigName": "ä"}, "AppImageConfigName"),
    ("CFG001", {**gateway(), "AppImageConfigName": "a\n"}, "AppImageConfigName"),
    ("CFG001", {**gateway(), "Tags": [{"Key": "k", "Value": "v"}] * 51}, "Tags"),
    ("CFG001", {**gateway(), "Tags": [{"Key": "", "Value": "v"}]}, "Tags[0].Key"),
    ("CFG001", {**gateway(), "Tags": [{"Key": "k"}]}, "Tags[0].Value"),
    ("CFG002", {**NAMED, "KernelGatewayImageConfig": {}}, "KernelGatewayImageConfig.KernelSpecs"),
    ("CFG002", gateway(KernelSpecs=[]), "KernelGatewayImageConfig.KernelSpecs"),
    ("CFG002", gateway(KernelSpecs=[{"Name": "a"}] * 6), "KernelGatewayImageConfig.KernelSpecs"),
    ("CFG002", gateway(KernelSpecs=[{"DisplayName": "a"}]), "KernelGatewayImageConfig.KernelSpecs[0].Name"),
    ("CFG002", gateway(KernelSpecs=[{"Name": "a" * 1025}]), "KernelGatewayImageConfig.KernelSpecs[0].Name"),
    (
        "CFG002",
        gateway(KernelSpecs=[{"Name": "a", "DisplayName": "a" * 1025}]),
        "KernelGatewayImageConfig.KernelSpecs[0].DisplayName",
    ),
    (
        "CFG003",
        gateway(FileSystemConfig={"MountPath": "home"}),
        "KernelGatewayImageConfig.FileSystemConfig.MountPath",
    ),
    ("CFG003", gateway(FileSystemConfig={"MountPath": ""}), "KernelGatewayImageConfig.FileSystemConfig.MountPath"),
    (
        "CFG003",
        gateway(FileSystemConfig={"MountPath": "/" * 1025}),
        "KernelGatewayImageConfig.FileSystemConfig.MountPath",
    ),
    (
        "CFG003",
        gateway(FileSystemConfig={"DefaultUid": 65536}),
        "KernelGatewayImageConfig.FileSystemConfig.DefaultUid",
    ),
    ("CFG003", gateway(FileSystemConfig={"DefaultGid": -1}), "KernelGatewayImageConfig.FileSystemConfig.DefaultGid"),
    (
        "CFG005",
        lab(ContainerEntrypoint=["a", "b"]),
        "JupyterLabAppImageConfig.ContainerConfig.ContainerEntrypoint",
    ),
    (
        "CFG005",
        lab(ContainerEntrypoint=["a" * 257]),
        "JupyterLabAppImageConfig.ContainerConfig.ContainerEntrypoint[0]",
    ),
    ("CFG005", lab(ContainerEntrypoint=[" "]), "JupyterLabAppImageConfig.ContainerConfig.ContainerEntrypoint[0]"),
    ("CFG005", lab(ContainerArguments=["a"] * 51), "JupyterLabAppImageConfig.ContainerConfig.ContainerArguments"),
    ("CFG005", lab(ContainerArguments=["a" * 65]), "JupyterLabAppImageConfig.ContainerConfig.ContainerArguments[0]"),
    ("CFG005", lab(ContainerArguments=["a", ""]), "JupyterLabAppImageConfig.ContainerConfig.ContainerArguments[1]"),
    ("CFG005", lab(ContainerArguments=["a\nb"]), "JupyterLabAppImageConfig.ContainerConfig.ContainerArguments[0]"),
    (
        "CFG005",
        lab(ContainerEnvironmentVariables={str(n): "" for n in range(26)}),
        "JupyterLabAppImageConfig.ContainerConfig.ContainerEnvironmentVariables",
    ),
    (
        "CFG005",
        lab(ContainerEnvironmentVariables={" ": ""}),
        "JupyterLabAppImageConfig.ContainerConfig.ContainerEnvironmentVariables",
    ),
    (
        "CFG005",
        lab(ContainerEnvironmentVariables={"A": "v" * 257}),
        "JupyterLabAppImageConfig.ContainerConfig.ContainerEnvironmentVariables.A",
    ),
]


@pytest.mark.parametrize("config", VALID, ids=lambda config: str(config)[:60])
def test_what_the_api_takes_is_no_finding(config: dict[str, Any]) -> None:
    assert not complaints(config)
    for rule in ("CFG001", "CFG002", "CFG003", "CFG005"):
        assert found(rule, config) == []


@pytest.mark.parametrize(("rule", "config", "place"), INVALID, ids=lambda value: str(value)[:60])
def test_what_the_api_refuses_is_an_error_for_every_profile(rule: str, config: dict[str, Any], place: str) -> None:
    assert complaints(config)
    for profile in studio(None):
        assert found(rule, config, profile) == [("error", place)]
    others = {"CFG001", "CFG002", "CFG003", "CFG005"} - {rule}
    assert [item for other in others for item in found(other, config)] == []


def test_without_an_app_image_config_nothing_is_checked() -> None:
    outcome = run(make_subject(good()), tuple(PROFILES), select=["CFG"])
    assert (outcome.judgements, outcome.rules) == ((), ())
    assert [rule.id for rule in outcome.not_applicable] == [f"CFG00{n}" for n in range(1, 7)]


def test_a_name_may_be_given_beside_the_file() -> None:
    config = {"KernelGatewayImageConfig": {"KernelSpecs": [{"Name": "python3"}]}}
    assert found("CFG001", config) == [("warning", "AppImageConfigName")]


@pytest.mark.parametrize("pair", [{"DefaultUid": 1000, "DefaultGid": 1000}, {"DefaultUid": 0}, {"DefaultGid": 0}])
def test_a_pair_that_classic_does_not_support(pair: dict[str, int]) -> None:
    config = gateway(FileSystemConfig=pair)
    assert not complaints(config)
    assert found("CFG003", config) == [("error", "KernelGatewayImageConfig.FileSystemConfig")]
    assert found("CFG003", config, JUPYTERLAB) == []


def test_many_findings_are_counted_and_not_shown() -> None:
    config = lab(ContainerArguments=["a" * 65] * 1_000)
    given = findings("CFG005", good(), app_image_config=config, profile=JUPYTERLAB)
    assert len(given) == 21
    assert {severity for severity, _ in given} == {"error"}
    assert sum("more problems like these, starting at" in finding.message for _, finding in given) == 1


@pytest.mark.parametrize(
    ("family", "concerned"),
    [
        ("JupyterLabAppImageConfig", {JUPYTERLAB, UNIFIED}),
        ("CodeEditorAppImageConfig", {CODE_EDITOR, UNIFIED}),
        ("KernelGatewayImageConfig", set()),
    ],
)
def test_file_system_settings_where_they_may_not_be_supported(family: str, concerned: set[str]) -> None:
    config = {**gateway(), family: {"KernelSpecs": [{"Name": "python3"}], "FileSystemConfig": {}}}
    assert {profile for profile in PROFILES if found("CFG004", config, profile)} == concerned
    for profile in concerned:
        assert found("CFG004", config, profile) == [("warning", f"{family}.FileSystemConfig")]
    assert not [item for profile in PROFILES for item in found("CFG004", lab(), profile)]


@pytest.mark.parametrize(
    ("config", "concerned", "severity"),
    [
        (gateway(), {JUPYTERLAB, CODE_EDITOR, UNIFIED}, "warning"),
        (lab(), {CLASSIC, CODE_EDITOR}, "warning"),
        ({**NAMED, "CodeEditorAppImageConfig": {}}, {CLASSIC, JUPYTERLAB}, "warning"),
        ({**gateway(), **lab(), "CodeEditorAppImageConfig": {}}, set(), ""),
        (NAMED, set(studio(None)), "note"),
    ],
)
def test_a_config_for_another_application(config: dict[str, Any], concerned: set[str], severity: str) -> None:
    for profile in PROFILES:
        shown = [severity for severity, _ in found("CFG006", config, profile)]
        assert shown == ([severity] if profile in concerned else [])
