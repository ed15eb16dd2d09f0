"""Reading an image writes nothing, opens no socket and starts no program, and needs no directory for scratch files."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.forms import FORMS, FormName, write_archive, write_directory
from tests.support.images import ImageSpec
from tests.support.tarballs import directory, file, hardlink, symlink, whiteout

ROOT = Path(__file__).parents[2]
SPEC = ImageSpec(
    layers=[
        [
            directory("etc"),
            file("etc/passwd", b"root"),
            symlink("out", "/etc/passwd"),
            file("../../../tmp/escaped", b"x"),
        ],
        [
            hardlink("h", "../../../../etc/passwd"),
            file("/absolute", b"x"),
            whiteout("out"),
            file("bin/x", b"#!", mode=0o755),
        ],
    ]
)
GUARDED = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    from ocianalyze.filesystem.merge import merge
    from ocianalyze.layers.capture import Capture
    from ocianalyze.layers.filetype import describe
    from ocianalyze.layers.reader import Reading, verify
    from ocianalyze.layers.reading import read_layers
    from ocianalyze.oci.reference import Reference
    from ocianalyze.sources.opening import open_image

    describe(b"text")  # libmagic reads its own database
    source = sys.argv[1]
    inside = os.path.realpath(source)
    WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    FORBIDDEN = (
        "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown",
        "os.truncate", "os.utime", "os.mkfifo", "os.mknod", "os.setxattr", "os.system", "os.exec", "os.posix_spawn",
        "os.spawn", "subprocess.", "socket.", "tempfile.", "shutil.", "ftplib.", "http.", "urllib.", "webbrowser.",
    )

    def guard(event, arguments):
        if event.startswith(FORBIDDEN):
            raise SystemExit(f"forbidden: {event} {arguments!r}")
        if event == "open":
            path, mode, flags = arguments
            if (flags or 0) & WRITING or (isinstance(mode, str) and set(mode) & set("wax+")):
                raise SystemExit(f"forbidden: open for writing {arguments!r}")
            if isinstance(path, (str, bytes)):
                real = os.path.realpath(os.fsdecode(path))
                code = real.endswith((".py", ".pyc", ".so")) or "site-packages" in real
                if not code and not real.startswith(inside):
                    raise SystemExit(f"forbidden: open {arguments!r}")

    sys.addaudithook(guard)
    for everything in (False, True):
        if source == "-" and everything:
            break
        reading = Reading(capture=Capture(frozenset({"**/*"})), verify=everything)
        with open_image(Reference.parse(source), reading, stdin=sys.stdin.buffer) as image:
            readings = read_layers(image, reading, jobs=2)
            for layer, done in zip(image.layers, readings, strict=True):
                verify(layer, done)
            filesystem = merge([r.changeset for r in readings], [r.contents for r in readings], reading.limits)
            print(*(node.path for node in filesystem.walk()), *(n.read() for n in filesystem.walk() if n.is_file))
    """
)


def _run(source: str, stdin: bytes, scratch: Path) -> str:
    environment = {
        **os.environ,
        "TMPDIR": str(scratch / "missing"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
    }
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, source],
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
    expected = ["/absolute", "/bin", "/bin/x", "/etc", "/etc/passwd", "/h", "/tmp", "/tmp/escaped"]  # noqa: S108
    from_file = _run(str(archive), b"", tmp_path)
    assert from_file.split()[: len(expected)] == expected
    assert _run("-", archive.read_bytes(), tmp_path).split()[: len(expected)] == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    if not FORMS[form].docker:
        layout = write_directory(tmp_path / "layout", SPEC, form)
        assert _run(str(layout), b"", tmp_path).split()[: len(expected)] == expected


def test_the_guard_guards(tmp_path: Path) -> None:
    """What is not the path that was given may not be opened: the hook is at work."""
    archive = write_archive(tmp_path / "image.tar", SPEC, "oci")
    with pytest.raises(AssertionError, match="forbidden: open"):
        _run(f"oci-archive:{archive}", b"", tmp_path)
