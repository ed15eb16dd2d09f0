"""Run as a program, by a Python of this machine: becomes the first process of a container.

It finds itself in new mount, network, process, IPC and UTS namespaces. Standard argument: the path of a JSON document
with `root`, `volumes`, `files`, `env`, `user`, `cwd` and `argv`. It does what runc does, in its order: mounts, the
working directory, the user, HOME, the search of the program; what runc refuses is refused here, with exit code 125.
No module of the project is imported, because the image's root is no place to import from.
"""

import ctypes
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

ADDRESS = "192.0.2.2"
REFUSED = 125
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
_SHARED = "/dev/shm"  # noqa: S108 - inside the container
_NOSUID, _NODEV, _NOEXEC, _RDONLY = 2, 4, 8, 1
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP = 1, 24
_KEPT_CAPABILITIES = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
"""Docker's and containerd's default set."""
_LAST_CAPABILITY = 40

_libc = ctypes.CDLL(None, use_errno=True)


class RefusalError(Exception):
    """What a runtime does not start, in its words."""


class User:
    """A user as moby/sys/user resolves it: ids, supplementary groups."""

    def __init__(self, text: str) -> None:
        name, _, group = text.partition(":")
        line = next((line for line in _lines("/etc/passwd", 4) if _is_user(line, name)), None)
        if line is None and name and not name.isdigit():
            raise RefusalError(f"unable to find user {name}: no matching entries in passwd file")
        self.uid = int(line[2]) if line else int(name or 0)
        self.gid = int(line[3]) if line else 0
        self.groups: list[int] = []
        entries = _lines("/etc/group", 3)
        if group:
            found = next((entry for entry in entries if group in (entry[0], entry[2])), None)
            if found is None and not group.isdigit():
                raise RefusalError(f"unable to find group {group}: no matching entries in group file")
            self.gid = int(found[2]) if found else int(group)
        elif line is not None:
            self.groups = [int(entry[2]) for entry in entries if line[0] in ",".join(entry[3:4]).split(",")]

    @property
    def home(self) -> str:
        """What runc sets HOME to: of the first line with this number."""
        lines = (line for line in _lines("/etc/passwd", 6) if int(line[2]) == self.uid)
        return next((line[5] for line in lines), "/")


def main() -> None:
    """Become the container."""
    spec = json.loads(Path(sys.argv[1]).read_text())
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    socket.sethostname("default")
    os.umask(0o022)
    os.chroot(spec["root"])
    os.chdir("/")
    try:
        _mount_kernel()
        for path, owner in spec["volumes"].items():
            _make_directory(path)
            _mount("tmpfs", path, "tmpfs", f"mode=0755,uid={owner[0]},gid={owner[1]}", _NODEV | _NOSUID)
        for path, text in spec["files"].items():
            _make_directory(str(Path(path).parent))
            Path(path).write_text(text)
        _start(spec)
    except (RefusalError, OSError) as error:
        sys.stderr.write(f"runtime: {error}\n")
    sys.exit(REFUSED)


def _start(spec: dict[str, Any]) -> None:
    user = User(spec["user"])
    _make_directory(spec["cwd"])
    os.chdir(spec["cwd"])
    for capability in set(range(_LAST_CAPABILITY + 1)) - _KEPT_CAPABILITIES:
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    for descriptor in range(3):
        if not stat.S_ISCHR(os.fstat(descriptor).st_mode):
            os.fchown(descriptor, user.uid, -1)
    variables = spec["env"]
    if not variables.get("HOME"):
        variables["HOME"] = user.home
    os.setgroups(user.groups)
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # again, because another user forgets it
    if not spec["argv"]:
        raise RefusalError("no command specified")
    program = _find(spec["argv"][0], variables.get("PATH", ""))
    os.execve(program, spec["argv"], variables)  # noqa: S606 - as a runtime does


def _find(name: str, path: str) -> str:
    candidates = [name] if "/" in name else [f"{directory or '.'}/{name}" for directory in path.split(":")]
    for candidate in candidates:
        try:
            status = Path(candidate).stat()
        except OSError as error:
            if "/" in name:
                raise RefusalError(f'exec: "{name}": {error.strerror}') from error
            continue
        if stat.S_ISREG(status.st_mode) and os.access(candidate, os.X_OK):
            return candidate
        if "/" in name:
            raise RefusalError(f'exec: "{name}": permission denied')
    raise RefusalError(f'exec: "{name}": executable file not found in $PATH')


def _mount_kernel() -> None:
    _make_directory("/proc")
    _mount("proc", "/proc", "proc", "", _NOSUID | _NODEV | _NOEXEC)
    _make_directory("/dev")
    _mount("tmpfs", "/dev", "tmpfs", "mode=0755", _NOSUID)
    os.umask(0)
    for name, numbers in _DEVICES.items():
        os.mknod(f"/dev/{name}", stat.S_IFCHR | 0o666, os.makedev(*numbers))
    os.umask(0o022)
    for name, target in _LINKS.items():
        Path("/dev", name).symlink_to(target)
    _make_directory("/dev/pts")
    _mount("devpts", "/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5", _NOSUID | _NOEXEC)
    _make_directory(_SHARED)
    _mount("shm", _SHARED, "tmpfs", "mode=1777,size=64m", _NOSUID | _NODEV | _NOEXEC)
    _make_directory("/sys")
    _mount("sysfs", "/sys", "sysfs", "", _NOSUID | _NODEV | _NOEXEC | _RDONLY)


def _make_directory(path: str) -> None:
    Path(path).mkdir(parents=True, exist_ok=True)


def _mount(source: str, target: str, kind: str, options: str, flags: int) -> None:
    words = (source.encode(), target.encode(), kind.encode(), flags, options.encode())
    if _libc.mount(*words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {target}: {os.strerror(number)}")


def _lines(path: str, fields: int) -> list[list[str]]:
    try:
        lines = Path(path).read_bytes().decode("utf-8", "replace").split("\n")
    except OSError:
        return []
    parts = [line.strip().split(":") for line in lines if line.strip() and not line.startswith("#")]
    return [part for part in parts if len(part) >= fields and part[2].isdigit()]


def _is_user(line: list[str], name: str) -> bool:
    return line[2] == "0" if not name else name in (line[0], line[2])


if __name__ == "__main__":
    main()
