"""The few files of the plain image that have real contents, because they decide whether it works in Studio."""

from benchmarks.trees import library, program
from tests.support.images import to_json
from tests.support.tarballs import Item, directory, file, symlink

PREFIX = "opt/conda"
SITE = f"{PREFIX}/lib/python3.11/site-packages"

_PASSWD = b"""root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
_GROUP = b"root:x:0:\ndaemon:x:1:\nusers:x:100:\nnogroup:x:65534:\n"
_DPKG_STATUS = """Package: {name}
Status: install ok installed
Priority: optional
Section: libs
Installed-Size: {size}
Maintainer: Debian Maintainers <maintainers@example.org>
Architecture: amd64
Multi-Arch: same
Version: {version}
Description: one of the packages of this image
 It stands here so that the list of packages has the length that it usually has.

"""
_KERNEL = {
    "argv": [f"/{PREFIX}/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
    "metadata": {"debugger": True},
}


def base_system() -> list[Item]:
    """Return what makes a directory tree a Debian: accounts, links, loader, shell."""
    links = {name: symlink(name, f"usr/{name}") for name in ("bin", "lib", "lib64", "sbin")}
    return [
        *links.values(),
        *(directory(name) for name in ("boot", "dev", "home", "mnt", "opt", "proc", "run", "srv", "sys", "var/log")),
        directory("root", mode=0o700),
        directory("tmp", mode=0o1777),
        file("etc/passwd", _PASSWD),
        file("etc/group", _GROUP),
        file("etc/os-release", b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'),
        file("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n"),
        file("etc/ld.so.conf.d/x86_64-linux-gnu.conf", b"/usr/local/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n"),
        file("var/lib/dpkg/status", _status(240)),
        symlink("usr/lib64/ld-linux-x86-64.so.2", "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
        program("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
        program("usr/lib/x86_64-linux-gnu/libc.so.6", 1_900_000),
        *(program(f"usr/bin/{name}") for name in ("bash", "cat", "dash", "env", "ls", "tar", "useradd")),
        symlink("usr/bin/sh", "dash"),
    ]


def build_tools() -> list[Item]:
    """Return the list of packages as it is after `apt-get install`."""
    return [file("var/lib/dpkg/status", _status(520))]


def interpreter() -> list[Item]:
    """Return conda's Python."""
    return [
        program(f"{PREFIX}/bin/python3.11", 17_000_000),
        symlink(f"{PREFIX}/bin/python", "python3.11"),
        symlink(f"{PREFIX}/bin/python3", "python3.11"),
        *library(f"{PREFIX}/lib/libpython3.11.so", "1.0", 17_000_000),
        file(f"{PREFIX}/lib/python3.11/os.py", b'"""OS routines."""\n'),
        file(f"{PREFIX}/conda-meta/history", b"==> 2026-01-02 03:04:05 <==\n"),
        file(f"{PREFIX}/bin/conda", f"#!/{PREFIX}/bin/python\n".encode(), mode=0o755),
    ]


def cuda_links() -> list[Item]:
    """Return how the toolkit is found: its directory's links and the loader's configuration."""
    return [
        symlink("usr/local/cuda", "cuda-12.4"),
        symlink("usr/local/cuda-12.4/lib64", "targets/x86_64-linux/lib"),
        symlink("usr/local/cuda-12.4/include", "targets/x86_64-linux/include"),
        file("etc/ld.so.conf.d/988_cuda-12.conf", b"/usr/local/cuda-12/targets/x86_64-linux/lib\n"),
    ]


def user() -> list[Item]:
    """Return what `useradd` leaves."""
    home = "home/sagemaker-user"
    return [
        file("etc/passwd", _PASSWD + b"sagemaker-user:x:1000:100::/home/sagemaker-user:/bin/bash\n"),
        file("etc/group", _GROUP),
        directory(home, uid=1000, gid=100),
        *(
            file(f"{home}/{name}", b"# skeleton\n", uid=1000, gid=100)
            for name in (".bash_logout", ".bashrc", ".profile")
        ),
    ]


def kernel() -> list[Item]:
    """Return what installing ipykernel leaves: the module and its kernel specification."""
    return [
        file(f"{SITE}/ipykernel_launcher.py", b"from ipykernel import kernelapp as app\n\napp.launch_new_instance()\n"),
        file(f"{SITE}/ipykernel/__init__.py", b'__version__ = "6.29.5"\n'),
        file(
            f"{SITE}/ipykernel-6.29.5.dist-info/METADATA", b"Metadata-Version: 2.3\nName: ipykernel\nVersion: 6.29.5\n"
        ),
        file(f"{PREFIX}/share/jupyter/kernels/python3/kernel.json", to_json(_KERNEL)),
        file("usr/local/share/jupyter/kernels/python3/kernel.json", to_json(_KERNEL)),
        file("usr/local/share/jupyter/kernels/python3/logo-64x64.png", b"\x89PNG\r\n\x1a\n"),
    ]


def _status(packages: int) -> bytes:
    return "".join(
        _DPKG_STATUS.format(name=f"package-{number}", size=40 + number, version=f"1.{number}-1+deb12u1")
        for number in range(packages)
    ).encode()
