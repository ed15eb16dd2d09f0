"""Archives packed again by `tar -S` or bsdtar: members with holes are read as if they had none, in every form."""

import gzip
import hashlib
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ocianalyze.errors import CorruptLayerError, LimitExceededError, OcianalyzeError
from ocianalyze.layers.metering.limits import Limits
from tests.support.forms import FormName, archive, write_directory
from tests.support.headers import header, pax, with_content
from tests.support.images import ImageSpec
from tests.support.opening import READING, Seen, see
from tests.support.sparse_tars import FORMATS, sparse_tar, write_with_holes
from tests.support.tarballs import Item, directory, file, layer, symlink, whiteout
from tests.support.tools import skip_or_fail

SPEC = ImageSpec(
    layers=[
        [directory("opt"), file("opt/first", b"first" * 3000), Item(path="opt/zeros", size=300_000), file("z", b"z")],
        [whiteout("opt/first"), symlink("opt/link", "zeros"), Item(path="var/log/lastlog", size=2_000_000)],
    ]
)


def _repacked(tmp_path: Path, how: str, form: FormName) -> bytes:
    """Return the image as somebody packs it who has unpacked it."""
    skip_or_fail(("tar", "bsdtar"))
    unpacked = write_directory(tmp_path / "unpacked", SPEC, form, compression="none")
    for path in unpacked.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > 100_000:
            content = path.read_bytes()
            path.unlink()
            write_with_holes(path, content)
    data = sparse_tar(unpacked, how)
    assert len(data) < len(archive(SPEC, form, compression="none")) / 3
    return data


def _without_what_was_read(seen: Seen) -> object:
    return seen.tree, seen.image.config_digest, [(read.size, len(read.changeset)) for read in seen.readings]


@pytest.mark.parametrize("form", ["docker-legacy", "docker-legacy-symlinked", "docker-25", "oci"])
@pytest.mark.parametrize("how", FORMATS)
def test_every_sparse_format_is_read(how: str, form: FormName, tmp_path: Path) -> None:
    expected = _without_what_was_read(see(archive(SPEC, form, compression="none")))
    data = _repacked(tmp_path, how, form)
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    packed = tmp_path / "image.tar.gz"
    packed.write_bytes(gzip.compress(data))
    for source in (path, data, packed):
        for jobs in (1, 2):
            assert _without_what_was_read(see(source, jobs=jobs)) == expected
        verified = see(source, reading=replace(READING, verify=True))
        assert _without_what_was_read(verified) == expected
        assert all("diff_id" in names for names in verified.verified)


def _sparse_member(name: str, size: int, *, stored: bytes = b"") -> bytes:
    """Return a member that is one hole of `size` bytes, but for what is stored at its begin."""
    numbers = (b"%011o\0%011o\0" % (0, len(stored))).ljust(96, b"\0")
    real_size = bytes([0x80, *size.to_bytes(11, "big")])
    tail = bytes(41) + numbers + b"\0" + real_size
    head = header(name.encode(), flag=b"S", size=len(stored), magic=b"ustar  \0", prefix=tail)
    return with_content(head, stored)


@pytest.mark.parametrize("size", [0, 1 << 20, 1 << 33, 1 << 50, (1 << 63) - 1])
def test_a_sparse_member_that_belongs_to_no_image_never_matters(size: int, tmp_path: Path) -> None:
    whole = archive(SPEC, "docker-legacy", compression="gzip")
    expected = see(whole).tree
    data = _sparse_member("disk.img", size) + whole
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    assert see(path).tree == see(data).tree == expected


def _docker_archive_of(member: bytes) -> bytes:
    """Return a docker archive whose only layer is `member`."""
    config = b'{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["sha256:' + b"0" * 64 + b'"]}}'
    listed = b'[{"Config":"c.json","Layers":["layer.tar"]}]'
    return member + layer([file("c.json", config), file("manifest.json", listed)])


def _said(data: bytes, tmp_path: Path, error: type[OcianalyzeError]) -> OcianalyzeError:
    """Return the error that an archive meets with, the same in each form."""
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    packed = tmp_path / "image.tar.gz"
    packed.write_bytes(gzip.compress(data))
    met: dict[str, OcianalyzeError] = {}
    for source in (path, data, packed):
        with pytest.raises(error) as caught:
            see(source)
        name = "standard input" if isinstance(source, bytes) else str(source)
        met[caught.value.one_line().replace(name, "IMAGE")] = caught.value
    assert len(met) == 1
    return met.popitem()[1]


@pytest.mark.parametrize("size", [1 << 40, 1 << 34])
def test_a_layer_that_is_too_large_for_what_is_stored_of_it(size: int, tmp_path: Path) -> None:
    said = _said(_docker_archive_of(_sparse_member("layer.tar", size)), tmp_path, LimitExceededError)
    assert "the sparse member 'layer.tar'" in said.message
    assert "--max-inflated" in said.one_line()


def test_a_layer_that_is_nothing_but_a_hole_is_empty() -> None:
    data = _docker_archive_of(_sparse_member("layer.tar", 10_240))
    digest = hashlib.sha256(bytes(10_240)).hexdigest().encode()
    assert see(data.replace(b"0" * 64, digest)).tree == {}


def test_small_holes_do_not_add_up_to_terabytes(tmp_path: Path) -> None:
    """Each of these is small enough alone; all together would take an hour to pass through."""
    before = b"".join(_sparse_member(f"hole{number}", 1 << 30) for number in range(1000))
    started = time.monotonic()
    said = _said(before + _docker_archive_of(_sparse_member("layer.tar", 1 << 30)), tmp_path, LimitExceededError)
    assert "--max-inflated" in said.one_line()
    assert time.monotonic() - started < 60


def test_a_map_that_is_damaged_is_refused_by_the_name_of_the_member(tmp_path: Path) -> None:
    records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.realsize": b"10240"}
    for content in (b"x\n", b"1\n0\n9999\n", b"2\n0\n0\n"):
        stored = content.ljust(512, b"\0")
        member = pax(records | {b"GNU.sparse.name": b"layer.tar"}) + with_content(header(b"x", size=512), stored)
        said = _said(_docker_archive_of(member), tmp_path, CorruptLayerError)
        assert "the sparse member 'layer.tar': its sparse map" in said.message


def test_a_document_may_be_sparse() -> None:
    listed = b'[{"Config":"c.json","Layers":[]}]'
    text = b'{"rootfs":{"diff_ids":[]}}' + b" " * 600
    members = _sparse_member("c.json", len(text), stored=text) + layer([file("manifest.json", listed)])
    assert see(members).tree == {}


def test_the_maps_of_all_members_together_are_bounded(tmp_path: Path) -> None:
    """They are kept until they are needed; each alone is as long as it may be."""
    one = _sparse_member("layer.tar", 10_240)
    numbers = (b"%011o\0" % 0) * 42 + b"\1" + bytes(7)
    more = [bytearray(one[:512]) for _ in range(3)]
    for head in more:
        head[482] = 1  # the map goes on behind the header
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
    last = numbers[:504] + bytes(8)
    members = b"".join(bytes(head) + numbers * 2000 + last for head in more) + one
    data = _docker_archive_of(members)
    reading = replace(READING, limits=Limits(max_memory=16 << 20))
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    for source in (path, data):
        with pytest.raises(LimitExceededError, match="the sparse maps up to here take") as error:
            see(source, reading=reading)
        assert error.value.option == "--max-memory"
