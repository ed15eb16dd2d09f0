"""Users, what they may read, and owners of files in any layer."""

from typing import Any

import pytest

from ocianalyze.rules.profiles import CODE_EDITOR
from tests.rules.subjects import (
    GROUPS,
    IPYKERNEL,
    base,
    findings,
    kernel,
    kernel_json,
    make_subject,
    program,
    python,
    verdict,
)
from tests.support.tarballs import Item, directory, file, hardlink, symlink, whiteout


def passwd(*lines: str) -> list[Item]:
    """Return /etc/passwd and /etc/group."""
    return [file("etc/passwd", "\n".join(lines).encode()), file("etc/group", GROUPS.encode())]


SAGEMAKER = passwd("root:x:0:0::/root:", "sagemaker-user:x:1000:100::/home/sagemaker-user:")


@pytest.mark.parametrize(
    ("items", "user"),
    [
        (SAGEMAKER, "1000"),
        (SAGEMAKER, "sagemaker-user"),
        (SAGEMAKER, "1000:100"),
        (SAGEMAKER, "sagemaker-user:users"),
        (SAGEMAKER, ""),
        (SAGEMAKER, "root"),
        ([], "0"),
        ([], ""),
        ([], "1000:100"),
        # AWS's R image: two users of one number.
        (passwd("sagemaker-user:x:1000:100::/home/sagemaker-user:", "rstudio:x:1000:100::/home/rstudio:"), "rstudio"),
    ],
)
def test_supported_users(items: list[Item], user: str) -> None:
    for rule in ("USR001", "USR003", "USR004"):
        assert findings(rule, items, config={"User": user}) == []


@pytest.mark.parametrize(
    ("items", "user", "rule"),
    [
        (passwd("u:x:1000:1000::/home/u:"), "1000", "USR001"),
        (passwd("u:x:1001:100::/home/u:"), "u", "USR001"),
        (SAGEMAKER, "1000:0", "USR001"),
        (SAGEMAKER, "0:100", "USR001"),
        (SAGEMAKER, "jovyan", "USR003"),
        (SAGEMAKER, "1000:wheel", "USR003"),
        (SAGEMAKER, "4294967295", "USR003"),
        ([], "sagemaker-user", "USR003"),
        (passwd("root:x:0:0::/root:"), "1000", "USR004"),
        ([], "1000", "USR004"),
    ],
)
def test_unsupported_users(items: list[Item], user: str, rule: str) -> None:
    found = {name: findings(name, items, config={"User": user}) for name in ("USR001", "USR003", "USR004")}
    assert [severity for severity, _ in found.pop(rule)] == ["error"]
    assert not any(found.values())


def test_an_unlisted_user_of_another_number_is_both() -> None:
    for rule in ("USR001", "USR004"):
        assert [severity for severity, _ in findings(rule, base(), config={"User": "5000"})] == ["error"]


@pytest.mark.parametrize("owner", [{"uid": 65535}, {"gid": 65535}, {"uid": 65534, "gid": 65534}])
def test_owners_in_range(owner: dict[str, Any]) -> None:
    assert findings("USR005", [file("a", **owner)]) == []


@pytest.mark.parametrize(
    "item",
    [
        file("a", uid=65536),
        file("a", gid=65536),
        directory("a", uid=4294967294),
        # Beyond seven octal digits: a PAX record.
        file("a", uid=2_000_123_456),
        Item(path="a", kind="symlink", target="b", gid=70_000),
    ],
)
def test_owners_out_of_range(item: Item) -> None:
    ((severity, finding),) = findings("USR005", [file("x"), item])
    assert (severity, finding.path, finding.layer, finding.data["count"]) == ("error", "/a", 0, 1)


def test_deleted_files_count_and_layers_are_told_apart() -> None:
    layers = [
        [file("ok")],
        [file(f"d/{n}", uid=70_000 + n % 2) for n in range(30)],
        [whiteout("d")],
        [file("e", gid=99_999), hardlink("f", "e", gid=99_999)],
    ]
    first, second = (finding for _, finding in findings("USR005", *layers))
    assert (first.layer, first.data["count"], first.data["deleted"]) == (1, 30, 30)
    assert first.data["ids"] == ["70000:0", "70001:0"]
    assert len(first.data["paths"]) == 10
    assert "deleted or replaced in a later layer" in first.message
    assert (second.layer, second.data["count"], second.data["deleted"]) == (3, 2, 0)


# ---- the newer Studio ------------------------------------------------------------------------------------------------

NEWER = ("studio-jupyterlab", "studio-code-editor", "unified-studio")


@pytest.mark.parametrize("profile", NEWER)
def test_users_of_the_newer_studio(profile: str) -> None:
    for user, rules in (("1000", set()), ("0", {"USR001"}), ("5000", {"USR001", "USR004"}), ("nobody", {"USR003"})):
        found = verdict(make_subject(SAGEMAKER, config={"User": user}), profile)
        expected = {rule: "error" if rule == "USR003" else "warning" for rule in rules}
        assert {rule: severity for rule, severity in found.items() if rule < "USR005" and rule > "USR"} == expected
    ((severity, _),) = findings("USR005", [file("a", uid=70_000)], profile=profile)
    assert severity == "warning"
    # AWS's micromamba sample for Code Editor: USER 1000 without an entry.
    assert verdict(make_subject(base()[:2], config={"User": "1000"}), profile).get("USR004") == "warning"


# ---- USR002 --------------------------------------------------------------------------------------------------------


def files(**settings: object) -> dict[str, Any]:
    """Return an AppImageConfig with a FileSystemConfig."""
    return {"AppImageConfigName": "x", "KernelGatewayImageConfig": {"KernelSpecs": [], "FileSystemConfig": settings}}


NO_FILES: dict[str, Any] = {"AppImageConfigName": "x", "KernelGatewayImageConfig": {"KernelSpecs": []}}


@pytest.mark.parametrize(
    ("user", "config", "severity"),
    [
        ("1000", files(DefaultUid=1000, DefaultGid=100), None),
        ("1000", files(MountPath="/root"), None),
        ("1000", NO_FILES, None),
        ("0", files(DefaultUid=0, DefaultGid=0), None),
        ("0", files(DefaultUid=1000, DefaultGid=100), "error"),
        ("0", files(DefaultUid=0), "error"),  # the group is 100 then
        ("0", files(MountPath="/root"), "error"),
        ("0", NO_FILES, "warning"),  # the sources contradict each other
        ("1000", files(DefaultUid=0, DefaultGid=0), "error"),
        ("1000:0", files(DefaultUid=1000, DefaultGid=100), "error"),
        ("0", {"JupyterLabAppImageConfig": {}}, None),
        ("0", None, None),
        ("nobody", files(DefaultUid=0), None),  # USR003's
        ("1000", files(DefaultUid=True, DefaultGid="0"), None),  # CFG003's
    ],
)
def test_app_image_config(user: str, config: dict[str, Any] | None, severity: str | None) -> None:
    found = findings("USR002", SAGEMAKER, config={"User": user}, app_image_config=config)
    assert [item for item, _ in found] == ([severity] if severity else [])
    assert findings("USR002", SAGEMAKER, config={"User": user}, app_image_config=config, profile=NEWER[0]) == []


# ---- USR006 --------------------------------------------------------------------------------------------------------

KERNELS = "usr/local/share/jupyter/kernels"


def python_kernel(**attributes: int) -> list[Item]:
    """Return a kernel, whose kernel.json has these attributes."""
    spec = kernel_json(("/usr/local/bin/python3", *IPYKERNEL))
    return [
        *base(),
        *python("usr/local", names=("python3", "python")),
        file(f"{KERNELS}/k/kernel.json", spec, **attributes),
    ]


@pytest.mark.parametrize(
    ("attributes", "denied"),
    [
        ({"mode": 0o600}, True),
        ({"mode": 0o640}, True),
        ({"mode": 0o640, "gid": 100}, False),
        ({"mode": 0o640, "gid": 50}, False),  # a supplementary group
        ({"mode": 0o604, "gid": 100}, True),  # the group's bits count, not those of others
        ({"mode": 0o400, "uid": 1000}, False),
        ({"mode": 0o044, "uid": 1000}, True),
        ({"mode": 0o444}, False),
    ],
)
def test_kernel_specs_that_cannot_be_read(attributes: dict[str, int], *, denied: bool) -> None:
    groups = file("etc/group", b"users:x:100:\nstaff:x:50:sagemaker-user\n")
    items = [*python_kernel(**attributes), groups]
    for profile in ("studio-classic", *NEWER):
        found = findings("USR006", items, profile=profile)
        expected = "warning" if profile == CODE_EDITOR else "error"  # the editor finds interpreters by itself
        assert [severity for severity, _ in found] == ([expected] if denied else [])
    assert findings("USR006", items, config={"User": "0"}) == []
    assert bool(findings("KRN001", items)) == denied


@pytest.mark.parametrize("place", ["usr/local", "usr/local/share", "usr/local/share/jupyter", KERNELS, f"{KERNELS}/k"])
def test_directories_that_cannot_be_searched(place: str) -> None:
    items = [*python_kernel(), directory(place, mode=0o750)]
    found = [finding for _, finding in findings("USR006", items)]
    assert {finding.data["denied"] for finding in found} == {f"/{place}"}
    assert {finding.data["mode"] for finding in found} == {"0750"}


def test_a_directory_that_can_be_searched_but_not_listed() -> None:
    ((severity, finding),) = findings("USR006", [*python_kernel(), directory(KERNELS, mode=0o711)])
    assert (severity, finding.path) == ("error", f"/{KERNELS}")
    assert "cannot be listed" in finding.message


def test_links_into_closed_directories() -> None:
    items = [
        *python_kernel()[:-1],
        symlink(f"{KERNELS}/k", "/root/k"),
        directory("root", mode=0o700),
        kernel("root/k", ("/usr/local/bin/python3", *IPYKERNEL)),
    ]
    ((_, finding),) = findings("USR006", items)
    assert finding.data["denied"] == "/root"


def test_kernels_below_root_shadow_nothing() -> None:
    spec = kernel("root/.local/share/jupyter/kernels/k", ("/gone", *IPYKERNEL))
    items = [*python_kernel(), directory("root", mode=0o700), spec]
    config = {"Env": ["HOME=/root", "PATH=/usr/local/bin:/bin"]}
    assert findings("USR006", items, config=config) == []
    assert findings("KRN005", items, config=config) == []
    assert findings("KRN001", items, config=config) == []
    alone = [item for item in items if not item.path.startswith(KERNELS)]
    assert [severity for severity, _ in findings("USR006", alone, config=config)] == ["error"]


def test_programs_of_kernels() -> None:
    items = [*python_kernel()[:-1], directory("root", mode=0o700), program("root/tool")]
    items.append(kernel(f"{KERNELS}/k", ("/root/tool", "{connection_file}")))
    for profile in ("studio-classic", *NEWER):
        ((severity, finding),) = findings("USR006", items, profile=profile)
        assert (severity, finding.data["kernel"]) == ("warning" if profile == CODE_EDITOR else "error", "k")
        assert "/root has mode 0700, owner 0:0" in finding.message
        assert findings("KRN005", items, profile=profile) == []
    assert findings("USR006", items, config={"User": "0"}) == []
    nobody = [*items[:-2], program("root/tool", mode=0o600), items[-1], directory("root", mode=0o755)]
    assert findings("USR006", nobody) == []
    assert [severity for severity, _ in findings("KRN005", nobody)] == ["error"]


def test_modules_that_cannot_be_read() -> None:
    module = "usr/local/lib/python3.11/site-packages/ipykernel_launcher.py"
    ((_, finding),) = findings("USR006", [*python_kernel(), file(module, mode=0o600)])
    assert (finding.data["denied"], finding.data["kernel"]) == (f"/{module}", "k")


def test_access_control_lists_are_not_judged() -> None:
    spec = kernel_json(("/usr/local/bin/python3", *IPYKERNEL))
    item = Item(path=f"{KERNELS}/k/kernel.json", content=spec, mode=0o600, xattrs={"system.posix_acl_access": "\2"})
    assert findings("USR006", [*python_kernel()[:-1], item]) == []


@pytest.mark.parametrize(
    ("item", "config", "denied"),
    [
        (program("opt/run", mode=0o700), {"Entrypoint": ["/opt/run"]}, True),
        (program("opt/run", mode=0o644), {"Cmd": ["/opt/run"]}, True),
        (program("opt/run", b"#!/bin/sh\n", mode=0o711), {"Cmd": ["opt/run"]}, True),
        (program("opt/run", mode=0o711), {"Cmd": ["/opt/run"]}, False),
        (program("opt/run", b"#!/bin/sh\n"), {"Entrypoint": ["run"], "WorkingDir": "/opt", "Env": ["PATH=."]}, False),
        (program("opt/run"), {"Entrypoint": ["/gone"]}, False),  # no matter of permissions
    ],
)
def test_entry_points(item: Item, config: dict[str, Any], *, denied: bool) -> None:
    for profile in NEWER:
        found = findings("USR006", [*base(), item], config=config, profile=profile)
        assert [severity for severity, _ in found] == (["error"] if denied else [])
    assert findings("USR006", [*base(), item], config=config) == []


# ---- USR007, USR008 --------------------------------------------------------------------------------------------------


def test_homes() -> None:
    users = passwd("u:x:1000:100::/home/u:", "sagemaker-user:x:1001:100::/home/sagemaker-user:", "r:x:0:0::/root:")
    own = [*users, directory("home/u", uid=1000)]
    assert findings("USR007", own, config={"User": "u"}) == []
    for items, owner in ((users, None), ([*users, directory("home/u")], 0), ([*users, file("home/u")], None)):
        for profile in ("studio-classic", *NEWER):
            ((severity, finding),) = findings("USR007", items, config={"User": "u"}, profile=profile)
            assert (severity, finding.data["owner"]) == ("note", owner)
    # Something is mounted there, or it does not matter.
    assert findings("USR007", users, config={"User": "sagemaker-user"}) == []
    for user in ("0", "7777", "nobody"):
        assert findings("USR007", users, config={"User": user}) == []
    elsewhere = files(MountPath="/home/u")
    assert findings("USR007", users, config={"User": "u"}, app_image_config=elsewhere) == []
    assert findings("USR007", users, config={"User": "u"}, app_image_config=elsewhere, profile=NEWER[0])


SUDO = program("usr/bin/sudo", mode=0o4755)


@pytest.mark.parametrize(
    ("items", "granted"),
    [
        ([file("etc/sudoers", b"root ALL=(ALL) ALL\nsagemaker-user ALL=(ALL) NOPASSWD:ALL\n")], True),
        ([file("etc/sudoers.d/users", b"%users ALL=(ALL:ALL) SETENV: NOPASSWD: /usr/bin/apt\n")], True),
        ([file("etc/sudoers.d/all", b"  ALL\tALL = NOPASSWD:ALL\n")], True),
        ([file("etc/sudoers.d/id", b"#1000 ALL=NOPASSWD: ALL\n")], True),
        ([file("etc/sudoers", b"sagemaker-user ALL=(ALL) ALL\n")], False),
        ([file("etc/sudoers", b"# sagemaker-user ALL=(ALL) NOPASSWD:ALL\n%wheel ALL=(ALL) NOPASSWD: ALL\n")], False),
        (
            [
                file("etc/sudoers.d/a.conf", b"ALL ALL=NOPASSWD:ALL\n"),
                file("etc/sudoers.d/b~", b"ALL ALL=NOPASSWD:ALL\n"),
            ],
            False,
        ),
        ([], False),
    ],
)
def test_sudo(items: list[Item], *, granted: bool) -> None:
    found = findings("USR008", [*SAGEMAKER, SUDO, *items])
    assert [severity for severity, _ in found] == (["note"] if granted else [])
    assert findings("USR008", [*SAGEMAKER, *items]) == []
    assert findings("USR008", [*SAGEMAKER, program("usr/bin/sudo"), *items]) == []
    assert findings("USR008", [*SAGEMAKER, SUDO, *items], config={"User": "0"}) == []


def test_sudoers_without_measure() -> None:
    hostile = b"a" * 100_000 + b" " * 100_000 + b"=" + b"A:" * 10_000
    assert findings("USR008", [*SAGEMAKER, SUDO, file("etc/sudoers", hostile)]) == []


@pytest.mark.parametrize(
    ("accounts", "user", "hint"),
    [
        ("ubuntu:x:1000:1000::/home/ubuntu:/bin/sh\n", "1000", "userdel --remove ubuntu && useradd"),
        ("ubuntu:x:1000:1000::/home/ubuntu:/bin/sh\nlab:x:1000:100::/home/lab:/bin/sh\n", "1000", "Set 'USER lab'"),
        ("lab:x:1000:1000::/home/lab:/bin/sh\n", "1000", "usermod --gid 100 lab"),
        ("lab:x:1000:100::/home/lab:/bin/sh\n", "1000:1000", "Set 'USER 1000:100'"),
        ("lab:x:1000:100::/home/lab:/bin/sh\n", "7", "Set 'USER 1000'"),
        ("sagemaker-user:x:1001:100::/home/lab:/bin/sh\n", "1001", "usermod --uid 1000 --gid 100 sagemaker-user"),
        ("", "7", "Create the user: 'USER root', 'RUN useradd"),
    ],
)
def test_the_hint_makes_a_user_of_what_there_is(accounts: str, user: str, hint: str) -> None:
    items = [item for item in base() if item.path != "etc/passwd"]
    items.append(file("etc/passwd", f"root:x:0:0:root:/root:/bin/sh\n{accounts}".encode()))
    ((_, finding),) = findings("USR001", items, config={"User": user})
    assert hint in (finding.hint or "")


def test_home_of_another_user_with_the_same_id() -> None:
    accounts = b"root:x:0:0:::\nubuntu:x:1000:1000::/home/ubuntu:\nlab:x:1000:100::/home/lab:\n"
    items = [item for item in base() if item.path != "etc/passwd"]
    items += [file("etc/passwd", accounts), directory("home/ubuntu", uid=1000), directory("home/lab", uid=1000)]
    ((severity, finding),) = findings("USR007", items, config={"User": "lab"})
    assert severity == "note"
    assert "HOME is /home/ubuntu, not /home/lab" in finding.message
    assert findings("USR007", items, config={"User": "1000"}) == []
    assert findings("USR007", items, config={"User": "lab", "Env": ["HOME=/home/lab"]}) == []
