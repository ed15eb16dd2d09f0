"""The AppImageConfig that is written for an image: the API takes it, and no rule has anything against it."""

from collections.abc import Sequence
from json import dumps
from typing import Any

import pytest

from ocianalyze.errors import UnfitImageError, UsageError
from ocianalyze.facts import gather
from ocianalyze.facts.registration.app_image_config import load
from ocianalyze.reports.registration import _PAIRS, _SERVERS, Registration, register
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, HYPERPOD, JUPYTERLAB, PROFILES, UNIFIED
from ocianalyze.rules.rule import Severity, Subject
from tests.rules.subjects import IPYKERNEL, base, good, good_kernel, kernel, make_image, program, python
from tests.support.sagemaker import complaints
from tests.support.tarballs import Item, directory, file

SITE = "usr/local/lib/python3.11/site-packages"
JUPYTERLAB_FILES = [
    file(f"{SITE}/jupyterlab-4.2.0.dist-info/METADATA", b"Name: jupyterlab\nVersion: 4.2.0\n"),
    file(f"{SITE}/jupyterlab/__init__.py", b""),
]


def written(*layers: Sequence[Item], profile: str = CLASSIC, **options: Any) -> Registration:  # noqa: ANN401
    """Return what is written for an image, once the API and our own rules have looked at it."""
    name = options.pop("name", "my-image")
    image, filesystem = make_image(*layers, **options)
    registration = register(Subject(image, filesystem, gather(image, filesystem)), profile=profile, name=name)
    config = registration.config
    assert complaints(config) == []
    subject = Subject(image, filesystem, gather(image, filesystem, app_image_config=config), app_image_config=config)
    assert [item.finding.message for item in run(subject, [profile], select=["CFG", "KRN002"]).judgements] == []
    return registration


def gateway(*layers: Sequence[Item], **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what is written about the KernelGateway app."""
    config: dict[str, Any] = written(*layers, **options).config["KernelGatewayImageConfig"]
    return config


def kernel_in(name: str, **more: object) -> Item:
    """Return a kernel that can be used."""
    return kernel(f"usr/local/share/jupyter/kernels/{name}", ("/usr/local/bin/python3", *IPYKERNEL), **more)


def test_a_kernel_a_user_and_a_mount() -> None:
    assert written(good()).config == {
        "AppImageConfigName": "my-image",
        "KernelGatewayImageConfig": {
            "KernelSpecs": [{"Name": "python3", "DisplayName": "Python 3"}],
            "FileSystemConfig": {"MountPath": "/home/sagemaker-user", "DefaultUid": 1000, "DefaultGid": 100},
        },
    }


def test_root_is_registered_as_root() -> None:
    assert gateway(good(), config={"User": ""})["FileSystemConfig"]["DefaultUid"] == 0


def test_at_most_five_kernels_the_default_one_first() -> None:
    registration = written([*good(), *(kernel_in(f"a{n}") for n in range(6))])
    names = [spec["Name"] for spec in registration.config["KernelGatewayImageConfig"]["KernelSpecs"]]
    assert names == ["python3", "a0", "a1", "a2", "a3"]
    assert registration.remarks == ("left out, as there can be 5 kernels: a4, a5",)


def test_kernels_that_cannot_be_used_or_seen_are_left_out() -> None:
    more = [
        kernel("usr/local/share/jupyter/kernels/broken", ("/nowhere", "{connection_file}")),
        kernel("home/sagemaker-user/.local/share/jupyter/kernels/hidden", ("/usr/local/bin/python3", *IPYKERNEL)),
    ]
    assert [spec["Name"] for spec in gateway([*good(), *more])["KernelSpecs"]] == ["python3"]


def test_long_and_missing_display_names() -> None:
    specs = gateway([*good(), kernel_in("a", display_name="x" * 5000), kernel_in("b", display_name="")])["KernelSpecs"]
    assert len(specs[1]["DisplayName"]) == 1024
    assert specs[2] == {"Name": "b"}


def test_the_mount_moves_where_it_would_hide_all_kernels() -> None:
    home = "home/sagemaker-user/.local/share/jupyter/kernels/mine"
    layers = [
        *base(),
        *python("usr/local", names=("python3", "python")),
        kernel(home, ("/usr/local/bin/python3", *IPYKERNEL)),
    ]
    config = gateway(layers)
    assert config["KernelSpecs"][0]["Name"] == "mine"
    assert config["FileSystemConfig"]["MountPath"] == "/home/sagemaker-user/work"


@pytest.mark.parametrize(
    ("user", "message"),
    [("1001", "runs as 1001:0"), ("1000:1000", "runs as 1000:1000"), ("nobody", "cannot be resolved")],
)
def test_an_unsupported_user_cannot_have_one(user: str, message: str) -> None:
    with pytest.raises(UnfitImageError, match=message) as caught:
        written(good(), config={"User": user})
    assert caught.value.exit_code == 1


def test_an_image_without_a_kernel_cannot_have_one() -> None:
    with pytest.raises(UnfitImageError, match="no usable kernel"):
        written(base())


@pytest.mark.parametrize("profile", list(_SERVERS))
def test_every_server_that_is_known(profile: str) -> None:
    for server in _SERVERS[profile]:
        for place in ("usr/local/bin", "opt/conda/bin"):
            items = [*good(), *JUPYTERLAB_FILES, program(f"{place}/{server.program}")]
            labels = {"Labels": {"org.amazon.sagemaker-distribution.image.version": "4.4.1"}}
            image, filesystem = make_image(items, config=labels)
            config = written(items, profile=profile, config=labels).config
            subject = Subject(
                image, filesystem, gather(image, filesystem, app_image_config=config), app_image_config=config
            )
            found = run(subject, [profile], select=["APP"]).judgements
            assert [item.finding.message for item in found if item.severity is not Severity.NOTE] == []
            container = config[server.family]["ContainerConfig"]
            prefix = "" if place == "usr/local/bin" else "/opt/conda/bin/"
            assert container["ContainerEntrypoint"] == [prefix + server.program]
            assert container.get("ContainerArguments", []) == list(server.arguments)


def test_the_best_server_is_taken_and_the_own_command_named() -> None:
    items = [*good(), program("usr/bin/jupyter-lab"), program("usr/bin/entrypoint-jupyter-server")]
    registration = written(items, profile=JUPYTERLAB, config={"Cmd": ["jupyter", "lab"]})
    assert registration.config["JupyterLabAppImageConfig"]["ContainerConfig"] == {
        "ContainerEntrypoint": ["entrypoint-jupyter-server"]
    }
    assert "instead of the image's own command: 'jupyter lab'" in registration.remarks[0]


def test_the_own_command_is_kept_where_no_server_is_known() -> None:
    items = [*good(), program("start.sh")]
    registration = written(items, profile=CODE_EDITOR, config={"Entrypoint": ["/start.sh"]})
    assert registration.config["CodeEditorAppImageConfig"] == {}
    assert "its own command is kept: '/start.sh'" in registration.remarks[0]
    with pytest.raises(UnfitImageError, match=r"/start\.sh does not exist"):
        written(good(), profile=CODE_EDITOR, config={"Entrypoint": ["/start.sh"]})


@pytest.mark.parametrize(
    ("profile", "config"),
    [
        (JUPYTERLAB, {}),
        (CODE_EDITOR, {"Entrypoint": ["/usr/local/bin/_entrypoint.sh"], "Cmd": ["/bin/bash"]}),
        (UNIFIED, {"Cmd": ["/start.sh"]}),
        (CODE_EDITOR, {"Cmd": ["jupyter", "lab"]}),
    ],
)
def test_what_starts_nothing_cannot_have_one(profile: str, config: dict[str, Any]) -> None:
    with pytest.raises(UnfitImageError, match="nothing that starts "):
        written(good(), profile=profile, config=config)


def test_a_server_that_is_hidden_is_none() -> None:
    items = [*good(), program("home/sagemaker-user/bin/jupyter-lab")]
    with pytest.raises(UnfitImageError):
        written(items, profile=JUPYTERLAB, config={"Env": ["PATH=/home/sagemaker-user/bin:/usr/bin:/bin"]})


@pytest.mark.parametrize("name", ["a_b", "a" * 64, "-"])
def test_a_name_that_the_api_refuses(name: str) -> None:
    with pytest.raises(UsageError, match=r"the name (is|has)"):
        written(good(), name=name)


@pytest.mark.parametrize(
    ("reference", "names", "name"),
    [
        ("/tmp/image.tar", ("example.com:5000/team/Note_Book.X:1.0",), "note-book-x"),  # noqa: S108
        ("/tmp/my-image.tar.gz", (), "my-image"),  # noqa: S108
        ("-", (), "custom-image"),
        ("x", ("a/" + "b" * 63 + "-c@sha256:abc",), "b" * 63),
        ("x", ("ä/ö",), "x"),
    ],
)
def test_a_name_is_made_of_that_of_the_image(reference: str, names: tuple[str, ...], name: str) -> None:
    image, filesystem = make_image(good())
    image = image._replace(reference=reference, names=names)
    config = register(Subject(image, filesystem, gather(image, filesystem)), profile=CLASSIC).config
    assert config["AppImageConfigName"] == name
    assert complaints(config) == []


def test_hostile_names_are_not_written() -> None:
    items = [*good(), file("usr/local/share/jupyter/kernels/\udcff/kernel.json", good_kernel().content), directory("x")]
    assert [spec["Name"] for spec in gateway(items)["KernelSpecs"]] == ["python3"]


def test_what_is_written_can_be_read_again() -> None:
    for profile in (CLASSIC, JUPYTERLAB):
        config = written([*good(), program("usr/bin/jupyter-lab")], profile=profile).config
        assert load(dumps(config).encode(), what="x") == config


def test_every_profile_of_studio_can_be_registered() -> None:
    assert {CLASSIC, HYPERPOD, *_SERVERS} == set(PROFILES)
    assert set(_PAIRS) == {(1000, 100), (0, 0)}
