"""Reading a layer: walked or streamed, what is kept of it, and the way back to its contents."""

import fnmatch
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ocianalyze.errors import ContentUnavailableError, CorruptLayerError, LimitExceededError
from ocianalyze.layers import filetype
from ocianalyze.layers.capture import HEAD, Capture, compile_globs
from ocianalyze.layers.limits import MEANINGS, Limits
from ocianalyze.layers.reader import PreReadBlob, Reading, ReadLayer
from ocianalyze.layers.windows import RangeWindow, StreamWindow
from tests.support.blobs import MemoryBlob, chunks
from tests.support.compress import Compression, compress
from tests.support.filesystems import read
from tests.support.tarballs import Item, directory, file, layer, symlink

ELF = b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\x00" + bytes(3000)
TAR = layer(
    [
        directory("usr/bin"),
        file("usr/bin/tool", ELF),
        file("usr/bin/script", b"#!/bin/sh -e\n" + b"x" * 1000),
        file("opt/run", b"#!/usr/bin/env python\n" + b"y" * 1000, mode=0o755),
        file("etc/passwd", b"root" * 500),
        file("share/kernel.json", b"{}"),
        file("share/other", b"o" * 2000),
        symlink("share/link", "other"),
    ]
)


def _content(done: ReadLayer, path: str, size: int = 1 << 20) -> bytes:
    rows = [row for row in range(len(done.changeset)) if done.changeset.path(row) == path]
    return done.contents.read(rows[0], size)


def _capture(*patterns: str) -> Reading:
    return Reading(capture=Capture(frozenset(patterns)))


def test_a_plain_layer_is_walked_and_its_bodies_are_not_read() -> None:
    big = layer([Item(path=str(number), size=5 << 20) for number in range(4)])
    done = read(MemoryBlob(big, seekable=True))
    assert (done.read, done.digest, done.diff_id, done.compression) == ("headers", None, None, "none")
    assert done.size == done.uncompressed_size == len(big)
    assert done.bytes_read < 100_000


def test_a_streamed_layer_is_hashed_once() -> None:
    blob = MemoryBlob(compress(TAR, "gzip"))
    done = read(blob, Reading(verify=True))
    assert (done.read, done.compression, done.size, done.uncompressed_size) == ("full", "gzip", blob.size, len(TAR))
    assert done.bytes_read == blob.size
    assert done.digest is not None
    assert done.diff_id is not None
    assert done.digest.matches(blob.data)
    assert done.diff_id.matches(TAR)
    assert blob.reads == 1
    assert read(blob).diff_id is None


def test_what_lies_behind_the_end_is_hashed_and_counted() -> None:
    for tail in (bytes(5000), b"x" * 5000):
        blob = MemoryBlob(TAR + tail)
        done = read(blob)
        assert done.uncompressed_size == blob.size
        assert done.digest is not None
        assert done.digest.matches(blob.data)


@pytest.mark.parametrize("kind", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("chunk", [100, 1 << 16])
def test_what_is_kept_of_a_stream(kind: Compression, chunk: int) -> None:
    data = compress(TAR, kind)
    done = read(MemoryBlob(data, chunk=chunk), _capture("**/kernel.json", "/etc/passwd"))
    done.contents._blob = PreReadBlob(done)  # as what came as a stream
    assert _content(done, "/etc/passwd") == b"root" * 500
    assert _content(done, "/etc/passwd", 6) == b"rootro"
    assert _content(done, "/share/kernel.json") == b"{}"
    assert _content(done, "/usr/bin/tool", 20) == ELF[:20]
    assert _content(done, "/usr/bin/script", 12) == b"#!/bin/sh -e"
    assert _content(done, "/opt/run", 21) == b"#!/usr/bin/env python"
    with pytest.raises(ContentUnavailableError, match="/share/other is needed, but was not kept") as error:
        _content(done, "/share/other")
    assert error.value.hint


def test_what_was_not_kept_is_read_again_where_it_can_be() -> None:
    kinds: tuple[Compression, ...] = ("none", "gzip", "zstd")
    for kind in kinds:
        for seekable in (True, False):
            blob = MemoryBlob(compress(TAR, kind), seekable=seekable)
            assert _content(read(blob), "/share/other", 1500) == b"o" * 1500


def test_contents_that_are_kept_are_bounded() -> None:
    limits = Limits(max_captured=3000, max_content=1000)
    reading = Reading(limits=limits, capture=Capture(frozenset({"**/big"})))
    assert _content(read(MemoryBlob(layer([file("big", b"x" * 5000)])), reading), "/big", 1000) == b"x" * 1000
    many = layer([file(f"{number}/big", b"x" * 5000) for number in range(4)])
    with pytest.raises(LimitExceededError) as error:
        read(MemoryBlob(many), reading)
    assert error.value.option == "--max-captured"


def test_a_layer_that_became_shorter_is_noticed() -> None:
    blob = MemoryBlob(TAR, seekable=True)
    done = read(blob)
    blob.data = TAR[:3000]
    with pytest.raises(CorruptLayerError, match="cut short"):
        _content(done, "/share/other")


@settings(max_examples=60)
@given(st.lists(st.integers(1, 3000), max_size=30), st.integers(1, 5000))
def test_windows_give_what_is_asked_for(steps: list[int], chunk: int) -> None:
    data = bytes(range(256)) * 100
    walked, streamed = RangeWindow(MemoryBlob(data, seekable=True)), StreamWindow(chunks(data, chunk))
    position = 0
    for size in steps:
        for window in (walked, streamed):
            seen, start = window.view(position, size)
            assert start <= position or not seen
            assert seen[position - start : position - start + size] == data[position : position + size]
        position += size
    assert streamed.drain() == len(data)
    assert walked.end() == len(data)
    assert streamed.end() is None


# --- patterns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "mode", "expected"),
    [
        ("etc/passwd", 0o644, 1000),
        ("a/kernel.json", 0o644, 1000),
        ("kernel.json", 0o644, 1000),
        ("etc/ld.so.conf.d/a.conf", 0o644, 1000),
        ("etc/ld.so.conf.d/sub/a.conf", 0o644, 0),
        ("a/conda-meta/x.json", 0o644, 1000),
        ("conda-meta/x.json", 0o644, 1000),
        ("conda-meta/sub/x.json", 0o644, 0),
        ("x/etc/passwd", 0o644, 0),
        ("usr/bin/a", 0o644, HEAD),
        ("usr/sbin/a", 0o644, HEAD),
        ("bin/a", 0o644, HEAD),
        ("opt/a", 0o755, HEAD),
        ("opt/a", 0o644, 0),
    ],
)
def test_what_is_wanted(path: str, mode: int, expected: int) -> None:
    patterns = {"/etc/passwd", "**/kernel.json", "/etc/ld.so.conf.d/*.conf", "**/conda-meta/*.json"}
    capture = Capture(frozenset(patterns))
    assert capture.wanted(path, path.rpartition("/")[2], mode, limit=1000) == expected


def test_patterns_take_their_characters_literally() -> None:
    for pattern, path in (("/a.b", "/a.b"), ("/a+(b)", "/a+(b)"), ("/[a]b", "/ab"), ("/a[", "/a["), ("/\n*", "/\nx")):
        assert compile_globs([pattern]).match(path)
    for pattern, path in (("/a.b", "/axb"), ("/a", "/a\n"), ("/*", "/a/b"), ("/[!a]", "//"), ("/a[.*]b", "/axxb")):
        assert not compile_globs([pattern]).match(path)
    assert compile_globs(["/[]]"]).match("/]")
    assert compile_globs(["/[!]]"]).match("/x")
    assert compile_globs([r"/[\d]"]).match("/d")
    assert not compile_globs([r"/[\d]"]).match("/5")


@settings(max_examples=200)
@given(st.text("ab*?", max_size=6), st.text("ab", max_size=8))
def test_patterns_are_those_of_the_shell(pattern: str, name: str) -> None:
    assume(pattern != "**")  # which stands for directories here
    assert bool(compile_globs([f"/{pattern}"]).match(f"/{name}")) == fnmatch.fnmatchcase(name, pattern)


_COMPONENTS = st.sampled_from(("a", "ab", "b.c", "*", "a*", "*.c", "?", "[ab]", "[!a]*", "**"))
_PATTERNS = st.builds(
    lambda start, components: start + "/".join(components),
    st.sampled_from(("/", "**/")),
    st.lists(_COMPONENTS, min_size=1, max_size=4),
)


@given(
    patterns=st.frozensets(_PATTERNS, min_size=1, max_size=4),
    paths=st.lists(
        st.lists(st.sampled_from(("a", "ab", "b.c", "b", "\n")), min_size=1, max_size=5).map("/".join), min_size=1
    ),
)
def test_what_is_wanted_is_what_a_pattern_matches(patterns: frozenset[str], paths: list[str]) -> None:
    capture, match = Capture(patterns), compile_globs(patterns).match
    for path in paths:
        wanted = capture.wanted(path, path.rpartition("/")[2], 0o644, limit=1000)
        assert (wanted == 1000) == (match(f"/{path}") is not None), path


def test_hostile_patterns_take_bounded_time() -> None:
    started = time.process_time()
    for pattern in ("/" + "*a" * 20, "**/" + "*a" * 20, "/*/" * 3 + "*a*b*c*.so*"):
        compile_globs([pattern]).match("/" + "a" * 4000 + "b")
        compile_globs([pattern]).match("/" + "abc/" * 1000 + "b")
    compile_globs(["/" + "[" * 2000]).match("/")
    assert time.process_time() - started < 2


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_each_limit_is_explained_and_named() -> None:
    limits = Limits()
    assert set(MEANINGS) == set(limits._fields)
    for name in limits._fields:
        error = limits.exceeded(name, "x")
        assert error.option == f"--{name.replace('_', '-')}"
        assert f"{getattr(limits, name):,}" in error.message


@pytest.mark.parametrize("with_libmagic", [True, False])
@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "empty"),
        (b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\x00" + bytes(20), "ELF 64-bit, x86-64"),
        (b"\x7fELF\x02\x01\x01" + bytes(11) + b"\xb7\x00" + bytes(20), "ELF 64-bit, ARM aarch64"),
        (b"\x7fELF\x01\x02\x01" + bytes(11) + b"\x00\x08" + bytes(20), "ELF 32-bit, machine 8"),
        (b"\x7fELF", "ELF, cut short"),
        (b"#!/usr/bin/python3\nprint()", "ython"),
        (b"#!", ""),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "gzip compressed data"),
        (b'{"a": 1}', "JSON"),
        (b"plain text", "text"),
        (b"\0\1\2\3" * 100, "data"),
    ],
)
def test_files_are_called_by_what_they_are(
    head: bytes,
    words: str,
    with_libmagic: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not with_libmagic:
        monkeypatch.setattr(filetype, "_libmagic", lambda: None)
    elif not filetype.available():
        pytest.skip("libmagic cannot be loaded")
    assert words in filetype.describe(head)
    assert len(filetype.describe(head)) <= 100
