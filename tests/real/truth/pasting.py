"""Runs a step of a Dockerfile as a builder does: as the user in force, with the network of this machine."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.real.truth import launch
from tests.real.truth.dockerfile import Config, environment, finish
from tests.real.truth.mounts import bind, mount, unmount

_SHOWN = ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt")
_OF_THE_NETWORK = ("PIP_", "HTTP_", "HTTPS_", "NO_PROXY", "http_", "https_", "no_proxy")
"""How the names of variables begin that say how this machine reaches package indexes."""
_LIMIT = 600


def run_as_user(root: Path, words: Sequence[str], config: Config) -> None:
    """Run a command in the tree at `root`, as the user of a configuration.

    Raises:
        RuntimeError: It failed; the message has its output.

    """

    def enter() -> None:
        os.chroot(root)
        os.chdir("/")
        user = launch.User(config.get("User") or "")
        os.chdir(config.get("WorkingDir") or "/")
        os.setgroups(user.groups)
        os.setresgid(user.gid, user.gid, user.gid)
        os.setresuid(user.uid, user.uid, user.uid)

    outside = {name: value for name, value in os.environ.items() if name.startswith(_OF_THE_NETWORK)}
    with _prepared(root):
        try:
            done = subprocess.run(
                words,
                env={"HOME": "/root"} | outside | environment(config),
                preexec_fn=enter,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=_LIMIT,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise RuntimeError(f"RUN {words[-1]}: {error}") from error
    finish(words, done)


@contextmanager
def _prepared(root: Path) -> Iterator[None]:
    """Show the files that a builder shows in a tree, where there is something to show them over, and processes."""
    with ExitStack() as stack:
        mount("proc", root / "proc", "proc")
        stack.callback(unmount, root / "proc")
        for name in _SHOWN:
            if Path(name).is_file() and (root / name[1:]).is_file():
                bind(Path(name), root / name[1:])
                stack.callback(unmount, root / name[1:])
        yield
