"""The rules about kernels in the newer Studio, where a server of the image's own lists them."""

from typing import Any

import pytest

from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import PROFILES
from tests.rules.subjects import IPYKERNEL, base, findings, good, kernel, make_subject, program, python
from tests.rules.test_kernels import CONDA, CONDA_PATH, SYSTEM, USER, conda_base, environment, requests
from tests.support.tarballs import Item, file, symlink

CLASSIC, LAB, CODE, UNIFIED, SPACES = PROFILES
SITE = "opt/venv/lib/python3.11/site-packages"


def venv(*, ipykernel: bool = True, lab: bool = True) -> list[Item]:
    """Return a virtual environment with a JupyterLab."""
    items = [
        *python("usr", ipykernel=False),
        file("opt/venv/pyvenv.cfg", b"home = /usr/bin\n"),
        symlink("opt/venv/bin/python", "/usr/bin/python3"),
        file(f"{SITE}/jupyterlab/__init__.py"),
    ]
    if ipykernel:
        items += [file(f"{SITE}/ipykernel/__init__.py"), file(f"{SITE}/ipykernel_launcher.py")]
    return items + ([program("opt/venv/bin/jupyter-lab", b"#!/opt/venv/bin/python\n")] if lab else [])


VENV_PATH = {"Env": ["PATH=/opt/venv/bin:/usr/bin:/bin"]}


def severities(rule: str, *layers: list[Item], **options: Any) -> list[dict[str, str]]:  # noqa: ANN401
    """Return how bad each finding is for each profile that it concerns; what is undecided is followed by ``?``."""
    outcome = run(make_subject(*layers, **options), list(PROFILES), select=[rule])
    return [
        {profile: f"{severity}{'?' * item.finding.is_undecided}" for profile, severity in item.severities.items()}
        for item in outcome.judgements
    ]


def everywhere(severity: str) -> dict[str, str]:
    return dict.fromkeys(PROFILES, severity)


def newer(severity: str) -> dict[str, str]:
    return dict.fromkeys((LAB, CODE, UNIFIED), severity)


# ---- KRN001 --------------------------------------------------------------------------------------------------------


def test_the_server_makes_a_kernel_of_itself() -> None:
    items = [*base(), *venv()]
    assert severities("KRN001", items, config=VENV_PATH) == [{CLASSIC: "error"}]
    (found,) = make_subject(items, config=VENV_PATH).facts.own.kernels
    assert (found.name, found.origin, found.usable) == ("python3", "native", True)
    assert found.file == f"/{SITE}/ipykernel/__init__.py"


def test_no_kernel_at_all() -> None:
    found = severities("KRN001", [*base(), *venv(ipykernel=False)], config=VENV_PATH)
    # Code Editor finds the interpreter by itself.
    assert found == [{CLASSIC: "error", LAB: "error", UNIFIED: "error", SPACES: "error"}]
    assert severities("KRN001", base()) == [{**everywhere("error"), CODE: "warning", SPACES: "warning"}]


def test_kernels_of_the_path_variable() -> None:
    items = [*base(), *python("usr/local"), kernel("srv/j/kernels/k", ("/usr/local/bin/python3", *IPYKERNEL))]
    found = severities("KRN001", items, config={"Env": ["JUPYTER_PATH=/srv/j"]})
    assert found == [{CLASSIC: "error?"}]  # it might be found by what the start-up does without a python


def test_only_kernels_that_conda_may_not_know() -> None:
    layers = [[*base(), *conda_base()], environment("srv/e")]
    assert {CLASSIC: "error?"} in severities("KRN001", *layers, config=CONDA_PATH)


# ---- KRN003 --------------------------------------------------------------------------------------------------------


def test_invalid_for_all() -> None:
    items = [*good(), file(f"{SYSTEM}/other/kernel.json", b"{")]
    assert severities("KRN003", items) == [everywhere("warning")]
    alone = [*base(), file(f"{SYSTEM}/other/kernel.json", b"{")]
    assert severities("KRN003", alone) == [{**everywhere("error"), CODE: "warning", SPACES: "warning"}]


def test_documents_on_which_conda_kernels_fail() -> None:
    place = f"{CONDA}/envs/e/share/jupyter/kernels/k/kernel.json"
    layers = [[*base(), *conda_base()], [*environment(f"{CONDA}/envs/e"), file(place, b'{"argv": ["x"]}')]]
    ((severity, finding),) = findings("KRN003", *layers, config=CONDA_PATH)
    assert (severity, finding.data["listing_fails"]) == ("error", True)
    assert "makes nb_conda_kernels fail" in finding.message
    assert [found for found, _ in findings("KRN003", *layers)] == ["warning"]  # who would ask conda?
    skipped = [layers[0], [*environment(f"{CONDA}/envs/e"), file(place, b"{")]]
    ((_, finding),) = findings("KRN003", *skipped, config=CONDA_PATH)
    assert finding.data["listing_fails"] is False


def test_a_key_that_collides() -> None:
    ((severity, finding),) = findings("KRN003", [*good(), file(f"{SYSTEM}/other/kernel.json", b'{"self": 1}')])
    assert severity == "warning"
    assert "'self'" in finding.message


# ---- KRN004, KRN005, KRN007 ------------------------------------------------------------------------------------------


def test_broken_for_all() -> None:
    broken = [*good(), kernel(f"{SYSTEM}/a", ("/usr/local/bin/python3",)), kernel(f"{SYSTEM}/b", ("/x", *IPYKERNEL))]
    assert severities("KRN004", broken) == [everywhere("warning")]
    assert severities("KRN005", broken) == [everywhere("warning")]
    alone = [*base(), *broken[-2:]]
    assert severities("KRN004", alone) == [{**everywhere("error"), CODE: "warning", SPACES: "warning"}]
    assert severities("KRN005", alone) == [{**everywhere("error"), CODE: "warning", SPACES: "warning"}] * 2
    bare = [*base(), *python("usr/local", ipykernel=False, names=("python3", "python"))]
    assert severities("KRN007", [*bare, kernel(f"{SYSTEM}/a", ("/usr/local/bin/python3", *IPYKERNEL))]) == [
        {**everywhere("error"), CODE: "warning", SPACES: "warning"}
    ]


def test_a_replaced_command_is_looked_at_where_it_leads() -> None:
    spec = kernel("opt/venv/share/jupyter/kernels/python3", ("python", *IPYKERNEL))
    items = [*base(), *venv(ipykernel=False), spec]
    assert severities("KRN007", items, config=VENV_PATH) == [{**newer("error"), CODE: "warning", SPACES: "error"}]
    assert severities("KRN007", [*base(), *venv(), spec], config=VENV_PATH) == []
    assert severities("KRN005", items, config=VENV_PATH) == []


# ---- KRN006 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "word", "expected"),
    [
        ("opt/venv/share/jupyter/kernels/k", "python", {CLASSIC: "error"}),
        ("opt/venv/share/jupyter/kernels/k", "python3.11", None),
        ("opt/venv/share/jupyter/kernels/k", "python3.7", {CLASSIC: "error"}),
        (f"{SYSTEM}/k", "python", {CLASSIC: "error"}),  # no environment of its own
        ("opt/other/share/jupyter/kernels/k", "python", {LAB: "warning", UNIFIED: "warning", SPACES: "warning"}),
        (f"{SYSTEM}/k", "{prefix}/bin/python", {CLASSIC: "error"}),
        (f"{SYSTEM}/k", "/opt/venv/bin/python", None),
    ],
)
def test_replaced_commands(place: str, word: str, expected: dict[str, str] | None) -> None:
    items = [*base(), *venv(), program("opt/other/bin/python"), kernel(place, (word, *IPYKERNEL))]
    found = severities(
        "KRN006", items, config=VENV_PATH | {"Env": [*VENV_PATH["Env"], "JUPYTER_PATH=/opt/other/share/jupyter"]}
    )
    merged = {profile: severity for item in found for profile, severity in item.items()}
    assert merged == (expected or {})


def test_what_debian_installs_in_usr_local_belongs_to_usr() -> None:
    items = [*base(), *python("usr"), kernel(f"{SYSTEM}/python3", ("python", *IPYKERNEL))]
    assert findings("KRN006", items, profile=LAB) == []


# ---- KRN008 --------------------------------------------------------------------------------------------------------


def test_hidden_everywhere_or_only_where_the_path_is_fixed() -> None:
    items = [*good(), kernel(f"{USER}/mine", ("/usr/local/bin/python3", *IPYKERNEL))]
    assert severities("KRN008", items) == [everywhere("warning")]
    alone = [*base(), *items[-1:]]
    assert severities("KRN008", alone) == [{**everywhere("error"), CODE: "warning", SPACES: "warning"}]
    assert severities("KRN008", items, app_image_config=requests("mine", mount="/data")) == [
        {**newer("warning"), SPACES: "warning"}
    ]


def test_hidden_by_logs() -> None:
    items = [*good(), kernel("var/log/studio/kernels/mine", ("/usr/local/bin/python3", *IPYKERNEL))]
    assert severities("KRN008", items, config={"Env": ["JUPYTER_DATA_DIR=/var/log/studio"]}) == [newer("warning")]


# ---- the whole -------------------------------------------------------------------------------------------------------


def test_one_finding_for_what_is_the_same() -> None:
    items = [*good(), kernel("usr/share/jupyter/kernels/a b", ("/gone", *IPYKERNEL))]
    outcome = run(make_subject(items), list(PROFILES), select=["KRN"])
    assert [(item.rule.id, set(item.profiles)) for item in outcome.judgements] == [
        ("KRN005", set(PROFILES)),
        ("KRN011", set(PROFILES)),
    ]
