"""Reading an image writes nothing, starts no program, and needs no directory for scratch files.

It opens no socket, except to the registry that was named.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.fault_proxy import fault_proxy
from tests.support.forms import FORMS, FormName, write_archive, write_directory
from tests.support.images import ImageSpec, build
from tests.support.served import serving_image
from tests.support.tarballs import directory, file, hardlink, symlink, whiteout

ROOT = Path(__file__).parents[2]
SPEC = ImageSpec(
    layers=[
        [
            directory("etc"),
            file("etc/passwd", b"root"),
            symlink("out", "/etc/passwd"),
            file("../../../tmp/escaped", b"x"),
            hardlink("h", "../../../../etc/passwd"),
        ],
        [
            file("/absolute", b"x"),
            whiteout("out"),
            file("bin/x", b"#!", mode=0o755),
        ],
    ]
)
PATHS = ["/absolute", "/bin", "/bin/x", "/etc", "/etc/passwd", "/h", "/tmp", "/tmp/escaped"]  # noqa: S108
GUARDED = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    from ocianalyze.filesystem.merge import merge
    from ocianalyze.layers.contents.capture import Capture
    from ocianalyze.layers.contents.filetype import describe
    from ocianalyze.layers.reading.reader import Reading, verify
    from ocianalyze.layers.reading.layers import read_layers
    from ocianalyze.oci.reference import Reference
    from ocianalyze.sources.opening import open_image
    from ocianalyze.sources.registry.access import HostSettings, RegistryAccess

    describe(b"text")  # libmagic reads its own database
    source, host = sys.argv[1:3]
    if host:
        import ocianalyze.sources.registry.image
    inside = os.path.realpath(source)
    CERTIFICATES = ("/etc/ssl/", "/usr/lib/ssl/", "/etc/containers/certs.d/", "/etc/docker/certs.d/")
    MIRRORS = ("/etc/containers/registries.conf", "/etc/containerd/certs.d/")
    RESOLVING = ("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf")
    WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    FORBIDDEN = (
        "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown",
        "os.truncate", "os.utime", "os.mkfifo", "os.mknod", "os.setxattr", "os.system", "os.exec", "os.posix_spawn",
        "os.spawn", "subprocess.", "socket.", "tempfile.", "shutil.", "ftplib.", "http.", "urllib.", "webbrowser.",
    )

    def is_for_the_registry(event, arguments):
        if event == "socket.connect":
            return "%s:%d" % arguments[1][:2] == host
        if event == "socket.getaddrinfo":
            return "%s:%d" % arguments[:2] == host
        return bool(host) and event.startswith(("socket.__new__", "http.client."))

    def guard(event, arguments):
        if event.startswith(FORBIDDEN) and not is_for_the_registry(event, arguments):
            raise SystemExit(f"forbidden: {event} {arguments!r}")
        if event == "open":
            path, mode, flags = arguments
            if (flags or 0) & WRITING or (isinstance(mode, str) and set(mode) & set("wax+")):
                raise SystemExit(f"forbidden: open for writing {arguments!r}")
            if isinstance(path, (str, bytes)):
                real = os.path.realpath(os.fsdecode(path))
                code = real.endswith((".py", ".pyc", ".so")) or "site-packages" in real
                known = code or (host and real.startswith(CERTIFICATES + MIRRORS + RESOLVING))
                if not known and not real.startswith(inside):
                    raise SystemExit(f"forbidden: open {arguments!r}")

    sys.addaudithook(guard)
    for everything in (False, True):
        if source == "-" and everything:
            break
        reading = Reading(capture=Capture(frozenset({"**/*"})), verify=everything, jobs=2)
        access = RegistryAccess(own=HostSettings(plain_http=True))
        with open_image(Reference.parse(source), reading, stdin=sys.stdin.buffer, access=access) as image:
            readings = read_layers(image, reading)
            for layer, done in zip(image.layers, readings, strict=True):
                verify(layer, done)
            filesystem = merge([r.changeset for r in readings], [r.contents for r in readings], reading.limits)
            print(*(node.path for node in filesystem.walk()), *(n.read() for n in filesystem.walk() if n.is_file))
    """
)


def _run(source: str, stdin: bytes, scratch: Path, *, host: str = "") -> str:
    environment = {
        **os.environ,
        "TMPDIR": str(scratch / "missing"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
    }
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, source, host],
        input=stdin,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("form", ["docker-legacy-symlinked", "docker-25", "docker-29", "kaniko", "oci"])
def test_nothing_is_written_and_nothing_else_is_read(form: FormName, tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "image.tar", SPEC, form)
    before = sorted(path.name for path in tmp_path.iterdir())
    from_file = _run(str(archive), b"", tmp_path)
    assert from_file.split()[: len(PATHS)] == PATHS
    assert _run("-", archive.read_bytes(), tmp_path).split()[: len(PATHS)] == PATHS
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    if not FORMS[form].docker:
        layout = write_directory(tmp_path / "layout", SPEC, form)
        assert _run(str(layout), b"", tmp_path).split()[: len(PATHS)] == PATHS


def test_a_registry_is_all_that_is_contacted(tmp_path: Path) -> None:
    with fault_proxy(None, serving_image(build(SPEC, compression="gzip"))) as proxy:
        found = _run(f"docker://{proxy.host}/team/image:1.0", b"", tmp_path, host=proxy.host)
        assert found.split()[: len(PATHS)] == PATHS
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(AssertionError, match=r"forbidden: socket\."):
            _run(f"docker://{proxy.host}/team/image:1.0", b"", tmp_path, host="registry.example.com:5000")


def test_the_guard_guards(tmp_path: Path) -> None:
    """What is not the path that was given may not be opened: the hook is at work."""
    archive = write_archive(tmp_path / "image.tar", SPEC, "oci")
    with pytest.raises(AssertionError, match="forbidden: open"):
        _run(f"oci-archive:{archive}", b"", tmp_path)
