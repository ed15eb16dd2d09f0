"""Platform, processors, sizes, and the shell."""

from typing import Any

import pytest

from ocianalyze.oci.media_types import DOCKER_LAYER, DOCKER_MANIFEST, OCI_LAYER, OCI_MANIFEST
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, UNIFIED, studio
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


def test_machine_of_the_command_where_it_runs() -> None:
    items = [*base(), program("opt/serve", elf(0xB7)), program("opt/start", b"#!/opt/serve\n")]
    for config in (
        {"Cmd": ["/opt/serve"]},
        {"Entrypoint": ["/opt/start"]},
        {"Cmd": ["/bin/sh", "-c", "exec /opt/serve"]},
    ):
        assert findings("IMG002", items, config=config, profile=CLASSIC) == []
        assert findings("IMG002", items, config=config, profile=UNIFIED) == []
        for profile in (JUPYTERLAB, CODE_EDITOR):
            ((severity, finding),) = findings("IMG002", items, config=config, profile=profile)
            assert (severity, finding.path) == ("error", "/opt/serve")
    given = {"JupyterLabAppImageConfig": {"ContainerConfig": {"ContainerEntrypoint": ["/opt/serve"]}}}
    ((severity, _),) = findings("IMG002", items, app_image_config=given, profile=JUPYTERLAB)
    assert severity == "error"
    assert findings("IMG002", items, app_image_config=given, profile=CODE_EDITOR) == []


@pytest.mark.parametrize(
    ("media_type", "classic", "newer"),
    [(OCI_MANIFEST, "warning", "note"), (DOCKER_MANIFEST, None, None)],
)
def test_manifests(media_type: str, classic: str | None, newer: str | None) -> None:
    for profile, severity in ((CLASSIC, classic), (JUPYTERLAB, newer)):
        found = findings("IMG003", base(), media_types=[media_type, ""], profile=profile)
        assert [severity for severity, _ in found] == ([severity] if severity else [])
    assert findings("IMG003", base()) == []


def test_layers_compressed_with_zstd() -> None:
    types = [OCI_MANIFEST, OCI_LAYER + "+zstd", OCI_LAYER + "+gzip", OCI_LAYER + "+zstd"]
    ((severity, finding),) = findings("IMG004", base(), [], [], media_types=types)
    assert (severity, finding.layer, finding.data["layers"]) == ("warning", 0, [0, 2])
    assert findings("IMG004", base(), media_types=[OCI_MANIFEST, OCI_LAYER + "+gzip"]) == []
    assert findings("IMG004", base()) == []


@pytest.mark.parametrize(
    ("size", "media_type", "found"),
    [
        (52_000 << 20, OCI_LAYER + "+gzip", False),
        ((52_000 << 20) + 1, OCI_LAYER + "+gzip", True),
        ((52_000 << 20) + 1, DOCKER_LAYER + ".gzip", True),
        ((52_000 << 20) + 1, OCI_LAYER, False),
    ],
)
def test_the_quota_of_the_registry(size: int, media_type: str, found: bool) -> None:  # noqa: FBT001 - a column
    got = findings("IMG005", base(), sizes=[size], media_types=[OCI_MANIFEST, media_type])
    assert [(severity, finding.layer) for severity, finding in got] == [("error", 0)] * found


@pytest.mark.parametrize(("count", "severity"), [(125, None), (126, "warning")])
def test_the_number_of_layers(count: int, severity: str | None) -> None:
    found = findings("IMG006", *([] for _ in range(count)))
    assert [severity for severity, _ in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("media_type", "found"),
    [
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", True),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", True),
        (OCI_LAYER, False),
    ],
)
def test_foreign_layers(media_type: str, found: bool) -> None:  # noqa: FBT001 - a column of the table
    got = findings("IMG007", base(), [], media_types=[OCI_MANIFEST, OCI_LAYER, media_type])
    assert [(severity, finding.layer) for severity, finding in got] == [("warning", 1)] * found


@pytest.mark.parametrize(
    ("size", "severity"),
    [(34_000, None), (34_949, None), (34_950, "warning"), (35_000, "warning"), (35_050, "warning"), (35_051, "error")],
)
def test_size_limit_and_the_band_that_docker_rounds(size: int, severity: str | None) -> None:
    found = findings("SIZ001", [Item(path="a", size=size)], size_limit=SMALL_LIMIT)
    assert [severity for severity, _ in found] == ([severity] if severity else [])


def test_the_size_limit_of_the_newer_studio_is_a_guess() -> None:
    for profile in studio(None):
        ((severity, _),) = findings("SIZ001", [Item(path="a", size=40_000)], size_limit=SMALL_LIMIT, profile=profile)
        assert severity == ("error" if profile == CLASSIC else "warning")


@pytest.mark.parametrize(
    ("size", "limit", "severity"), [(9_994, 10_000, None), (9_996, 10_000, "warning"), (12_310, 12_340, "warning")]
)
def test_other_limits_have_a_band_of_their_own(size: int, limit: int, severity: str | None) -> None:
    found = findings("SIZ001", [Item(path="a", size=size)], size_limit=limit)
    assert [severity for severity, _ in found] == ([severity] if severity else [])


def test_what_the_containerd_store_shows() -> None:
    many = [Item(path=f"d{n}", size=1) for n in range(10)]
    ((severity, finding),) = findings("SIZ002", many, size_limit=SMALL_LIMIT)
    assert (severity, finding.data["docker_image_size"]) == ("note", 10)
    assert findings("SIZ002", [Item(path="a", size=40_000)], size_limit=SMALL_LIMIT) == []
    assert findings("SIZ002", many) == []


def test_large_downloads() -> None:
    ((severity, finding),) = findings("SIZ004", base(), sizes=[10_000_000_001])
    assert (severity, finding.data) == ("note", {"service": "studio", "compressed": 10_000_000_001})
    assert findings("SIZ004", base(), sizes=[10_000_000_000]) == []
    assert findings("SIZ004", base()) == []


def test_deleted_bytes_count() -> None:
    layers = [[Item(path="a", size=20_000)], [whiteout("a")], [Item(path="b", size=20_000)]]
    ((severity, finding),) = findings("SIZ001", *layers, size_limit=SMALL_LIMIT)
    assert (severity, finding.data["docker_image_size"]) == ("error", 40_000)


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


@pytest.mark.parametrize("items", [good(), [symlink("lib64", "usr/lib64"), program("usr/lib64/ld-linux-x86-64.so.2")]])
def test_glibc(items: list[Item]) -> None:
    assert findings("RTM002", items) == []


@pytest.mark.parametrize(("items", "musl"), [([file("x")], False), ([program("lib/ld-musl-x86_64.so.1")], True)])
def test_no_glibc(items: list[Item], musl: bool) -> None:  # noqa: FBT001 - a column of the table
    ((severity, finding),) = findings("RTM002", items)
    assert (severity, finding.data["musl"]) == ("warning", musl)
    assert findings("RTM002", items, profile=JUPYTERLAB) == []


@pytest.mark.parametrize(
    ("value", "problem"),
    [(None, None), ("/bin/bash", None), ("bash", None), ("/bin/zsh", "missing"), ("/etc/passwd", "not-executable")],
)
def test_terminal_shells(value: str | None, problem: str | None) -> None:
    found = findings("RTM003", good(), config={"Env": [f"SHELL={value}"] if value else []})
    assert [(severity, finding.data["problem"]) for severity, finding in found] == (
        [("note", problem)] if problem else []
    )


def test_no_bash() -> None:
    ((severity, finding),) = findings("RTM003", [program("bin/sh")])
    assert (severity, finding.data["problem"]) == ("note", "not-on-path")


@pytest.mark.parametrize(
    ("items", "severity"),
    [
        ([directory("tmp", mode=0o1777)], None),
        ([file("tmp/a")], None),  # no layer says how it is
        ([symlink("tmp", "var/tmp"), directory("var/tmp", mode=0o1777)], None),
        ([directory("tmp", mode=0o755)], "warning"),
        ([directory("tmp", mode=0o777)], "note"),
        ([file("tmp", b"x")], "warning"),
        ([symlink("tmp", "/gone")], "warning"),
        ([], "warning"),
    ],
)
def test_temporary_directories(items: list[Item], severity: str | None) -> None:
    found = findings("RTM004", [file("x"), *items])
    assert [severity for severity, _ in found] == ([severity] if severity else [])


def test_the_shell_matters_in_the_newer_studio_where_it_runs_the_command() -> None:
    items = [program("opt/serve")]
    shell_form, exec_form = {"Cmd": ["/bin/sh", "-c", "serve"]}, {"Cmd": ["/opt/serve"]}
    for profile in (JUPYTERLAB, CODE_EDITOR):
        assert [severity for severity, _ in findings("RTM001", items, config=shell_form, profile=profile)] == ["error"]
        assert findings("RTM001", items, config=exec_form, profile=profile) == []
        assert findings("RTM001", items, profile=profile) == []
    given = {"JupyterLabAppImageConfig": {"ContainerConfig": {"ContainerEntrypoint": ["/opt/serve"]}}}
    assert findings("RTM001", items, config=shell_form, app_image_config=given, profile=JUPYTERLAB) == []
    assert len(findings("RTM001", items, config=shell_form, app_image_config=given, profile=CODE_EDITOR)) == 1
    assert [severity for severity, _ in findings("RTM001", items, config=exec_form)] == ["error"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", None),
        ("/", None),
        ("/opt/app", None),
        ("/made/by/the/runtime", None),
        ("/by/link", None),
        ("/into/nothing", None),  # made where it leads
        ("/by/proc/self/fd", None),
        ("/dev/pts", None),
        ("/" + "d" * 255, None),
        ("/opt/app/../../etc", None),
        ("app", "relative"),
        ("./app", "relative"),
        ("/opt/file", "not-a-directory"),
        ("/opt/file/below", "not-a-directory"),
        ("/by/file", "not-a-directory"),
        ("/round", "loop"),
        ("/" + "d" * 256, "too-long"),
        ("/d" * 2048, "too-long"),
    ],
)
def test_working_directories(given: str, problem: str | None) -> None:
    items = [
        *(directory("opt/app"), directory("etc"), file("opt/file"), symlink("by/link", "/opt/app")),
        *(symlink("by/file", "../opt/file"), symlink("by/proc", "/proc"), symlink("into", "/gone")),
        *(symlink("round", "/around"), symlink("around", "/round")),
    ]
    found = findings("RTM005", items, config={"WorkingDir": given})
    assert [(severity, finding.data["problem"]) for severity, finding in found] == (
        [("error", problem)] if problem else []
    )


def test_a_working_directory_in_the_users_volume_is_not_looked_at() -> None:
    items = [file("home/sagemaker-user")]
    assert findings("RTM005", items, config={"WorkingDir": "/home/sagemaker-user/work"}, profile=JUPYTERLAB) == []


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({}, None),
        ({"Env": ["A=" + "x" * (131_071 - 2)]}, None),
        ({"Env": ["A=" + "x" * (131_071 - 1)]}, "variable"),
        ({"Env": ["A=" + "ä" * 65_536]}, "variable"),
        ({"Cmd": ["sh", "-c", "x" * 131_071]}, None),
        ({"Cmd": ["sh", "-c", "x" * 131_072]}, "word"),
        ({"Entrypoint": ["x" * 131_072]}, "word"),
        ({"Env": [f"A{number}=" + "x" * 130_000 for number in range(16)]}, None),
        ({"Env": [f"A{number}=" + "x" * 130_000 for number in range(17)]}, "all"),
    ],
)
def test_what_linux_starts_no_program_with(config: dict[str, Any], what: str | None) -> None:
    found = findings("RTM006", [file("x")], config=config)
    assert [(severity, finding.data["what"]) for severity, finding in found] == ([("error", what)] if what else [])
