"""The cache directory: whole entries or none, whoever writes, reads, deletes or dies at the same time."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from ocianalyze.layers.reading.cache import CacheUsage, LayerCache

KEY = "sha256:x\nhow"


@pytest.fixture
def cache(tmp_path: Path) -> LayerCache:
    return LayerCache(tmp_path / "cache")


def _files(cache: LayerCache) -> list[Path]:
    return sorted((cache.directory / "layers").iterdir())


def test_what_is_stored_is_found_under_its_key_only(cache: LayerCache) -> None:
    assert cache.load(KEY) is None
    cache.store(KEY, b"content")
    cache.store("other", b"")
    assert cache.load(KEY) == b"content"
    assert cache.load("other") == b""
    assert cache.load("sha256:x") is None
    cache.store(KEY, b"new")
    assert cache.load(KEY) == b"new"
    assert cache.usage().layers == 2


def test_nobody_else_may_look_in(cache: LayerCache) -> None:
    cache.store(KEY, b"content")
    assert (cache.directory / "layers").stat().st_mode & 0o077 == 0
    assert [path.stat().st_mode & 0o777 for path in _files(cache)] == [0o600]
    assert (cache.directory / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


@pytest.mark.parametrize("place", range(0, 90, 3))
def test_a_damaged_entry_is_none_and_is_replaced(cache: LayerCache, place: int) -> None:
    cache.store(KEY, b"content" * 3)
    (path,) = _files(cache)
    whole = path.read_bytes()
    place %= len(whole)
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert cache.load(KEY) is None
    path.write_bytes(whole[:place])
    assert cache.load(KEY) is None
    cache.store(KEY, b"content")
    assert cache.load(KEY) == b"content"


def test_an_entry_of_another_key_is_none(cache: LayerCache) -> None:
    cache.store(KEY, b"content")
    (path,) = _files(cache)
    cache.store("other", b"other")
    (other,) = {*_files(cache)} - {path}
    other.replace(path)
    assert cache.load(KEY) is None


def test_what_others_may_write_is_not_trusted(cache: LayerCache) -> None:
    cache.store(KEY, b"content")
    (path,) = _files(cache)
    path.chmod(0o620)
    assert cache.load(KEY) is None
    (cache.directory / "layers").chmod(0o777)
    cache.store("other", b"")
    assert len(_files(cache)) == 1


def test_a_link_in_the_place_of_an_entry_is_not_followed(cache: LayerCache, tmp_path: Path) -> None:
    cache.store(KEY, b"content")
    (path,) = _files(cache)
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    assert cache.load(KEY) is None
    cache.store(KEY, b"new")
    assert not path.is_symlink()
    assert cache.load(KEY) == b"new"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_keeps_nobody_waiting(cache: LayerCache, make: Callable[[Path], None]) -> None:
    cache.store(KEY, b"content")
    (path,) = _files(cache)
    path.unlink()
    make(path)
    loaded: list[object] = []
    reader = Thread(target=lambda: loaded.append(cache.load(KEY)), daemon=True)
    reader.start()
    reader.join(timeout=10)
    assert loaded == [None]


def test_a_file_that_is_larger_than_memory_is_no_entry(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path, max_size=1 << 50)
    cache.store(KEY, b"content")
    (path,) = _files(cache)
    os.truncate(path, 1 << 42)
    assert cache.load(KEY) is None
    path.write_bytes(b"")
    os.truncate(path, 1 << 42)
    assert cache.load(KEY) is None


def test_a_file_that_is_larger_than_the_cache_is_no_entry(tmp_path: Path) -> None:
    LayerCache(tmp_path).store(KEY, os.urandom(5000))
    assert LayerCache(tmp_path).load(KEY) is not None
    assert LayerCache(tmp_path, max_size=4000).load(KEY) is None


def test_an_entry_that_expands_as_none_does_is_none(cache: LayerCache) -> None:
    cache.store(KEY, bytes(60 << 20))
    assert cache.load(KEY) is not None
    cache.store(KEY, bytes(70 << 20))
    assert cache.load(KEY) is None


def test_what_cannot_be_used_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for directory in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        cache = LayerCache(directory)
        cache.store(KEY, b"content")
        cache.trim()
        assert cache.load(KEY) is None
        assert cache.usage() == CacheUsage(0, 0)


def test_why_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = LayerCache(tmp_path / "new")
    assert LayerCache(tmp_path / "file").problem() == "Not a directory"
    assert cache.problem() is None
    monkeypatch.setattr("os.access", lambda *_, **__: False)  # as on a file system that is read-only
    assert cache.problem() == "not writable"


def test_what_was_not_asked_for_the_longest_goes_first(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path, max_size=12_000)
    for number in range(10):
        cache.store(str(number), os.urandom(1500))
        (path,) = (path for path in _files(cache) if time.time() - path.stat().st_mtime < 1000)
        os.utime(path, (number + 1, number + 1))
    assert cache.load("0") is not None
    cache.trim()
    assert [key for key in map(str, range(10)) if cache.load(key) is not None] == ["0", *"456789"]
    assert cache.usage().size <= cache.max_size
    cache.store("large", os.urandom(13_000))
    assert cache.load("large") is None


def test_only_own_files_are_deleted(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path)
    cache.store(KEY, b"content")
    strange = tmp_path / "layers" / "photo.layer"
    strange.write_bytes(b"mine")
    unfinished = tmp_path / "layers" / f"{'0' * 64}.{'1' * 16}.tmp"
    unfinished.write_bytes(b"left")
    cache.trim()
    assert unfinished.exists()
    os.utime(unfinished, (1, 1))
    cache.trim()
    assert not unfinished.exists()
    assert cache.clear().layers == 1
    assert cache.load(KEY) is None
    assert strange.exists()


WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from ocianalyze.layers.reading.cache import LayerCache
    cache = LayerCache(Path(sys.argv[1]), max_size=400_000)
    print("ready", flush=True)
    for round_ in range(int(sys.argv[2])):
        for number in range(20):
            found = cache.load(f"key {number}")
            if found is not None and bytes(found) != bytes([number]) * (40_000 + number):
                sys.exit("a wrong entry")
            import os
            cache.store(f"key {number}", bytes([number]) * (40_000 + number))
        cache.trim()
        if round_ % 7 == 0:
            cache.clear()
    """
)


def test_many_processes_share_a_directory(tmp_path: Path) -> None:
    command = (sys.executable, "-c", WRITER, str(tmp_path), "30")
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(4)]
    for process in processes:
        assert process.communicate()[1] == b""
        assert process.returncode == 0
    assert not [path for path in (tmp_path / "layers").iterdir() if path.suffix == ".tmp"]


def test_who_is_killed_leaves_no_part_of_an_entry(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path)
    for number in range(10):
        command = (sys.executable, "-c", WRITER, str(tmp_path), "100000")
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.01 * number)
            process.send_signal(signal.SIGKILL)
    for number in range(20):
        found = cache.load(f"key {number}")
        assert found is None or bytes(found) == bytes([number]) * (40_000 + number)
