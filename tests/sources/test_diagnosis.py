"""What is no image, or none that can be read, is called by its name, with what to do, in every form alike."""

import base64
import gzip
import hashlib
import io
import lzma
import re
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.errors import InvalidImageError, OcianalyzeError
from ocianalyze.layers.blob.signatures import HEAD
from ocianalyze.sources.diagnosis.heads import of_damage, of_head
from ocianalyze.sources.diagnosis.names import of_names
from tests.support.forms import archive, archive_items
from tests.support.images import Blob, ImageSpec, build, to_json
from tests.support.layouts import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, descriptor, manifest
from tests.support.opening import see
from tests.support.tarballs import Item, directory, file, layer, symlink

SPEC = ImageSpec(layers=[[file("etc/a", b"one\ntwo\nthree\n" * 100)], [file("b", b"b" * 3000)]])
DOCKER = archive(SPEC, "docker-25", compression="none")
ADVICE = re.compile(
    r"\. (Build|Convert|Copy|Create|Decode|Decompress|Decrypt|Download|Fetch|Pack|Save|Scan|Unpack|Unzip|Use) ",
    re.IGNORECASE,
)


def in_all_forms(data: bytes, tmp_path: Path, *, unpacked: bool = False) -> str:
    """Return the one line that a file, the same on standard input, and compressed, meet with; also as a directory."""
    path = tmp_path / "given.tar"
    path.write_bytes(data)
    sources: dict[str, Path | bytes] = {str(path): path, "standard input": data}
    for name, packed in (("given.tar.gz", gzip.compress(data)), ("given.tar.xz", lzma.compress(data))):
        (tmp_path / name).write_bytes(packed)
        sources[str(tmp_path / name)] = tmp_path / name
    if unpacked:
        (tmp_path / "folder").mkdir()
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(tmp_path / "folder", filter="data")
        sources[str(tmp_path / "folder")] = tmp_path / "folder"
    said = set()
    for name, source in sources.items():
        with pytest.raises(OcianalyzeError) as error:
            see(source)
        assert error.value.exit_code == 3
        line = error.value.one_line().replace(name, "IMAGE")
        if name == "standard input":  # the number of a layer is not known as it passes, and offsets are of the stream
            assert line.startswith("IMAGE") or "standard input" not in line
        said.add(line)
    assert len(said) == 1, said
    line = said.pop()
    assert "\n" not in line
    assert ADVICE.search(line), line
    return line


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("image.tar", DOCKER)
    return buffer.getvalue()


def _at(offset: int, magic: bytes) -> bytes:
    return bytes(offset) + magic + b"\1" * 4000


LZ4 = b"\x04\x22\x4d\x18\x64\x40\xa7" + struct.pack("<I", 0x80000000 | 1000) + DOCKER[:1000] + bytes(4)
SIF = b"#!/usr/bin/env run-singularity\n\0SIF_MAGIC\0" + bytes(4000)
HEADS: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "utf-16": (("\ufeff" + DOCKER.decode("latin-1")).encode("utf-16-le"), "UTF-16, as PowerShell writes"),
    "utf-16-be": (("\ufeff" + "manifest.json" * 100).encode("utf-16-be"), "UTF-16, as PowerShell writes"),
    "utf-16-unmarked": (("manifest.json" * 100).encode("utf-16-le"), "UTF-16, as PowerShell writes"),
    "utf-32": (("\ufeff" + "manifest.json" * 100).encode("utf-32-le"), "UTF-32"),
    "utf-8-mark": (b"\xef\xbb\xbf" + DOCKER, "byte order mark, as PowerShell writes"),
    "git-lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a Git LFS pointer"),
    "git-annex": (b"/annex/objects/SHA256E-s1--0.tar\n", "a git-annex pointer"),
    "html": (b"\n<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n", "an HTML page"),
    "html-bare": (b"<html>\n<body>Sign in</body></html>", "an HTML page"),
    "xml": (b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>', "an XML document"),
    "json": (b'{"errors": [{"code": "UNAUTHORIZED"}]}', "a JSON document"),
    "inspect": (b'[\n    {"Id": "sha256:0"}\n]\n', "a JSON document"),
    "zip": (_zip(), "a zip archive"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(900), "a 7z archive"),
    "rar": (b"Rar!\x1a\x07\x01\0" + bytes(900), "a RAR archive"),
    "lz4": (LZ4, "compressed with lz4"),
    "lzma": (lzma.compress(DOCKER, format=lzma.FORMAT_ALONE), "compressed with LZMA"),
    "lzip": (b"LZIP\x01\x0c" + bytes(900), "compressed with lzip"),
    "compress": (b"\x1f\x9d\x90" + bytes(900), "compressed with Unix compress"),
    "twice": (gzip.compress(DOCKER), "compressed twice, with gzip inside"),
    "cpio": (b"070701" + b"0" * 900, "a cpio archive"),
    "cpio-binary": (b"\xc7\x71" + b"\1" * 900, "a cpio archive"),
    "squashfs": (b"hsqs" + bytes(900), "a squashfs file system"),
    "erofs": (_at(1024, b"\xe2\xe1\xf5\xe0"), "an EROFS file system"),
    "ext4": (_at(1080, b"\x53\xef"), "an ext4 file system"),
    "qcow2": (b"QFI\xfb\0\0\0\3" + bytes(900), "a qcow2 disk image"),
    "iso": (_at(32769, b"CD001"), "an ISO 9660 disk image"),
    "gpt": (b"\1" * 510 + b"\x55\xaaEFI PART" + bytes(900), "a disk image with partitions"),
    "rpm": (b"\xed\xab\xee\xdb\3\0" + bytes(900), "an RPM package"),
    "deb": (b"!<arch>\ndebian-binary   1700000000  0     0     100644  4         `\n2.0\n", "a Debian package"),
    "sif": (SIF, "a Singularity or Apptainer image (SIF)"),
    "elf": (b"\x7fELF\x02\x01\x01" + bytes(900), "an ELF executable"),
    "pgp": (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", "a PGP message"),
    "base64": (base64.encodebytes(gzip.compress(DOCKER)), "encoded in base64"),
    "base64-tar": (base64.b64encode(DOCKER), "encoded in base64"),
    "ids": (b"sha256:" + b"0" * 64 + b"\n" + b"a" * 12 + b"\n", "a list of image IDs"),
    "checksum": (b"0a" * 32 + b"  image.tar\n", "text that begins with '0a0a"),
    "daemon": (
        b"Error response from daemon: reference does not exist\n",
        "'Error response from daemon: reference does",
    ),
    "garbage": (bytes(range(200, 256)) * 30, "data of an unknown type"),
    "banner": (
        b"Welcome to host\r\nLast login: Mon\r\n" + DOCKER,
        "has 34 bytes of text before the archive, starting with 'Welc",
    ),
    "banner-gzip": (
        b"warning: x\n" + gzip.compress(DOCKER),
        "has 11 bytes of text before the archive, starting with 'warning",
    ),
    "crlf": (DOCKER.replace(b"\n", b"\r\n"), "copied as text: every line ending became CR LF"),
    "replaced": (
        b"\xff\xfe\xfd".join([b"abc"] * 9).decode(errors="replace").encode(),
        "bytes that are not UTF-8 were replaced",
    ),
}


@pytest.mark.parametrize("kind", HEADS)
def test_what_is_no_archive(kind: str, tmp_path: Path) -> None:
    data, said = HEADS[kind]
    line = in_all_forms(data, tmp_path) if kind != "twice" else _refused(gzip.compress(data), tmp_path)
    assert said in line


def _refused(data: bytes, tmp_path: Path) -> str:
    path = tmp_path / "given"
    path.write_bytes(data)
    said = set()
    for source in (path, data):
        with pytest.raises(InvalidImageError) as error:
            see(source)
        said.add(error.value.one_line().replace(str(path), "IMAGE").replace("standard input", "IMAGE"))
    assert len(said) == 1
    return said.pop()


def test_a_compressed_archive_that_was_copied_as_text(tmp_path: Path) -> None:
    for packed in (gzip.compress(DOCKER), lzma.compress(DOCKER)):
        data = packed.replace(b"\n", b"\r\n")
        if data.count(b"\r\n") >= 3:
            assert "every line ending became CR LF" in _refused(data, tmp_path)
    replaced = gzip.compress(DOCKER * 3).decode(errors="replace").encode()
    assert "bytes that are not UTF-8 were replaced" in _refused(replaced, tmp_path)


@pytest.mark.parametrize("end", [0.2, 0.5, 0.9])
def test_an_archive_that_is_cut_short(end: float, tmp_path: Path) -> None:
    whole = archive(ImageSpec(layers=[[file("a", hashlib.sha512(b"a").digest() * 3000)]]), "oci", compression="none")
    cut = whole[: int(len(whole) * end) // 512 * 512 + 100]
    path = tmp_path / "image.tar"
    path.write_bytes(cut)
    packed = tmp_path / "image.tar.gz"
    for compressed in (gzip.compress(cut), gzip.compress(whole)[: int(len(gzip.compress(whole)) * end)]):
        packed.write_bytes(compressed)
        for source in (path, cut, packed, compressed):
            with pytest.raises(OcianalyzeError, match=r"is truncated: it ends after [0-9,]+ bytes") as error:
                see(source)
            assert "in full" in error.value.one_line()


# --- what is in it ----------------------------------------------------------------------------------------------------


def _layout(*entries: dict[str, Any], blobs: list[Blob]) -> bytes:
    return layer(
        [
            directory("blobs"),
            directory("blobs/sha256"),
            *(file(f"blobs/sha256/{blob.encoded}", blob.content) for blob in blobs),
            file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
            file("index.json", to_json({"schemaVersion": 2, "manifests": entries})),
        ]
    )


def _image(
    *media_types: str, config: str = OCI_CONFIG, absent: bool = False, more: dict[str, Any] | None = None
) -> bytes:
    """Return a layout of one image whose layers have these media types."""
    tars = [Blob.of(layer([file(f"{number}", b"x")])) for number, _ in enumerate(media_types)]
    raw = Blob.of_json({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": [tar.digest for tar in tars]}})
    layers = [descriptor(tar, kind) | (more or {}) for tar, kind in zip(tars, media_types, strict=True)]
    top = Blob.of_json({"schemaVersion": 2, "config": descriptor(raw, config), "layers": layers})
    return _layout(descriptor(top, OCI_MANIFEST), blobs=[top, raw, *([] if absent else tars)])


def _cache(form: str) -> bytes:
    kind = "application/vnd.buildkit.cacheconfig.v0"
    config, tar = Blob.of(b'{"layers":[]}'), Blob.of(layer([file("a")]))
    if form == "index":
        body: dict[str, Any] = {"manifests": [descriptor(tar, OCI_LAYER["none"]), descriptor(config, kind)]}
    else:
        body = {"config": descriptor(config, kind), "layers": [descriptor(tar, OCI_LAYER["none"])]}
    top = Blob.of_json({"schemaVersion": 2, **body})
    return _layout(descriptor(top, OCI_INDEX if form == "index" else OCI_MANIFEST), blobs=[top, config, tar])


def _renamed(rename: Callable[[str], str], form: Any = "docker-25") -> bytes:  # noqa: ANN401
    from dataclasses import replace

    return layer(replace(item, path=rename(item.path)) for item in archive_items(SPEC, form, compression="none"))


def _skopeo_dir() -> bytes:
    built = build(SPEC)
    blobs = [built.config, *(each.stored for each in built.layers)]
    return layer(
        [
            file("version", b"Directory Transport Version: 1.1\n"),
            file("manifest.json", manifest(built).content),
            *(file(blob.encoded, blob.content) for blob in blobs),
        ]
    )


NYDUS = "application/vnd.oci.image.layer.nydus.blob.v1"
FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar"
ROOT = [directory("bin"), file("bin/sh", b"\x7fELF"), directory("etc"), file("etc/passwd", b"root"), directory("usr")]
INSIDE: Mapping[str, tuple[bytes, tuple[str, ...]]] = {
    "root": (layer(ROOT), ("a root file system", "docker export")),
    "export": (layer([file(".dockerenv"), *ROOT]), ("a root file system", "docker export")),
    "layer": (layer([*ROOT, file("etc/.wh.gone")]), ("one layer of an image, with whiteouts",)),
    "windows": (layer([file("Files/a"), file("Hives/b")]), ("a root file system",)),
    "in-a-directory": (_renamed(lambda name: f"out/{name}"), ("its directory 'out' is", "tar -C out -cf")),
    "three-deep": (_renamed(lambda name: f"a/b/c/{name}", "oci"), ("its directory 'a/b/c' is",)),
    "deeper": (_renamed(lambda name: f"./a/b c/{name}"), ("its directory 'a/b c' is", "tar -C 'a/b c'")),
    "legacy-in-a-directory": (_renamed(lambda name: f"x/{name}", "docker-legacy"), ("its directory 'x' is",)),
    "root-in-a-directory": (layer([file("rootfs/etc/passwd"), file("rootfs/bin/sh")]), ("a root file system",)),
    "bundle": (layer([file("config.json", b"{}"), file("rootfs/etc/passwd")]), ("a runc bundle",)),
    "nothing": (bytes(10240), ("it contains no files",)),
    "helm-chart": (layer([file("chart/Chart.yaml", b"name: x"), file("chart/values.yaml")]), ("a Helm chart",)),
    "context": (layer([file("Dockerfile", b"FROM x"), file("app.py")]), ("a build context",)),
    "archive-inside": (
        layer([file("build/image.tar", DOCKER)]),
        ("the archive 'build/image.tar'", "scan that archive"),
    ),
    "one-layer": (layer([file("VERSION", b"1.0"), file("json", b"{}"), file("layer.tar", layer([]))]), ("one layer",)),
    "only-blobs": (layer([file("blobs/sha256/" + "0" * 64, b"x")]), ("contains blobs, but no index.json",)),
    "no-index": (layer([file("oci-layout", b"{}")]), ("an OCI layout without its index.json",)),
    "skopeo-dir": (_skopeo_dir(), ("skopeo's dir: transport", "skopeo copy dir:")),
    "cache-index": (_cache("index"), ("a BuildKit build cache", "--output type=oci")),
    "cache-manifest": (_cache("manifest"), ("a BuildKit build cache", "--output type=oci")),
    "encrypted": (_image(OCI_LAYER["gzip"] + "+encrypted"), ("layer 0 is encrypted", "tar+gzip+encrypted", "--decr")),
    "nydus": (_image(OCI_LAYER["gzip"], NYDUS), ("layer 1 is in Nydus format", NYDUS)),
    "erofs": (_image("application/vnd.erofs.layer.v1"), ("layer 0 is an EROFS file system", "vnd.erofs.layer.v1")),
    "bzip2": (_image(OCI_LAYER["none"] + "+bzip2"), ("layer 0 is not a tar that container runtimes", "tar+bzip2")),
    "helm": (_image("application/vnd.cncf.helm.chart.v1.tar+gzip", config="application/vnd.cncf.helm.config.v1+json"),
             ("a Helm chart", "vnd.cncf.helm.config")),
    "cosign": (_image("application/vnd.dev.cosign.simplesigning.v1+json"), ("a cosign signature",)),
    "wasm": (_image("application/wasm", config="application/vnd.wasm.config.v0+json"), ("a WebAssembly module",)),
    "sif": (_image("application/vnd.sylabs.sif.layer.v1.sif", config="application/vnd.sylabs.sif.config.v1+json"),
            ("Singularity or Apptainer",)),
    "artifact": (_image("text/x-else", config="application/vnd.else.v1"), ("of type 'application/vnd.else.v1'",)),
    "foreign": (_image(FOREIGN, absent=True, more={"urls": ["https://go.example.com/x"]}),
                ("layer 0 is a foreign layer", FOREIGN, "https://go.example.com/x")),
    "nondistributable": (_image(NONDISTRIBUTABLE, absent=True), ("layer 0 is a foreign layer", NONDISTRIBUTABLE)),
    "in-part": (_image(OCI_LAYER["none"], absent=True), ("layer 0 (blob sha256:", "is missing")),
    "nothing-listed": (_layout(blobs=[]), ("contains no image",)),
}  # fmt: skip


@pytest.mark.parametrize("kind", INSIDE)
def test_an_archive_or_a_directory_without_an_image(kind: str, tmp_path: Path) -> None:
    data, said = INSIDE[kind]
    line = in_all_forms(data, tmp_path, unpacked=True)
    for part in said:
        assert part in line


@pytest.mark.parametrize("form", ["docker-25", "docker-legacy", "podman-save", "oci", "kaniko"])
def test_names_with_backslashes(form: Any, tmp_path: Path) -> None:  # noqa: ANN401
    data = _renamed(lambda name: name.replace("/", "\\"), form)
    if form in ("kaniko", "podman-save"):  # none of their members that matter is in a directory
        assert see(data).tree == see(archive(SPEC, form)).tree
        return
    assert "contains names with backslashes, such as" in in_all_forms(data, tmp_path)


@pytest.mark.parametrize("target", ["../../../../cache/blob", "../gone", "/srv/cache/blob"])
def test_blobs_that_are_links_to_what_is_not_there(target: str, tmp_path: Path) -> None:
    built = build(SPEC)
    for blob in (manifest(built), built.config, built.layers[1].stored):
        items = [
            symlink(item.path, target) if item.content == blob.content else item
            for item in archive_items(SPEC, "oci", compression="none")
        ]
        line = in_all_forms(layer(items), tmp_path)
        assert f"is a link to '{target}', which is not in the image" in line
        folder = tmp_path / blob.encoded
        for item in items:
            (folder / item.path).parent.mkdir(parents=True, exist_ok=True)
            if item.kind == "file" and isinstance(item.content, bytes):
                (folder / item.path).write_bytes(item.content)
            elif item.kind == "symlink":
                (folder / item.path).symlink_to(item.target)
        with pytest.raises(InvalidImageError) as error:
            see(folder)
        assert error.value.one_line() == line


def test_a_layer_of_a_docker_archive_that_lies_elsewhere(tmp_path: Path) -> None:
    tar = Blob.of(layer([file("a")]))
    config = to_json({"os": "windows", "architecture": "amd64", "rootfs": {"diff_ids": [tar.digest]}})
    source = {"mediaType": FOREIGN, "digest": tar.digest, "size": 10, "urls": ["https://go.example.com/x"]}
    listed = [{"Config": "c.json", "Layers": ["a/layer.tar"], "LayerSources": {tar.digest: source}}]
    data = layer([file("c.json", config), file("manifest.json", to_json(listed))])
    assert "layer 0 is a foreign layer" in in_all_forms(data, tmp_path, unpacked=True)


@pytest.mark.parametrize("form", ["docker-25", "docker-legacy", "oci"])
@pytest.mark.parametrize("key", ["Entrypoint", "Cmd"])
def test_commands_that_are_text(form: Any, key: str, tmp_path: Path) -> None:  # noqa: ANN401
    spec = ImageSpec(layers=[[file("a")]], config={key: "/bin/sh -c jupyter"})
    path = tmp_path / "image.tar"
    path.write_bytes(archive(spec, form))
    for source in (path, path.read_bytes()):
        with pytest.raises(InvalidImageError, match=rf"config\.{key}: must be a list"):
            see(source)


# --- what decides -----------------------------------------------------------------------------------------------------


def test_libmagic_has_no_say(tmp_path: Path) -> None:
    """What is said does not depend on a library that is not there everywhere."""
    garbage = tmp_path / "garbage"
    garbage.write_bytes(bytes(range(200, 256)) * 30)
    odd = tmp_path / "odd.tar"
    odd.write_bytes(archive(ImageSpec(layers=[b"\x89PNG\r\n\x1a\n" + bytes(900)]), "oci", compression="none"))
    code = (
        "import sys; sys.modules.update(dict.fromkeys(sys.argv[2:])); sys.argv = ['ocianalyze', 'scan', sys.argv[1]]\n"
    )
    code += "from ocianalyze.cli.main import main\nmain()"
    for path in (garbage, odd):
        said = {
            subprocess.run([sys.executable, "-c", code, path, *without], capture_output=True, check=False).stderr
            for without in ((), ("magic", "pylibmagic"))
        }
        assert len(said) == 1
        assert b"data of an unknown type" in said.pop()


def test_a_head_is_looked_at_in_linear_time() -> None:
    for head in (b"ustar" * (HEAD // 5), b"a\n" * (HEAD // 2), b"\r\n" * (HEAD // 2), b"\n\x1f\x8b\x08" * (HEAD // 4)):
        started = time.process_time()
        of_head(b"x" + head)
        of_damage(head)
        assert time.process_time() - started < 1


def test_any_names() -> None:
    for names in (
        [],
        ["", "/"],
        ["a" * 100_000],
        [f"{n}/index.json" for n in range(50_000)],
        ["\\" * 1000],
        ["._x/oci-layout"],
    ):
        started = time.process_time()
        of_names(names)
        assert time.process_time() - started < 2


def test_what_is_good_is_not_diagnosed() -> None:
    for form in ("docker-legacy", "docker-25", "oci"):
        assert of_head(archive(SPEC, form)[:HEAD]) is None
    assert of_head(bytes(10240)) is None
    assert of_damage(gzip.compress(DOCKER * 20)) is None


def test_members_of_macos_do_not_matter() -> None:
    items: list[Item] = []
    for item in archive_items(SPEC, "docker-legacy"):
        head, slash, tail = item.path.rpartition("/")
        items += [file(f"./{head}{slash}._{tail}", b"\0\5\x16\7" + bytes(100)), item]
    assert see(layer(items)).tree == see(archive(SPEC, "docker-legacy")).tree
