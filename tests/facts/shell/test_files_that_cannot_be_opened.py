"""Files that scripts read from and write to: what surely cannot be opened ends a command, or the script."""

import pytest

from ocianalyze.facts.commands.search import Found, search
from ocianalyze.facts.programs.lookup import Shell
from ocianalyze.facts.user.accounts import resolve_user
from tests.rules.subjects import program
from tests.support.filesystems import merged
from tests.support.tarballs import directory, file, symlink

ITEMS = (
    *(program(f"usr/bin/{name}") for name in ("bash", "dash", "python3", "tee", "mkdir")),
    program("usr/bin/jupyter-lab", b"#!/usr/bin/python3\n"),
    *(directory("tmp", mode=0o1777), directory("root", mode=0o700), directory("var/log"), directory("srv", mode=0o775)),
    *(file("etc/motd", b"x\n"), file("etc/shadow", b"x\n", mode=0o600), file("var/log/own", uid=1000)),
    *(symlink("var/log/out", "/dev/stdout"), symlink("var/log/nowhere", "/gone"), symlink("var/run", "/run")),
)


def followed(script: str, shell: str = "bash", user: str = "1000:100") -> Found:
    """Return what a script comes to that a user runs."""
    items = (*ITEMS, program("opt/run.sh", script.encode()))
    who = resolve_user(user, passwd=None, group=None)
    circumstances = Shell(merged(items), who, ("/usr/bin",), directory="/")
    return search((f"/usr/bin/{shell}", "/opt/run.sh"), circumstances, {"PATH": "/usr/bin"})


def serves(found: Found) -> bool:
    """Tell whether a server is started for sure."""
    return found.application is not None and found.certain and not found.failures


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize(
    ("redirection", "reason"),
    [
        ("> /missing/log", "/missing does not exist"),
        (">> /var/log/server.log", "/var/log is not writable"),
        ("2> /etc/motd", "/etc/motd is not writable"),
        ("> /srv", "/srv is a directory"),
        ("> /etc/motd/log", "/etc/motd is not a directory"),
        ("< /missing", "/missing does not exist"),
        ("< /etc/shadow", "/etc/shadow is not readable"),
        ("< /root/x", "/root/x does not exist"),
    ],
)
def test_what_cannot_be_opened(shell: str, redirection: str, reason: str) -> None:
    found = followed(f"set -e\necho x {redirection}\nexec jupyter-lab\n", shell)
    assert [failure.text for failure in found.failures] == [reason]
    assert str(found.failures[0].place).endswith(", line 2")
    assert serves(followed(f"echo x {redirection} || true\nexec jupyter-lab\n", shell))
    last = followed(f"jupyter-lab {redirection}\n", shell)
    assert last.application is None
    assert last.otherwise == (f"the command at /opt/run.sh, line 1 does not run, because {reason}",)


@pytest.mark.parametrize(
    "redirection",
    [
        *("> /tmp/log", ">> /var/log/own", "> /var/log/out", "> /var/log/nowhere", "> /dev/null", "2>&1", ">&2"),
        *("< /etc/motd", "< /dev/null", "> /proc/1/fd/1", "> /var/run/x", "> $AWS_FILE", "> /srv/$AWS_FILE"),
        *("2>&1-", "<&-"),
    ],
)
def test_what_may_be_opened(redirection: str) -> None:
    extra = "" if redirection != "> /var/run/x" else "mkdir -p /run\n"
    assert serves(followed(f"{extra}set -e\necho x {redirection}\nexec jupyter-lab\n"))


def test_root_opens_everything_that_is_there() -> None:
    for redirection in ("> /var/log/x", "> /etc/motd", "< /etc/shadow"):
        assert serves(followed(f"set -e\necho x {redirection}\nexec jupyter-lab\n", user="0"))
    assert followed("set -e\necho x > /missing/x\nexec jupyter-lab\n", user="0").failures


def test_a_group_may_write() -> None:
    script = "set -e\necho x > /srv/x\nexec jupyter-lab\n"
    assert followed(script).failures
    assert serves(followed(script, user="1000:0"))


@pytest.mark.parametrize(
    ("script", "in_bash", "in_dash"),
    [
        ("exec > /missing/x\nexec jupyter-lab\n", True, False),
        (": > /missing/x\nexec jupyter-lab\n", True, False),
        ("echo > /missing/x\nexec jupyter-lab\n", True, True),
        ("> /missing/x\nexec jupyter-lab\n", True, True),
        ("{ echo; } > /missing/x\nexec jupyter-lab\n", True, True),
        ("f() { echo; }\nf > /missing/x\nexec jupyter-lab\n", True, True),
        ("exec jupyter-lab > /missing/x\n", False, False),
        ("X=$(< /missing)\nexec jupyter-lab\n", True, True),
        ("mkdir -p /tmp/logs\nexec jupyter-lab > /tmp/logs/x\n", True, True),
        ("(echo) > /missing/x\nexec jupyter-lab\n", True, True),
        ("set -e\n{ echo; } > /missing/x\nexec jupyter-lab\n", False, False),
        ("set -e\nif ! echo > /missing/x; then\nexec jupyter-lab\nfi\n", True, True),
        ("set -e\ncd /root\nexec jupyter-lab\n", False, False),
        ("cd /root || cd /tmp\nexec jupyter-lab\n", True, True),
    ],
)
def test_shells_differ(script: str, in_bash: bool, in_dash: bool) -> None:  # noqa: FBT001 - parameters
    assert (serves(followed(script, "bash")), serves(followed(script, "dash"))) == (in_bash, in_dash)


def test_a_shell_without_path_finds_nothing() -> None:
    for shell in ("bash", "dash"):
        found = followed("unset PATH\nexec jupyter-lab\n", shell)
        assert found.shell.find("jupyter-lab").problem is not None
        assert serves(followed("unset PATH\nPATH=/usr/bin\nexec jupyter-lab\n", shell))
