"""A small Debian with Python, from packages that mmdebstrap gets and checks; no script of a package is run."""

import os
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from delivery.project import run

PROGRAMS = ("mmdebstrap", "dpkg-deb")

SUITE = "bookworm"
PYTHON = "3.11"
"""The Python of the suite."""

SITE = f"usr/local/lib/python{PYTHON}/dist-packages"
"""Where Debian's Python looks for packages that are not Debian's."""

_PACKAGES = ("base-files", "coreutils", "dash", "grep", "libpython3-stdlib", "python3-minimal", "sed")
_REMOVED = frozenset({"dpkg", "mawk", "tar"})
"""What the others need only to be installed."""

_DEFAULT_SOURCES = (
    f"deb http://deb.debian.org/debian {SUITE} main",
    f"deb http://deb.debian.org/debian {SUITE}-updates main",
    f"deb http://deb.debian.org/debian-security {SUITE}-security main",
)
_MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr"
_COMPILE = (
    f"env -i PYTHONHASHSEED=0 /usr/bin/python3 -B -m compileall -qf --invalidation-mode unchecked-hash "
    f"/usr/lib/python{PYTHON} /{SITE}"
)
"""In one process and one order, because what is compiled can depend on what was compiled before."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of Debian: its control fields as text, the paths that it has, and when the newest of them was made."""

    control: str
    paths: tuple[str, ...]
    time: int

    @property
    def fields(self) -> Mapping[str, str]:
        """The first line of each field."""
        pairs = (line.partition(":") for line in self.control.splitlines() if not line.startswith(" "))
        return {name: value.strip() for name, _, value in pairs}

    @property
    def list_name(self) -> str:
        """What dpkg calls the list of its files."""
        architecture = f":{self.fields['Architecture']}" if self.fields.get("Multi-Arch") == "same" else ""
        return f"{self.fields['Package']}{architecture}.list"


@dataclass(frozen=True, slots=True)
class System:
    """A root file system as a tar, the packages that are to stay in it, and the paths of those that are not."""

    tar: Path
    packages: tuple[Package, ...]
    removed: frozenset[str]

    @property
    def time(self) -> int:
        """When its newest file was made."""
        return max(package.time for package in self.packages)

    @property
    def records(self) -> Mapping[str, str]:
        """What dpkg would have in /var/lib/dpkg, by path."""
        status = (
            package.control.replace("\n", "\nStatus: install ok installed\n", 1).rstrip("\n") + "\n\n"
            for package in self.packages
        )
        lists = {
            f"var/lib/dpkg/info/{package.list_name}": "".join(f"{path}\n" for path in package.paths)
            for package in self.packages
        }
        return {"var/lib/dpkg/status": "".join(status), **lists}


def make(scratch: Path, site: Path, sources: Sequence[str]) -> System:
    """Make the system, with the Python packages in `site` installed and everything compiled."""
    target, archives = scratch / "root.tar", scratch / "packages"
    archives.mkdir()
    hooks = (
        f'cp "$1"/var/cache/apt/archives/*.deb {shlex.quote(str(archives))}',
        f'mkdir --parents "$1"/{SITE}',
        f'cp --recursive {shlex.quote(str(site))}/. "$1"/{SITE}',
        f'chroot "$1" {_COMPILE}',
    )
    options = (f"--include={','.join(_PACKAGES)}", f"--hook-dir={_MERGED_USR}")
    extract = [f"--extract-hook={hook}" for hook in hooks]
    # Else it gives newer files this time.
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    run("mmdebstrap", "--quiet", "--variant=extract", *options, *extract, SUITE, target, *sources, env=environment)
    packages = sorted((_read(archive) for archive in archives.iterdir()), key=lambda package: package.control)
    kept = tuple(package for package in packages if package.fields["Package"] not in _REMOVED)
    paths = {path for package in kept for path in package.paths}
    removed = {path for package in packages for path in package.paths} - paths
    return System(target, kept, frozenset(_merged(path) for path in removed))


def sources_of_this_machine() -> Sequence[str]:
    """Return where this machine's apt gets packages of the suite from; Debian's own server if it has no such place."""
    known = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    command = ("apt-get", "indextargets", "--format", known, "Created-By: Packages", "Origin: Debian")
    try:
        lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    except FileNotFoundError:
        lines = []
    found = sorted({f"deb {line}" for line in lines if line.split()[1].partition("-")[0] == SUITE})
    main = [line for line in found if line.endswith(" main")]
    return main if any(line.split()[2] == SUITE for line in main) else _DEFAULT_SOURCES


def _read(archive: Path) -> Package:
    field = subprocess.run(["dpkg-deb", "--field", archive], capture_output=True, text=True, check=True)
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as files:
            members = list(files)
        if process.wait():
            sys.exit(f"{archive.name} cannot be read")
    return Package(field.stdout, tuple(_listed(members)), max(int(member.mtime) for member in members))


def _listed(members: Sequence[tarfile.TarInfo]) -> Iterator[str]:
    """Yield paths as dpkg lists them."""
    for member in members:
        yield f"/{member.name.removeprefix('.').strip('/')}".replace("/./", "/") if member.name != "." else "/."


def _merged(path: str) -> str:
    """Return where a path is if /bin, /lib and /sbin are links into /usr."""
    first = path.split("/")[1]
    return f"/usr{path}" if first in ("bin", "sbin", "lib", "lib32", "lib64", "libx32") else path
