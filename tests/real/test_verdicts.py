"""What ocianalyze says of real images, made by other people's tools from real packages."""

import json
from typing import Any, get_args

import pytest

from ocianalyze.analysis import Source, analyze
from tests.support.real_images import RealForm, RealImages
from tests.test_analysis import comparable, dump

pytestmark = pytest.mark.real

FORMS: tuple[RealForm, ...] = get_args(RealForm)
SAME_LAYERS: tuple[RealForm, ...] = ("oci", "oci-zstd", "oci-archive", "docker-archive", "docker-save", "containerd")


def scan(real_image: RealImages, name: str, form: RealForm = "docker-archive") -> dict[str, Any]:
    return analyze(Source(reference=str(real_image(name, form)))).model_dump(by_alias=True)


def rules(report: dict[str, Any], severity: str) -> set[str]:
    return {finding["rule"] for finding in report["findings"] if finding["severity"] == severity}


@pytest.mark.parametrize("form", FORMS)
def test_the_example_of_the_specification_passes_in_every_form(real_image: RealImages, form: RealForm) -> None:
    report = scan(real_image, "golden", form)
    assert report["verdict"] == "pass"
    assert rules(report, "error") == set()
    (kernel,) = report["facts"]["kernels"]
    assert (kernel["name"], kernel["usable"], kernel["problems"]) == ("python3", True, [])
    user = report["facts"]["user"]
    assert (user["uid"], user["gid"], user["name"]) == (1000, 100, "sagemaker-user")


def test_one_image_in_many_forms_gives_one_report(real_image: RealImages) -> None:
    reports = [comparable(dump(Source(reference=str(real_image("golden", form))))) for form in SAME_LAYERS]
    assert all(report == reports[0] for report in reports[1:])


def test_a_real_driver_package_is_found(real_image: RealImages) -> None:
    report = scan(real_image, "driver")
    assert rules(report, "error") == {"GPU001"}
    assert report["facts"]["nvidia"]["driver_versions"] == ["535.261.03"]
    (finding,) = [finding for finding in report["findings"] if finding["rule"] == "GPU001"]
    assert "libcuda1" in finding["layer"]["created_by"]


def test_the_toolkit_alone_is_fine(real_image: RealImages) -> None:
    report = scan(real_image, "toolkit")
    assert report["verdict"] == "pass"
    assert not {rule for rule in rules(report, "error") | rules(report, "warning") if rule.startswith("GPU")}
    assert report["facts"]["nvidia"]["cuda_versions"] == ["12.1"]
    assert report["facts"]["nvidia"]["driver_files"] == []


def test_a_conda_environment_is_a_kernel(real_image: RealImages) -> None:
    report = scan(real_image, "conda")
    assert report["verdict"] == "pass"
    assert "conda-env-science-py" in {kernel["name"] for kernel in report["facts"]["kernels"]}


def test_an_image_without_kernels_fails(real_image: RealImages) -> None:
    assert rules(scan(real_image, "base"), "error") == {"KRN001"}


def test_everything_is_verified_on_demand(real_image: RealImages) -> None:
    report = analyze(Source(reference=str(real_image("golden", "oci-zstd")), verify_all=True))
    assert all(layer.verified == ["digest", "diff_id"] for layer in report.layers)


def test_the_size_is_what_docker_shows(real_image: RealImages) -> None:
    real_image.docker.docker("load", "--input", str(real_image("golden", "docker-archive")))
    inspected = json.loads(real_image.docker.docker("image", "inspect", "example.com/real/golden:1.0"))
    assert scan(real_image, "golden")["facts"]["size"]["docker_image_size"] == inspected[0]["Size"]
