"""What must run and is hidden, in each of the profiles: FSR005, and modules behind hidden directories."""

from typing import Any

import pytest

from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import PROFILES
from tests.rules.subjects import base, findings, good, good_kernel, kernel, make_subject, program, python
from tests.support.tarballs import Item, directory, file, symlink

CLASSIC, LAB, CODE, UNIFIED, SPACES = PROFILES
KERNEL = "usr/local/share/jupyter/kernels/k"
HOME = "home/sagemaker-user"
SITE = "usr/local/lib/python3.11/site-packages"
MOVED = {"KernelGatewayImageConfig": {"FileSystemConfig": {"MountPath": "/data", "DefaultUid": 1000}}}


def severities(*layers: list[Item], **options: Any) -> list[dict[str, str]]:  # noqa: ANN401
    """Return how bad each finding of FSR005 is for each profile that it concerns."""
    outcome = run(make_subject(*layers, **options), list(PROFILES), select=["FSR005"])
    return [{profile: str(severity) for profile, severity in item.severities.items()} for item in outcome.judgements]


def newer(severity: str) -> dict[str, str]:
    return dict.fromkeys((LAB, CODE, UNIFIED), severity)


def test_kernels() -> None:
    items = [*good(), program(f"{HOME}/bin/tool"), kernel(KERNEL, (f"/{HOME}/bin/tool", "{connection_file}"))]
    assert severities(items) == [{CLASSIC: "warning", **newer("warning"), SPACES: "warning"}]
    alone = [*base(), *items[-2:]]
    assert severities(alone) == [{CLASSIC: "error", **newer("error"), CODE: "warning", SPACES: "warning"}]
    # The mount path can be moved in Studio Classic only.
    assert severities(items, app_image_config=MOVED) == [{**newer("warning"), SPACES: "warning"}]
    logs = [*good(), program("var/log/studio/tool"), kernel(KERNEL, ("/var/log/studio/tool", "{connection_file}"))]
    assert severities(logs) == [newer("warning")]


@pytest.mark.parametrize(
    ("items", "config", "hidden"),
    [
        ([program(f"{HOME}/run")], {"Entrypoint": [f"/{HOME}/run"]}, f"/{HOME}/run"),
        ([program("opt/ml/run")], {"Cmd": ["run"], "WorkingDir": "/opt/ml", "Env": ["PATH=."]}, "/opt/ml/run"),
        ([program("opt/run", b"#!/opt/ml/sh\n"), program("opt/ml/sh")], {"Cmd": ["/opt/run"]}, "/opt/ml/sh"),
        ([symlink("opt/run", f"/{HOME}/run"), program(f"{HOME}/run")], {"Cmd": ["/opt/run"]}, f"/{HOME}/run"),
    ],
)
def test_entry_points(items: list[Item], config: dict[str, Any], hidden: str) -> None:
    for profile in (LAB, CODE, UNIFIED):
        found = findings("FSR005", [*base(), *items], config=config, profile=profile)
        assert ("error", hidden) in [(severity, finding.path) for severity, finding in found]
    assert [severity for severity, _ in findings("FSR005", [*base(), *items], config=config)] in ([], ["warning"])


def test_the_program_behind_an_init_process() -> None:
    items = [*base(), program("usr/bin/tini"), program(f"{HOME}/run")]
    assert severities(items, config={"Entrypoint": ["tini", "--"], "Cmd": [f"/{HOME}/run"]}) == [newer("error")]
    script = [*base(), program("opt/start.sh", f"#!/bin/sh\nexec /{HOME}/run\n".encode()), program(f"{HOME}/run")]
    assert severities(script, config={"Entrypoint": ["/opt/start.sh"]}) == [newer("error")]


def test_what_the_app_image_config_names_is_left_to_others() -> None:
    given = {"CodeEditorAppImageConfig": {"ContainerConfig": {"ContainerEntrypoint": [f"/{HOME}/run"]}}}
    items = [*base(), program(f"{HOME}/run")]
    found = severities(items, config={"Cmd": [f"/{HOME}/run"]}, app_image_config=given)
    assert found == [{LAB: "error", UNIFIED: "error"}]


def test_entry_points_that_are_fine() -> None:
    path = ["PATH=/home/sagemaker-user/.local/bin:/usr/local/bin:/bin"]
    both = [*good(), program(f"{HOME}/.local/bin/python3")]
    assert severities(both, config={"Cmd": ["python3"], "Env": path}) == []
    assert severities(good(), config={"Entrypoint": ["/gone"]}) == []
    assert severities(good(), config={"Cmd": ["python3"], "WorkingDir": f"/{HOME}/work"}) == []


def test_the_only_program_is_in_a_hidden_directory_of_path() -> None:
    path = ["PATH=/home/sagemaker-user/.local/bin:/bin"]
    items = [*base(), program(f"{HOME}/.local/bin/serve")]
    assert severities(items, config={"Cmd": ["serve"], "Env": path}) == [newer("error")]


@pytest.mark.parametrize(
    ("variable", "name", "counts"),
    [
        ("LD_LIBRARY_PATH", "libx.so", True),
        ("LD_LIBRARY_PATH", "libx.so.1", True),
        ("LD_LIBRARY_PATH", "notes.txt", False),
        ("PYTHONPATH", "x.py", True),
        ("PYTHONPATH", "x.so.1", False),
        ("PATH", "tool", False),
    ],
)
def test_variables(variable: str, name: str, *, counts: bool) -> None:
    items = [*good(), program(f"{HOME}/lib/{name}")]
    config = {"Env": [f"{variable}=/{HOME}/lib/:/usr/local/bin:/bin:relative"]}
    expected = [{CLASSIC: "warning", **newer("warning"), SPACES: "warning"}] if counts else []
    assert severities(items, config=config) == expected
    assert severities(good(), config=config) == []


def test_working_directories() -> None:
    code = [*good(), file("opt/ml/code/train.py")]
    assert severities(code, config={"WorkingDir": "/opt/ml/code"}) == [{CLASSIC: "warning", **newer("warning")}]
    logs = [*good(), file("var/log/studio/a.log")]
    assert severities(logs, config={"WorkingDir": "/var/log/studio"}) == [newer("warning")]
    assert severities([*good(), directory("var/log/studio")], config={"WorkingDir": "/var/log/studio"}) == []


def test_a_module_by_two_ways_of_which_one_is_hidden() -> None:
    items = [
        *base(),
        *python("usr/local", ipykernel=False),
        good_kernel(),
        file("opt/src/ipykernel_launcher.py"),
        symlink(f"{HOME}/src", "/opt/src"),
        file(f"{SITE}/a.pth", f"/{HOME}/src\n".encode()),
    ]
    ((_, finding),) = findings("KRN007", items)
    assert finding.data["hidden"] == f"/{HOME}/src/ipykernel_launcher.py"
    assert findings("KRN007", [*items, file(f"{SITE}/b.pth", b"/opt/src\n")]) == []
