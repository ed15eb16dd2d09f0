"""Other people's programs: finding them, asking for them, running them.

A test that needs one says so with `requires("umoci")`. Where it is missing the test is skipped and names it; with
`TEST_REQUIRE_TOOLS=1`, as in CI, the test fails instead, so that nothing is left out unnoticed.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

REQUIRE_TOOLS = "TEST_REQUIRE_TOOLS"
ROOT = "root"
"""Not a program: a test that `requires("root")` must run as root, as mmdebstrap, buildah and podman do here."""
NAMESPACES = "namespaces"
"""Not a program either: root that may make namespaces, which root in an ordinary container may not."""

_DEBIAN_PACKAGES: Mapping[str, str] = {
    "bsdtar": "libarchive-tools",
    "ctr": "containerd",
    "docker": "docker.io",
    "dockerd": "docker.io",
    "htpasswd": "apache2-utils",
    "igzip": "isal",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "xz": "xz-utils",
}
_NAMESPACES = ("--mount", "--net", "--pid", "--ipc", "--uts", "--fork")
_NOBODY = 65534
_OF_PYPI = frozenset(("basedpyright",))


def requires(*names: str) -> pytest.MarkDecorator:
    """Mark a test that needs these programs."""
    return pytest.mark.tool(*names)


def find(name: str) -> Path | None:
    """Return where a program is; `tar` only if it is GNU tar."""
    found = shutil.which(name)
    if found is None or (name == "tar" and b"GNU tar" not in run(found, "--version")):
        return None
    return Path(found)


def missing(names: Iterable[str]) -> list[str]:
    """Return a line for each of the programs that cannot be used here."""
    problems = []
    for name in names:
        if name == ROOT:
            if os.geteuid() != 0:
                problems.append("not running as root")
        elif name == NAMESPACES:
            if os.geteuid() == 0 and not _may_make_namespaces():
                problems.append("this root may not make namespaces")
        elif find(name) is None:
            package = f"PyPI: {name}" if name in _OF_PYPI else f"Debian package {_DEBIAN_PACKAGES.get(name, name)}"
            problems.append(f"{name} is not installed ({package})")
    return problems


def _may_make_namespaces() -> bool:
    command = ["unshare", *_NAMESPACES, "true"]
    return find("unshare") is None or subprocess.run(command, capture_output=True, check=False).returncode == 0


def skip_or_fail(names: Iterable[str]) -> None:
    """Skip the running test if a program is missing, or fail it where all must be present."""
    problems = missing(names)
    if not problems:
        return
    if os.environ.get(REQUIRE_TOOLS) == "1":
        pytest.fail(f"{'; '.join(problems)}, and {REQUIRE_TOOLS}=1 allows no skipping", pytrace=False)
    pytest.skip("; ".join(problems))


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be somebody whom modes keep out: nobody, if root runs the tests."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def run(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
) -> bytes:
    """Run a program and return its standard output.

    Raises:
        RuntimeError: It failed; the message has its standard error.

    """
    done = subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, check=False)
    if done.returncode:
        words = " ".join(map(str, command))
        raise RuntimeError(f"{words}: exit code {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done.stdout
