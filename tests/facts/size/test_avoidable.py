"""What an image does not need to work, and what it is kept for."""

from time import process_time

import pytest

from ocianalyze.facts.size import Avoidable, find_avoidable
from tests.rules.subjects import make_image
from tests.support.tarballs import Item, directory, file, hardlink, symlink, whiteout

MB = 1_000_000
TMP = "tmp"
SITE = "opt/conda/lib/python3.11/site-packages"


def sized(path: str, size: int = MB) -> Item:
    """Make a file of so many zero bytes."""
    return Item(path=path, size=size)


def found(*layers: list[Item]) -> list[Avoidable]:
    """Return what is avoidable."""
    return list(find_avoidable(make_image(*layers)[1]).groups)


@pytest.mark.parametrize(
    ("kind", "path", "files"),
    [
        ("apt-lists", "/var/lib/apt/lists", ["var/lib/apt/lists/deb.debian.org_main"]),
        ("apt-cache", "/var/cache/apt", ["var/cache/apt/archives/a.deb", "var/cache/apt/pkgcache.bin"]),
        ("dnf-cache", "/var/cache/dnf", ["var/cache/dnf/x/a.solv"]),
        ("dnf-cache", "/var/cache/yum", ["var/cache/yum/x/a.sqlite"]),
        ("apk-cache", "/var/cache/apk", ["var/cache/apk/APKINDEX.tar.gz"]),
        ("pip-cache", "/root/.cache/pip", ["root/.cache/pip/http/a"]),
        ("other-cache", "/home/me/.cache/uv", ["home/me/.cache/uv/a"]),
        ("npm-cache", "/root/.npm/_cacache", ["root/.npm/_cacache/content/a"]),
        ("conda-packages", "/opt/conda/pkgs", ["opt/conda/pkgs/numpy.conda", "opt/conda/conda-meta/history"]),
        ("git-repository", "/opt/app/.git", ["opt/app/.git/HEAD", "opt/app/.git/objects/a"]),
        ("temporary-files", f"/{TMP}", [f"{TMP}/installer.run"]),
        ("temporary-files", f"/var/{TMP}", [f"var/{TMP}/x"]),
        ("static-libraries", "/usr/local/cuda/lib64/*.a", ["usr/local/cuda/lib64/libcublas_static.a"]),
        ("python-tests", f"/{SITE}/**/tests", [f"{SITE}/numpy/core/tests/test_a.py", f"{SITE}/scipy/tests/b.py"]),
        ("python-tests", "/usr/lib/python3.11/test", ["usr/lib/python3.11/test/test_os.py"]),
        ("documentation", "/usr/share/doc", ["usr/share/doc/bash/README"]),
        ("documentation", "/usr/share/man", ["usr/share/man/man1/bash.1"]),
    ],
)
def test_kinds(kind: str, path: str, files: list[str]) -> None:
    empty = [name for name in files if name.endswith(("history", "HEAD"))]
    counted = [name for name in files if name not in empty or "HEAD" in name]
    layer = [sized(name, 0 if name in empty else MB) for name in files]
    assert found([], layer) == [Avoidable(kind, path, 1, MB * (len(files) - len(empty)), len(counted))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path",
    [
        "opt/app/pkgs/a",  # no conda beside it
        "opt/app/.git/objects/a",  # no repository
        "root/.cache/huggingface/hub/model.bin",  # what a notebook is to load
        f"{SITE}/django/test/client.py",  # a module
        f"{SITE}/torch/testing/a.py",
        "opt/app/tests/data",  # not of a package
        "home/me/lib.a/x",
        "usr/share/doc.txt",
    ],
)
def test_what_may_be_needed_is_left_alone(path: str) -> None:
    assert found([sized(path)]) == []


def test_little_is_not_worth_a_word() -> None:
    assert found([sized("tmp/a", MB - 1)]) == []


def test_hidden_files_are_waste_and_nothing_else() -> None:
    assert found([sized("tmp/a")], [whiteout("tmp/a")]) == []


def test_a_file_with_a_name_elsewhere_stays() -> None:
    conda = [sized("opt/conda/pkgs/numpy/a.so"), hardlink("opt/conda/lib/a.so", "opt/conda/pkgs/numpy/a.so")]
    conda.append(file("opt/conda/conda-meta/history"))
    assert found(conda) == []
    twice = [*conda, hardlink("opt/conda/pkgs/numpy/b.so", "opt/conda/pkgs/numpy/a.so")]
    assert found(twice) == []
    assert [item.bytes for item in found(twice, [whiteout("opt/conda/lib/a.so")])] == [MB]


def test_a_file_counts_for_one_kind() -> None:
    items = found([sized("tmp/lib.a"), sized("tmp/other", 2 * MB)])
    assert [(item.kind, item.bytes) for item in items] == [("temporary-files", 3 * MB)]


def test_a_place_behind_a_link_is_another_place() -> None:
    assert found([directory("data"), symlink("tmp", "data"), sized("data/model")]) == []


def test_the_layer_with_most_of_it_is_named() -> None:
    items = found([sized("tmp/a")], [sized("tmp/b", 3 * MB)], [sized("tmp/c", 2 * MB)])
    assert items == [Avoidable("temporary-files", f"/{TMP}", 1, 6 * MB, 3)]


def test_what_links_or_the_configuration_lead_into_is_needed() -> None:
    cache = [sized("root/.cache/uv/archive/lib.so")]
    assert found(cache) != []
    assert found([*cache, symlink("opt/venv/lib.so", "/root/.cache/uv/archive/lib.so")]) == []
    assert found([*cache, symlink("opt/venv/lib.so", "../../root/.cache/uv/archive/lib.so")]) == []
    assert found([*cache, symlink("root/.cache/uv/other", "archive/lib.so")]) != []
    filesystem = make_image([sized("tmp/app/server")])[1]
    for text in (f"/{TMP}/app/server", f"PATH=/usr/bin:/{TMP}/app", f"exec '/{TMP}/app/server' x", f"/{TMP}/"):
        assert find_avoidable(filesystem, [text]).groups == (), text
    for text in (f"/{TMP}file", f"/var/{TMP}/x", TMP, ""):
        assert len(find_avoidable(filesystem, [text]).groups) == 1, text


def test_environments_of_poetry_are_no_cache() -> None:
    assert found([sized("root/.cache/pypoetry/virtualenvs/app/lib.so")]) == []


def test_many_links_and_many_places_take_little_time() -> None:
    places = [file(f"opt/{n}/.git/{part}") for n in range(2000) for part in ("HEAD", "objects/x")]
    links = [symlink(f"usr/lib/{n}", f"/opt/{n}/lib") for n in range(20_000)]
    filesystem = make_image([*places, *links, sized("opt/7/.git/objects/pack")])[1]
    started = process_time()
    assert [item.path for item in find_avoidable(filesystem, [f"/opt/{n}" for n in range(2000)]).groups] == [
        "/opt/7/.git"
    ]
    assert process_time() - started < 5
