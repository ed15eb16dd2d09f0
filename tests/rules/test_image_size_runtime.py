"""Platform, processors, sizes, and the shell."""

import pytest

from tests.rules.subjects import base, elf, findings, good, good_kernel, kernel, program, python
from tests.support.tarballs import Item, directory, file, symlink, whiteout

SMALL_LIMIT = 35_000


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/amd64/v3", "linux/x86_64", "linux"])
def test_supported_platforms(platform: str) -> None:
    assert findings("IMG001", good(), platform=platform) == []


@pytest.mark.parametrize("platform", ["linux/arm64", "linux/arm64/v8", "windows/amd64", "linux/386"])
def test_unsupported_platforms(platform: str) -> None:
    ((severity, finding),) = findings("IMG001", good(), platform=platform)
    assert severity == "error"
    assert finding.data == {"platform": platform}


def test_machines() -> None:
    assert findings("IMG002", good()) == []
    arm = [file("etc/x"), program("bin/sh", elf(0xB7))]
    ((severity, finding),) = findings("IMG002", arm)
    assert (severity, finding.path, finding.layer) == ("error", "/bin/sh", 0)
    assert "ARM aarch64" in finding.message
    ((severity, _),) = findings("IMG002", [program("bin/sh", elf(0x03))])
    assert severity == "warning"


def test_machine_of_kernels_and_of_interpreters_of_scripts() -> None:
    items = [
        *base(),
        program("opt/run", b"#!/opt/arm\n"),
        program("opt/arm", elf(0xB7)),
        kernel("usr/local/share/jupyter/kernels/a", ("/opt/run", "{connection_file}")),
        kernel("usr/local/share/jupyter/kernels/b", ("/opt/arm", "{connection_file}")),
    ]
    ((_, finding),) = findings("IMG002", items)
    assert (finding.path, finding.data["needed_for"]) == ("/opt/arm", "the program of kernel 'a'")


@pytest.mark.parametrize(
    ("size", "severity"),
    [(34_000, None), (34_949, None), (34_950, "warning"), (35_000, "warning"), (35_050, "warning"), (35_051, "error")],
)
def test_size_limit_and_the_band_that_docker_rounds(size: int, severity: str | None) -> None:
    found = findings("SIZ001", [Item(path="a", size=size)], size_limit=SMALL_LIMIT)
    assert [severity for severity, _ in found] == ([severity] if severity else [])


def test_deleted_bytes_count() -> None:
    layers = [[Item(path="a", size=20_000)], [whiteout("a")], [Item(path="b", size=20_000)]]
    ((severity, finding),) = findings("SIZ001", *layers, size_limit=SMALL_LIMIT)
    assert (severity, finding.data["docker_image_size"]) == ("error", 40_000)


def test_wasted_bytes() -> None:
    layers = [[Item(path="a", size=1_500_000), file("b", b"x")], [whiteout("a")], [file("b", b"y")]]
    ((severity, finding),) = findings("SIZ003", *layers)
    assert (severity, finding.layer, finding.data["shadowed_bytes"]) == ("note", 0, 1_500_001)
    assert findings("SIZ003", [file("b", b"x")], [whiteout("b")]) == []


@pytest.mark.parametrize(
    "items",
    [
        [program("bin/sh")],
        [symlink("bin", "usr/bin"), symlink("usr/bin/sh", "dash"), program("usr/bin/dash")],
        [symlink("bin/sh", "/bin/busybox"), program("bin/busybox", mode=0o4755)],
    ],
)
def test_shells(items: list[Item]) -> None:
    assert findings("RTM001", items) == []


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([], "missing"),
        ([symlink("bin/sh", "/bin/busybox")], "dangling"),
        ([file("bin/sh", b"x")], "not-executable"),
        ([directory("bin/sh")], "not-a-file"),
        ([program("bin/sh", b"")], "empty"),
    ],
)
def test_no_shell(items: list[Item], problem: str) -> None:
    ((severity, finding),) = findings("RTM001", [file("x"), *items])
    assert (severity, finding.data["problem"]) == ("error", problem)


def test_distroless_python_is_without_shell() -> None:
    items = [item for item in base() if item.path != "bin/sh"]
    found = findings("RTM001", [*items, *python(), good_kernel()])
    assert [severity for severity, _ in found] == ["error"]
