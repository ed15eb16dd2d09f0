"""What HyperPod Spaces require of an image, and what of Studio's requirements they do not have."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.reports.registration import register
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import CLASSIC, HYPERPOD, JUPYTERLAB
from ocianalyze.rules.rule import Subject
from tests.rules.subjects import base, elf, good_kernel, make_subject, program, python, verdict
from tests.rules.test_apps import jupyter_image
from tests.support.tarballs import Item, file

WORKSPACE = "opt/amazon/sagemaker/workspace/bin/entrypoint-workspace"
VERSION = "org.amazon.sagemaker-distribution.image.version"
TOOLS = [program(f"usr/bin/{name}") for name in ("curl", "unzip", "tar", "gzip")]
SMD = {"Labels": {VERSION: "4.2.0"}}


def image(*more: Item) -> list[Item]:
    """Return an image with JupyterLab, a kernel, and what idle shutdown and remote access need."""
    return [*jupyter_image(), *TOOLS, *more]


def judged(rule: str, subject: Subject, profile: str = HYPERPOD) -> list[str]:
    """Return the severities of what one rule finds in a subject for a profile, or ``undecided``."""
    found = run(subject, [profile], select=[rule]).judgements
    return [
        "undecided" if item.finding.is_undecided else item.severities[profile].value
        for item in found
        if profile in item.severities
    ]


def spaces(rule: str, items: Iterable[Item], **config: Any) -> list[str]:  # noqa: ANN401
    """Return the same for the image of some files and a configuration."""
    return judged(rule, make_subject(items, config=config))


def test_an_image_from_sagemaker_distribution_passes() -> None:
    found = verdict(make_subject(image(), config=SMD), HYPERPOD)
    assert "error" not in found.values()
    assert "undecided" not in found.values()


@pytest.mark.parametrize(
    ("more", "config", "expected"),
    [
        ((), SMD, []),
        ((program(f"{WORKSPACE}-jupyterlab"),), {}, []),
        ((program(f"{WORKSPACE}-code-editor"),), {}, []),
        ((), {}, ["undecided"]),
        ((program(f"{WORKSPACE}-other"),), {}, ["undecided"]),
        ((program(f"{WORKSPACE}-jupyterlab", mode=0o600),), {}, ["undecided"]),
    ],
)
def test_what_the_start_script_needs_is_not_documented(
    more: Sequence[Item], config: dict[str, Any], expected: list[str]
) -> None:
    assert spaces("APP015", image(*more), **config) == expected


def test_an_app_of_the_image_is_needed() -> None:
    nothing = [*base(), *python("usr/local"), good_kernel()]
    assert spaces("APP001", nothing) == ["error"]
    assert spaces("APP001", [*nothing, program("usr/local/bin/sagemaker-code-editor")]) == []
    assert spaces("APP001", image()) == []


def test_a_kernel_is_needed_unless_code_editor_is_the_app() -> None:
    without = [item for item in image() if "ipykernel" not in item.path]
    assert spaces("KRN001", image()) == []
    assert spaces("KRN001", without) == ["error"]
    assert spaces("KRN001", [*base(), program("usr/local/bin/sagemaker-code-editor")]) == ["warning"]


def test_curl_probes_for_idleness() -> None:
    assert spaces("APP016", image()) == []
    without = [item for item in image() if item.path != "usr/bin/curl"]
    assert spaces("APP016", [*without, program("usr/bin/wget")]) == ["note"]
    assert spaces("APP016", [*without, program("usr/bin/curl", mode=0o644)]) == ["note"]


def test_the_server_answers_for_idleness() -> None:
    without = [item for item in image() if "activity_monitor" not in item.path]
    assert spaces("APP007", image()) == []
    assert spaces("APP007", without) == ["note"]
    assert spaces("APP007", [*base(), program("usr/local/bin/sagemaker-code-editor")]) == []


def test_remote_access() -> None:
    assert spaces("APP009", image()) == []
    assert spaces("APP009", [item for item in image() if item.path != "usr/bin/unzip"]) == ["note"]


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("WORKSPACE_NAME=a", ["note"]),
        ("JUPYTER_BASE_URL=/a", ["note"]),
        ("AWS_SECRET_ACCESS_KEY=secret", ["error"]),
        ("AWS_REGION=eu-west-1", []),
        ("SAGEMAKER_LOGGING_DIR=/tmp", []),
        ("WORKSPACE=a", []),
    ],
)
def test_variables_of_the_platform(variable: str, expected: list[str]) -> None:
    assert spaces("APP008", image(), Env=[variable]) == expected


def test_variables_of_the_platform_are_free_in_studio() -> None:
    subject = make_subject(image(), config={"Env": ["WORKSPACE_NAME=a"]})
    assert [judged("APP008", subject, profile) for profile in (CLASSIC, JUPYTERLAB)] == [[], []]


def test_the_command_is_not_used() -> None:
    assert spaces("APP005", image(), Entrypoint=["/usr/bin/start.sh"]) == ["note"]
    assert spaces("APP005", image(), Entrypoint=["/usr/local/bin/_entrypoint.sh"]) == []
    assert spaces("APP005", image(), Cmd=["bash"]) == []
    assert spaces("APP002", image(), Cmd=["jupyter", "lab", "--port=1"]) == []


def test_reserved_directories_of_studio_are_free() -> None:
    more = [file(f"{path}/x", b"x") for path in ("opt/ml", "opt/.sagemakerinternal", "var/log/studio")]
    for rule in ("FSR001", "FSR002", "FSR007"):
        assert spaces(rule, image(*more)) == []


def test_the_home_directory_is_mounted() -> None:
    assert spaces("FSR003", image(file("home/sagemaker-user/model", bytes(200_000)))) == ["warning"]
    assert spaces("FSR003", image()) == []


def test_any_user_is_fine_if_it_is_listed() -> None:
    assert spaces("USR001", image(), User="7777:7777") == []
    assert spaces("USR004", image(), User="7777") == ["warning"]
    assert spaces("USR004", image(), User="1000:100") == []
    assert spaces("USR005", image(file("big", b"", uid=70_000))) == []


def test_arm_is_for_some_nodes_only() -> None:
    arm = make_subject(image(), platform="linux/arm64")
    assert (judged("IMG001", arm), judged("IMG001", arm, JUPYTERLAB)) == (["warning"], ["error"])
    assert judged("IMG001", make_subject(image(), platform="linux/s390x")) == ["error"]
    program_for_arm = make_subject(image(program("bin/sh", elf(0xB7))))
    assert (judged("IMG002", program_for_arm), judged("IMG002", program_for_arm, JUPYTERLAB)) == (
        ["warning"],
        ["error"],
    )


def test_sizes_are_not_limited() -> None:
    large = make_subject([Item(path="a", size=3 * 10**9)], size_limit=10**9)
    assert (judged("SIZ001", large), judged("SIZ001", large, CLASSIC)) == ([], ["error"])
    download = make_subject(base(), sizes=[11 * 10**9])
    assert judged("SIZ004", download) == judged("SIZ004", download, JUPYTERLAB) == ["note"]
    hints = {
        profile: item.finding.hint or ""
        for asked in (HYPERPOD, JUPYTERLAB)
        for item in run(download, [asked], select=["SIZ004"]).judgements
        for profile in item.profiles
    }
    assert ("DaemonSet" in hints[HYPERPOD], "SOCI" in hints[JUPYTERLAB]) == (True, True)


def test_no_app_image_config_is_checked() -> None:
    config: dict[str, Any] = {"KernelGatewayImageConfig": {"KernelSpecs": []}}
    found = run(make_subject(image(), config=SMD, app_image_config=config), [HYPERPOD]).judgements
    assert not [item.rule.id for item in found if item.rule.family == "CFG" and HYPERPOD in item.severities]


def test_there_is_no_app_image_config_to_write() -> None:
    subject = make_subject(image())
    with pytest.raises(UsageError, match="HyperPod Spaces use no AppImageConfig"):
        register(subject, profile=HYPERPOD)
