"""AWS's published samples pass, with the AppImageConfig that AWS registers each with."""

from collections.abc import Mapping
from typing import Any

import pytest

from ocianalyze.analysis import Policy, Source, analyze
from tests.support.real_images import RealImages

pytestmark = pytest.mark.real


def registered(kernel: str, *, mount: str, uid: int, gid: int) -> dict[str, Any]:
    """Return an AppImageConfig as in the samples' ``app-image-config-input.json``."""
    return {
        "AppImageConfigName": "sample",
        "KernelGatewayImageConfig": {
            "KernelSpecs": [{"Name": kernel, "DisplayName": kernel}],
            "FileSystemConfig": {"MountPath": mount, "DefaultUid": uid, "DefaultGid": gid},
        },
    }


CLASSIC: Mapping[str, Mapping[str, Any]] = {
    "sample-echo": registered("echo", mount="/home/sagemaker-user", uid=1000, gid=100),
    "sample-pip-venv": registered("python3", mount="/root", uid=0, gid=0),
    "sample-poetry": registered("python3", mount="/home/sagemaker-user", uid=1000, gid=100),
    "sample-conda-env": registered("python3", mount="/root", uid=0, gid=0),
    "sample-rapids": registered("conda-env-rapids-py", mount="/root", uid=0, gid=0),
    "sample-r": registered("ir", mount="/home/sagemaker-user", uid=1000, gid=100),
    "sample-tensorflow": registered("python3", mount="/root/data", uid=0, gid=0),
}
"""The samples of aws-samples/sagemaker-studio-custom-image-samples, `examples/*/app-image-config-input.json`."""


@pytest.mark.parametrize("name", CLASSIC)
def test_samples_of_studio_classic_pass(real_image: RealImages, name: str) -> None:
    report = analyze(Source(reference=str(real_image.sample(name))), Policy(app_image_config=CLASSIC[name]))
    assert [finding.message for finding in report.findings if finding.severity == "error"] == []
    assert report.verdict == "pass"
    assert report.facts is not None
    assert report.facts.kernels is not None
    (requested,) = CLASSIC[name]["KernelGatewayImageConfig"]["KernelSpecs"]
    assert any(kernel.usable for kernel in report.facts.kernels if kernel.name == requested["Name"])


def test_the_sample_of_jupyterlab_passes(real_image: RealImages) -> None:
    report = analyze(
        Source(reference=str(real_image.sample("sample-jupyterlab"))), Policy(profiles=["studio-jupyterlab"])
    )
    assert [finding.message for finding in report.findings if finding.severity == "error"] == []
    assert report.verdict == "pass"
