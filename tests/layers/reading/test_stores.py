"""What a process keeps of layers in memory."""

import os

from ocianalyze.layers.reading.stores import RecentLayers


def test_what_is_stored_is_found_under_its_key_only() -> None:
    store = RecentLayers()
    store.store("one", b"first")
    store.store("one", b"second" * 1000)
    assert store.load("one") == b"second" * 1000
    assert (store.load("two"), store.holds("one"), store.holds("two")) == (None, True, False)


def test_proofs_are_no_layers() -> None:
    store = RecentLayers()
    store.remember_digest("file", "sha256:1")
    assert store.digest_of("file") == "sha256:1"
    assert store.load("file") is None
    assert store.digest_of("other") is None


def test_what_was_not_used_for_longest_goes_first() -> None:
    store = RecentLayers(max_size=25_000)
    for key in ("one", "two"):
        store.store(key, os.urandom(10_000))
    assert store.load("one") is not None
    store.store("three", os.urandom(10_000))
    assert [store.holds(key) for key in ("one", "two", "three")] == [True, False, True]


def test_what_is_too_large_is_not_kept_and_replaces_what_was() -> None:
    store = RecentLayers(max_size=25_000)
    store.store("other", os.urandom(10_000))
    store.store("one", b"small")
    store.store("one", os.urandom(30_000))
    assert (store.load("one"), store.holds("other")) == (None, True)
