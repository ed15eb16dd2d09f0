"""The failures that people report, each made again in an image, and found before the push.

Sources: the issues of aws-samples/sagemaker-studio-custom-image-samples, aws/sagemaker-distribution,
aws/amazon-sagemaker-feedback and NVIDIA/nvidia-container-toolkit; each case names what its users saw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB
from tests.rules.subjects import (
    IPYKERNEL,
    base,
    elf,
    good,
    good_kernel,
    kernel,
    make_subject,
    program,
    python,
    verdict,
)
from tests.support.tarballs import Item, directory, file, symlink

SERVE = "jupyter lab --ip 0.0.0.0 --port 8888 --ServerApp.base_url=/jupyterlab/default"
OPEN = "--ServerApp.token='' --ServerApp.allow_origin='*'"
DRIVER = "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.535.104.05"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What users saw, an image that makes them see it, and the rules that must say so, with their severity."""

    seen: str
    layers: Sequence[Sequence[Item]]
    expected: Mapping[str, str]
    profile: str = CLASSIC
    options: Mapping[str, Any] = field(default_factory=dict)


def lab(**more: object) -> list[Item]:
    """Return an image with JupyterLab in `/usr/local`."""
    site = "usr/local/lib/python3.11/site-packages"
    assert not more
    return [
        *good(),
        program("usr/local/bin/jupyter", b"#!/usr/local/bin/python3\n"),
        program("usr/local/bin/jupyter-lab", b"#!/usr/local/bin/python3\n"),
        file(f"{site}/jupyterlab/__init__.py", b"#"),
        file(
            f"{site}/jupyterlab-4.2.5.dist-info/METADATA", b"Metadata-Version: 2.1\nName: jupyterlab\nVersion: 4.2.5\n"
        ),
    ]


def shell(command: str) -> dict[str, Any]:
    """Return the configuration of an image with a command in shell form."""
    return {"Cmd": ["/bin/sh", "-c", command]}


def gateway(name: str = "python3", **filesystem: object) -> dict[str, Any]:
    """Return an AppImageConfig for Studio Classic."""
    config: dict[str, Any] = {"KernelSpecs": [{"Name": name}]}
    if filesystem:
        config["FileSystemConfig"] = filesystem
    return {"AppImageConfigName": "x", "KernelGatewayImageConfig": config}


SYMPTOMS = [
    Symptom(
        seen="exec /opt/.sagemakerinternal/conda/kgw_variant: exec format error",
        layers=[good()],
        options={"platform": "linux/arm64"},
        expected={"IMG001": "error"},
    ),
    Symptom(
        seen="exec format error, of an image whose config says amd64",
        layers=[[item for item in good() if item.path != "bin/sh"] + [program("bin/sh", elf(0xB7))]],
        expected={"IMG002": "error"},
    ),
    Symptom(
        seen="Kernel with name [myenv] does not exist in image ... on the KernelGateway App",
        layers=[good()],
        options={"app_image_config": gateway("myenv")},
        expected={"KRN002": "error"},
    ),
    Symptom(
        seen="the conda environment is no kernel, because it has no kernel spec",
        layers=[
            good(),
            [
                *python("opt/conda", "3.12", ipykernel=False, names=("python",)),
                file("opt/conda/conda-meta/history", b"x"),
                *python("opt/conda/envs/myenv", "3.12", ipykernel=False, names=("python",)),
                file("opt/conda/envs/myenv/conda-meta/history", b"x"),
                program("opt/conda/bin/conda", b"#!/opt/conda/bin/python\n"),
                program("bin/bash"),
            ],
        ],
        options={
            "app_image_config": gateway("conda-env-myenv-py"),
            "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin:/opt/conda/bin"]},
        },
        expected={"KRN002": "error", "KRN013": "warning"},
    ),
    Symptom(
        seen="sys.executable is /opt/.sagemakerinternal/conda/bin/python",
        layers=[
            [
                *(item for item in good() if not item.path.endswith("kernel.json")),
                kernel("usr/local/share/jupyter/kernels/python3", ("python", *IPYKERNEL)),
            ]
        ],
        expected={"KRN006": "error"},
    ),
    Symptom(
        seen="the service's own python3 kernel instead of the image's",
        layers=[
            [
                *base(),
                *python("opt/python", names=("python3", "python")),
                kernel("usr/local/share/jupyter/kernels/python3", ("/opt/python/bin/python3", *IPYKERNEL)),
            ]
        ],
        options={"config": {"Env": ["PATH=/opt/python/bin:/usr/bin:/bin"]}},
        expected={"KRN009": "warning"},
    ),
    Symptom(
        seen="Kernel Dead, 500 on POST /api/kernels: the interpreter is not there",
        layers=[
            good(),
            [kernel("usr/local/share/jupyter/kernels/python3", ("/usr/bin/python3.9", *IPYKERNEL))],
        ],
        expected={"KRN005": "error"},
    ),
    Symptom(
        seen="Kernel Dead, 500 on POST /api/kernels: the user may not run the interpreter",
        layers=[
            [
                *good(),
                directory("root", mode=0o700),
                *python("root/env", names=("python3", "python")),
                kernel("usr/local/share/jupyter/kernels/mine", ("/root/env/bin/python3", *IPYKERNEL)),
            ]
        ],
        expected={"USR006": "warning"},  # another kernel works
    ),
    Symptom(
        seen="Ensure that the UID/GID provided in the AppImageConfig matches the default UID/GID defined in the image.",
        layers=[good()],
        options={"app_image_config": gateway(DefaultUid=0, DefaultGid=0)},
        expected={"USR002": "error"},
    ),
    Symptom(
        seen="the app does not start because of a file of npm with uid 1516583083",
        layers=[good(), [file("usr/lib/node_modules/x", b"#", uid=1_516_583_083)]],
        expected={"USR005": "error"},
    ),
    Symptom(
        seen="the kernel spec disappears after launch: the volume is mounted over the home directory",
        layers=[
            [
                *(item for item in good() if not item.path.endswith("kernel.json")),
                kernel(
                    "home/sagemaker-user/.local/share/jupyter/kernels/python3", ("/usr/local/bin/python3", *IPYKERNEL)
                ),
            ]
        ],
        expected={"KRN008": "error"},
    ),
    Symptom(
        seen="InternalFailure of a JupyterLab app whose image follows the Classic sample",
        layers=[good()],
        profile=JUPYTERLAB,
        options={"app_image_config": gateway()},
        expected={"APP001": "error", "CFG006": "warning"},
    ),
    Symptom(
        seen="the image never becomes healthy: no entry point",
        layers=[lab()],
        profile=JUPYTERLAB,
        options={
            "app_image_config": {
                "AppImageConfigName": "x",
                "JupyterLabAppImageConfig": {"ContainerConfig": {"ContainerEnvironmentVariables": {"A": "b"}}},
            }
        },
        expected={"APP004": "error"},
    ),
    Symptom(
        seen="InternalFailure: ContainerEntrypoint without its arguments",
        layers=[lab()],
        profile=JUPYTERLAB,
        options={
            "app_image_config": {
                "AppImageConfigName": "x",
                "JupyterLabAppImageConfig": {"ContainerConfig": {"ContainerEntrypoint": ["jupyter-lab"]}},
            }
        },
        expected={"APP002": "error"},
    ),
    Symptom(
        seen="InternalFailure: the server listens on localhost",
        layers=[lab()],
        profile=JUPYTERLAB,
        options={"config": shell(f"{SERVE.replace('--ip 0.0.0.0 ', '')} {OPEN}")},
        expected={"APP002": "error"},
    ),
    Symptom(
        seen="InternalFailure: the server asks for a token",
        layers=[lab()],
        profile=JUPYTERLAB,
        options={"config": shell(f"{SERVE} --ServerApp.allow_origin='*'")},
        expected={"APP002": "error"},
    ),
    Symptom(
        seen="Code Editor does not start: the image has no server",
        layers=[good()],
        profile=CODE_EDITOR,
        options={"config": {"Cmd": ["sagemaker-code-editor", "--host", "0.0.0.0", "--port", "8888"]}},  # noqa: S104
        expected={"APP003": "error"},
    ),
    Symptom(
        seen="nvidia-container-cli: mount error: file creation failed: .../libnvidia-ml.so.1: file exists",
        layers=[good(), [file(DRIVER, elf()), symlink(DRIVER.replace("535.104.05", "1"), DRIVER.rpartition("/")[2])]],
        expected={"GPU001": "error"},
    ),
    Symptom(
        seen="requirement error: unsatisfied condition: cuda>=12.4",
        layers=[good()],
        options={
            "config": {"Env": ["NVIDIA_REQUIRE_CUDA=cuda>=12.4", "CUDA_VERSION=12.4.1"]},
            "driver_version": "525.60.13",
        },
        expected={"GPU004": "error"},
    ),
    Symptom(
        seen="NVIDIA_DRIVER_CAPABILITIES of which the container runtime knows one not",
        layers=[good()],
        options={"config": {"Env": ["NVIDIA_DRIVER_CAPABILITIES=compute,utilities"]}},
        expected={"GPU005": "error"},
    ),
    Symptom(
        seen="the app does not start: there is no shell",
        layers=[[item for item in good() if not item.path.startswith("bin")]],
        expected={"RTM001": "error"},
    ),
]


@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda symptom: symptom.seen)
def test_what_people_saw_is_foreseen(symptom: Symptom) -> None:
    found = verdict(make_subject(*symptom.layers, **symptom.options), symptom.profile)
    assert {rule: found.get(rule) for rule in symptom.expected} == symptom.expected


def test_the_images_that_these_are_made_of_are_faultless() -> None:
    assert verdict(make_subject(good())) == {}
    assert "error" not in verdict(make_subject(lab(), config=shell(f"{SERVE} {OPEN}")), JUPYTERLAB).values()
    assert good_kernel() in good()
