"""Where results of layers are kept for several processes: what is damaged is as if it were not there."""

import os
import pickle
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from ocianalyze.errors import UsageError
from ocianalyze.fleet.stores.cache import FleetCache, shared_directory
from ocianalyze.fleet.stores.handed import HandedLayers
from ocianalyze.fleet.stores.objects import ObjectStore
from ocianalyze.layers.reading.stores import LayerStore

CONTENT = b"what was learned of a layer" * 1000


@pytest.fixture(params=["file", "memory", "path"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LayerStore:
    """Return a store of each kind."""
    urls = {"file": f"file://{tmp_path}/a/store", "memory": f"memory://{tmp_path.name}", "path": f"{tmp_path}/b"}
    directory = shared_directory(urls[request.param])
    if directory is not None:
        assert directory.problem() is None
        return directory
    found = ObjectStore(urls[request.param])
    found.check()
    return found


def test_what_is_stored_is_found_by_others(store: LayerStore) -> None:
    store.store("one", CONTENT)
    other = pickle.loads(pickle.dumps(store))  # noqa: S301 - our own
    assert bytes(other.load("one") or b"") == CONTENT
    assert other.holds("one")
    assert other.load("two") is None
    assert not other.holds("two")
    other.store("one", b"replaced")
    assert bytes(store.load("one") or b"") == b"replaced"


@pytest.mark.parametrize("position", [0, 20, 40, 70, -1])
def test_a_damaged_object_is_none(tmp_path: Path, position: int) -> None:
    store = ObjectStore(f"memory://{tmp_path.name}")
    store.store("one", CONTENT)
    files = MemoryFileSystem()
    (path,) = files.ls(f"/{tmp_path.name}", detail=False)
    raw = bytearray(files.cat_file(path))
    raw[position] ^= 1
    for content in (bytes(raw), bytes(raw[:30]), b""):
        files.pipe_file(path, content)
        assert store.load("one") is None


def test_an_object_of_another_key_is_none(tmp_path: Path) -> None:
    store = ObjectStore(f"memory://{tmp_path.name}")
    store.store("one", CONTENT)
    files = MemoryFileSystem()
    (one,) = files.ls(f"/{tmp_path.name}", detail=False)
    raw = files.cat_file(one)
    files.rm_file(one)
    store.store("two", CONTENT)
    (two,) = files.ls(f"/{tmp_path.name}", detail=False)
    files.pipe_file(two, raw)
    assert store.load("two") is None


@pytest.mark.parametrize("url", ["nothing://bucket", "nothing://user:secret@bucket"])
def test_a_store_that_cannot_be_used(url: str) -> None:
    store = ObjectStore(url)
    with pytest.raises(UsageError, match="cannot be") as error:
        store.check()
    assert "secret" not in error.value.one_line()


def test_what_lies_in_a_shared_directory_keeps_nobody_waiting(tmp_path: Path) -> None:
    store = shared_directory(str(tmp_path / "store"))
    assert store is not None
    store.store("one", CONTENT)
    (entry,) = (tmp_path / "store" / "layers").glob("*.layer")
    entry.unlink()
    os.mkfifo(entry)
    assert store.load("one") is None
    (tmp_path / "open").mkdir(mode=0o777)
    (tmp_path / "open").chmod(0o777)
    other = shared_directory(f"file://{tmp_path}/open")
    assert other is not None
    assert other.problem() is not None


def test_what_is_handed_on() -> None:
    first = HandedLayers()
    first.store("one", CONTENT)
    second = HandedLayers(first.new)
    assert bytes(second.load("one") or b"") == CONTENT
    assert second.holds("one")
    second.remember_digest("file", "sha256:1")
    assert second.holds("file") is False


def test_a_fleet_makes_room_at_its_end(tmp_path: Path) -> None:
    cache = FleetCache(tmp_path / "cache", max_size=20_000)
    for number in range(20):
        cache.store(str(number), bytes(range(256)) * 20 + str(number).encode() * 2000)
    cache.trim()
    before = cache.usage()
    cache.end()
    assert before.layers == 20
    assert cache.usage().size <= 20_000
