"""Gzip layers of real files: what this machine has in /usr, and wheels from PyPI."""

import os
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.compressed import CompressedWriter
from tests.support.tarballs import MTIME

BYTES = 2_200_000_000
"""Of the files of each of the two layers."""

SITE: Final = "opt/venv/lib/python3.11/site-packages"
_WHEELS: Final = (
    ("triton", "3.9.0", 0.6),
    ("nvidia-cusparse-cu12", "12.5.10.65", 0.45),
    ("torch", "2.15.0", 1.2),
    ("nvidia-cudnn-cu12", "9.28.0.42", 0.9),
    ("nvidia-cublas-cu12", "12.9.3.13", 0.9),
)
"""Name, version, and about how many GB it unpacks to."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be packed: where it goes, its size, and the file or the wheel that it is in."""

    path: str
    size: int
    origin: Path
    member: str = ""


@dataclass(frozen=True, slots=True)
class Packed:
    """What a layer came out as; the fields are those of `StoredLayer`."""

    diff_id: str
    digest: str
    size: int
    uncompressed_size: int
    entries: int


def choose_layers(wheels: Path, *, scale: float) -> list[tuple[str, list[Source]]]:
    """Return two layers, each a history line and its files: about `scale` times 2.2 GB each.

    Wheels that are missing in the directory `wheels` are downloaded with pip. Where /usr is smaller than its layer,
    wheels fill it up.
    """
    budget = round(BYTES * scale)
    packages = _choose(_wheel_files(_download(wheels, budget * 2)), budget)
    system = _choose(_system_files(), budget)
    missing = budget - sum(source.size for source in system)
    if missing > budget // 20:
        taken = {source.path for source in packages}
        rest = (source for source in _wheel_files(wheels.glob("*.whl")) if source.path not in taken)
        system += _choose(rest, missing)
    return [("ADD rootfs.tar.xz /", system), ("RUN pip install torch", packages)]


def pack(sources: Sequence[Source], target: Path) -> Packed:
    """Write the files and their directories as a tar, compressed with gzip at level 6 as Docker does."""
    with target.open("wb") as file, ExitStack() as stack:
        sink = CompressedWriter(file, "gzip")
        archives: dict[Path, zipfile.ZipFile] = {}
        entries = 0
        with tarfile.open(mode="w|", fileobj=sink, format=tarfile.PAX_FORMAT) as tar:
            for path in _directories(sources):
                tar.addfile(_info(path, tarfile.DIRTYPE, mode=0o755))
                entries += 1
            for source in sorted(sources, key=lambda source: source.path):
                if source.member and source.origin not in archives:
                    archives[source.origin] = stack.enter_context(zipfile.ZipFile(source.origin))
                _add(tar, source, archives.get(source.origin))
                entries += 1
        sink.finish()
    return Packed(sink.diff_id, sink.digest, sink.stored_size, sink.size, entries)


def _add(tar: tarfile.TarFile, source: Source, archive: zipfile.ZipFile | None) -> None:
    if archive is None and source.origin.is_symlink():
        info = _info(source.path, tarfile.SYMTYPE, mode=0o777)
        info.linkname = str(source.origin.readlink())
        tar.addfile(info)
        return
    info = _info(source.path, tarfile.REGTYPE, mode=0o644 if archive else source.origin.stat().st_mode & 0o7777)
    info.size = source.size
    with archive.open(source.member) if archive else source.origin.open("rb") as body:
        tar.addfile(info, body)


def _info(path: str, kind: bytes, *, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.mtime = kind, mode, MTIME
    return info


def _directories(sources: Iterable[Source]) -> list[str]:
    found: set[str] = set()
    for source in sources:
        parent = source.path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return sorted(found)


def _choose(sources: Iterable[Source], budget: int) -> list[Source]:
    """Return files of `budget` bytes at most, drawn from all of them, the same ones every time."""
    chosen = []
    for source in sorted(sources, key=lambda source: zlib.crc32(os.fsencode(source.path))):
        if source.size <= budget:
            chosen.append(source)
            budget -= source.size
        if budget <= 0:
            break
    return chosen


def _system_files() -> Iterator[Source]:
    for directory, _, names in os.walk("/usr"):
        for name in names:
            path = Path(directory, name)
            if path.is_symlink():
                yield Source(str(path)[1:], 0, path)
            elif path.is_file() and os.access(path, os.R_OK):
                yield Source(str(path)[1:], path.stat().st_size, path)


def _wheel_files(wheels: Iterable[Path]) -> Iterator[Source]:
    for wheel in sorted(wheels):
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    yield Source(f"{SITE}/{member.filename}", member.file_size, wheel, member.filename)


def _download(directory: Path, size: int) -> list[Path]:
    """Return wheels that unpack to `size` bytes, as far as there are so many; download those that are missing."""
    directory.mkdir(parents=True, exist_ok=True)
    found: list[Path] = []
    for name, version, unpacked in _WHEELS:
        if size <= 0:
            break
        pattern = f"{name.replace('-', '_')}-{version}-*.whl"
        if not list(directory.glob(pattern)):
            _pip_download(f"{name}=={version}", directory)
        found += directory.glob(pattern)
        size -= round(unpacked * 1_000_000_000)
    return found


def _pip_download(requirement: str, directory: Path) -> None:
    print(f"  downloading {requirement}", file=sys.stderr)
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64"]
    command += [
        "--platform=manylinux_2_27_x86_64",
        "--platform=manylinux2014_x86_64",
        f"--dest={directory}",
        requirement,
    ]
    subprocess.run(command, check=True)
