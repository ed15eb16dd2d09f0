"""The real images are what they claim to be; what ocianalyze says of them is tested beside this."""

import json
import tarfile

import pytest

from tests.support.real_images import RealForm, RealImages
from tests.support.tools import run

pytestmark = pytest.mark.real

TAR_FORMS: tuple[RealForm, ...] = (
    "oci-archive",
    "docker-archive",
    "podman-docker",
    "podman-oci",
    "buildah-oci",
    "docker-save",
    "containerd",
)


@pytest.mark.parametrize("form", ["oci", "oci-zstd"])
def test_layouts_hold_the_golden_image(real_image: RealImages, form: RealForm) -> None:
    config = json.loads(run("skopeo", "inspect", "--config", "--raw", f"oci:{real_image('golden', form)}"))
    assert config["config"]["User"] == "1000"
    assert len(config["rootfs"]["diff_ids"]) == 3


@pytest.mark.parametrize("form", TAR_FORMS)
def test_archives_are_complete(real_image: RealImages, form: RealForm) -> None:
    with tarfile.open(real_image("golden", form)) as archive:
        names = archive.getnames()
    assert ("manifest.json" in names) is (form not in ("oci-archive", "podman-oci", "buildah-oci"))
    assert ("index.json" in names) is (form in ("oci-archive", "podman-oci", "buildah-oci", "containerd"))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("golden", "usr/local/share/jupyter/kernels/python3/kernel.json"),
        ("driver", "usr/lib/x86_64-linux-gnu/nvidia/current/libcuda.so.1"),
        ("toolkit", "usr/local/lib/python3.11/dist-packages/nvidia/cuda_runtime/lib/libcudart.so.12"),
        ("conda", "opt/conda/envs/science/share/jupyter/kernels/python3/kernel.json"),
    ],
)
def test_the_last_layer_has_what_the_image_is_about(real_image: RealImages, name: str, path: str) -> None:
    with tarfile.open(real_image(name, "docker-archive")) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        top = archive.extractfile(json.load(manifest)[0]["Layers"][-1])
        with tarfile.open(fileobj=top) as layer:
            assert path in layer.getnames()
