"""What ELF files state, and small files that state the same."""

import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.layers.contents.elf import MAGIC, Elf, condense, parse_elf
from tests.support.elf import make_elf


def real_files() -> list[Path]:
    """Return ELF files of this system: programs, and a module of Python."""
    import _sqlite3

    found = [Path(sys.executable).resolve(), Path(_sqlite3.__file__ or sys.executable)]
    found += [Path(item) for item in map(shutil.which, ("sh", "ls", "tar")) if item is not None]
    return [path for path in found if path.read_bytes().startswith(MAGIC)]


@pytest.mark.parametrize("path", real_files(), ids=lambda path: path.name)
def test_a_small_file_states_the_same_as_a_real_one(path: Path) -> None:
    content = path.read_bytes()
    small, stated = condense(content), parse_elf(content)
    assert stated.libraries
    assert parse_elf(small) == stated
    assert small[:20] == content[:20]
    assert len(small) < min(len(content), 4096)
    assert condense(small) == small
    if shutil.which("readelf"):
        (lines,) = [subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout]
        assert all(f"[{name}]" in lines for name in stated.libraries)
        assert lines.count("(NEEDED)") == len(stated.libraries)


@given(
    st.none() | st.just("/lib/ld.so"),
    st.lists(st.text("abc.", min_size=1, max_size=9), max_size=5),
    st.lists(st.text("/ab$", min_size=1, max_size=9), max_size=3),
    st.integers(0, 4000),
)
def test_small_files_state_the_same(loader: str | None, libraries: list[str], search: list[str], padding: int) -> None:
    content = make_elf(loader, libraries, ":".join(search), padding)
    stated = Elf(loader, tuple(libraries), tuple(search))
    assert parse_elf(content) == stated
    small = condense(content)
    if loader or libraries or search:
        assert parse_elf(small) == stated
        assert len(small) <= len(content)


@given(st.binary(max_size=400), st.integers(1, 2), st.integers(1, 2))
def test_whatever_follows_the_header(rest: bytes, width: int, order: int) -> None:
    content = MAGIC + bytes((width, order)) + rest
    small = condense(content)
    assert len(small) <= max(len(content), 1024)
    assert isinstance(parse_elf(small), Elf)


def test_a_file_that_states_one_long_name_often_costs_little() -> None:
    content = make_elf(None, ("a" * 4000, *("b" * 9 for _ in range(1000))))
    for number in range(1000):
        content = content.replace(struct.pack("<qQ", 1, 4002 + 10 * number), struct.pack("<qQ", 1, 1))
    assert parse_elf(content).libraries == ("a" * 4000,) * 1001
    began = time.process_time()
    assert condense(content) == content[:1024]
    assert time.process_time() - began < 0.2
