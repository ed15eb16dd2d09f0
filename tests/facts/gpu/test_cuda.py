"""CUDA versions and the drivers that they need."""

from typing import Any

import pytest

from ocianalyze.facts.gpu.cuda import CudaEvidence, minimum_driver
from tests.rules.subjects import make_subject
from tests.support.tarballs import Item, directory, file, symlink

SITE = "opt/venv/lib/python3.11/site-packages"

EVIDENCE = [
    (file("usr/local/cuda-12.6/version.json", b'{"cuda": {"name": "CUDA SDK", "version": "12.6.20241114"}}'), "12.6"),
    (file("usr/local/cuda-12.6/version.json", b'{"cuda_cudart": {"version": "12.6.77"}}'), "12.6"),
    (file("usr/local/cuda-10.2/version.txt", b"CUDA Version 10.2.89\n"), "10.2"),
    (file("usr/local/cuda-12.8/targets/x86_64-linux/lib/libcudart.so.12.8.90", b"x"), "12.8"),
    (file("usr/lib/x86_64-linux-gnu/libcudart.so.11.8.89", b"x"), "11.8"),
    (file(f"{SITE}/nvidia_cuda_runtime_cu12-12.9.79.dist-info/METADATA", b"x"), "12.9"),
    (file(f"{SITE}/nvidia_cuda_runtime-13.0.48.dist-info/METADATA", b"x"), "13.0"),
    (file(f"{SITE}/torch-2.5.1+cu124.dist-info/METADATA", b"x"), "12.4"),
    (file(f"{SITE}/pynvvideocodec./libcudart-c64a25f3.so.12.3.101", b"x"), "12.3"),
    (file("opt/conda/conda-meta/cuda-cudart-12.4.127-0.json", b"{}"), "12.4"),
    (file("opt/conda/conda-meta/cudatoolkit-11.8.0-h6a678d5_0.json", b"{}"), "11.8"),
    (
        file("var/lib/dpkg/status", b"Package: cuda-cudart-12-8\nStatus: install ok installed\nVersion: 12.8.90-1\n"),
        "12.8",
    ),
    (file(f"{SITE}/cuda_toolkit-13.0.1.dist-info/METADATA", b"x"), "13.0"),
    (file("opt/conda/conda-meta/cuda-version-12.6-h7480c83_3.json", b"{}"), "12.6"),
    (directory("usr/local/cuda-12.1/lib64"), "12.1"),
    (file(f"{SITE}/torchvision-0.24.0+cu130.dist-info/METADATA", b"x"), "13.0"),
    (file(f"{SITE}/nvidia_cublas-13.1.0.3.dist-info/METADATA", b"x"), "13"),
    (file(f"{SITE}/nvidia_cuda_nvrtc-13.0.88.dist-info/METADATA", b"x"), "13"),
    (file(f"{SITE}/nvidia_nccl_cu12-2.27.3.dist-info/METADATA", b"x"), "12"),
    (file(f"{SITE}/cupy_cuda13x-13.6.0.dist-info/METADATA", b"x"), "13"),
    (file(f"{SITE}/jax_cuda12_plugin-0.7.2.dist-info/METADATA", b"x"), "12"),
    (file(f"{SITE}/nvidia/cuda_runtime/lib/libcudart.so.12", b"x"), "12"),
    (file(f"{SITE}/nvidia/cuda_runtime/lib/libcudart.so.11.0", b"x"), "11"),
]

NO_EVIDENCE = [
    file("usr/local/cuda-12.6/version.json", b'{"cuda": []}'),
    file("usr/local/cuda-12.6/version.json", b"[" * 100_000),
    file("usr/local/cuda-12.6/version.json", b'{"cuda": {"version": 12}}'),
    file("usr/local/cuda-12.6/version.txt", b""),
    file("usr/local/cuda-12.6/version.json", b'{"cuda": {"version": "' + b"9" * 5000 + b'.1"}}'),
    symlink("usr/lib/libcudart.so.11.0", "libcudart.so.11"),
    symlink("usr/local/lib/libcudart.so.13", "libcudart.so.13.0.96"),
    file(f"{SITE}/nvidia_cusparse-12.6.3.3.dist-info/METADATA", b"x"),
    file(f"{SITE}/nvidia_ml_py-13.580.82.dist-info/METADATA", b"x"),
    file(f"{SITE}/cuda-cudart-12.4.127-0.json", b"{}"),
    file(f"{SITE}/torch-2.5.1+cpu.dist-info/METADATA", b"x"),
    file("usr/local/cuda-12.1/compat/x", b"x"),
    file(f"{SITE}/cuda_toolkit_wheel-13.0.1.dist-info/METADATA", b"x"),
]


@pytest.mark.parametrize(("item", "version"), EVIDENCE)
def test_evidence(item: Item, version: str) -> None:
    assert make_subject([item]).facts.nvidia.cuda_versions == (version,)


@pytest.mark.parametrize("item", NO_EVIDENCE)
def test_no_evidence(item: Item) -> None:
    assert make_subject([item]).facts.nvidia.cuda_versions == ()


def test_a_major_version_adds_nothing_to_a_full_one() -> None:
    full = file(f"{SITE}/nvidia_cuda_runtime-13.0.96.dist-info/METADATA", b"x")
    major = file(f"{SITE}/nvidia_cublas-13.1.0.3.dist-info/METADATA", b"x")
    older = file(f"{SITE}/nvidia_nccl_cu12-2.27.3.dist-info/METADATA", b"x")
    assert make_subject([full, major, older]).facts.nvidia.cuda_versions == ("12", "13.0")


def test_variables_and_labels_count_where_there_is_nothing_better() -> None:
    config: dict[str, Any] = {"Env": ["NV_CUDA_CUDART_VERSION=12.4.127-1"]}
    assert make_subject([], config=config).facts.nvidia.cuda_versions == ("12.4",)
    config = {"Env": ["CUDA_VERSION=13.0.1"], "Labels": {"com.nvidia.cuda.version": "12.9.1"}}
    alone = make_subject([], config=config).facts.nvidia
    assert (alone.cuda_versions, alone.minimum_driver) == (("12.9", "13.0"), "580")
    beside = make_subject([file("usr/lib/libcudart.so.11.8.89", b"x")], config=config).facts.nvidia
    assert (beside.cuda_versions, beside.minimum_driver) == (("11.8", "12.9", "13.0"), "450.80.02")


@pytest.mark.parametrize(
    ("versions", "driver"),
    [
        (["11.8", "12.4"], "525.60.13"),
        (["12.4", "13.0"], "580"),
        (["12.9", "13"], "580"),
        (["12"], "525.60.13"),
        (["10.2"], "440.33"),
        (["10.1"], "418.39"),
        (["10.0"], "410.48"),
        (["9.2"], None),
        ([], None),
    ],
)
def test_minimum_driver(versions: list[str], driver: str | None) -> None:
    assert minimum_driver(CudaEvidence(version, "library", version) for version in versions) == driver


def test_a_version_without_measure() -> None:
    config = {"Env": ["CUDA_VERSION=" + "9" * 5000 + ".1"], "Labels": {"com.nvidia.cuda.version": "9" * 5000 + ".1"}}
    assert make_subject([], config=config).facts.nvidia.cuda == ()
