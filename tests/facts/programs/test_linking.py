"""What ELF programs need to be loaded: their loader, and their libraries."""

import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ocianalyze.layers.contents.capture import HEAD, LINKED
from ocianalyze.layers.contents.elf import Elf, parse_elf
from ocianalyze.rules.profiles import JUPYTERLAB
from tests.rules.subjects import base, findings, kernel, make_subject
from tests.support.elf import make_elf
from tests.support.tarballs import Item, file, symlink, whiteout
from tests.support.tools import requires

LOADER = "/lib64/ld-linux-x86-64.so.2"
GLIBC = [
    file("lib64/ld-linux-x86-64.so.2", b"\x7fELF", mode=0o755),
    file("usr/lib/x86_64-linux-gnu/libc.so.6", b"\x7fELF"),
]
MUSL = file("lib/ld-musl-x86_64.so.1", b"\x7fELF", mode=0o755)
PYTHON = "usr/bin/python3.11"


def test_what_a_program_states() -> None:
    made = make_elf(needed=("libpython3.11.so.1.0", "libc.so.6"), runpath="$ORIGIN/../lib:/opt/lib")
    assert parse_elf(made) == Elf(LOADER, ("libpython3.11.so.1.0", "libc.so.6"), ("$ORIGIN/../lib", "/opt/lib"))
    assert parse_elf(make_elf(None)) == Elf()
    assert parse_elf(made[:300]) == Elf(LOADER)
    assert parse_elf(b"") == parse_elf(b"#!/bin/sh\n") == Elf()


def test_whatever_is_in_the_file_something_is_returned() -> None:
    source = random.Random(7)  # noqa: S311 - no secret
    made = make_elf(needed=("libc.so.6",), runpath="/lib")
    for _ in range(3000):
        broken = bytearray(made[: source.randrange(len(made) + 1)])
        for _ in range(source.randrange(1, 6)):
            if broken:
                broken[source.randrange(len(broken))] = source.randrange(256)
        parse_elf(bytes(broken))
        parse_elf(
            struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", *(source.getrandbits(15) for _ in range(13)))
        )


def test_a_real_program() -> None:
    with Path(sys.executable).resolve().open("rb") as stream:
        real = parse_elf(stream.read())
        stream.seek(0)
        assert parse_elf(stream.read(HEAD)).loader == real.loader
    assert real.loader is None or Path(real.loader).exists()
    assert any(name.startswith("libc.") for name in real.libraries) or real.loader is None


@requires("gcc")
@pytest.mark.parametrize("bits", ["-m64", "-static"])
def test_what_the_compiler_makes(tmp_path: Path, bits: str) -> None:
    source = tmp_path / "main.c"
    source.write_text("int main(void) { return 0; }")
    gcc = shutil.which("gcc") or "gcc"
    subprocess.run([gcc, bits, "-Wl,-rpath,/opt/x", str(source), "-o", str(tmp_path / "main")], check=True)
    made = parse_elf((tmp_path / "main").read_bytes())
    assert made == (Elf() if bits == "-static" else Elf(LOADER, ("libc.so.6",), ("/opt/x",)))


def problem(items: list[Item]) -> tuple[str, str] | None:
    rest = [item for item in base() if item.path != LOADER[1:]]
    found = make_subject([*rest, *items], config={"User": "1000"}).facts.shell.find(f"/{PYTHON}").problem
    return None if found is None else (found.code, found.text)


def program(content: bytes, path: str = PYTHON) -> Item:
    return file(path, content, mode=0o755)


def _for_i386(content: bytes) -> bytes:
    return content[:18] + b"\x03\0" + content[20:]


def test_a_long_chain_of_libraries() -> None:
    chain = [file(f"usr/lib/libssl.so.{n}", make_elf(None, (f"libssl.so.{n + 1}",))) for n in range(1500)]
    start = program(make_elf(needed=("libssl.so.0",)))
    found = problem([start, *GLIBC, *chain])
    assert found is not None
    assert "libssl.so.1500, which is not in the image" in found[1]
    assert problem([start, *GLIBC, *chain, file("usr/lib/libssl.so.1500", b"\x7fELF")]) is None


@pytest.mark.parametrize(
    "items",
    [
        [program(make_elf(None))],
        [program(make_elf()), *GLIBC],
        [program(make_elf(padding=200_000)), *GLIBC],
        [program(make_elf(needed=("libpython3.11.so.1.0",), padding=LINKED)), *GLIBC],
        [
            program(make_elf(needed=("libx.so.1",), runpath="${ORIGIN}/../x")),
            *GLIBC,
            file("usr/x/libx.so.1", b"\x7fELF"),
        ],
        [program(make_elf(needed=("libx.so.1",))), *GLIBC, file("opt/anywhere/libx.so.1", b"\x7fELF")],
        [program(make_elf("lib/relative")), *GLIBC],
        [program(make_elf("/lib/ld-musl-x86_64.so.1")), MUSL],
        [program(make_elf("/lib/ld-musl-x86_64.so.1", needed=("libc.so", "libm.so"))), MUSL],
        [program(make_elf()), GLIBC[0], MUSL],
        [program(make_elf(needed=("libcuda.so.1", "libnvidia-ml.so.1"))), *GLIBC],
        [
            program(make_elf(needed=("libsqlite3.so.0",))),
            *GLIBC,
            file("usr/lib/libsqlite3.so.0", _for_i386(make_elf(None, ("libonly32.so",)))),
            file("opt/x/libsqlite3.so.0", b"\x7fELF"),
        ],
        [
            program(make_elf(needed=("libx.so.1",))),
            *GLIBC,
            file("usr/lib/libx.so.1", b"\x7fELF", mode=0o600),
            file("opt/x/libx.so.1", b"\x7fELF"),
        ],
    ],
)
def test_programs_that_can_be_loaded(items: list[Item]) -> None:
    assert problem(items) is None


@pytest.mark.parametrize(
    ("items", "code", "part"),
    [
        ([program(make_elf())], "loader", f"needs the loader {LOADER}, which does not exist"),
        ([program(make_elf()), symlink("lib64/ld-linux-x86-64.so.2", "../x")], "loader", "does not exist"),
        ([program(make_elf()), file("lib64/ld-linux-x86-64.so.2", b"", mode=0o644)], "no-permission", "cannot execute"),
        ([program(make_elf()), GLIBC[0]], "library", "needs the library libc.so.6, which is not in the image"),
        ([program(make_elf(needed=("libpython3.11.so.1.0",))), *GLIBC], "library", "libpython3.11.so.1.0"),
        ([program(make_elf(needed=("libz.so.1",), padding=7 << 20)), *GLIBC], "library", "libz.so.1"),
        (
            [program(make_elf(needed=("libR.so",))), *GLIBC, symlink("usr/lib/libR.so", "R/libR.so")],
            "library",
            "libR.so",
        ),
        (
            [program(make_elf(needed=("libx.so.1",))), *GLIBC, file("usr/lib/libx.so.1", b"\x7fELF", mode=0o600)],
            "library-unreadable",
            "needs the library /usr/lib/libx.so.1, but user 1000:100 cannot read /usr/lib/libx.so.1 (mode 0600",
        ),
    ],
)
def test_programs_that_cannot_be_loaded(items: list[Item], code: str, part: str) -> None:
    found = problem(items)
    assert found is not None
    assert found[0] == code
    assert part in found[1]


def test_the_step_that_removed_the_library_is_named_with_a_cure() -> None:
    spec = kernel("usr/share/jupyter/kernels/mine", (f"/{PYTHON}", "/opt/kernel", "{connection_file}"))
    image = [*base(), program(make_elf()), *GLIBC, spec, file("opt/kernel", b"#")]
    removed = [whiteout("usr/lib/x86_64-linux-gnu/libc.so.6")]
    found = [finding for _, finding in findings("KRN005", image, removed, profile=JUPYTERLAB) if finding.layer == 1]
    assert len(found) == 1
    assert "needs the library libc.so.6" in found[0].message
    assert "/usr/lib/x86_64-linux-gnu/libc.so.6" in (found[0].hint or "")
