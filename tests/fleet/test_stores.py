"""Where results of layers are kept for several processes: what is damaged is as if it were not there."""

import pickle
from pathlib import Path

import pytest

from ocianalyze.errors import UsageError
from ocianalyze.fleet.stores.cache import FleetCache
from ocianalyze.fleet.stores.handed import HandedLayers
from ocianalyze.fleet.stores.objects import ObjectStore

CONTENT = b"what was learned of a layer" * 1000


@pytest.fixture(params=["file", "memory", "path"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """Return a store of each kind."""
    urls = {"file": f"file://{tmp_path}/a/store", "memory": f"memory://{tmp_path.name}", "path": f"{tmp_path}/b"}
    found = ObjectStore(urls[request.param])
    found.check()
    return found


def test_what_is_stored_is_found_by_others(store: ObjectStore) -> None:
    store.store("one", CONTENT)
    other = pickle.loads(pickle.dumps(store))  # noqa: S301 - our own
    assert bytes(other.load("one") or b"") == CONTENT
    assert other.holds("one")
    assert other.load("two") is None
    assert not other.holds("two")
    other.store("one", b"replaced")
    assert bytes(store.load("one") or b"") == b"replaced"


@pytest.mark.parametrize("position", [0, 20, 40, 70, -1])
def test_a_damaged_entry_is_none(tmp_path: Path, position: int) -> None:
    store = ObjectStore(str(tmp_path))
    store.store("one", CONTENT)
    (path,) = tmp_path.glob("*.layer")
    raw = bytearray(path.read_bytes())
    raw[position] ^= 1
    path.write_bytes(raw)
    assert store.load("one") is None
    path.write_bytes(path.read_bytes()[:30])
    assert store.load("one") is None
    path.write_bytes(b"")
    assert store.load("one") is None


def test_an_entry_of_another_key_is_none(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    store.store("one", CONTENT)
    (one,) = tmp_path.glob("*.layer")
    raw = one.read_bytes()
    one.unlink()
    store.store("two", CONTENT)
    (two,) = tmp_path.glob("*.layer")
    two.write_bytes(raw)
    assert store.load("two") is None


def test_nothing_is_left_unfinished(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    for number in range(5):
        store.store(str(number), CONTENT)
    assert {path.suffix for path in tmp_path.iterdir()} == {".layer"}


@pytest.mark.parametrize("url", ["nothing://bucket", "/proc/nowhere"])
def test_a_store_that_cannot_be_used(url: str) -> None:
    store = ObjectStore(url)
    with pytest.raises(UsageError, match="cannot be"):
        store.check()


def test_a_store_that_goes_away_costs_time_and_nothing_else(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path / "store"))
    store.check()
    for path in (tmp_path / "store").iterdir():
        path.unlink()
    (tmp_path / "store").rmdir()
    (tmp_path / "store").write_text("a file in its place")
    store.store("one", CONTENT)
    assert store.load("one") is None
    assert not store.holds("one")


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
