"""A real Debian root file system, and real packages put into it, without a container engine.

Mirrors are those that this machine's apt is set up with; nothing is said about them here. Everything needs root.
"""

import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.tools import run

_CHROOT_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "SOURCE_DATE_EPOCH": "1700000000",
}
_PACKAGES = "/tmp/packages"  # noqa: S108 - inside the image
_WHEELS = "/tmp/wheels"  # noqa: S108 - inside the image
NON_FREE = ("main", "contrib", "non-free", "non-free-firmware")


def bootstrap(target: Path, packages: Sequence[str]) -> Path:
    """Write the tar of a minimal Debian system with these packages to `target`, which is returned.

    As in Debian's own slim images, manuals and translations are left out.
    """
    sources = _sources(["main"])
    suite = sources.split()[2]
    run(
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(packages)}",
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale", "man")),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        suite,
        target,
        "-",
        stdin=sources.encode(),
    )
    return target


def chroot(rootfs: Path, *command: str) -> bytes:
    """Run a command in a root file system and return its output; there is no network in it, and no /proc."""
    return run("chroot", rootfs, *command, env=_CHROOT_ENVIRONMENT)


def install_packages(rootfs: Path, scratch: Path, *names: str) -> None:
    """Install Debian packages, non-free ones too, with what they depend on but not what they recommend.

    `scratch` keeps what was downloaded.
    """
    for directory in ("lists/partial", "cache/archives/partial"):
        (scratch / directory).mkdir(parents=True, exist_ok=True)
    sources = scratch / "sources.list"
    sources.write_text(_sources(NON_FREE))
    apt = (
        "apt-get",
        "--quiet=2",
        f"--option=Dir::Etc::SourceList={sources}",
        "--option=Dir::Etc::SourceParts=/dev/null",
        f"--option=Dir::State::Lists={scratch / 'lists'}",
        f"--option=Dir::State::status={rootfs / 'var/lib/dpkg/status'}",
        f"--option=Dir::Cache={scratch / 'cache'}",
        "--option=Binary::apt-get::APT::Keep-Downloaded-Packages=true",
    )
    run(*apt, "update")
    run(*apt, "install", "--yes", "--download-only", "--no-install-recommends", *names)
    inside = rootfs / _PACKAGES[1:]
    inside.mkdir()
    for package in (scratch / "cache" / "archives").glob("*.deb"):
        (inside / package.name).write_bytes(package.read_bytes())
    local = [f"{_PACKAGES}/{package.name}" for package in inside.iterdir()]
    chroot(rootfs, "apt-get", "--quiet=2", "--option=APT::Sandbox::User=root", "install", "--yes", *local)
    chroot(rootfs, "rm", "-r", _PACKAGES)


def install_wheels(rootfs: Path, scratch: Path, *requirements: str, python: str = "/usr/bin/python3") -> None:
    """Install packages from PyPI with `python`, a path inside, by a pip that does not stay behind.

    They are downloaded outside, because there is no network inside.
    """
    version = chroot(rootfs, python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").decode().strip()
    machine = platform.machine()
    platforms = [f"manylinux_{glibc}_{machine}" for glibc in ("2_17", "2_28", "2_34")] + [f"manylinux2014_{machine}"]
    run(
        sys.executable,
        *("-m", "pip", "--quiet", "--disable-pip-version-check", "download"),
        *("--only-binary=:all:", f"--python-version={version}", *(f"--platform={name}" for name in platforms)),
        f"--dest={scratch}",
        "pip",
        *requirements,
    )
    inside = rootfs / _WHEELS[1:]
    inside.mkdir()
    for wheel in scratch.glob("*.whl"):
        (inside / wheel.name).write_bytes(wheel.read_bytes())
    pip = next(wheel.name for wheel in inside.glob("pip-*.whl"))
    options = [
        "--quiet",
        "--no-index",
        f"--find-links={_WHEELS}",
        "--root-user-action=ignore",
        "--no-cache-dir",
        "--no-compile",
    ]
    chroot(
        rootfs,
        *(python, f"{_WHEELS}/{pip}/pip", "install", *options, "--break-system-packages"),
        *requirements,
    )
    chroot(rootfs, "rm", "-r", _WHEELS)


def _sources(components: Sequence[str]) -> str:
    """Return sources.list lines for this machine's own release, from where it gets its packages itself."""
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    known = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages").decode()
    mirror = next(line.split()[0] for line in known.splitlines() if line.split()[1] == release)
    return f"deb {mirror} {release} {' '.join(components)}\n"
