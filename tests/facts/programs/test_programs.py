"""Where commands lead: PATH, symlinks, permissions, first lines of scripts."""

from collections.abc import Iterable

import pytest

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.programs.lookup import Shell
from ocianalyze.facts.programs.program import Program, search_path
from ocianalyze.facts.programs.shebangs import ShebangError, env_command, parse_shebang
from ocianalyze.facts.user.accounts import User
from tests.rules.subjects import ELF, elf, make_image, program
from tests.support.tarballs import Item, directory, file, symlink

USER = User("1000", 1000, 100, home="/home/u", groups=(50,))
ROOT = User("", 0, 0, home="/root")


def look(
    items: Iterable[Item], word: str, *, user: User = USER, path: tuple[str, ...] = ("/usr/bin", "/opt/bin")
) -> Program:
    """Return what a command leads to in an image of one layer."""
    return Shell(make_image(list(items))[1], user, path).find(word)


def test_first_usable_directory_of_path_wins() -> None:
    items = [file("usr/bin/tool", ELF, mode=0o644), program("opt/bin/tool")]
    assert look(items, "tool").path == "/opt/bin/tool"


def test_a_chain_of_links_is_told() -> None:
    items = [symlink("opt/venv/bin/python", "python3"), symlink("opt/venv/bin/python3", "/usr/local/bin/python3.11")]
    found = look(items, "/opt/venv/bin/python")
    assert found.problem is not None
    assert found.problem.code == "dangling"
    assert found.problem.text == (
        "/opt/venv/bin/python -> /opt/venv/bin/python3 -> /usr/local/bin/python3.11 is a broken symlink"
    )
    whole = look([*items, program("usr/local/bin/python3.11")], "/opt/venv/bin/python")
    assert (whole.problem, whole.real) == (None, "/usr/local/bin/python3.11")
    assert whole.kind == "ELF 64-bit, x86-64"


@pytest.mark.parametrize(
    ("items", "word", "code"),
    [
        ([], "tool", "not-on-path"),
        ([], "/usr/bin/tool", "missing"),
        ([file("usr/bin/tool")], "/usr/bin/tool/x", "missing"),
        ([symlink("usr/bin/tool", "tool")], "tool", "loop"),
        ([symlink("usr/bin/tool", "nowhere")], "tool", "dangling"),
        ([directory("usr/bin/tool")], "tool", "not-a-file"),
        ([file("usr/bin/tool", ELF)], "tool", "not-executable"),
        ([program("usr/bin/tool", mode=0o700)], "tool", "no-permission"),
        ([program("usr/bin/tool", mode=0o750, gid=7)], "tool", "no-permission"),
        ([directory("root", mode=0o700), program("root/tool")], "/root/tool", "no-permission"),
        (
            [directory("root", mode=0o700), program("root/tool"), symlink("usr/bin/tool", "/root/tool")],
            "tool",
            "no-permission",
        ),
        ([program("usr/bin/tool", b"")], "tool", "empty"),
        ([program("usr/bin/tool", b"echo hello\n")], "tool", "not-runnable"),
        ([program("usr/bin/tool", b"#!/usr/bin/missing\n")], "tool", "interpreter"),
        ([program("usr/bin/tool", b"#!/usr/bin/env missing\n"), program("usr/bin/env")], "tool", "interpreter"),
        ([program("usr/bin/tool", b"#!/bin/sh\r\n"), program("bin/sh")], "tool", "interpreter"),
        ([program("usr/bin/tool", b"#!\n")], "tool", "interpreter"),
        ([program("usr/bin/tool", b"#!/usr/bin/tool\n")], "tool", "interpreter"),
    ],
)
def test_problems(items: list[Item], word: str, code: str) -> None:
    found = look(items, word)
    assert found.problem is not None
    assert found.problem.code == code


@pytest.mark.parametrize(
    ("mode", "uid", "gid"), [(0o755, 0, 0), (0o700, 1000, 0), (0o750, 0, 100), (0o750, 0, 50), (0o711, 7, 7)]
)
def test_who_may_execute(mode: int, uid: int, gid: int) -> None:
    assert look([program("usr/bin/tool", mode=mode, uid=uid, gid=gid)], "tool").problem is None


def test_the_owner_is_not_helped_by_the_bits_of_others() -> None:
    assert look([program("usr/bin/tool", mode=0o077, uid=1000)], "tool").problem is not None


def test_root_needs_any_x_bit_and_no_directory_is_closed_to_it() -> None:
    items = [directory("root", mode=0o600), program("root/tool", mode=0o100, uid=7)]
    assert look(items, "/root/tool", user=ROOT).problem is None
    assert look([file("usr/bin/tool", ELF)], "tool", user=ROOT).problem is not None


def test_scripts_are_followed_to_what_runs() -> None:
    items = [
        program("usr/bin/tool", b"#!/usr/bin/env python3\nimport x\n"),
        program("usr/bin/env"),
        symlink("usr/bin/python3", "python3.11"),
        program("usr/bin/python3.11", elf(0xB7)),
    ]
    found = look(items, "tool")
    assert found.problem is None
    assert found.binary.real == "/usr/bin/python3.11"
    assert found.binary.kind == "ELF 64-bit, ARM aarch64"
    assert {"/usr/bin/tool", "/usr/bin/env", "/usr/bin/python3.11"} <= set(found.visited)


def test_home_and_merged_usr() -> None:
    items = [symlink("bin", "usr/bin"), program("usr/bin/sh"), program("home/u/tool")]
    assert look(items, "~/tool").path == "/home/u/tool"
    assert look(items, "/bin/sh").real == "/usr/bin/sh"
    assert look(items, "/bin/sh").chain == ("/bin/sh",)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"#!/bin/sh\n", ("/bin/sh", "")),
        (b"#! /bin/sh -e \nx", ("/bin/sh", "-e")),
        (b"#!/usr/bin/env python3 -u\n", ("/usr/bin/env", "python3 -u")),
        (b"#!/bin/sh", ("/bin/sh", "")),
    ],
)
def test_first_lines(head: bytes, expected: tuple[str, str]) -> None:
    assert parse_shebang(head) == expected


@pytest.mark.parametrize("head", [b"#!", b"#! \t\n", b"#!/" + b"x" * 400, b"#!/bin/sh\r\n"])
def test_first_lines_that_no_kernel_follows(head: bytes) -> None:
    with pytest.raises(ShebangError):
        parse_shebang(head)


@pytest.mark.parametrize(
    ("argument", "command"),
    [
        ("python3", "python3"),
        ("-S python3 -u", "python3"),
        ("-Spython3", "python3"),
        ("--split-string=FOO=1 python3 -u", "python3"),
        ("FOO=1 python3", None),
        ("", None),
    ],
)
def test_env(argument: str, command: str | None) -> None:
    assert env_command("/usr/bin/env", argument) == command
    assert env_command("/bin/sh", argument) is None


def test_env_without_split() -> None:
    with pytest.raises(ShebangError, match="env -S"):
        env_command("/usr/bin/env", "python3 -u")


def test_hostile_scripts_come_to_an_end() -> None:
    path = tuple(f"/b{number}" for number in range(30))
    items = [program(f"b{number}/k", b"#!/b0/env k\n") for number in range(30)]
    found = look([*items, program("b0/env")], "k", path=path)
    assert found.problem is not None
    assert look([program("b/k", b"#!/b/env k\n"), program("b/env")], "k", path=("/b",) * 30).problem is not None


def test_deep_directories() -> None:
    deep = "/".join(["d"] * 1500)
    assert look([program(f"{deep}/tool")], f"/{deep}/tool").problem is None


def test_long_paths_are_shortened() -> None:
    found = look([], "tool", path=tuple(f"/p{number}" for number in range(30)))
    assert found.problem is not None
    assert found.problem.text == "'tool' is not on PATH (/p0:/p1:/p2:/p3:/p4 and 25 more)"
    assert search_path({"PATH": "/a::/a:" + ":".join(f"/{number}" for number in range(2000))})[:3] == ("/a", ".", "/0")
    assert len(search_path({"PATH": ":".join(map(str, range(20_000)))})) == 20_000
    with pytest.raises(UndecidedError, match="131,075 characters, over the limit of 131,072"):
        search_path({"PATH": "/a:" + "x" * 131_072})
