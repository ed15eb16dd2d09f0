"""Archives and layouts that lie, lead out of themselves, are too large, or are no images at all."""

import contextlib
import gzip
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import (
    AnalysisError,
    CorruptLayerError,
    DigestMismatchError,
    InvalidImageError,
    InvalidReferenceError,
    LimitExceededError,
    OcianalyzeError,
    UsageError,
)
from ocianalyze.layers.metering.budget import Budget
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.reading.layers import read_layers
from ocianalyze.layers.reading.reader import Reading
from ocianalyze.layers.tar import ordinary
from ocianalyze.oci.image import Image
from ocianalyze.oci.reference import Reference
from ocianalyze.settings.files import find_settings
from ocianalyze.sources.files import DirectoryStore
from ocianalyze.sources.opening import is_remote
from tests.support.compress import Compression, compress
from tests.support.forms import FORMS, FormName, archive, archive_items, write_directory
from tests.support.headers import header
from tests.support.images import Blob, ImageSpec, build, to_json
from tests.support.layouts import OCI_INDEX, OCI_MANIFEST, descriptor, manifest
from tests.support.observing import Foresight
from tests.support.opening import READING, opened, see
from tests.support.tarballs import Item, directory, file, hardlink, layer, symlink
from tests.support.tools import as_nobody

SPEC = ImageSpec(layers=[[file("a", b"a")], [file("b", b"b" * 3000)]])
OTHER = ImageSpec(layers=[[file("other")]])
FIRST = build(SPEC).layers[0].stored


def _refused(
    source: Path | bytes | str, match: str, *, error: type[OcianalyzeError] = InvalidImageError
) -> OcianalyzeError:
    with pytest.raises(error, match=match) as caught:
        see(source)
    return caught.value


def _with(form: FormName, edit: Callable[[str, bytes], bytes | Item | None]) -> bytes:
    """Return an archive whose files went through `edit`: new bytes, another member, or None to leave it out."""
    members: list[Item] = []
    for item in archive_items(SPEC, form, compression="none"):
        if item.kind == "file" and isinstance(item.content, bytes):
            edited = edit(item.path, item.content)
            if edited is not None:
                members.append(replace(item, content=edited) if isinstance(edited, bytes) else edited)
        else:
            members.append(item)
    return layer(members)


def _in_both(data: bytes, tmp_path: Path, match: str, *, error: type[OcianalyzeError] = InvalidImageError) -> None:
    """Demand the same refusal of an archive in a file and as a stream."""
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    _refused(path, match, error=error)
    _refused(data, match, error=error)


# --- no image ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b"FROM python:3.11\nRUN pip install ipykernel\n", "not an image but text that begins with 'FROM python:3.11'"),
        (b"x", "not an image but text"),
        (b"\x7fELF" + bytes(2000), "not an image but an ELF executable"),
        (b'{"schemaVersion": 2}' * 100, "not an image but a JSON document"),
        (layer([file("app", b"binary")]), "contains no manifest.json or index.json"),
        (bytes(10240), "it contains no files"),
        (layer([file("repositories", b"{}"), file("abc/layer.tar", layer([]))]), "older than 1.10"),
    ],
)
def test_what_is_no_image_is_called_by_its_name(content: bytes, match: str, tmp_path: Path) -> None:
    _in_both(content, tmp_path, match)
    for kind in ("gzip", "zstd"):
        _in_both(compress(content, kind), tmp_path, match)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    _refused(tmp_path / "missing.tar", "does not exist", error=InvalidReferenceError)
    forgotten = _refused("team/image.tar", "does not exist", error=InvalidReferenceError)
    assert "docker://team/image.tar" in str(forgotten.hint), "what looks like a file is not asked for over the network"
    _refused("x" * 5000, "cannot be opened: File name too long", error=InvalidReferenceError)
    _refused(f"docker-archive:{tmp_path}", "is a directory", error=InvalidReferenceError)
    _refused(tmp_path, "it contains no files")
    (tmp_path / "index.json").mkdir()
    _refused(tmp_path, "not a regular file")


def test_what_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(archive(SPEC, "oci"))
    path.chmod(0)
    with as_nobody():
        _refused(path, "Permission denied", error=InvalidReferenceError)


def test_what_may_not_be_looked_at_is_not_taken_for_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, "oci", compression="none")
    store = DirectoryStore(layout)
    closed = layout / "blobs"
    monkeypatch.chdir(closed)
    closed.chmod(0)
    with as_nobody():
        assert not is_remote(Reference.parse("team/image")), "what may be a file is not asked for over the network"
        with pytest.raises(InvalidImageError, match="Permission denied"):
            store.find(f"blobs/sha256/{FIRST.encoded}")
        with pytest.raises(UsageError, match="cannot be searched for settings: Permission denied"):
            find_settings(closed)
    closed.chmod(0o700)


def test_sockets_and_pipes_in_a_layout_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, "oci", compression="none")
    blob = layout / "blobs" / "sha256" / FIRST.encoded
    blob.unlink()
    os.mkfifo(blob)
    _refused(layout, "not a regular file")
    blob.unlink()
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(blob.parent)  # the path of a socket must be short
        server.bind(blob.name)
        _refused(layout, "not a regular file")


# --- layers that are none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"just some text\n" * 100, "layer 1 is not a tar archive but .*text"),
        (b"\x7fELF\x02\x01" + bytes(1000), "layer 1 is not a tar archive but an ELF executable"),
        (b"tiny", "layer 1 is not a tar archive but"),
        (compress(b"text inside" * 100, "gzip"), "layer 1 is not a tar archive but .*text"),
        (compress(layer([file("a")]), "xz"), "layer 1 is compressed with xz"),
        (compress(layer([file("a")]), "bzip2"), "layer 1 is compressed with bzip2"),
    ],
)
def test_a_layer_that_is_no_tar(content: bytes, match: str, tmp_path: Path) -> None:
    spec = ImageSpec(layers=[[file("a")], content])
    for form in ("docker-legacy", "oci", "kaniko"):
        data = archive(spec, form, compression="none")
        path = tmp_path / "image.tar"
        path.write_bytes(data)
        _refused(path, match, error=CorruptLayerError)
        # In a stream the number of a layer is not known when it passes.
        _refused(data, match.replace("layer 1", "layer .*"), error=CorruptLayerError)


# --- links (S2) -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../../etc/passwd", "nowhere"])
@pytest.mark.parametrize("link", [symlink, hardlink])
def test_links_never_lead_out_of_an_archive(target: str, link: Callable[[str, str], Item], tmp_path: Path) -> None:
    name = f"blobs/sha256/{FIRST.encoded}"
    match = rf"layer 0 \(blob .*\) is a link to '.*{target.rpartition('/')[2]}', which is not in the image"
    _in_both(_with("docker-25", lambda path, data: link(path, target) if path == name else data), tmp_path, match)


def test_links_that_go_round_in_a_circle(tmp_path: Path) -> None:
    for target in ("manifest.json", "./manifest.json", "x"):
        members = [symlink("manifest.json", target), symlink("x", "manifest.json")]
        _in_both(layer(members), tmp_path, "is part of a loop")


def test_links_never_lead_out_of_a_layout(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(layer([file("secret")]))
    for number, target in enumerate(("/etc/passwd", "../../../outside", str(outside))):
        layout = write_directory(tmp_path / str(number), SPEC, "oci", compression="none")
        blob = layout / "blobs" / "sha256" / FIRST.encoded
        blob.unlink()
        blob.symlink_to(target)
        error = _refused(layout, rf"layer 0 \(blob .*\) is a link to '{target}', which is not in the image")
        assert "cp -rL" in error.one_line()
    for name in ("index.json", "blobs"):
        layout = write_directory(tmp_path / name, SPEC, "oci", compression="none")
        (layout / name).rename(tmp_path / f"moved-{name}")
        (layout / name).symlink_to(tmp_path / f"moved-{name}")
        _refused(layout, "is a link to .*, which is not in the image")


def test_links_that_go_round_in_a_circle_in_a_layout(tmp_path: Path) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, "oci", compression="none")
    blob = layout / "blobs" / "sha256" / FIRST.encoded
    blob.unlink()
    blob.symlink_to(blob.name)
    _refused(layout, "is a link to .*, which is not in the image")


# --- digests (S3) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:../../etc/passwd",
        "sha256:" + "A" * 64,
        "sha256:",
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 64 + "\n",
        "md5:" + "a" * 32,
        "a" * 64,
        "../../etc/passwd",
        None,
        7,
        ["sha256:" + "a" * 64],
    ],
)
def test_digests_are_validated_before_they_are_used(digest: object, tmp_path: Path) -> None:
    index = {"schemaVersion": 2, "manifests": [{"mediaType": OCI_MANIFEST, "digest": digest, "size": 1}]}
    _in_both(layer([file("index.json", to_json(index))]), tmp_path, "digest")


# --- sizes and depth (S5) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["manifest.json", "index.json"])
def test_documents_are_capped(name: str, tmp_path: Path) -> None:
    started = time.process_time()
    data = layer([Item(path=name, content=b"[" + b" " * (100 << 20) + b"]")])
    _in_both(data, tmp_path, "is too large for a JSON document, over the limit", error=LimitExceededError)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_documents_may_not_be_nested_deeply(opening: bytes, tmp_path: Path) -> None:
    for depth in (1020, 10_000, 500_000):
        _in_both(layer([file("manifest.json", opening * depth)]), tmp_path, "not valid JSON")
    closing = {b"[": b"]", b'{"a":': b"}", b'[{"a":': b"}]"}[opening]
    _in_both(layer([file("manifest.json", opening * 10_000 + b"1" + closing * 10_000)]), tmp_path, "not valid JSON")


def test_indexes_may_not_be_nested_deeply(tmp_path: Path) -> None:
    built = build(SPEC)
    blob = manifest(built)
    blobs = [blob, built.config, *(stored.stored for stored in built.layers)]
    entry = descriptor(blob, OCI_MANIFEST)
    for depth in range(7):
        index = to_json({"schemaVersion": 2, "manifests": [entry]})
        members = [file(f"blobs/sha256/{each.encoded}", each.content) for each in blobs]
        data = layer([*members, file("index.json", index)])
        if depth <= 4:
            assert see(data).image.config_digest == built.config.digest
        else:
            _in_both(data, tmp_path, "more than 4 levels deep")
        nested = Blob.of(index)
        blobs.append(nested)
        entry = descriptor(nested, OCI_INDEX)


def test_entries_of_all_layers_are_counted_together(tmp_path: Path) -> None:
    spec = ImageSpec(layers=[[file(f"{number}-{n}") for n in range(20)] for number in range(3)])
    repeated = ImageSpec(layers=[[file(f"{n}") for n in range(20)]] * 4)
    reading = Reading(limits=Limits(max_memory=22_000))
    for images, form in ((spec, "docker-25"), (repeated, "docker-25"), (repeated, "docker-legacy")):
        data = archive(images, form)  # type: ignore[arg-type]
        path = tmp_path / "image.tar"
        path.write_bytes(data)
        for source in (path, data):
            for jobs in (1, 2):
                with pytest.raises(LimitExceededError) as error:
                    see(source, reading=reading, jobs=jobs)
                assert error.value.option == "--max-memory"


_PEAK = """
import resource, subprocess, sys
scan = [sys.executable, "-m", "ocianalyze", "scan", "--no-cache", *sys.argv[1:]]
done = subprocess.run(scan, capture_output=True, text=True)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.stderr)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
@pytest.mark.parametrize("first", ["d", "\U0001f40b"])
def test_a_small_archive_of_deep_paths_takes_little_memory(first: str, tmp_path: Path) -> None:
    deep = [file(f"{first}{number}/{'d/' * 2000}f") for number in range(240)]
    path = tmp_path / "image.tar.gz"
    path.write_bytes(compress(layer(archive_items(ImageSpec(layers=[deep]), "docker-legacy")), "gzip"))
    done = subprocess.run([sys.executable, "-c", _PEAK, str(path)], capture_output=True, check=True, text=True)
    code, peak, said = done.stdout.split(maxsplit=2)
    assert (code, "the implied directories of" in said) == ("3", True)
    assert int(peak) < 150_000, "kilobytes, of which 45,000 are the program"


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
@pytest.mark.parametrize("body", [b"[]," * 2_000_000 + b"[]]}", bytes(range(256)) * 20_000])
def test_documents_that_nothing_refers_to_take_little_memory_and_time(body: bytes, tmp_path: Path) -> None:
    """They may be JSON or only look so; each that is decoded would take 200 megabytes, and half a second."""
    junk = [file(f"{number}.json", b'{"n%d": [' % number + body) for number in range(40)]
    path = tmp_path / "image.tar.gz"
    path.write_bytes(gzip.compress(layer([*junk, *archive_items(SPEC, "docker-legacy")]), 1))
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", _PEAK, str(path)], capture_output=True, check=True, text=True)
    code, peak, *_ = done.stdout.split(maxsplit=2)
    assert code == "1"
    assert int(peak) < 150_000, "kilobytes, of which 45,000 are the program"
    assert time.monotonic() - started < 15


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
def test_configs_are_decoded_one_at_a_time_and_only_where_they_are_needed(tmp_path: Path) -> None:
    """Of forty images whose configs have millions of values, one is chosen by its name, or none is."""
    tar = layer([file("a")])
    digest = hashlib.sha256(tar).hexdigest()
    items = [file("l.tar", tar)]
    listed = []
    for number in range(40):
        raw = b'{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["sha256:%s"]},"n%d":[' % (
            digest.encode(),
            number,
        )
        items.append(file(f"{number}.json", raw + b"[]," * 2_000_000 + b"[]]}"))
        listed.append({"Config": f"{number}.json", "RepoTags": [f"x:{number}"], "Layers": ["l.tar"]})
    path = tmp_path / "image.tar.gz"
    path.write_bytes(gzip.compress(layer([*items, file("manifest.json", to_json(listed))]), 1))
    for choice, expected, most in (((), "3", 450_000), (("--image", "x:7"), "1", 450_000)):
        started = time.monotonic()
        command = [sys.executable, "-c", _PEAK, str(path), *choice]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        code, peak, *said = done.stdout.split(maxsplit=2)
        assert code == expected
        assert int(peak) < most
        assert time.monotonic() - started < 15
        assert expected == "1" or "the configs to read for a list of them are too large" in said[0]


def test_what_is_too_much_to_be_kept_matters_only_if_it_is_needed(tmp_path: Path) -> None:
    reading = replace(READING, limits=Limits(max_memory=600_000))
    noise = [file(f"usr/lib/{n}.json", to_json({"x": hashlib.sha512(b"%d" % n).hexdigest() * 9})) for n in range(400)]
    root = layer([*noise, file("etc/passwd", b"root"), file("bin/sh", b"x")])
    with (
        pytest.raises(InvalidImageError, match="is not an image but a root file system"),
        opened(root, reading=reading),
    ):
        pass
    image = layer([*noise, *archive_items(SPEC, "oci")])
    with pytest.raises(LimitExceededError, match="the documents beside the layers take too much memory") as error:
        see(image, reading=reading)
    assert error.value.option == "--max-memory"
    path = tmp_path / "image.tar"
    path.write_bytes(image)
    assert see(path, reading=reading).tree


def test_all_that_is_known_of_an_image_is_taken_off_one_budget(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(archive(SPEC, "docker-25"))
    for source in (path, path.read_bytes()):
        budget = Budget(Limits())
        see(source, reading=replace(READING, budget=budget))
        with pytest.raises(LimitExceededError):
            budget.take(Limits().max_memory - 10_000, "the rest")


def test_an_outer_bomb_is_called_by_its_name(tmp_path: Path) -> None:
    bomb = layer([Item(path="x.tar", size=80 << 20), *archive_items(SPEC, "oci")])
    path = tmp_path / "image.tar.gz"
    path.write_bytes(compress(bomb, "gzip"))
    with pytest.raises(LimitExceededError, match="inflates") as error:
        see(path, reading=replace(READING, limits=Limits(max_inflated=16 << 20)))
    assert error.value.option == "--max-inflated"
    assert see(path).tree


# --- ambiguous documents (S6) -----------------------------------------------------------------------------------------


def _edited_layout(
    edit: Callable[[dict[str, Any]], dict[str, Any] | bytes], *, media_type: str = OCI_MANIFEST
) -> bytes:
    """Return an OCI archive whose manifest went through `edit`; digests are those of what comes out."""
    built = build(SPEC)
    content = manifest(built).content
    assert isinstance(content, bytes)
    edited = edit(json.loads(content))
    blob = Blob.of(edited if isinstance(edited, bytes) else to_json(edited))
    blobs = [blob, built.config, *(each.stored for each in built.layers)]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor(blob, media_type)]}
    return layer(
        [*(file(f"blobs/sha256/{each.encoded}", each.content) for each in blobs), file("index.json", to_json(index))]
    )


@pytest.mark.parametrize(
    ("edit", "match"),
    [
        (lambda m: m | {"manifests": []}, "ambiguous"),
        (lambda _: {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "manifests": []}, "ambiguous"),
        (lambda m: m | {"mediaType": OCI_INDEX}, "descriptor says"),
        (lambda m: m | {"Layers": []}, "ambiguous"),
        (lambda m: m | {"MediaType": OCI_MANIFEST}, "ambiguous"),
        (lambda m: m | {"config": m["config"] | {"Digest": "sha256:" + "0" * 64}}, "ambiguous"),
        (lambda m: m | {"layers": [m["layers"][0] | {"SIZE": 1}]}, "ambiguous"),
        (lambda m: to_json(m)[:-1] + b',"layers":[]}', "duplicate key"),
        (
            lambda m: to_json(m).replace(b'"digest"', b'"digest":"sha256:%s","digest"' % (b"0" * 64), 1),
            "duplicate key",
        ),
        (lambda m: m | {"schemaVersion": 1}, "schema 1"),
        (lambda m: [m], "not a JSON object"),
        (lambda m: m | {"config": None}, "config"),
        (lambda m: m | {"layers": {"0": m["layers"][0]}}, "layers"),
        (lambda m: m | {"config": m["config"] | {"size": -1}}, "size"),
        (lambda m: m | {"config": m["config"] | {"size": 1.0}}, "size"),
        (lambda m: m | {"config": m["config"] | {"size": True}}, "size"),
        (lambda m: m | {"config": m["config"] | {"size": "1"}}, "size"),
        (lambda m: m | {"config": m["config"] | {"size": 1 << 64}}, "64 bits"),
        (
            lambda m: m | {"layers": [m["layers"][0] | {"mediaType": "application/json"}, m["layers"][1]]},
            "layer 0 is not a tar that container runtimes can unpack: its media type is 'application/json'",
        ),
        (lambda m: m | {"layers": m["layers"][:1]}, "1 layers, but its config has 2"),
        (lambda m: m | {"mediaType": [OCI_MANIFEST]}, "mediaType: must be a string"),
        (lambda m: m | {"mediaType": {"a": OCI_MANIFEST}}, "mediaType: must be a string"),
        (lambda m: m | {"fsLayers": [{}]}, "schema 1"),
        (lambda m: b"\xef\xbb\xbf" + to_json(m), "not valid JSON"),
        (lambda m: json.dumps(m).encode("utf-16"), "not valid JSON"),
        (lambda _: b"", "not valid JSON"),
        (lambda m: to_json(m) + b"x", "not valid JSON"),
        (lambda m: to_json(m | {"x": "\ud800"}), "not valid JSON"),
    ],
)
def test_manifests_that_two_readers_may_read_differently(
    edit: Callable[[dict[str, Any]], dict[str, Any] | bytes], match: str, tmp_path: Path
) -> None:
    _in_both(_edited_layout(edit), tmp_path, match)


def test_docker_schema_1_is_refused_with_its_name(tmp_path: Path) -> None:
    old = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    data = _edited_layout(lambda _: {"schemaVersion": 1, "fsLayers": [], "history": []}, media_type=old)
    _in_both(data, tmp_path, "Docker schema 1")


@pytest.mark.parametrize("name", ["manifest.json", "index.json"])
def test_two_documents_of_one_name(name: str, tmp_path: Path) -> None:
    members = archive_items(SPEC, "docker-25")
    twice = [item for item in members if item.path == name]
    _in_both(layer([*members, *twice]), tmp_path, f"ambiguous: it contains {name} more than once")
    _in_both(layer([*members, *(replace(item, path=f"./{name}") for item in twice)]), tmp_path, "ambiguous")


def test_two_documents_that_describe_different_images(tmp_path: Path) -> None:
    one, other = archive_items(SPEC, "docker-25"), archive_items(OTHER, "docker-25")
    mixed = [item for item in one if item.path != "manifest.json"]
    mixed += [item for item in other if item.path == "manifest.json" or item.path.startswith("blobs/sha256/")]
    data = layer(mixed)
    _in_both(data, tmp_path, "describe different images")
    path = tmp_path / "image.tar"
    assert list(see(f"oci-archive:{path}").tree) == ["/a", "/b"]
    assert list(see(f"docker-archive:{path}").tree) == ["/other"]


def test_a_name_that_means_two_images(tmp_path: Path) -> None:
    """The image is in both documents, but its name is another's in one of them."""
    both = archive_items([SPEC, replace(OTHER, tags=("x:1",))], "docker-25")
    swapped = []
    for item in both:
        if item.path == "manifest.json":
            assert isinstance(item.content, bytes)
            value = json.loads(item.content)
            value[0]["RepoTags"], value[1]["RepoTags"] = value[1]["RepoTags"], value[0]["RepoTags"]
            swapped.append(replace(item, content=to_json(value)))
        else:
            swapped.append(item)
    path = tmp_path / "image.tar"
    path.write_bytes(layer(swapped))
    with pytest.raises(InvalidImageError, match="different images"):
        see(path, name="x:1")


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ({}, "manifest.json"),
        ([{}], "Config"),
        ([{"Config": "c.json", "config": "d.json", "Layers": []}], "ambiguous"),
        ([{"Config": "c.json", "Layers": "abc"}], "Layers"),
        ([{"Config": 7, "Layers": []}], "Config"),
        ([{"Config": "missing.json", "Layers": []}], "missing"),
        ([{"Config": "../../etc/passwd", "Layers": []}], "missing"),
        ([{"config": "c.json", "Layers": []}], "Config"),
        ([{"Config": "x" * 100_000, "Layers": []}], "missing"),
        ([{"Config": "a\0b", "Layers": []}], "missing"),
    ],
)
def test_manifest_json_is_what_it_must_be(value: object, match: str, tmp_path: Path) -> None:
    _in_both(layer([file("manifest.json", to_json(value))]), tmp_path, match)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    (unpacked / "manifest.json").write_bytes(to_json(value))
    _refused(unpacked, "missing|cannot be read" if match == "missing" else match)


def test_blobs_that_are_missing(tmp_path: Path) -> None:
    built = build(SPEC)
    for blob in (built.config, *(each.stored for each in built.layers), manifest(built)):
        _in_both(_without(blob, "oci"), tmp_path, "missing")
    for blob in (built.config, *(each.stored for each in built.layers)):
        for form in ("docker-25", "docker-legacy", "podman-save"):
            _in_both(_without(blob, form), tmp_path, "missing")


def _without(blob: Blob, form: FormName) -> bytes:
    return layer(item for item in archive_items(SPEC, form, compression="none") if item.content != blob.content)


def test_a_layer_that_no_config_knows(tmp_path: Path) -> None:
    spec = replace(SPEC, raw_config={"rootfs": {"type": "layers", "diff_ids": build(SPEC).diff_ids[:1]}})
    for form in FORMS:
        _in_both(archive(spec, form), tmp_path, "2 layers, but its config has 1")


# --- what stands beside an image --------------------------------------------------------------------------------------


def _index(entries: Sequence[dict[str, Any]], blobs: Sequence[Blob]) -> bytes:
    return layer(
        [
            *(file(f"blobs/sha256/{blob.encoded}", blob.content) for blob in blobs),
            file("index.json", to_json({"schemaVersion": 2, "manifests": entries})),
        ]
    )


def test_artifacts_beside_an_image_are_left_out() -> None:
    built = build(SPEC)
    image, empty = manifest(built), Blob.of(b"{}")
    signature = Blob.of_json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(built.config, "application/vnd.oci.image.config.v1+json"),
            "layers": [descriptor(empty, "application/vnd.dev.cosign.simplesigning.v1+json")],
        }
    )
    chart = Blob.of_json(
        {"schemaVersion": 2, "config": descriptor(empty, "application/vnd.cncf.helm.config.v1+json"), "layers": []}
    )
    blobs = [image, built.config, *(each.stored for each in built.layers), empty, signature, chart]
    entries = [descriptor(blob, OCI_MANIFEST) for blob in (signature, chart, image)]
    entries.append(descriptor(empty, "application/vnd.example.unknown+json"))
    assert list(see(_index(entries, blobs)).tree) == ["/a", "/b"]
    _refused(_index(entries[:1], blobs), "is not an image but a cosign signature")
    _refused(_index(entries[1:2], blobs), "is not an image but a Helm chart")
    _refused(_index(entries[:2], blobs), "is not an image")


def test_what_calls_itself_an_attestation_but_states_a_platform_is_an_image() -> None:
    built = build(SPEC)
    image = manifest(built)
    entry = descriptor(image, OCI_MANIFEST) | {
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
        "platform": {"os": "linux", "architecture": "amd64"},
    }
    assert see(_index([entry], [image, built.config, *(each.stored for each in built.layers)])).tree


def test_a_descriptor_that_states_another_size() -> None:
    built = build(SPEC)
    image = manifest(built)
    blobs = [image, built.config, *(each.stored for each in built.layers)]
    right = descriptor(image, OCI_MANIFEST)
    for entries in ([right | {"size": 5}], [right, right | {"size": 5}]):
        with pytest.raises(DigestMismatchError, match="its descriptor states"):
            see(_index(entries, blobs))


# --- files that change meanwhile --------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_compiled", [True, False])
@pytest.mark.parametrize("form", ["docker-25", "oci"])
def test_a_file_that_shrinks_while_it_is_read_does_not_just_end(
    form: FormName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_compiled: bool
) -> None:
    """A tar whose rest is gone would look like one that ends there."""
    if not is_compiled:
        monkeypatch.setattr(ordinary, "compiled", None)
    many = ImageSpec(layers=[[directory("d"), *(file(f"d/{number}", b"x") for number in range(200))]])
    whole = archive(many, form, compression="none")
    first = whole.index(b"d/0\0")
    path = tmp_path / "image.tar"
    for after in (0, 1 << 10, 100 << 10, (100 << 10) + 512, (100 << 10) + 700):
        path.write_bytes(whole)
        with pytest.raises(InvalidImageError, match="was truncated"), opened(path) as image:
            _shrink_and_read(image, path, first + after)


def _shrink_and_read(image: Image, path: Path, size: int) -> None:
    os.truncate(path, size)
    with pytest.raises(InvalidImageError, match="was truncated"):
        read_layers(image, Reading())


def _rewrite(path: Path, _: object) -> None:
    """Write the same number of other bytes into a file."""
    with path.open("r+b") as file:
        content = file.read()
        file.seek(0)
        file.write(content.replace(b"x", b"y"))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 10**9))  # the clock of a file system may stand still meanwhile


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_is_rewritten_while_it_is_read(compression: Compression, jobs: int, tmp_path: Path) -> None:
    spec = ImageSpec(layers=[[file("a", b"x" * 3000)], [file("b", b"x" * 3000)]])
    archived = tmp_path / "image.tar"
    archived.write_bytes(archive(spec, "oci", compression=compression))
    layout = write_directory(tmp_path / "layout", spec, "oci", compression=compression)
    blob = layout / "blobs" / build(spec, compression=compression).layers[1].stored.digest.replace(":", "/")
    for source, rewritten in ((archived, archived), (layout, blob)):
        with pytest.raises(InvalidImageError, match=f"^{rewritten} was modified while it was read"):
            analyze(Source(reference=str(source), jobs=jobs), observers=[Foresight(partial(_rewrite, rewritten))])


def test_who_only_looks_links_renames_or_protects_a_file_disturbs_nobody(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(archive(SPEC, "oci"))

    layout = write_directory(tmp_path / "layout", SPEC, "oci")

    def handle(_: object) -> None:
        os.utime(path, ns=(1, path.stat().st_mtime_ns))
        (tmp_path / "link.tar").hardlink_to(path)
        path.chmod(0o400)
        path.rename(tmp_path / "renamed.tar")

    assert analyze(Source(reference=str(path)), observers=[Foresight(handle)]).layers
    assert analyze(
        Source(reference=str(layout)), observers=[Foresight(partial(_rewrite, layout / "index.json"))]
    ).layers


# --- any bytes --------------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.data())
def test_any_change_gives_an_image_or_our_error(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(sorted(FORMS)))
    content = bytearray(_archives(form))
    for _ in range(data.draw(st.integers(1, 5))):
        offset = data.draw(st.integers(0, len(content) - 1))
        content[offset] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    changed = bytes(content[:cut]) if data.draw(st.booleans()) else bytes(content)
    with contextlib.suppress(AnalysisError):
        see(changed)


def _archives(form: FormName, made: dict[FormName, bytes] = {}) -> bytes:  # noqa: B006 - a cache
    if form not in made:
        made[form] = archive(SPEC, form)
    return made[form]


@pytest.mark.parametrize("size", [1 << 40, (1 << 63) - 613, (1 << 63) - 1])
def test_members_whose_sizes_come_near_to_64_bits(size: int, tmp_path: Path) -> None:
    field = bytes([0x80, *size.to_bytes(11, "big")])
    for head in (header(b"x", size=field), header(b"manifest.json", size=field)):
        _in_both(head + b"{" * 2000, tmp_path, "is truncated|over the limit|damaged tar", error=AnalysisError)


def test_a_stream_that_goes_on_after_its_end_is_refused() -> None:
    data = archive(SPEC, "docker-25")
    _refused(data + bytes((64 << 20) + (1 << 20)), "has more than .* bytes after the end of the archive")
    see(data + bytes(1 << 20))
