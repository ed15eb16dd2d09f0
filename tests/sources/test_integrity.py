"""Each blob of each form altered in turn: nothing is altered unnoticed."""

import contextlib
import gzip
import os
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ocianalyze.errors import CorruptLayerError, DigestMismatchError, InvalidImageError
from tests.support.compress import compress
from tests.support.forms import FORMS, FormName, archive_items, write_directory
from tests.support.images import ImageSpec, build
from tests.support.opening import READING, see
from tests.support.tarballs import Item, file, layer

SPEC = ImageSpec(layers=[[file("a", os.urandom(3000))], [file("b", b"b" * 3000)]], config={"Labels": {"a": "b"}})
VERIFY = replace(READING, verify=True)
NOTICED = (DigestMismatchError, CorruptLayerError, InvalidImageError)


def _flip(position: float) -> Callable[[bytes], bytes]:
    def flip(content: bytes) -> bytes:
        altered = bytearray(content)
        altered[int(position * (len(content) - 1))] ^= 1
        return bytes(altered)

    return flip


def _recompress(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content), 1) if content[:2] == b"\x1f\x8b" else compress(content, "gzip")


ALTERATIONS: dict[str, Callable[[bytes], bytes]] = {
    "flip the first byte": _flip(0),
    "flip a byte early": _flip(0.1),
    "flip a byte in the middle": _flip(0.5),
    "flip a byte late": _flip(0.9),
    "flip the last byte": _flip(1),
    "cut one byte": lambda content: content[:-1],
    "cut half": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "lengthen by a zero": lambda content: content + b"\0",
    "lengthen by zeros": lambda content: content + bytes(1024),
    "lengthen by a space": lambda content: content + b" ",
    "recompress": _recompress,
}


def _blobs(form: FormName) -> list[Item]:
    """Return the members that an image is made of: configs, manifests, indexes and layers."""
    built = build(SPEC, compression=FORMS[form].compression)
    contents = {built.config.content, *(stored.stored.content for stored in built.layers)}
    members = archive_items(SPEC, form)
    return [item for item in members if item.content in contents or _is_document(item)]


def _is_document(item: Item) -> bool:
    return (
        item.path.startswith("blobs/")
        and isinstance(item.content, bytes)
        and item.content.startswith(b'{"schemaVersion"')
        and b"in-toto" not in item.content
    )


@pytest.mark.parametrize("alteration", ALTERATIONS)
@pytest.mark.parametrize("form", FORMS)
def test_each_altered_blob_is_noticed(form: FormName, alteration: str, tmp_path: Path) -> None:
    blobs = _blobs(form)
    assert len(blobs) >= 3
    for blob in blobs:
        assert isinstance(blob.content, bytes)
        altered = replace(blob, content=ALTERATIONS[alteration](blob.content))
        data = layer(altered if item.path == blob.path else item for item in archive_items(SPEC, form))
        path = tmp_path / "image.tar"
        path.write_bytes(data)
        for source in (path, data):
            if _is_the_same_image(form, blob, altered):
                assert see(source, reading=VERIFY).tree == see(layer(archive_items(SPEC, form))).tree
                continue
            with pytest.raises(NOTICED):
                see(source, reading=VERIFY)


def _is_the_same_image(form: FormName, blob: Item, altered: Item) -> bool:
    """Tell whether the archive states no digest of the stored bytes, and the uncompressed ones are as they were."""
    states_digests = any(item.path.startswith("blobs/") for item in archive_items(SPEC, form))
    if states_digests or not blob.path.endswith((".tar", ".tar.gz")):
        return False
    return _uncompressed(altered) == _uncompressed(blob)


def _uncompressed(item: Item) -> bytes | None:
    assert isinstance(item.content, bytes)
    if item.content[:2] != b"\x1f\x8b":
        return item.content
    with contextlib.suppress(OSError, EOFError, zlib.error):
        return gzip.decompress(item.content)
    return None


@pytest.mark.parametrize("alteration", ALTERATIONS)
@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_each_altered_blob_of_a_directory_is_noticed(compression: str, alteration: str, tmp_path: Path) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, "oci-nested", compression=compression)  # type: ignore[arg-type]
    for blob in (layout / "blobs" / "sha256").iterdir():
        original = blob.read_bytes()
        blob.write_bytes(ALTERATIONS[alteration](original))
        with pytest.raises(NOTICED):
            see(layout, reading=VERIFY)
        blob.write_bytes(original)
    see(layout, reading=VERIFY)


def test_an_empty_blob_is_said_to_be_too_short(tmp_path: Path) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, "oci", compression="gzip")
    stored = build(SPEC, compression="gzip").layers[0].stored
    assert isinstance(stored.content, bytes)
    (layout / "blobs" / stored.digest.replace(":", "/")).write_bytes(b"")
    with pytest.raises(DigestMismatchError, match=f"layer 0: size is 0 bytes, but {len(stored.content):,} are stated"):
        see(layout)


@pytest.mark.parametrize("form", FORMS)
def test_compressed_and_streamed_layers_are_verified_without_being_asked(form: FormName, tmp_path: Path) -> None:
    built = build(SPEC, compression=FORMS[form].compression)
    for stored in built.layers:
        content = stored.stored.content
        assert isinstance(content, bytes)
        altered = _flip(0.6)(content)
        members = [replace(i, content=altered) if i.content == content else i for i in archive_items(SPEC, form)]
        path = tmp_path / "image.tar"
        path.write_bytes(layer(members))
        with pytest.raises(NOTICED):
            see(path.read_bytes())
        if FORMS[form].compression != "none":
            with pytest.raises(NOTICED):
                see(path)


@pytest.mark.parametrize("form", FORMS)
def test_what_was_verified_is_said(form: FormName, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(layer(archive_items(SPEC, form)))
    states_digest = any(item.path.startswith("blobs/") for item in archive_items(SPEC, form))
    everything = ("digest", "diff_id") if states_digest else ("diff_id",)
    assert see(path, reading=VERIFY).verified == [everything] * 2
    assert see(path.read_bytes(), reading=VERIFY).verified == [everything] * 2
    if FORMS[form].compression == "none":
        assert see(path).verified == [()] * 2
        assert [reading.read for reading in see(path).readings] == ["headers"] * 2
    else:
        assert all(see(path).verified)
    assert all(see(path.read_bytes()).verified)


def test_a_plain_layer_whose_digest_is_not_its_diff_id_is_noticed_without_reading_it(tmp_path: Path) -> None:
    spec = replace(SPEC, raw_config={"rootfs": {"type": "layers", "diff_ids": build(SPEC).diff_ids[::-1]}})
    path = tmp_path / "image.tar"
    path.write_bytes(layer(archive_items(spec, "docker-25")))
    with pytest.raises(DigestMismatchError, match="diff_id"):
        see(path)
