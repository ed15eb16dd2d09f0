"""Installed packages and what they take, from the lists of each manager."""

import json

import pytest

from ocianalyze.facts import READS
from ocianalyze.facts.packages import FILE_LISTS, Package, Sizes, find_packages, measure_packages
from ocianalyze.filesystem.tree import Filesystem
from tests.rules.subjects import make_image
from tests.support.tarballs import Item, directory, file, hardlink, symlink, whiteout

SITE = "usr/lib/python3.11/site-packages"


def filesystem(*layers: list[Item], lists: bool = True) -> Filesystem:
    """Make a file system of which lists of files may be read."""
    return make_image(*layers, reads=READS | FILE_LISTS if lists else READS)[1]


def found(*layers: list[Item]) -> list[tuple[str, str, str, str]]:
    """Return manager, name, version and place of each package."""
    return [package[:4] for package in find_packages(filesystem(*layers)).packages]


def sizes(*layers: list[Item], lists: bool = True) -> tuple[tuple[Package, ...], Sizes]:
    """Return the packages and what they take."""
    made = filesystem(*layers, lists=lists)
    packages = find_packages(made).packages
    return packages, measure_packages(made, packages)


def status(*names: str, state: str = "install ok installed") -> Item:
    """Make dpkg's status with these packages, all of version 1.0."""
    text = "\n".join(
        f"Package: {name}\nStatus: {state}\nArchitecture: amd64\nVersion: 1.0\nDescription: x\n more\n"
        for name in names
    )
    return file("var/lib/dpkg/status", text.encode())


def dpkg_list(name: str, *paths: str) -> Item:
    """Make dpkg's list of the files of a package."""
    return file(f"var/lib/dpkg/info/{name}.list", "".join(f"/{path}\n" for path in (".", *paths)).encode())


def test_dpkg() -> None:
    image = [
        *(status("bash", "libc6"), dpkg_list("bash", "usr", "usr/bin", "usr/bin/bash"), directory("usr")),
        *(dpkg_list("libc6:amd64", "usr/lib/libc.so.6"), file("usr/bin/bash", b"x" * 7)),
        file("usr/lib/libc.so.6", b"x" * 9),
    ]
    packages, measured = sizes(image)
    assert [package[:4] for package in packages] == [("dpkg", "bash", "1.0", "/"), ("dpkg", "libc6", "1.0", "/")]
    assert measured.bytes == (7, 9)
    assert measured.rest == sum(len(item.content) for item in image if isinstance(item.content, bytes)) - 16


def test_packages_that_were_removed_are_not_installed() -> None:
    assert found([status("gone", state="deinstall ok config-files")]) == []


def test_distroless_images_have_a_file_for_each_package() -> None:
    layer = [
        file("var/lib/dpkg/status.d/base", b"Package: base-files\nVersion: 12\n"),
        file("var/lib/dpkg/status.d/base.md5sums", b"d41d8cd98f00b204e9800998ecf8427e  etc/issue\n"),
        file("etc/issue", b"12345"),
    ]
    packages, measured = sizes(layer)
    assert [package[:4] for package in packages] == [("dpkg", "base-files", "12", "/")]
    assert measured.bytes == (5,)


def test_apk() -> None:
    database = (
        b"P:musl\nV:1.2\nF:lib\nR:ld-musl.so.1\nF:etc\n\nP:busybox\nV:1.36\nF:bin\nR:busybox\na:0:0:755\nR:sh\n\n"
    )
    layer = [
        *(file("lib/apk/db/installed", database), file("lib/ld-musl.so.1", b"x" * 6)),
        *(file("bin/busybox", b"x" * 8), symlink("bin/sh", "/bin/busybox")),
    ]
    packages, measured = sizes(layer)
    assert [package[:3] for package in packages] == [("apk", "musl", "1.2"), ("apk", "busybox", "1.36")]
    assert measured.bytes == (6, 8)


def test_an_apk_database_behind_a_link_counts_once() -> None:
    layer = [
        *(directory("usr/lib"), symlink("lib", "usr/lib")),
        file("usr/lib/apk/db/installed", b"P:musl\nV:1.2\n"),
    ]
    assert found(layer) == [("apk", "musl", "1.2", "/")]


def conda_meta(prefix: str, name: str, *files: str) -> Item:
    """Make conda's file for a package."""
    return file(f"{prefix}/conda-meta/{name}-1.2-py311h_0.json", json.dumps({"files": files}).encode())


def test_conda() -> None:
    layer = [
        *(conda_meta("opt/conda", "my-lib", "lib/a.so", "lib/gone.so"), file("opt/conda/lib/a.so", b"x" * 40)),
        *(conda_meta("opt/conda/envs/x", "numpy", "lib/b.so"), file("opt/conda/envs/x/lib/b.so", b"x" * 50)),
        *(conda_meta("opt/conda/pkgs/other", "other"), file("opt/conda/conda-meta/history", b"")),
    ]
    packages, measured = sizes(layer)
    assert [package[:4] for package in packages] == [
        ("conda", "my-lib", "1.2", "/opt/conda"),
        ("conda", "numpy", "1.2", "/opt/conda/envs/x"),
    ]
    meta = [len(item.content) for item in layer if item.path.endswith("_0.json") and isinstance(item.content, bytes)]
    assert measured.bytes == (40 + meta[0], 50 + meta[1])


def test_python() -> None:
    record = b'mine/__init__.py,sha256=x,3\n"mine/a,b.py",,\n../../../bin/mine,,\nMine-2.0.dist-info/RECORD,,\n'
    layer = [
        *(file(f"{SITE}/My.Mine-2.0.dist-info/RECORD", record), file(f"{SITE}/mine/__init__.py", b"x" * 3)),
        *(file(f"{SITE}/mine/a,b.py", b"x" * 5), file("usr/bin/mine", b"x" * 11)),
        *(directory(f"{SITE}/setuptools/_vendor/wheel-0.4.dist-info"), file(f"{SITE}/old-0.3-py3.11.egg-info", b"x")),
    ]
    packages, measured = sizes(layer)
    assert [package[:4] for package in packages] == [
        ("python", "my-mine", "2.0", f"/{SITE}"),
        ("python", "old", "0.3", f"/{SITE}"),
    ]
    assert measured.bytes == (19, None)


def test_a_file_belongs_to_the_first_package_and_counts_under_one_name() -> None:
    layer = [
        *(status("first"), dpkg_list("first", "usr/a", "usr/b"), file("usr/a", b"x" * 10), hardlink("usr/b", "usr/a")),
        file(f"{SITE}/second-1.dist-info/RECORD", b"../../../a,,\n/usr/b,,\n"),
    ]
    assert sizes(layer)[1].bytes == (10, 0)


def test_what_a_later_layer_deletes_is_not_installed() -> None:
    lower = [file(f"{SITE}/a-1.dist-info/RECORD", b"a.py,,\n"), file(f"{SITE}/a.py", b"x" * 9)]
    assert found(lower, [whiteout(f"{SITE}/a-1.dist-info")]) == []
    assert sizes(lower, [whiteout(f"{SITE}/a.py")])[1].bytes == (0,)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"files": 3}', b'{"files": [3]}', b'{"files": null}', b"{}", b"\xff\xfe"]
)
def test_what_conda_would_not_write_is_a_gap(content: bytes) -> None:
    packages, measured = sizes([file("opt/c/conda-meta/a-1-0.json", content)])
    assert [package[:3] for package in packages] == [("conda", "a", "1")]
    assert measured.bytes == (None,)
    assert measured.gaps == ("/opt/c/conda-meta/a-1-0.json is not as conda writes it",)


def test_a_list_that_was_not_kept_is_a_gap() -> None:
    layer = [file(f"{SITE}/a-1.dist-info/RECORD", b"a.py,,\n")]
    packages, measured = sizes(layer, lists=False)
    assert [package.name for package in packages] == ["a"]
    assert measured.bytes == (None,)
    assert "RECORD" in measured.gaps[0]


def test_rpm_is_a_gap() -> None:
    inventory = find_packages(filesystem([file("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0")]))
    assert inventory.packages == ()
    assert inventory.gaps == ("the packages of rpm are not listed, because its database is not read",)


@pytest.mark.parametrize(
    "record", [b"\0\0", b'"', b",,,\n,\n", b"../../../../../../etc/x,,\n", b"/,,\n\n..,,\n", b"\xff"]
)
def test_strange_records_claim_nothing(record: bytes) -> None:
    assert sizes([file(f"{SITE}/a-1.dist-info/RECORD", record)])[1].bytes in ((0,), (None,))


def test_many_gaps_of_one_kind_are_one() -> None:
    layer = [file(f"opt/c/conda-meta/{name}-1-0.json", b"{}") for name in "abc"]
    assert sizes(layer)[1].gaps == (
        "/opt/c/conda-meta/a-1-0.json is not as conda writes it, and 2 other lists of files could not be read",
    )


def test_what_pip_leaves_behind_is_no_package() -> None:
    layer = [directory(f"{SITE}/{name}.dist-info") for name in ("~umpy-1.0", "-", "-1.0", "numpy-1.0")]
    assert [name for _, name, _, _ in found(layer)] == ["numpy"]


@pytest.mark.parametrize("state", ["triggers-pending", "triggers-awaited"])
def test_packages_that_wait_for_triggers_are_installed(state: str) -> None:
    assert len(found([status("man-db", state=f"install ok {state}")])) == 1


@pytest.mark.parametrize("content", [b'{"files": "abc"}', b'{"files": {"a": 1}}'])
def test_files_of_conda_are_a_list(content: bytes) -> None:
    assert sizes([file("opt/c/conda-meta/a-1-0.json", content)])[1].bytes == (None,)


def test_large_lists_are_a_gap_and_many_are_not() -> None:
    large = Item(path=f"{SITE}/a-1.dist-info/RECORD", size=9 << 20)
    assert "at most 8,388,608 are examined" in sizes([large])[1].gaps[0]
    many = [file(f"{SITE}/p{n}-1.dist-info/RECORD", b"a.py,,\n" + b"\n" * (1 << 20)) for n in range(80)]
    assert sizes(many)[1].gaps == ()
