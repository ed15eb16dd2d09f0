"""NVIDIA's files are told from look-alikes, on the file lists of real packages and on paths that are known traps."""

import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from ocianalyze.facts.gpu.files import INJECTED, NvidiaFile, find_files
from ocianalyze.facts.gpu.patterns import PREFILTER, FileType, classify
from tests.rules.subjects import make_image, program
from tests.support.tarballs import Item, file, symlink

LISTINGS = Path(__file__).parents[2] / "data" / "nvidia_listings.tsv.gz"
PATTERNS = Path(__file__).parents[3] / "ocianalyze" / "facts" / "gpu" / "data" / "nvidia_patterns.json"

# Packages in which nothing is the driver's.
NO_DRIVER = re.compile(
    r".*\.whl|libcudart11.*|libcufile0.*|libcuinj64.*|libcupti.*|nvidia-cuda-toolkit_.*|libnvidia-ml-dev.*|ocl-icd.*"
    r"|nvidia-opencl-dev.*|nvidia-profiler.*|libvdpau1.*|nvidia-vaapi-driver.*|libnvidia-egl-.*|firmware-misc-nonfree.*"
    r"|linux-image-.*|nvidia-fs-dkms.*|nvidia-prime.*|bumblebee-nvidia.*|nvidia-libopencl1.*|libnvidia-compute-(?:495|510).*"
)
DRIVER_VERSION = re.compile(r"_(\d{3}\.\d{2,3}(?:\.\d{2})?)-")
DRIVER_LIBRARY = re.compile(r"lib[\w-]+\.so\.(\d{3}\.\d{2,3}(?:\.\d{2,3})?)")


class Row(NamedTuple):
    """A line of the listings."""

    package: str
    kind: FileType
    size: int
    path: str
    target: str


@cache
def rows() -> tuple[Row, ...]:
    """Return the listings."""
    lines = gzip.decompress(LISTINGS.read_bytes()).decode().splitlines()[1:]
    return tuple(
        Row(package, "l" if kind == "l" else "f", int(size), path, target)
        for package, kind, size, path, target in (line.split("\t") for line in lines)
    )


def is_driver(row: Row) -> bool:
    """Tell whether the path alone says that it is a driver's."""
    match = classify(row.path, row.kind, row.size)
    return match is not None and match.cls.startswith("driver-")


def obvious(patterns: list[dict[str, str]], row: Row) -> str | None:
    """Return the class by the rules of the pattern file, spelt out."""
    directory, _, base = row.path.rpartition("/")
    for pattern in patterns:
        fits = row.kind in pattern["types"] and (not pattern["dir"] or re.search(pattern["dir"], directory or "/"))
        if fits and re.fullmatch(pattern["base"], base):
            empty = pattern["cls"] == "driver-userspace" and row.kind == "f" and row.size == 0
            return "driver-leftover" if empty else pattern["cls"]
    return None


def test_every_listed_file_has_the_class_of_the_patterns() -> None:
    patterns = json.loads(PATTERNS.read_bytes())
    assert len(rows()) > 8000
    for row in rows():
        match = classify(row.path, row.kind, row.size)
        assert (match.cls if match else None) == obvious(patterns, row), row


def test_no_file_of_a_toolkit_package_is_a_driver() -> None:
    checked = [row for row in rows() if NO_DRIVER.fullmatch(row.package)]
    assert len({row.package for row in checked}) > 40
    assert [row for row in checked if is_driver(row)] == []


def test_no_library_of_a_driver_package_is_missed() -> None:
    libraries = [
        row
        for row in rows()
        if row.kind == "f"
        and (version := DRIVER_VERSION.search(row.package))
        and (found := DRIVER_LIBRARY.fullmatch(row.path.rpartition("/")[2]))
        and found[1] == version[1]
    ]
    assert len(libraries) > 80
    assert [row for row in libraries if not is_driver(row)] == []


def test_no_shared_object_of_a_driver_package_is_without_a_class() -> None:
    objects = [
        row
        for row in rows()
        if not NO_DRIVER.fullmatch(row.package)
        and re.search(r"\.so(?:\.|\Z)|\.ko(?:\.|\Z)", row.path.rpartition("/")[2])
    ]
    assert len(objects) > 150
    assert [row for row in objects if classify(row.path, row.kind, row.size) is None] == []


def test_no_program_that_is_mounted_from_the_host_is_missed() -> None:
    programs = [
        row for row in rows() if row.kind == "f" and row.path.rpartition("/")[2] in INJECTED and "bin" in row.path
    ]
    assert {row.path.rpartition("/")[2] for row in programs} == set(INJECTED)
    assert [row for row in programs if not is_driver(row)] == []


def test_no_toolkit_package_brings_a_driver_once_links_and_sizes_are_looked_at() -> None:
    for package in sorted({row.package for row in rows() if NO_DRIVER.fullmatch(row.package)}):
        mine = [row for row in rows() if row.package == package]
        found = [item for item in look_at(list(_items(mine))) if item.cls.startswith("driver-")]
        # A link into a package that is not there is what is left of a driver, and not one.
        assert [item for item in found if item.reason != "dangling"] == [], package


def test_nothing_gets_lost_in_the_prefilter() -> None:
    for package in sorted({row.package for row in rows()}):
        mine = [row for row in rows() if row.package == package]
        found = {item.path: item for item in look_at(list(_items(mine)))}
        for row in mine:
            if row.kind == "f" and is_driver(row):
                assert row.path in found, row
                assert found[row.path].cls.startswith("driver-") or found[row.path].reason == "stub-copy", row


def _items(mine: list[Row]) -> Iterator[Item]:
    for row in mine:
        if row.kind == "l":
            yield symlink(row.path[1:], row.target)
        elif row.size == 0:
            yield file(row.path[1:])
        else:
            large = 1_100_000 if re.search(r"lib(?:cuda|nvidia-ml)\.so", row.path) else 100
            yield Item(path=row.path[1:], size=min(row.size, large), mode=0o755 if "/bin/" in row.path else 0o644)


def look_at(items: list[Item]) -> tuple[NvidiaFile, ...]:
    """Return what of NVIDIA's is in an image of one layer."""
    filesystem = make_image(items)[1]
    return find_files(filesystem, tuple(filesystem.search(PREFILTER)))


LIB = "/usr/lib/x86_64-linux-gnu"

# path, class by the path alone
TRAPS = [
    (f"{LIB}/stubs/libcuda.so", "stub"),
    ("/usr/local/cuda-12.8/targets/x86_64-linux/lib/stubs/libcuda.so", "stub"),
    ("/opt/conda/lib/stubs/libnvidia-ml.so", "stub"),
    ("/usr/local/cuda-12.8/compat/libcuda.so.570.124.06", "compat"),
    ("/usr/local/cuda/compat/lib.real/libcuda.so.1", "compat"),
    ("/opt/nvidia/hpc_sdk/Linux_x86_64/24.1/cuda/12.3/compat/libcuda.so.545.23.08", "compat"),
    ("/opt/conda/cuda-compat/libcuda.so.580.65.06", "compat"),
    (f"{LIB}/libnvvm.so.4", "toolkit"),
    (f"{LIB}/libnvidia-nvvm.so.4", "driver-userspace"),
    (f"{LIB}/libOpenCL.so.1.0.0", "toolkit"),
    ("/etc/OpenCL/vendors/nvidia.icd", "icd"),
    (f"{LIB}/dri/nvidia_drv_video.so", None),
    (f"{LIB}/nvidia/xorg/nvidia_drv.so", "driver-userspace"),
    (f"{LIB}/libnvidia-egl-wayland.so.1.1.10", "egl-platform"),
    ("/lib/firmware/nvidia/ga102/gsp/gsp-535.113.01.bin", None),
    ("/lib/firmware/nvidia/580.178.04/gsp_ga10x.bin", "driver-kernel"),
    ("/lib/modules/6.1.0-50-amd64/kernel/drivers/gpu/drm/nouveau/nouveau.ko", None),
    ("/lib/modules/6.1.0-50-amd64/kernel/drivers/platform/x86/nvidia-wmi-ec-backlight.ko", None),
    ("/lib/modules/6.1.0-50-amd64/updates/dkms/nvidia.ko.xz", "driver-kernel"),
    ("/usr/src/nvidia-fs-2.13/Makefile", None),
    ("/usr/src/nvidia-580.178.04/dkms.conf", "driver-kernel"),
    ("/usr/lib/python3/dist-packages/nvidia/cublas/lib/libcublas.so.12", "toolkit"),
    ("/opt/venv/lib/python3.11/site-packages/pynvvideocodec./libcudart-c64a25f3.so.12.3.101", "toolkit"),
    ("/opt/venv/lib/python3.11/site-packages/pynvml.py", "none"),
    ("/opt/venv/lib/python3.11/site-packages/a.libs/libcuda-0123abcd.so.1", "driver-userspace"),
    (f"{LIB}/libnvidia-container.so.1", "container-toolkit"),
    ("/usr/bin/nvidia-container-cli", "container-toolkit"),
    ("/usr/lib/wsl/lib/libcuda.so.1", "driver-userspace"),
    ("/usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1.1", "driver-userspace"),
    ("/nix/store/abc-nvidia-x11-580.65.06/lib/libcuda.so.580.65.06", "driver-userspace"),
    ("/var/log/nvidia-installer.log", "driver-leftover"),
    ("/home/u/nvidia-smi", None),
    ("/usr/bin/nvidia-smi", "driver-userspace"),
]


@pytest.mark.parametrize(("path", "cls"), TRAPS)
def test_traps(path: str, cls: str | None) -> None:
    match = classify(path, "f", 2_000_000)
    assert (match.cls if match else None) == cls


# items, path, class, reason
DECISIONS: list[tuple[list[Item], str, str, str | None]] = [
    ([file("usr/lib/libcuda.so.535.104.05")], "/usr/lib/libcuda.so.535.104.05", "driver-leftover", "empty"),
    ([file("usr/lib/libcuda.so.1")], "/usr/lib/libcuda.so.1", "driver-leftover", "empty"),
    ([Item(path="usr/lib/libcuda.so.1", size=62_176)], "/usr/lib/libcuda.so.1", "stub", "stub-copy"),
    ([Item(path="usr/lib/libcuda.so.1", size=1_500_000)], "/usr/lib/libcuda.so.1", "driver-userspace", None),
    ([Item(path="usr/lib/libnvidia-ml.so.1", size=46_872)], "/usr/lib/libnvidia-ml.so.1", "stub", "stub-copy"),
    ([Item(path="usr/lib/libnvidia-ml.so.1", size=300_000)], "/usr/lib/libnvidia-ml.so.1", "driver-userspace", None),
    ([symlink("usr/lib/libcuda.so.1", "libcuda.so.535.1")], "/usr/lib/libcuda.so.1", "driver-leftover", "dangling"),
    (
        [symlink("usr/lib/libcuda.so.1", "/opt/cuda/stubs/libcuda.so"), file("opt/cuda/stubs/libcuda.so", b"x")],
        "/usr/lib/libcuda.so.1",
        "stub",
        "link",
    ),
    (
        [
            symlink("opt/conda/lib/libcuda.so.1", "../cuda-compat/libcuda.so.580.65.06"),
            file("opt/conda/cuda-compat/libcuda.so.580.65.06", b"x"),
        ],
        "/opt/conda/lib/libcuda.so.1",
        "compat",
        "link",
    ),
    *(
        (
            [symlink("usr/lib/libcuda.so.1", "/opt/blob.bin"), Item(path="opt/blob.bin", size=size)],
            "/usr/lib/libcuda.so.1",
            cls,
            "link",
        )
        for size, cls in ((3_000_000, "driver-userspace"), (60_000, "stub"), (0, "driver-leftover"))
    ),
    ([program("usr/bin/nvidia-smi")], "/usr/bin/nvidia-smi", "driver-userspace", None),
    ([program("usr/bin/nvidia-smi", b"#!/bin/sh\n")], "/usr/bin/nvidia-smi", "driver-userspace", "script"),
    (
        [program("usr/bin/nvidia-bug-report.sh", b"#!/bin/sh\n")],
        "/usr/bin/nvidia-bug-report.sh",
        "driver-userspace",
        None,
    ),
    ([program("usr/bin/nvidia-smi", b"")], "/usr/bin/nvidia-smi", "driver-leftover", "empty"),
    ([file("var/lib/nvidia/log", b"x")], "/var/lib/nvidia/log", "driver-leftover", None),
    (
        [file("var/lib/dkms/nvidia/580.65.06/source/x.c", b"x")],
        "/var/lib/dkms/nvidia/580.65.06/source/x.c",
        "driver-kernel",
        None,
    ),
    (
        [file("etc/nvidia-container-runtime/config.toml", b"x")],
        "/etc/nvidia-container-runtime/config.toml",
        "container-toolkit",
        None,
    ),
    ([Item(path="usr/lib/wsl/lib/libd3d12.so", size=9)], "/usr/lib/wsl/lib/libd3d12.so", "driver-userspace", None),
]


@pytest.mark.parametrize(("items", "path", "cls", "reason"), DECISIONS)
def test_decisions(items: list[Item], path: str, cls: str, reason: str | None) -> None:
    found = {item.path: item for item in look_at(items)}
    assert (found[path].cls, found[path].reason) == (cls, reason)


def test_a_link_to_something_else_is_nothing() -> None:
    assert look_at([symlink("usr/bin/nvidia-smi", "true"), program("usr/bin/true")]) == ()
