"""Hashing in passing, in the same thread and beside it."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocianalyze.errors import CorruptLayerError, LimitExceededError
from ocianalyze.layers.blob.helpers import Helpers
from ocianalyze.layers.blob.tally import Tally
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.metering.progress import Silent
from ocianalyze.layers.reading.reader import Reading, ReadLayer, read_blob
from tests.support.blobs import MemoryBlob, chunks
from tests.support.changesets import columns
from tests.support.compress import Compression, compress
from tests.support.forms import archive, write_archive
from tests.support.images import ImageSpec
from tests.support.opening import READING, see
from tests.support.tarballs import file, layer
from tests.support.threads import running

DATA = bytes(range(256)) * 4000
TAR = layer([file(f"usr/bin/{number}", DATA[:number]) for number in range(0, 200_000, 10_000)])


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert running("hash") == 0


@pytest.mark.parametrize("size", [1000, 1 << 16, len(DATA)])
def test_the_hash_is_the_same_beside(size: int) -> None:
    tally = Tally("sha256")
    with tally.beside():
        assert running("hash") == 1
        assert b"".join(tally.count(chunks(DATA, size))) == DATA
    assert tally.size == len(DATA)
    assert tally.digest().matches(DATA)


def test_what_was_counted_is_hashed_when_something_fails() -> None:
    tally = Tally("sha512")

    def count() -> None:
        with tally.beside():
            for number, _ in enumerate(tally.count(chunks(DATA, 1000))):
                if number == 99:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        count()
    assert tally.digest().encoded == hashlib.sha512(DATA[:100_000]).hexdigest()


def test_a_failure_of_the_hash_is_raised_and_stops_nobody() -> None:
    tally = Tally("sha256")
    with pytest.raises(TypeError), tally.beside():
        for _ in tally.count(iter(["no bytes"] * 100)):  # type: ignore[list-item]
            pass


def _read(data: bytes, reading: Reading, *, beside: bool) -> ReadLayer:
    budget = reading.spending()
    return read_blob(
        MemoryBlob(data), reading, what="layer 0", budget=budget, need_diff_id=True, helpers=Helpers(lambda: beside)
    )


@pytest.mark.parametrize("kind", ["none", "gzip", "zstd"])
def test_a_layer_is_the_same_beside(kind: Compression) -> None:
    one, other = (_read(compress(TAR, kind), READING, beside=beside) for beside in (False, True))
    assert one.digest is not None
    assert one.diff_id is not None
    assert one.diff_id.matches(TAR)
    assert columns(one.changeset) == columns(other.changeset)
    assert one.contents.captured == other.contents.captured
    told = [
        (done.compression, done.size, done.uncompressed_size, done.digest, done.diff_id, done.bytes_hashed)
        for done in (one, other)
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("what", ["cut", "garbage", "max_memory"])
def test_a_bad_layer_gives_the_same_error_beside(kind: Compression, what: str) -> None:
    data = compress(TAR, kind)
    data = {"cut": data[: len(data) // 2], "garbage": data + b"garbage"}.get(what, data)
    limits = Limits(max_memory=2000) if what == "max_memory" else Limits()
    reading = replace(READING, limits=limits)
    errors = set()
    for beside in (False, True):
        with pytest.raises((CorruptLayerError, LimitExceededError)) as error:
            _read(data, reading, beside=beside)
        errors.add((type(error.value), error.value.message))
    assert len(errors) == 1


class _Watching(Silent):
    """Notes which threads take part while layers are read."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def begin(self, what: str, size: int | None, *, step: str | None = None) -> "_Watching":  # noqa: ARG002
        return self

    def reach(self, position: int) -> None:  # noqa: ARG002
        self.seen.update(name for name in ("hash", "read") if running(name))


@pytest.mark.parametrize(("jobs", "expected"), [(1, set()), (2, {"read", "hash"})])
def test_a_stream_is_read_ahead_and_hashed_beside(jobs: int, expected: set[str]) -> None:
    spec = ImageSpec(layers=[[file("a", os.urandom(1 << 20))]])
    data = archive(spec, "oci", compression="gzip")
    watching = _Watching()
    assert len(see(data, reading=replace(READING, jobs=jobs, progress=watching)).readings) == 1
    assert watching.seen == expected


@pytest.mark.parametrize(
    ("layers", "jobs", "verify", "expected"),
    [
        (1, 1, True, set()),
        (2, 1, True, set()),
        (1, 2, False, {"read"}),
        (1, 2, True, {"read", "hash"}),
        (2, 3, True, {"read", "hash"}),
    ],
)
def test_idle_processors_read_ahead_and_hash_what_is_inflated(
    tmp_path: Path, layers: int, jobs: int, expected: set[str], *, verify: bool
) -> None:
    spec = ImageSpec(layers=[[file("a", os.urandom(1 << 20))] for number in range(layers)])
    path = write_archive(tmp_path / "image.tar", spec, "oci", compression="gzip")
    watching = _Watching()
    seen = see(path, jobs=jobs, reading=replace(READING, verify=verify, progress=watching))
    assert len(seen.readings) == layers
    assert watching.seen == expected
