"""Reading a layer: walked or streamed, what is kept of it, and the way back to its contents."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.errors import ContentUnavailableError, CorruptLayerError, LimitExceededError
from ocianalyze.layers.blob.windows import RangeWindow, StreamWindow
from ocianalyze.layers.contents import filetype
from ocianalyze.layers.contents.capture import HEAD, SCRIPT, SCRIPTS, Capture, Want
from ocianalyze.layers.contents.elf import parse_elf
from ocianalyze.layers.contents.globs import PathPattern, match_any
from ocianalyze.layers.metering.limits import MEANINGS, Limits
from ocianalyze.layers.reading.reader import Reading, ReadLayer
from tests.support.blobs import MemoryBlob, chunks
from tests.support.compress import Compression, compress
from tests.support.elf import make_elf
from tests.support.filesystems import read
from tests.support.tarballs import Item, directory, file, layer, symlink

ELF = b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\x00" + bytes(3000)
LINKED = make_elf(needed=("libpython3.so",), runpath="/opt/lib", padding=100_000)
TAR = layer(
    [
        directory("usr/bin"),
        file("usr/bin/tool", ELF),
        file("usr/bin/python3", LINKED),
        file("opt/tool", ELF, mode=0o755),
        file("usr/bin/script", b"#!/bin/sh -e\n" + b"x" * 1000),
        file("opt/run", b"#!/usr/bin/env python\n" + b"y" * 1000, mode=0o755),
        file("etc/passwd", b"root" * 500),
        file("share/kernel.json", b"{}"),
        file("share/other", b"o" * 2000),
        symlink("share/link", "other"),
    ]
)


def _content(done: ReadLayer, path: str, *, most: int | None = None) -> bytes:
    return done.contents.read(_row(done, path), most=most)


def _row(done: ReadLayer, path: str) -> int:
    return next(row for row in range(len(done.changeset)) if done.changeset.path(row) == path)


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


FORMS: tuple[tuple[Compression, bool], ...] = (("none", True), ("none", False), ("gzip", True), ("zstd", False))


@pytest.mark.parametrize(("kind", "seekable"), FORMS)
@pytest.mark.parametrize("chunk", [100, 1 << 16])
def test_the_same_contents_are_there_whatever_the_layer_comes_as(
    kind: Compression, chunk: int, *, seekable: bool
) -> None:
    blob = MemoryBlob(compress(TAR, kind), seekable=seekable, chunk=chunk)
    done = read(blob, _capture("**/kernel.json", "/etc/passwd"))
    assert _content(done, "/etc/passwd") == b"root" * 500
    assert _content(done, "/share/kernel.json") == b"{}"
    assert _content(done, "/usr/bin/script") == b"#!/bin/sh -e\n" + b"x" * 1000
    assert _content(done, "/opt/run") == b"#!/usr/bin/env python\n" + b"y" * 1000
    assert done.contents.head(_row(done, "/usr/bin/tool")) == ELF[:HEAD]
    assert done.contents.head(_row(done, "/opt/tool")) == ELF[:64]
    assert parse_elf(done.contents.head(_row(done, "/usr/bin/python3"))) == parse_elf(LINKED)
    assert done.contents.head(_row(done, "/usr/bin/script")) == (b"#!/bin/sh -e\n" + b"x" * 1000)[:HEAD]
    for path in ("/share/other", "/usr/bin/tool", "/usr/bin/python3"):
        with pytest.raises(ContentUnavailableError, match=f"{path} is neither a script nor") as error:
            _content(done, path)
        assert error.value.path == path
    with pytest.raises(ContentUnavailableError, match="/share/other is neither"):
        done.contents.head(_row(done, "/share/other"))
    with pytest.raises(ContentUnavailableError, match="2,000 bytes, but at most 1,999 are examined"):
        _content(done, "/etc/passwd", most=1999)
    assert _content(done, "/etc/passwd", most=2000) == b"root" * 500


@pytest.mark.parametrize(("kind", "seekable"), FORMS)
@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_scripts_of_any_name_are_kept_whole_or_known_not_to_be(kind: Compression, mode: int, *, seekable: bool) -> None:
    line = b"#!/bin/bash -eu\n"
    items = [
        file("opt/a b/anything", line + b"x" * (SCRIPT - len(line)), mode=mode),
        file("opt/longer", line + b"x" * SCRIPT, mode=mode),
        file("opt/one-line", b"#!" + b"/x" * SCRIPT, mode=mode),
        file("opt/tiny", b"#!", mode=mode),
        file("opt/almost", b"#", mode=mode),
    ]
    done = read(MemoryBlob(compress(layer(items), kind), seekable=seekable), Reading())
    assert len(_content(done, "/opt/a b/anything")) == SCRIPT
    assert _content(done, "/opt/tiny") == b"#!"
    assert done.contents.head(_row(done, "/opt/longer")) == line
    assert len(done.contents.head(_row(done, "/opt/one-line"))) == HEAD
    for path in ("/opt/longer", "/opt/one-line"):
        with pytest.raises(ContentUnavailableError, match=f"is a script of .* at most {SCRIPT:,} are read"):
            _content(done, path)
    if mode == 0o755:
        assert done.contents.head(_row(done, "/opt/almost")) == b"#"
    else:
        with pytest.raises(ContentUnavailableError):
            done.contents.head(_row(done, "/opt/almost"))


def test_too_many_scripts_are_known_not_to_be_kept() -> None:
    script = b"#!/bin/sh\n" + b"x" * (SCRIPT - 10)
    many = SCRIPTS // SCRIPT
    done = read(MemoryBlob(layer([file(f"{n}", script, mode=0o755) for n in range(many + 1)])), Reading())
    assert _content(done, f"/{many - 1}") == script
    assert done.contents.dropped
    with pytest.raises(ContentUnavailableError, match=f"/{many} may be a script, but only 64 MiB of scripts are kept"):
        _content(done, f"/{many}")


def test_contents_that_are_kept_are_bounded() -> None:
    limits = Limits(max_memory=32_000)
    reading = Reading(limits=limits, capture=Capture(frozenset({"**/big"})))
    for seekable in (True, False):
        done = read(MemoryBlob(layer([file("big", b"x" * 1001)]), seekable=seekable), reading)
        with pytest.raises(ContentUnavailableError, match="1,001 bytes, but at most 1,000 of a file are read"):
            _content(done, "/big")
    many = layer([file(f"{number}/big", b"x" * 1000) for number in range(16)])
    with pytest.raises(LimitExceededError) as error:
        read(MemoryBlob(many), reading)
    assert error.value.option == "--max-memory"
    walked = read(MemoryBlob(many, seekable=True), reading)
    with pytest.raises(LimitExceededError) as error:
        assert [_content(walked, f"/{number}/big") for number in range(16)]
    assert error.value.option == "--max-memory"


def test_a_layer_that_became_shorter_is_noticed() -> None:
    blob = MemoryBlob(TAR, seekable=True)
    done = read(blob)
    blob.data = TAR[:3000]
    with pytest.raises(CorruptLayerError, match="truncated"):
        _content(done, "/usr/bin/script")


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
        ("etc/passwd", 0o644, Want.WHOLE),
        ("a/kernel.json", 0o644, Want.WHOLE),
        ("kernel.json", 0o644, Want.WHOLE),
        ("etc/ld.so.conf.d/a.conf", 0o644, Want.WHOLE),
        ("etc/ld.so.conf.d/sub/a.conf", 0o644, Want.SCRIPT),
        ("a/conda-meta/x.json", 0o644, Want.WHOLE),
        ("conda-meta/x.json", 0o644, Want.WHOLE),
        ("conda-meta/sub/x.json", 0o644, Want.SCRIPT),
        ("x/etc/passwd", 0o644, Want.SCRIPT),
        ("usr/bin/a", 0o644, Want.PROGRAM),
        ("usr/sbin/a", 0o755, Want.PROGRAM),
        ("bin/a", 0o644, Want.PROGRAM),
        ("opt/conda/bin/python3.11", 0o755, Want.LINKED),
        ("opt/conda/python3.11", 0o755, Want.HEAD),
        ("opt/a", 0o755, Want.HEAD),
        ("opt/a", 0o644, Want.SCRIPT),
    ],
)
def test_what_is_wanted(path: str, mode: int, expected: Want) -> None:
    patterns = {"/etc/passwd", "**/kernel.json", "/etc/ld.so.conf.d/*.conf", "**/conda-meta/*.json"}
    capture = Capture(frozenset(patterns))
    assert capture.wanted(path, path.rpartition("/")[2], mode) is expected


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
    capture, compiled = Capture(patterns), [PathPattern(pattern) for pattern in patterns]
    for path in paths:
        wanted = capture.wanted(path, path.rpartition("/")[2], 0o644)
        assert (wanted is Want.WHOLE) == match_any(compiled, f"/{path}"), path


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
        (b"\x7fELF", "ELF, truncated"),
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
