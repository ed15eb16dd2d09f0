"""The NVIDIA driver in an image: what is one, what only looks like one, and what breaks."""

from typing import Any, Literal

import pytest

from ocianalyze.rules.rule import Finding
from tests.rules.subjects import base, findings, make_subject, program
from tests.support.tarballs import Item, directory, file, symlink, whiteout

LIB = "usr/lib/x86_64-linux-gnu"
STATUS = "var/lib/dpkg/status"


def package(
    name: str, version: str = "535.261.03-1", source: str = "nvidia-graphics-drivers", text: str = "x"
) -> bytes:
    """Return a paragraph of dpkg's status."""
    lines = (
        f"Package: {name}",
        "Status: install ok installed",
        f"Source: {source}",
        f"Version: {version}",
        f"Description: {text}",
        " for nvidia\n\n",
    )
    return "\n".join(lines).encode()


def causes(rule: str, *layers: list[Item], **options: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Return the severity and the cause of each finding."""
    return [(severity, finding.data["cause"]) for severity, finding in findings(rule, *layers, **options)]


def only(rule: str, *layers: list[Item], **options: Any) -> Finding:  # noqa: ANN401
    """Return the one finding."""
    ((_, finding),) = findings(rule, *layers, **options)
    return finding


DEBIAN_LIBCUDA1 = [
    file(f"{LIB}/nvidia/current/libcuda.so.535.261.03", b"\x7fELF"),
    symlink(f"{LIB}/nvidia/current/libcuda.so.1", "libcuda.so.535.261.03"),
    symlink(f"{LIB}/libcuda.so.1", f"/etc/alternatives/glx--libcuda.so.1-{LIB.rpartition('/')[2]}"),
    symlink(f"etc/alternatives/glx--libcuda.so.1-{LIB.rpartition('/')[2]}", f"/{LIB}/nvidia/current/libcuda.so.1"),
    file(STATUS, package("libcuda1")),
]

TOOLKIT = [
    file(f"{LIB}/stubs/libcuda.so", b"x" * 62_176),
    file(f"{LIB}/stubs/libnvidia-ml.so", b"x" * 46_872),
    file(f"{LIB}/libcudart.so.11.8.89", b"x"),
    file(f"{LIB}/libOpenCL.so.1.0.0", b"x"),
    file("usr/local/cuda-12.8/compat/libcuda.so.570.124.06", b"x"),
    file("usr/local/cuda-12.8/targets/x86_64-linux/lib/stubs/libcuda.so", b"x"),
    file("opt/conda/lib/python3.11/site-packages/nvidia/cublas/lib/libcublas.so.12", b"x"),
    file("opt/conda/lib/python3.11/site-packages/pynvml.py", b"x"),
    file("opt/conda/cuda-compat/libcuda.so.580.65.06", b"x"),
    symlink("opt/conda/lib/libcuda.so.1", "../cuda-compat/libcuda.so.580.65.06"),
    file("etc/OpenCL/vendors/nvidia.icd", b"libnvidia-opencl.so.1\n"),
    file("etc/ld.so.conf.d/nvidia.conf", b"/usr/local/nvidia/lib\n/usr/local/nvidia/lib64\n"),
    file(
        STATUS,
        package("nvidia-cuda-dev", "11.8.89", "nvidia-cuda-toolkit")
        + package("libnvidia-ml-dev", "11.8.86", "nvidia-cuda-toolkit"),
    ),
]
NVIDIA_CUDA = {
    "Env": [
        "NVIDIA_VISIBLE_DEVICES=all",
        "LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64",
        "LIBRARY_PATH=/usr/local/cuda-12.8/lib64/stubs",
    ]
}


def test_a_toolkit_is_no_driver() -> None:
    for rule in ("GPU001", "GPU002"):
        assert findings(rule, base(), TOOLKIT, config=NVIDIA_CUDA) == []


def test_debian_libcuda1() -> None:
    assert causes("GPU001", base(), DEBIAN_LIBCUDA1) == [("error", "driver-library")]
    finding = only("GPU001", base(), DEBIAN_LIBCUDA1)
    assert (finding.layer, finding.data["version"], finding.data["count"]) == (1, "535.261.03", 1)
    assert finding.data["packages"] == ["libcuda1 535.261.03-1"]
    assert "libcuda1" in (finding.hint or "")
    assert findings("GPU002", base(), DEBIAN_LIBCUDA1) == []


def test_versions_and_layers_are_told_apart() -> None:
    layers = [
        [file(f"{LIB}/libcuda.so.535.104.05", b"x"), file(f"{LIB}/libnvidia-ml.so.535.104.05", b"x")],
        [file(f"{LIB}/libcuda.so.550.54.15", b"x")],
    ]
    found = findings("GPU001", *layers)
    assert [(severity, finding.data["version"], finding.layer) for severity, finding in found] == [
        ("error", "535.104.05", 0),
        ("error", "550.54.15", 1),
    ]


def test_a_driver_that_was_removed_is_none() -> None:
    assert findings("GPU001", DEBIAN_LIBCUDA1, [whiteout(item.path) for item in DEBIAN_LIBCUDA1]) == []


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("usr/lib64/libcuda.so.535.104.05", "error"),
        ("lib/libnvidia-ptxjitcompiler.so.535.104.05", "error"),
        ("usr/local/nvidia/lib64/libnvcuvid.so.535.104.05", "error"),
        ("usr/lib/libnvidia-nvvm70.so.4", "error"),
        ("opt/backup/libcuda.so.535.104.05", "warning"),
        ("nix/store/abc-nvidia-x11-580.65.06/lib/libcuda.so.580.65.06", "warning"),
        ("usr/lib/python3/dist-packages/a.libs/libcuda-0123abcd.so.1", "warning"),
    ],
)
def test_where_a_library_lies(path: str, severity: str) -> None:
    assert causes("GPU001", [file(path, b"x")]) == [(severity, "driver-library")]


def test_the_image_can_make_the_loader_look_anywhere() -> None:
    items = [file("opt/driver/libcuda.so.535.104.05", b"x")]
    assert causes("GPU001", items, config={"Env": ["LD_LIBRARY_PATH=/opt/driver"]}) == [("error", "driver-library")]
    conf = [
        *items,
        file("etc/ld.so.conf", b"include ld.so.conf.d/*.conf\n"),
        file("etc/ld.so.conf.d/x.conf", b"/opt/driver # x\n"),
    ]
    assert causes("GPU001", conf) == [("error", "driver-library")]


@pytest.mark.parametrize("name", ["libcuda.so.1", "libnvidia-ml.so.1"])
@pytest.mark.parametrize("size", [0, 40_000])
def test_blocked_sonames(name: str, size: int) -> None:
    assert causes("GPU001", [Item(path=f"{LIB}/{name}", size=size)]) == [("error", "soname-blocked")]
    assert causes("GPU001", [Item(path=f"usr/lib64/{name}", size=size)]) == [("error", "soname-blocked")]


def test_sonames_that_the_image_puts_first() -> None:
    conf = file("etc/ld.so.conf", b"/usr/local/lib=libc6\n")
    stub, empty = file("usr/local/lib/libcuda.so.1", b"x" * 60_000), file("usr/local/lib/libcuda.so.1")
    path = {"Env": ["LD_LIBRARY_PATH=/x;/usr/local/lib/"]}
    assert causes("GPU001", [stub]) == [("note", "stub-copy")]
    assert causes("GPU001", [stub, conf]) == [("error", "soname-blocked")]
    assert causes("GPU001", [stub], config=path) == [("error", "soname-blocked")]
    assert causes("GPU001", [empty], config=path) == [("error", "soname-blocked")]
    # ldconfig leaves out what is empty.
    assert causes("GPU001", [empty, conf]) == [("warning", "leftover")]


def test_sonames_that_are_not_blocked() -> None:
    # ldconfig puts a symlink right again.
    stub = [symlink(f"{LIB}/libcuda.so.1", "stubs/libcuda.so"), file(f"{LIB}/stubs/libcuda.so", b"x")]
    assert findings("GPU001", stub) == []
    assert causes("GPU001", [file(f"{LIB}/libcuda.so", b"x" * 60_000)]) == [("note", "stub-copy")]
    assert causes("GPU001", [file("opt/x/libcuda.so.1")]) == [("warning", "leftover")]


def test_leftovers() -> None:
    items = [
        file(f"{LIB}/libcuda.so.535.104.05"),
        file(f"{LIB}/libnvidia-ml.so.535.104.05"),
        symlink(f"{LIB}/libcuda.so.1", "libcuda.so.470.1"),
        program("usr/bin/nvidia-smi", b""),
    ]
    finding = only("GPU001", items)
    assert (finding.data["cause"], finding.data["count"]) == ("leftover", 3)
    assert causes("GPU002", items) == [("warning", "leftover")]


def test_a_leftover_of_wsl_and_links_to_a_stub() -> None:
    assert causes("GPU001", [file("usr/lib/wsl/lib/libd3d12.so")]) == [("warning", "leftover")]
    stub = [Item(path=f"{LIB}/libcuda.so.1", size=60_000), symlink(f"{LIB}/libcuda.so", "libcuda.so.1")]
    assert causes("GPU001", stub) == [("error", "soname-blocked")]
    assert make_subject(stub).facts.nvidia.driver_files == ()


def test_stubs_on_the_loader_path() -> None:
    stubs = [file("usr/local/cuda-12.8/lib64/stubs/libcuda.so", b"x"), symlink("usr/local/cuda", "cuda-12.8")]
    named = [*stubs, symlink("usr/local/cuda-12.8/lib64/stubs/libcuda.so.1", "libcuda.so")]
    path = {"Env": ["LD_LIBRARY_PATH=/usr/local/cuda/lib64/stubs:/usr/local/cuda/lib64"]}
    assert causes("GPU001", stubs, config=path) == [("warning", "stubs-on-loader-path")]
    assert causes("GPU001", named, config=path) == [("error", "stubs-on-loader-path")]
    assert findings("GPU001", named, config={"Env": ["LIBRARY_PATH=/usr/local/cuda/lib64/stubs"]}) == []


def test_compat_on_the_loader_path() -> None:
    items = [file("usr/local/cuda-12.8/compat/libcuda.so.570.124.06", b"x"), symlink("usr/local/cuda", "cuda-12.8")]
    path = {"Env": ["LD_LIBRARY_PATH=/usr/local/cuda/compat"]}
    assert causes("GPU001", items, config=path) == [("warning", "compat-on-loader-path")]
    conf = [
        *items,
        file("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n"),
        file("etc/ld.so.conf.d/c.conf", b"/usr/local/cuda/compat\n"),
    ]
    assert causes("GPU001", conf) == [("warning", "compat-on-loader-path")]
    assert findings("GPU001", items) == []


def test_symlinks_where_programs_are_mounted() -> None:
    items = [
        symlink("usr/bin/nvidia-smi", "/etc/alternatives/nvidia--nvidia-smi"),
        symlink("etc/alternatives/nvidia--nvidia-smi", "/usr/lib/nvidia/current/nvidia-smi"),
        program("usr/lib/nvidia/current/nvidia-smi"),
    ]
    assert causes("GPU002", items) == [("error", "injected-binary-is-symlink"), ("warning", "program")]
    assert ("error", "injected-binary-is-symlink") in causes("GPU002", items[:1])
    merged = [symlink("bin", "usr/bin"), symlink("usr/bin/nv-fabricmanager", "/bin/true"), program("usr/bin/true")]
    assert causes("GPU002", merged) == [("error", "injected-binary-is-symlink")]
    assert findings("GPU002", [symlink("usr/local/bin/nvidia-smi", "/bin/true"), program("bin/true")]) == []


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (file("lib/modules/6.1.0/updates/dkms/nvidia.ko", b"x"), ("error", "kernel-module")),
        (file("lib/modules/6.8.0-94-generic/kernel/nvidia-580/bits/nvidia.o", b"x"), ("error", "kernel-module")),
        (file("usr/src/nvidia-580.178.04/dkms.conf", b"x"), ("warning", "kernel-files")),
        (file("lib/firmware/nvidia/580.178.04/gsp_ga10x.bin", b"x"), ("warning", "kernel-files")),
        (file("etc/modprobe.d/nvidia-graphics.conf", b"x"), ("note", "kernel-files")),
        (symlink("lib/modules/6.1.0/updates/nvidia.ko", "/gone"), ("warning", "leftover")),
        (symlink("etc/modprobe.d/nvidia.conf", "/gone"), ("warning", "leftover")),
        (program("usr/bin/nvidia-uninstall"), ("error", "installer")),
        (program("usr/bin/nvidia-smi"), ("warning", "program")),
        (program("usr/bin/nvidia-smi", b"#!/bin/sh\n"), ("note", "program")),
        (program("usr/bin/nvidia-settings"), ("note", "program")),
        (file("var/log/nvidia-installer.log", b"x"), ("warning", "leftover")),
        (file("usr/share/nvidia/nvidia-application-profiles-535.104.05-rc", b"x"), ("warning", "data")),
    ],
)
def test_tooling(item: Item, expected: tuple[str, str]) -> None:
    assert causes("GPU002", [item]) == [expected]
    assert findings("GPU001", [item]) == []


def test_stock_kernels_and_look_alikes() -> None:
    items = [
        file("lib/modules/6.1.0-50-amd64/kernel/drivers/gpu/drm/nouveau/nouveau.ko", b"x"),
        file("lib/modules/6.1.0-50-amd64/kernel/drivers/platform/x86/nvidia-wmi-ec-backlight.ko", b"x"),
        file("lib/firmware/nvidia/ga102/gsp/gsp-535.113.01.bin", b"x"),
        file("usr/src/nvidia-fs-2.13/Makefile", b"x"),
        file("home/u/nvidia-smi", b"x"),
    ]
    for rule in ("GPU001", "GPU002"):
        assert findings(rule, items) == []


def test_the_container_toolkit_belongs_to_the_host() -> None:
    layers = [
        [program("usr/bin/nvidia-container-cli"), file(f"{LIB}/libnvidia-container.so.1", b"x")],
        [file("etc/nvidia-container-runtime/config.toml", b"x")],
    ]
    found = findings("GPU002", *layers)
    assert [(severity, finding.layer, finding.data["count"]) for severity, finding in found] == [
        ("warning", 0, 2),
        ("warning", 1, 1),
    ]
    assert {finding.data["cause"] for _, finding in found} == {"container-toolkit"}
    assert findings("GPU001", *layers) == []


def test_packages_without_files() -> None:
    assert causes("GPU002", [file(STATUS, package("nvidia-driver-libs"))]) == [("warning", "package")]
    dummy = package("libnvidia-compute-510", "525.147.05", "nvidia-graphics-drivers-525", "Transitional package")
    assert causes("GPU002", [file(STATUS, dummy)]) == [("note", "package")]
    removed = package("libcuda1").replace(b"install ok installed", b"deinstall ok config-files")
    assert findings("GPU002", [file(STATUS, removed)]) == []
    distroless = [file("var/lib/dpkg/status.d/libcuda1", package("libcuda1", source="x"))]
    assert causes("GPU002", distroless) == [("warning", "package")]


def test_a_soname_that_leads_to_a_file_of_no_name() -> None:
    items = [symlink("usr/lib/libcuda.so.1", "/opt/blob.bin"), Item(path="opt/blob.bin", size=3_000_000)]
    ((severity, finding),) = findings("GPU001", items)
    assert (severity, finding.path, finding.data["cause"]) == ("error", "/usr/lib/libcuda.so.1", "driver-library")
    assert finding.data["bytes"] == 3_000_000


def test_a_directory_where_a_program_is_mounted() -> None:
    ((severity, finding),) = findings("GPU002", [directory("usr/bin/nvidia-smi"), directory("usr/local/nvidia")])
    assert (severity, finding.data["cause"]) == ("error", "injected-binary-is-no-file")


CUDA_124 = [file("usr/local/cuda-12.4/version.json", b'{"cuda": {"version": "12.4.1"}}')]


def test_cuda_versions() -> None:
    two = [*CUDA_124, file("opt/v/lib/python3.11/site-packages/nvidia_cuda_runtime-13.0.48.dist-info/METADATA", b"x")]
    ((severity, finding),) = findings("GPU003", two, config={"Env": ["CUDA_VERSION=11.8.0"]})
    assert (severity, finding.message) == ("note", "CUDA 12.4, 13.0")
    assert finding.data["versions"] == ["11.8", "12.4", "13.0"]
    assert [item["source"] for item in finding.data["evidence"]] == ["file", "wheel", "variable"]
    ((_, finding),) = findings("GPU003", base(), config={"Env": ["CUDA_VERSION=11.8.0"]})
    assert finding.message == "CUDA 11.8, according to CUDA_VERSION"
    assert findings("GPU003", base()) == []


@pytest.mark.parametrize(
    ("variables", "driver", "severity", "fulfilled"),
    [
        (["NVIDIA_REQUIRE_CUDA=cuda>=12.4"], None, "note", None),
        (["NVIDIA_REQUIRE_CUDA=cuda>=12.4"], "550.54.15", "note", True),
        (["NVIDIA_REQUIRE_CUDA=cuda>=12.4"], "535.104.05", "error", False),
        (["NVIDIA_REQUIRE_CUDA=cuda>=12.4 brand=tesla,driver>=535,driver<536"], "535.104.05", "note", None),
        (["NVIDIA_REQUIRE_CUDA=cuda>=13.0"], "535.183.01", "error", False),
        (["NVIDIA_REQUIRE_CUDA=cuda>=13.0"], "580", "note", True),
        (["NVIDIA_REQUIRE_CUDA=cuda>=12.4"], "not a version", "note", None),
        (["CUDA_VERSION=12.4.1"], "535.104.05", "error", False),
        (["CUDA_VERSION=12.4.1.2.3"], None, "error", "unknown"),
        (["NVIDIA_REQUIRE_CUDA=newest"], "580", "error", "unknown"),
    ],
)
def test_required_drivers(
    variables: list[str],
    driver: str | None,
    severity: str,
    fulfilled: bool | Literal["unknown"] | None,  # noqa: FBT001 - a column of the table
) -> None:
    ((found, finding),) = findings("GPU004", base(), config={"Env": variables}, driver_version=driver)
    assert found == severity
    assert fulfilled == "unknown" or finding.data["fulfilled"] is fulfilled
    assert (driver is not None and driver in finding.message) == (fulfilled in (True, False))


def test_required_drivers_say_which() -> None:
    finding = only("GPU004", base(), config={"Env": ["NVIDIA_REQUIRE_CUDA=cuda>=12.4 " + "brand=tesla,driver>=1 " * 9]})
    assert (finding.data["cuda"], finding.data["driver"]) == ("12.4", "550.54.14")
    assert "..." in finding.message
    assert "(driver 550.54.14 or newer, or one that an alternative allows)" in finding.message
    assert findings("GPU004", base(), config={"Env": ["NVIDIA_REQUIRE_CUDA=cuda>=1", "NVIDIA_DISABLE_REQUIRE=1"]}) == []
    finding = only("GPU004", base(), config={"Env": ["NVIDIA_REQUIRE_CUDA=cuda>=13.0"]}, driver_version="535.183.01")
    assert finding.message == (
        "NVIDIA_REQUIRE_CUDA requires cuda>=13.0 (driver 580.65.06 or newer), but the host's driver is 535.183.01: the "
        "container does not start on a GPU instance"
    )


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("all", None),
        ("", None),
        ("compute,utility", None),
        ("utility, compute,video", None),
        ("all,nonsense", None),
        ("graphics", "warning"),
        ("compute,graphics", "warning"),
        ("compute,utility,none", "error"),
        ("Compute,utility", "error"),
        ("compute utility", "error"),
    ],
)
def test_driver_capabilities(value: str, severity: str | None) -> None:
    found = findings("GPU005", base(), config={"Env": [f"NVIDIA_DRIVER_CAPABILITIES={value}"]})
    assert [severity for severity, _ in found] == ([severity] if severity else [])
    assert findings("GPU005", base()) == []


@pytest.mark.parametrize(
    ("value", "severity", "what"),
    [
        ("all", None, ""),
        ("nvidia.com/gpu=all", None, ""),
        ("runtime.nvidia.com/gpu=all", None, ""),
        ("void", "warning", "no GPU"),
        ("none", "warning", "no GPU"),
        ("", "warning", "no GPU"),
        ("nvidia.com/gpu=none", "warning", "no GPU"),
        ("0", "note", "only the first GPU"),
        ("nvidia.com/gpu=0", "note", "only the first GPU"),
        ("0,1", "warning", "specific GPUs"),
        ("nvidia.com/gpu=3", "warning", "specific GPUs"),
        ("nvidia.com/gpu=GPU-8a56a4bc", "warning", "specific GPUs"),
        ("example.com/gpu=all", "warning", "specific GPUs"),
    ],
)
def test_visible_devices(value: str, severity: str | None, what: str) -> None:
    config = {"Env": [f"NVIDIA_VISIBLE_DEVICES={value}"]}
    assert [found for found, _ in findings("GPU006", base(), config=config)] == ["note"] * bool(severity)
    newer = findings("GPU006", base(), config=config, profile="studio-jupyterlab")
    assert [found for found, _ in newer] == ([severity] if severity else [])
    assert all(f" requests {what};" in finding.message for _, finding in newer)
    assert findings("GPU006", base()) == []


@pytest.mark.parametrize(
    ("driver", "compat", "severity", "told"),
    [
        (None, None, "note", "on the host"),
        ("525.60.13", None, "note", "525.60.13 is sufficient"),
        ("525", None, "note", "525 is sufficient"),
        ("520.61.05", None, "error", "which has 520.61.05"),
        ("470.57.02", "550.54.15", "note", "the image's compatibility package (driver 550.54.15) may make it work"),
        ("470.57.02", "520.61.05", "error", "compatibility package is too old, too (driver 520.61.05)"),
        ("535.104.05", "520.61.05", "note", "535.104.05 is sufficient"),
    ],
)
def test_minimum_drivers(driver: str | None, compat: str | None, severity: str, told: str) -> None:
    items = [*CUDA_124, file("usr/lib/x86_64-linux-gnu/libcudart.so.11.8.89", b"x")]
    if compat is not None:
        items.append(file(f"usr/local/cuda-12.4/compat/libcuda.so.{compat}", b"x"))
    ((found, finding),) = findings("GPU007", items, driver_version=driver)
    assert found == severity
    assert (finding.data["cuda"], finding.data["minimum_driver"]) == ("12.4", "525.60.13")
    assert told in finding.message
    assert findings("GPU007", base(), driver_version=driver) == []


SITE = "opt/conda/lib/python3.12/site-packages"
CUDA_13 = [
    [file(f"{SITE}/nvidia_cuda_runtime-13.0.96.dist-info/METADATA", b"x")],
    [file(f"{SITE}/nvidia_cublas-13.1.0.3.dist-info/METADATA", b"x")],
    [file(f"{SITE}/nvidia_cudnn_cu13-9.13.0.50.dist-info/METADATA", b"x")],
    [file(f"{SITE}/torch-2.9.0+cu130.dist-info/METADATA", b"x")],
    [file(f"{SITE}/cupy_cuda13x-13.6.0.dist-info/METADATA", b"x")],
    [file(f"{SITE}/nvidia/cu13/lib/libcudart.so.13", b"x")],
    [file("usr/local/cuda-13.0/version.json", b'{"cuda": {"version": "13.0.2"}}')],
]


@pytest.mark.parametrize("items", CUDA_13)
@pytest.mark.parametrize(
    ("driver", "severity"), [(None, "note"), ("535.183.01", "error"), ("570", "error"), ("580.65.06", "note")]
)
def test_cuda_13_needs_driver_580(items: list[Item], driver: str | None, severity: str) -> None:
    for profile in ("studio-classic", "studio-jupyterlab"):
        ((found, finding),) = findings("GPU007", base(), items, driver_version=driver, profile=profile)
        assert (found, finding.data["minimum_driver"]) == (severity, "580")
        assert "580" in finding.message


def test_a_compatibility_package_that_only_dpkg_lists() -> None:
    items = [*CUDA_13[0], file(STATUS, package("cuda-compat-13-0", "580.65.06-0ubuntu1", "cuda-compat"))]
    ((severity, finding),) = findings("GPU007", items, driver_version="550.54.15")
    assert (severity, finding.data["compat"], finding.data["compat_driver"]) == ("note", True, "580.65.06")
    items = [*CUDA_13[0], file(STATUS, package("cuda-compat-12-4", "550.54.15-1", "cuda-compat"))]
    assert [severity for severity, _ in findings("GPU007", items, driver_version="535")] == ["error"]
