"""Which app an image is meant for if nobody says: the AppImageConfig's, else what the image shows."""

from typing import Any

import pytest

from ocianalyze.analysis import Policy
from ocianalyze.errors import UsageError
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, PROFILES, UNIFIED
from ocianalyze.rules.rule import Subject
from tests.rules.subjects import base, good, make_subject, program
from tests.rules.test_apps import OPTIONS, exec_form, jupyter_image, shell_form
from tests.rules.test_distribution import made_from

EDITOR = [*base(), program("usr/local/bin/sagemaker-code-editor")]
WITH_SCRIPT = [*jupyter_image(), program("opt/start", b"#!/bin/sh\n. /opt/profile\nexec jupyter lab\n")]
UNKNOWN_SCRIPT = [*good(), program("bin/date"), program("opt/start", b'#!/bin/sh\nexec "$(date)"\n')]
NEITHER = "its command starts neither JupyterLab nor Code Editor"


def target(subject: Subject, *requested: str) -> tuple[tuple[str, ...], str]:
    found = Policy(profiles=requested).checked().target(subject)
    assert found.is_known
    return found.profiles, found.reason


@pytest.mark.parametrize(
    ("subject", "profile", "reason"),
    [
        (make_subject(good()), CLASSIC, NEITHER),
        (make_subject(good(), config={"Cmd": ["python3"]}), CLASSIC, NEITHER),
        (make_subject(jupyter_image()), CLASSIC, NEITHER),
        (make_subject(good(), config={"Cmd": ["jupyter", "kernelgateway"]}), CLASSIC, NEITHER),
        (make_subject(jupyter_image(), config=shell_form(f"jupyter lab {OPTIONS}")), JUPYTERLAB, "JupyterLab"),
        (make_subject(good(), config=exec_form("jupyter-lab")), JUPYTERLAB, "JupyterLab"),
        (make_subject(WITH_SCRIPT, config={"Entrypoint": ["/opt/start"]}), JUPYTERLAB, "JupyterLab"),
        (make_subject(EDITOR, config={"Cmd": ["sagemaker-code-editor", "--port", "8888"]}), CODE_EDITOR, "Code Editor"),
        (make_subject(good(), config={"Cmd": ["openvscode-server", "--port", "8888"]}), CODE_EDITOR, "Code Editor"),
        (
            make_subject(UNKNOWN_SCRIPT, config={"Cmd": ["/opt/start"]}),
            CLASSIC,
            "it is unknown what its command starts",
        ),
    ],
)
def test_what_the_command_starts(subject: Subject, profile: str, reason: str) -> None:
    profiles, why = target(subject)
    assert profiles == (profile,)
    assert reason in why


@pytest.mark.parametrize(
    ("version", "more", "expected"),
    [
        ("3.4.1", {}, (JUPYTERLAB, UNIFIED)),
        ("2.6.0", {}, (JUPYTERLAB, UNIFIED)),
        ("2.5.9", {}, (JUPYTERLAB,)),
        (None, {}, (JUPYTERLAB,)),
        ("3.4.1", {"Entrypoint": ["entrypoint-code-editor"]}, (CODE_EDITOR, UNIFIED)),
    ],
)
def test_sagemaker_distribution(version: str | None, more: dict[str, Any], expected: tuple[str, ...]) -> None:
    items, config = made_from(version)
    profiles, why = target(make_subject(items, config={**config, **more}))
    assert profiles == expected
    assert why.startswith("it is based on SageMaker Distribution")


@pytest.mark.parametrize(
    ("kind", "profile"),
    [
        ("KernelGatewayImageConfig", CLASSIC),
        ("JupyterLabAppImageConfig", JUPYTERLAB),
        ("CodeEditorAppImageConfig", CODE_EDITOR),
    ],
)
def test_the_app_image_config_comes_first(kind: str, profile: str) -> None:
    subject = make_subject(jupyter_image(), config=exec_form("jupyter", "lab"), app_image_config={kind: {}})
    assert target(subject) == ((profile,), f"the AppImageConfig has {kind}")
    assert Policy().target(subject.declaration).profiles == (profile,)
    named = make_subject(good(), app_image_config={"AppImageConfigName": "mine"})
    assert target(named) == ((CLASSIC,), NEITHER)


def test_what_is_requested_decides() -> None:
    subject = make_subject(good(), app_image_config={"KernelGatewayImageConfig": {}})
    assert target(subject, CODE_EDITOR) == ((CODE_EDITOR,), "requested")
    assert target(subject, "all") == (tuple(PROFILES), "requested")


def test_before_the_layers_are_read_only_what_is_true_of_every_app_decides() -> None:
    policy = Policy().checked()
    foreign = make_subject(jupyter_image(), config=exec_form("jupyter", "lab"), platform="linux/arm64").declaration
    assert not policy.target(foreign).is_known
    outcome = policy.judge(foreign)
    assert [item.rule.id for item in outcome.decisive("error")] == ["IMG001"]
    classic_only = make_subject(good(), config={"ExposedPorts": {"8888/tcp": {}}}).declaration
    found = policy.judge(classic_only)
    assert {item.rule.id for item in found.judgements} >= {"APP010"}
    assert found.decisive("warning") == ()


def test_what_is_selected_must_concern_the_app_that_it_is_for() -> None:
    policy = Policy(select=["APP002"]).checked()
    assert policy.judge(make_subject(jupyter_image(), config=exec_form("jupyter", "lab"))).count_undecided() >= 0
    with pytest.raises(UsageError, match="no rule is left for studio-classic"):
        policy.judge(make_subject(good()))
