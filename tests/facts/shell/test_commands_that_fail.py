"""Commands on files that surely fail: what we say fails, fails with the real programs, and what must work does."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocianalyze.facts.commands.search import Found, search
from ocianalyze.facts.directories.mounts import find_mounts
from ocianalyze.facts.programs.lookup import Shell
from ocianalyze.facts.user.accounts import resolve_user
from tests.rules.subjects import program
from tests.support.filesystems import merged
from tests.support.tarballs import Item, directory, file, layer, symlink

USER = 1000
TREE: tuple[Item, ...] = (
    directory("w", mode=0o755),
    directory("w/own", mode=0o755, uid=USER),
    directory("w/others", mode=0o755),
    directory("w/locked", mode=0o700),
    file("w/own/file", b"x\n", uid=USER),
    file("w/own/read-only", b"x\n", mode=0o444, uid=USER),
    directory("w/own/tree", mode=0o755, uid=USER),
    file("w/own/tree/leaf", b"x\n", uid=USER),
    directory("w/own/full", mode=0o755, uid=USER),
    file("w/own/full/file", b"x\n", mode=0o444),
    file("w/others/file", b"x\n"),
    file("w/others/mine", b"x\n", uid=USER),
    file("w/others/secret", b"x\n", mode=0o600),
    file("w/others/open", b"x\n", mode=0o666),
    symlink("w/own/link", "file"),
    symlink("w/own/dangling", "none"),
    symlink("w/own/away", "../others"),
    symlink("w/own/to-secret", "../others/secret"),
    directory("w/own/real", mode=0o755, uid=USER),
    symlink("w/run", "own/real"),
    symlink("w/others/back", "../own/tree"),
)
FAIL = (
    "cp w/none w/own",
    "cp w/own/none w/own/file w/own/tree",
    "cp w/others/secret w/own",
    "cp w/own/tree w/own/copy",
    "cp w/own/file w/others",
    "cp w/own/file w/others/new",
    "cp w/own/file w/others/file",
    "cp w/own/file w/none/new",
    "cp w/own/file w/own/full",
    "cp w/own/file w/own/link w/own/read-only",
    "cp -r w/own/tree w/others",
    "cp -a w/own/file w/own/away",
    "mkdir w/own",
    "mkdir w/own/file",
    "mkdir w/others/new",
    "mkdir w/none/new",
    "mkdir -p w/others/a/b",
    "mkdir -p w/own/file",
    "mkdir -p w/own/file/a",
    "mkdir -p w/locked/a/b",
    "mkdir -p -m 700 w/others/a",
    "touch w/others/new",
    "touch w/others/file",
    "touch w/none/new",
    "touch w/own/ok w/others/new",
    "mv w/none w/own/x",
    "mv w/others/mine w/own",
    "mv w/own/file w/others",
    "mv w/own/file w/none/x",
    "rm w/none",
    "rm w/own/tree",
    "rm w/others/mine",
    "rm -f w/others/mine",
    "rm -rf w/others",
    "ln -s file w/own/link",
    "ln -s file w/others/new",
    "ln w/none w/own/new",
    "chmod 755 w/none",
    "chmod +x w/others/open",
    "chmod -R u+w w/others",
    "chown 1000 w/others/file",
    "chown -R 1000:100 w/others/open",
    "chgrp 1000 w/others/file",
    "chmod 644 w/own/dangling",
    "tee w/others/file",
    "tee -a w/own",
    "sed -i s/x/y/ w/others/open",
    "sed -i s/x/y/ w/none",
    "sed -i -e s/x/y/ w/own/file w/own/none",
    "sed s/x/y/ w/others/secret",
    "sed 1d w/own/file w/own/none",
    "touch w/own/away/../new",
    "cp -L w/own/to-secret w/own/new",
    "cp -n w/none w/own/file",
    "ln -sn file w/own/away",
    "ln -snT file w/own/real",
    "chown 1000 w/own/dangling",
)
WORK = (
    "cp w/own/file w/own/new",
    "cp w/own/file w/others/open",
    "cp -n w/own/file w/own/full",
    "cp -f w/own/file w/own/read-only",
    "cp -r w/own/tree w/own/copy",
    "cp -r w/own/tree w/own/full",
    "cp -P w/own/dangling w/own/new",
    "mkdir w/own/new",
    "mkdir -p w/own w/others",
    "mkdir -p w/own/a/b/c",
    "mkdir -pv w/own/tree/.. w/own/away",
    "touch w/own/new w/own/file w/others/mine w/others/open",
    "touch -c w/others/new",
    "touch w/own/read-only",
    "mv w/own/file w/own/tree",
    "mv w/own/file w/own/full",
    "mv w/own/dangling w/own/other",
    "rm -f w/none w/own/read-only",
    "rm -rf w/own/tree w/none",
    "rm w/own/dangling",
    "ln -s file w/own/new",
    "ln -sf file w/own/link",
    "ln -s ../file w/own/tree",
    "ln -sfn none w/own/away",
    "chmod 600 w/own/file",
    "chmod -x w/own/file",
    "chmod a+r w/others/mine",
    "chown 1000 w/own/file",
    "tee w/own/new w/others/open",
    "sed -i s/x/y/ w/own/file w/own/read-only",
    "sed -n -e s/x/y/ w/others/file",
    "sed s/x/y/ w/own/link",
    "mkdir -p w/own/a && touch w/own/a/b && cp w/own/a/b w/own/a/c && mv w/own/a/c w/own/d && rm w/own/d",
    "rm -r w/own/tree && mkdir w/own/tree",
    "cp w/others/none w/own || true",
    "if ! mkdir w/others/new; then touch w/own/file; fi",
    "mkdir w/own/a w/own/a/b",
    "touch w/others/back/../new && cp w/own/file w/others/back/../new-too && mkdir w/others/back/../newest",
    "ln -sfn /x w/own",
    "ln -sn /x w/own/real",
    "cp -n w/others/secret w/own/file",
    "cp -u w/others/secret w/own/file",
    "cp -a w/own/to-secret w/own/new && cp -P w/own/to-secret w/own/new-too",
    "mv -n w/others/mine w/own/file",
    "chown : w/others/file && chown -R '' w/others && chgrp '' w/others/file",
    "sed 1q w/own/file w/own/none",
)
NOTED = (
    *("install -d w/own/a w/own/b && touch w/own/a/x", "install -t w/own/tree w/own/file && rm w/own/tree/file"),
    *("cp -t w/own/tree w/own/file && rm w/own/tree/file", "mv -vt w/own/tree w/own/file && rm w/own/tree/file"),
    "mkdir w/run/a && touch w/own/real/a/x",
    "echo x > w/run/new && cp w/own/real/new w/own/new",
    "cp w/own/file w/run/new && rm w/own/real/new",
    "ln -s real w/own/l && touch w/own/l/new && rm w/own/real/new",
    "ln -s real w/own/l && echo x > w/own/l/new && cat < w/own/real/new",
    "ln -s tree w/own/l && rm w/own/l/leaf && mkdir w/own/tree/leaf",
    "cd w/run && touch new && cp ../real/new ../new && touch ../other",
    "cd w/own/real && ln -s ../file && rm file && ln ../file && rm file",
    "cd w/own && chmod u+w read-only && echo x > read-only",
    "exec 3<> w/own/new; rm w/own/new",
    "cd w/own && dd if=file of=new && rm new",
    "cd w/own && sort -o new file && rm new && uniq file new && rm new",
    "cd w/own && awk '{ print > \"new\" }' file && rm new",
    "cd w/own && find . -name file -exec cp {} new \\; && rm new",
    "cd w/own && echo new | xargs mkdir && touch new/x",
    "cd w/own && split file && rm xaa",
    "cd w/own && ls | while read name; do touch new; done && rm new",
    "cd w/own && while read name; do touch new-$name; done < file && rm new-x",
    "cd w/own && for name in $(cat file); do touch new-$name; done && rm new-x",
    "cd w/own && echo 'touch new' | sh && rm new",
    "gzip w/own/file && rm w/own/file.gz",
    "gzip w/own/file && cat < w/own/file.gz",
    "sed -i.bak s/x/y/ w/own/file && rm w/own/file.bak",
    "sed 's/x/y/w w/own/new' w/own/file && rm w/own/new",
)
"""What is there only because of a command before."""


@pytest.fixture
def tree() -> Iterator[Path]:
    """Make the tree for real, where every user can reach it."""
    if os.getuid() != 0:
        pytest.skip("needs root, to run programs as another user")
    place = Path(tempfile.mkdtemp(prefix="fails-"))
    place.chmod(0o755)
    try:
        subprocess.run(["tar", "-xp", "--numeric-owner"], input=layer(TREE), cwd=place, check=True)
        yield place
    finally:
        shutil.rmtree(place)


def really_fails(command: str, place: Path) -> bool:
    """Run a command in a real shell, as the user."""
    script = ["/bin/sh", "-c", f"set -e\n{command}\n"]
    done = subprocess.run(
        script, cwd=place, user=USER, group=USER, extra_groups=[], input=b"", capture_output=True, check=False
    )
    return done.returncode != 0


def followed(command: str, user: str = f"{USER}:{USER}", before: str = "") -> Found:
    """Return what a script comes to that runs a command, and then starts a server."""
    script = f"#!/bin/sh\nset -e\n{before}\n{command}\nexec jupyter-lab\n"
    names = "cat cp mkdir touch mv rm ln chmod chown chgrp tee sed sh python3 sudo gzip ls prepare useradd"
    items = (
        *(program(f"usr/bin/{name}") for name in names.split()),
        program("usr/bin/jupyter-lab", b"#!/usr/bin/python3\n"),
        *(*TREE, program("run.sh", script.encode()), symlink("bin", "usr/bin"), file("etc/passwd")),
    )
    who = resolve_user(user, passwd=None, group=None)
    circumstances = Shell(merged(items), who, ("/usr/bin",), directory="/")
    return search(("/run.sh",), circumstances, {"PATH": "/usr/bin"})


def serves(found: Found) -> bool:
    return found.application is not None and found.certain and not found.failures


@pytest.mark.parametrize("command", FAIL)
def test_what_surely_fails(command: str, tree: Path) -> None:
    assert really_fails(command, tree)
    found = followed(command)
    assert len(found.failures) == 1
    assert found.failures[0].text.startswith(f"{command.split(maxsplit=1)[0]} fails, because /")


@pytest.mark.parametrize("command", WORK + NOTED)
def test_what_works(command: str, tree: Path) -> None:
    assert not really_fails(command, tree)
    assert serves(followed(command))


@pytest.mark.parametrize(
    "command",
    [
        *("cp $AWS_FILE w/own", "touch $AWS_FILE", "cp --reflink=always w/none w/own", "mv -i w/none w/own"),
        *("touch /tmp/x", "mkdir -p /proc/x", "sed $AWS_SCRIPT w/none", "rm -i w/none", "sudo touch w/others/new"),
    ],
)
def test_what_is_not_known_is_presumed_to_succeed(command: str) -> None:
    assert serves(followed(command)) or followed(command).application is not None
    assert not followed(command).failures or command == "touch /tmp/x"


def test_what_a_program_may_have_made_is_not_missing() -> None:
    assert followed("cp w/none w/own").failures
    assert not followed("cp w/none w/own", before="prepare").failures
    assert not followed("cp w/none w/own", before="python3 -c 'prepare()'").failures


def test_what_a_program_may_have_made_can_be_written_to() -> None:
    assert followed("echo x > w/none/new").failures
    assert not followed("echo x > w/none/new", before="prepare").failures
    assert followed("echo x > w/others/file", before="prepare").failures


def test_what_is_made_when_the_container_starts() -> None:
    items = (program("bin/touch"), program("bin/sh"), program("bin/jupyter-lab"))
    script = b"#!/bin/sh\nset -e\ntouch /made/for/start/x /opt/x\nexec jupyter-lab\n"
    filesystem = merged((*items, program("run.sh", script)))
    root = resolve_user("0", passwd=None, group=None)
    for start, mounts, fails in (("/made/for/start", find_mounts(filesystem, "/home/x"), False), ("/", None, True)):
        shell = Shell(filesystem, root, ("/bin",), directory=start, mounts=mounts)
        assert bool(search(("/run.sh",), shell, {"PATH": "/bin"}).failures) == fails


def test_who_owns_a_program_that_runs_as_its_owner_decides() -> None:
    for mode, fails in ((0o755, True), (0o4755, False)):
        script = b"#!/bin/sh\nset -e\nuseradd me\nexec jupyter-lab\n"
        items = (program("bin/useradd", mode=mode), program("bin/sh"), program("bin/jupyter-lab"), file("etc/passwd"))
        user = resolve_user("1000:1000", passwd=None, group=None)
        shell = Shell(merged((*items, program("run.sh", script))), user, ("/bin",), directory="/")
        assert bool(search(("/run.sh",), shell, {"PATH": "/bin"}).failures) == fails


def test_root_may_do_everything_with_what_is_there() -> None:
    assert serves(followed("touch w/others/new && chmod 600 w/own/file && useradd x", user="0"))
    assert followed("cp w/none w/own", user="0").failures
    assert serves(followed("chown -h 0:0 w/own/dangling && mkdir w/locked/a w/locked/a/b", user="0"))
    assert serves(followed("useradd -m x && touch /home/x/y", user="0"))
    assert followed("useradd -m -s /bin/bash x").failures
    assert not followed("useradd -D || useradd --help").failures
    assert not followed("useradd -D").failures
