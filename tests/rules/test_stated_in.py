"""Which instructions of a Dockerfile state what a finding is about that no layer is to blame for."""

from typing import Any

import pytest

from ocianalyze.facts.registration import AppImageConfig
from ocianalyze.reports.dockerfile import INSTRUCTIONS
from ocianalyze.rules.profiles import PROFILES
from ocianalyze.rules.registry import all_rules
from ocianalyze.rules.rule import Rule
from tests.rules.subjects import base, findings

LAB: AppImageConfig = {
    "JupyterLabAppImageConfig": {
        "ContainerConfig": {"ContainerEntrypoint": ["bash"], "ContainerEnvironmentVariables": {"AWS_REGION": "x"}}
    }
}


@pytest.mark.parametrize("item", all_rules(), ids=lambda item: item.id)
def test_rules_name_instructions(item: Rule) -> None:
    assert {entry.partition(" ")[0] for entry in item.stated_in} <= INSTRUCTIONS


@pytest.mark.parametrize(
    ("rule", "config", "expected"),
    [
        ("APP010", {"ExposedPorts": {"8888/tcp": {}}}, [("EXPOSE 8888/tcp",)]),
        ("APP010", {"Cmd": ["serve", "--port=8888"]}, [("CMD", "ENTRYPOINT")]),
        ("APP010", {"Env": ["MY_PORT=8888"]}, [("ENV MY_PORT",)]),
        ("APP010", {"Healthcheck": {"Test": ["CMD", "true"]}}, [("HEALTHCHECK",)]),
        ("APP008", {"Env": ["SAGEMAKER_X=1"]}, [("ENV SAGEMAKER_X",)]),
        ("KRN015", {"Env": ["JUPYTER_DATA_DIR=/x"]}, [("ENV JUPYTER_DATA_DIR",)]),
    ],
)
def test_findings_name_their_own(rule: str, config: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    found = [
        finding.stated_in for name in PROFILES for _, finding in findings(rule, base(), config=config, profile=name)
    ]
    assert list(dict.fromkeys(found)) == expected


def test_no_dockerfile_states_what_an_app_image_config_does() -> None:
    for rule in ("APP002", "APP004", "APP008"):
        found = findings(rule, base(), config={}, app_image_config=LAB, profile="studio-jupyterlab")
        assert [finding.stated_in for _, finding in found] in ([()], []), rule
    assert findings("APP004", base(), config={}, app_image_config=LAB, profile="studio-jupyterlab")
