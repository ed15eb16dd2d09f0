"""The second scan of an image: the same report from the cache, and never an answer that no longer holds."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import AnalysisError
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.reading import layers as reading_module
from ocianalyze.layers.reading.cache import LayerCache
from ocianalyze.layers.reading.stores import LayerStore, RecentLayers
from tests.conftest import SaveImage
from tests.support.compress import Compression, compress
from tests.support.fault_proxy import fault_proxy
from tests.support.fit import fit_image
from tests.support.forms import FormName, archive_items, write_directory
from tests.support.images import ImageSpec, build
from tests.support.registries import registry_access
from tests.support.served import serving_image
from tests.support.tarballs import Item, file, layer, symlink, whiteout
from tests.test_cli import DEMO, TESTDATA, run

OCI_ARCHIVE = TESTDATA / "skopeo-oci-archive-zstd.tar"
SETTLED = 2.1
SPEC = fit_image(
    [
        file("opt/ml/code/train.py", b"print()\n"),
        file("usr/lib/x86_64-linux-gnu/libcuda.so.535.104.05", b"\x7fELF" + bytes(20_000)),
        symlink("usr/lib/x86_64-linux-gnu/libcuda.so.1", "libcuda.so.535.104.05"),
        file("opt/scratch", bytes(30_000)),
    ],
    [whiteout("opt/scratch"), file("usr/local/share/jupyter/kernels/other/kernel.json", b'{"argv": ["/nowhere"]}')],
    config={"User": "1001"},
)


@pytest.fixture
def cache(tmp_path: Path) -> LayerCache:
    return LayerCache(tmp_path / "cache")


@pytest.fixture(params=["directory", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LayerStore:
    """Return each kind of store, for what both must do."""
    return LayerCache(tmp_path / "cache") if request.param == "directory" else RecentLayers()


def report(path: Path | str, cache: LayerStore | None, **how: Any) -> dict[str, Any]:  # noqa: ANN401 - as `Source`
    """Return what a scan reports, without what may differ from scan to scan."""
    made = analyze(Source(reference=str(path), cache=cache, **how)).model_dump(by_alias=True)
    del made["timing"]
    return made


def reads(made: dict[str, Any]) -> set[str]:
    """Return how the layers were read."""
    return {item["read"] for item in made["layers"]}


def without_reading(made: dict[str, Any]) -> dict[str, Any]:
    """Return a report without how its layers were read, and what that cost."""
    about_reading = ("read", "verified", "timing", "seconds", "bytes_read", "bytes_hashed", "bytes_per_second")
    return {**made, "layers": [{k: v for k, v in item.items() if k not in about_reading} for item in made["layers"]]}


def settle(*paths: Path) -> None:
    """Let some time pass since the last change of files: what was written just now may be written again unseen."""
    last = max(path.stat().st_ctime for path in paths)
    time.sleep(max(0.0, last + SETTLED - time.time()))


@pytest.mark.parametrize(
    ("form", "compression", "first"),
    [
        ("docker-25", "none", "headers"),
        ("docker-legacy", "none", "headers"),
        ("docker-legacy", "gzip", "full"),
        ("docker-29", "gzip", "full"),
        ("oci", "zstd", "full"),
    ],
)
def test_a_second_scan_says_the_same(
    save_image: SaveImage, cache: LayerCache, form: FormName, compression: Compression, first: str
) -> None:
    path = save_image(SPEC, form, compression=compression)
    settle(path)
    one, two = report(path, cache), report(path, cache)
    assert (reads(one), reads(two)) == ({first}, {"cache"})
    assert without_reading(two) == without_reading(one) == without_reading(report(path, None))
    assert all(item["verified"] == [] for item in two["layers"])
    assert cache.usage().layers == len(SPEC.layers)


@pytest.mark.parametrize("around", ["gzip", "zstd"])
@pytest.mark.parametrize("form", ["docker-25", "docker-legacy-symlinked", "oci"])
def test_an_archive_with_compression_around_it_is_known_by_its_file(
    save_image: SaveImage, cache: LayerCache, around: Compression, form: FormName
) -> None:
    path = save_image(SPEC, form, compression="none")
    path.write_bytes(compress(path.read_bytes(), around))
    assert reads(report(path, None)) == {"full"}
    settle(path)
    one, two = report(path, cache), report(path, cache)
    assert (reads(one), reads(two)) == ({"full"}, {"cache"})
    assert without_reading(two) == without_reading(one)
    assert all(item["verified"] == [] for item in two["layers"])
    assert reads(report(path, cache, verify_all=True)) == {"full"}
    for entry in (cache.directory / "layers").iterdir():
        entry.write_bytes(entry.read_bytes()[:-1])
    assert without_reading(report(path, cache)) == without_reading(one)


def test_an_archive_that_lies_is_no_better_when_it_is_known(tmp_path: Path, cache: LayerCache) -> None:
    other = build(SPEC).layers[0].stored.content
    assert isinstance(other, bytes)
    last = build(SPEC).layers[-1].stored.encoded
    stored = archive_items(SPEC, "oci", compression="none")
    items = [Item(path=item.path, content=other) if last in item.path else item for item in stored]
    path = tmp_path / "image.tar.gz"
    path.write_bytes(compress(layer(items), "gzip"))
    settle(path)
    for _ in range(2):
        with pytest.raises(AnalysisError, match=r"layer 4: digest is sha256:.*, but sha256:.* is stated"):
            report(path, cache)


def test_with_forked_workers_as_well(save_image: SaveImage, store: LayerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "_WORTH_A_FORK", 0)
    path = save_image(SPEC)
    settle(path)
    one, two = report(path, store, jobs=2), report(path, store, jobs=2)
    assert (reads(one), reads(two)) == ({"headers"}, {"cache"})
    assert without_reading(two) == without_reading(one)


def test_an_image_that_shares_its_base_costs_only_its_new_layers(save_image: SaveImage, store: LayerStore) -> None:
    report(save_image(SPEC, "oci", compression="gzip"), store)
    more = replace(SPEC, layers=[*SPEC.layers, [file("opt/new", b"new")]])
    assert [item["read"] for item in report(save_image(more, "docker-29", compression="gzip"), store)["layers"]] == [
        *["cache"] * len(SPEC.layers),
        "full",
    ]


@pytest.mark.parametrize("restore_time", [False, True])
def test_a_file_that_was_changed_is_read_again(save_image: SaveImage, store: LayerStore, *, restore_time: bool) -> None:
    path = save_image(SPEC)
    settle(path)
    before = report(path, store)
    status = path.stat()
    path.write_bytes(path.read_bytes().replace(b"opt/ml/code/train.py", b"opt/xx/code/train.py"))
    if restore_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(AnalysisError):  # the checksum of that header is wrong now, which only who reads it can tell
        report(path, store)
    assert reads(before) == {"headers"}


def test_what_was_written_just_now_is_not_known_by_its_file(save_image: SaveImage, cache: LayerCache) -> None:
    path = save_image(SPEC)
    assert reads(report(path, cache)) == {"headers"}
    assert cache.usage().layers == 0


def test_verifying_reads_everything_and_teaches_the_cache(save_image: SaveImage, store: LayerStore) -> None:
    path = save_image(SPEC, "oci", compression="gzip")
    assert reads(report(path, store, verify_all=True)) == {"full"}
    assert reads(report(path, store, verify_all=True)) == {"full"}
    other = save_image(SPEC, "oci", compression="gzip")
    settle(other)
    hashed = []
    stored = 0
    for _ in range(2):
        known = analyze(Source(reference=str(other), cache=store))
        assert {layer.read for layer in known.layers} == {"cache"}
        hashed.append(known.timing.bytes_hashed)
        stored = sum(layer.size for layer in known.layers)
    # Another file may hold other bytes, whatever it claims; then it is known not to.
    assert hashed == [stored, 0]
    plain = save_image(SPEC)
    report(plain, store, verify_all=True)
    plain.write_bytes(plain.read_bytes().replace(b"print()", b"PRINT()"))
    with pytest.raises(AnalysisError):
        report(plain, store, verify_all=True)


def test_what_is_not_what_its_digest_says_is_not_kept(tmp_path: Path, cache: LayerCache) -> None:
    items = archive_items(SPEC, "oci", compression="gzip")
    digests = [built.stored.encoded for built in build(SPEC, compression="gzip").layers]
    other = build(fit_image([file("x", b"y")]), compression="gzip").layers[-1].stored.content
    assert isinstance(other, bytes)
    path = tmp_path / "image.tar"
    path.write_bytes(
        layer([Item(path=item.path, content=other) if digests[-1] in item.path else item for item in items])
    )
    settle(path)
    with pytest.raises(AnalysisError):
        report(path, cache)
    assert cache.usage().layers <= len(digests) - 1
    with pytest.raises(AnalysisError):
        report(path, cache)


def test_a_damaged_entry_is_read_again_and_replaced(save_image: SaveImage, cache: LayerCache) -> None:
    path = save_image(SPEC, "oci", compression="gzip")
    first = report(path, cache)
    for number, entry in enumerate(sorted((cache.directory / "layers").iterdir())):
        content = entry.read_bytes()
        entry.write_bytes(content[: len(content) // 2] if number % 2 else content[:-9] + b"x" + content[-8:])
    assert without_reading(report(path, cache)) == without_reading(first)
    assert reads(report(path, cache)) == {"cache"}


@pytest.mark.parametrize("how", [{"wanted": frozenset({"/opt/**"})}, {"limits": Limits(max_steps=4_000_000)}])
def test_what_was_read_in_another_way_is_not_known(
    save_image: SaveImage, cache: LayerCache, how: dict[str, Any]
) -> None:
    path = save_image(SPEC, "oci", compression="gzip")
    report(path, cache)
    assert reads(report(path, cache, **how)) == {"full"}
    assert reads(report(path, cache, **how)) == {"cache"}


def test_limits_hold_for_what_is_known(save_image: SaveImage, store: LayerStore) -> None:
    path = save_image(ImageSpec(layers=[[file(f"{number}") for number in range(400)]]), "oci", compression="gzip")
    report(path, store)
    with pytest.raises(AnalysisError, match="layer 0: its entries take too much memory"):
        report(path, store, limits=Limits(max_memory=90_000))


def test_no_layer_is_asked_of_a_registry_twice(store: LayerStore) -> None:
    image = build(SPEC, compression="gzip")
    digests = {item.stored.digest for item in image.layers}
    with fault_proxy(None) as registry:
        registry.behaviour = serving_image(image)
        name = f"{registry.host}/team/image:1.0"
        how = {"access": registry_access(plain_http=True)}
        one = report(name, store, **how)
        asked = len(registry.seen)
        assert digests <= {seen.path.rpartition("/")[2] for seen in registry.seen}
        two = report(name, store, **how)
        later = {seen.path.rpartition("/")[2] for seen in registry.seen[asked:]}
    assert later.isdisjoint(digests)
    assert without_reading(one) == without_reading(two)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_layer_that_is_replaced_is_not_known_by_its_claim(
    tmp_path: Path, cache: LayerCache, compression: Compression
) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, "oci", compression=compression)
    for path in (layout / "blobs" / "sha256").iterdir():
        settle(path)
    first = report(layout, cache)
    assert without_reading(report(layout, cache)) == without_reading(first)
    blob = layout / "blobs" / "sha256" / build(SPEC, compression=compression).layers[0].stored.digest.partition(":")[2]
    size, status = blob.stat().st_size, blob.stat()
    blob.write_bytes(bytes(size))
    os.utime(blob, ns=(status.st_atime_ns, status.st_mtime_ns))
    for _ in range(2):
        with pytest.raises(AnalysisError):
            report(layout, cache)


def test_what_lies_in_the_cache_directory_is_not_followed(save_image: SaveImage, tmp_path: Path) -> None:
    path = save_image(SPEC, "oci", compression="gzip")
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "CACHEDIR.TAG").write_text("mine")
    (victim / f"{'0' * 64}.layer").write_text("mine")
    before = {item.name: item.read_text() for item in victim.iterdir()}

    behind = tmp_path / "behind"
    behind.symlink_to(victim)  # the cache directory itself may be a link to one of the user's own
    report(path, LayerCache(behind))
    assert LayerCache(behind).usage().layers == len(SPEC.layers)
    LayerCache(behind).clear()

    tagged = tmp_path / "tagged"
    tagged.mkdir()
    (tagged / "CACHEDIR.TAG").symlink_to(victim / "CACHEDIR.TAG")
    report(path, LayerCache(tagged))
    assert LayerCache(tagged).usage().layers == len(SPEC.layers)

    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "layers").symlink_to(victim)
    report(path, LayerCache(linked))
    assert LayerCache(linked).problem() == f"{linked}/layers is a symlink or not a directory"
    with pytest.raises(OSError, match="is a symlink"):
        LayerCache(linked).clear()

    entry = tmp_path / "entry"
    report(path, LayerCache(entry))
    (first, *_) = (entry / "layers").iterdir()
    first.unlink()
    first.symlink_to(victim / "CACHEDIR.TAG")
    report(path, LayerCache(entry))
    LayerCache(entry).clear()
    assert {item.name: item.read_text() for item in victim.iterdir() if item.name != "layers"} == before


# --- the command line -------------------------------------------------------------------------------------------------


def test_the_command_line_keeps_layers_and_says_so(save_image: SaveImage, tmp_path: Path) -> None:
    path = save_image(SPEC, "oci", compression="gzip")
    options = ("scan", path, "--format", "json", "--cache-dir", tmp_path / "kept")
    one, two = (json.loads(run(*options).stdout) for _ in range(2))
    assert (reads(one), reads(two)) == ({"full"}, {"cache"})
    assert "known from an earlier scan" in run("scan", path, "--cache-dir", tmp_path / "kept").stdout.decode()
    assert reads(json.loads(run(*options, "--no-cache").stdout)) == {"full"}
    info = json.loads(run("cache", "info", "--cache-dir", tmp_path / "kept", "--format", "json").stdout)
    assert (info["layers"], info["bytes"] > 0) == (len(SPEC.layers), True)
    assert f"{len(SPEC.layers)} layers" in run("cache", "info", "--cache-dir", tmp_path / "kept").stdout.decode()
    assert (
        f"{len(SPEC.layers)} layers deleted" in run("cache", "clear", "--cache-dir", tmp_path / "kept").stdout.decode()
    )
    assert reads(json.loads(run(*options).stdout)) == {"full"}


def test_without_a_cache_nothing_is_written(save_image: SaveImage, tmp_path: Path) -> None:
    path = save_image(SPEC, "oci", compression="gzip")
    home = tmp_path / "home"
    home.mkdir()
    environment = {"XDG_CACHE_HOME": str(home / "cache"), "HOME": str(home)}
    assert run("scan", path, "--no-cache", env=environment).returncode == 1
    assert run("scan", path, env={**environment, "OCIANALYZE_NO_CACHE": "1"}).returncode == 1
    assert not list(home.iterdir())
    assert run("scan", path, env=environment).returncode == 1
    assert (home / "cache" / "ocianalyze" / "CACHEDIR.TAG").exists()


@pytest.mark.parametrize("options", [("--cache-dir", ""), ("--cache-dir", "~nobody-at-all/x")])
def test_a_cache_that_is_nowhere_is_wrong_usage(options: tuple[str, ...]) -> None:
    for command in (("scan", DEMO), ("cache", "info"), ("cache", "clear")):
        done = run(*command, *options)
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"--cache-dir" in done.stderr


def test_a_home_is_expanded_as_no_shell_does_in_the_settings_of_ci(tmp_path: Path) -> None:
    done = run("cache", "info", "--cache-dir", "~/kept", env={"HOME": str(tmp_path)})
    assert done.stdout.decode().startswith(f"{tmp_path}/kept: ")
    done = run("cache", "info", env={"HOME": str(tmp_path), "OCIANALYZE_CACHE_DIR": "~/kept"})
    assert done.stdout.decode().startswith(f"{tmp_path}/kept: ")


def test_who_has_no_home_has_no_cache(tmp_path: Path) -> None:
    """As in a container that runs as a user whom it does not know."""
    code = """
import pwd, sys

def unknown(uid):
    raise KeyError(uid)

pwd.getpwuid = unknown
from ocianalyze.cli.main import main
main()
"""
    variables = ("HOME", "XDG_CACHE_HOME", "OCIANALYZE_CACHE_DIR")
    environment = {key: value for key, value in os.environ.items() if key not in variables}
    for command, code_of_exit, said in (
        (("scan", OCI_ARCHIVE, "--quiet"), 1, b""),
        (("cache", "info"), 2, b"this user has no home directory"),
        (("cache", "clear"), 2, b"this user has no home directory"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *command], cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        assert done.returncode == code_of_exit, done.stderr
        assert said in done.stderr
        assert not list(tmp_path.iterdir())


def test_what_cannot_be_emptied_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert run("cache", "clear", "--cache-dir", tmp_path / "nowhere").returncode == 0
    done = run("cache", "clear", "--cache-dir", tmp_path / "file")
    assert done.returncode == 2
    assert b"cannot be cleared: Not a directory" in done.stderr


def test_who_names_a_cache_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "ocianalyze").write_bytes(b"")
    open_to_all = tmp_path / "open"
    (open_to_all / "layers").mkdir(parents=True)
    (open_to_all / "layers").chmod(0o777)
    for directory, why in (
        (tmp_path / "file", "Not a directory"),
        (open_to_all, f"other users can write to {open_to_all}/layers"),
    ):
        said = f"ocianalyze: the cache {directory} is not used: {why}\n"
        for options, environment in (
            (("--cache-dir", str(directory)), {}),
            ((), {"OCIANALYZE_CACHE_DIR": str(directory)}),
        ):
            done = run("scan", OCI_ARCHIVE, *options, env=environment)
            assert (done.returncode, done.stderr.decode()) == (1, said)
            assert run("scan", OCI_ARCHIVE, "--quiet", *options, env=environment).stderr == b""
            assert run("scan", OCI_ARCHIVE, "--no-cache", *options, env=environment).stderr == b""
            assert run("files", OCI_ARCHIVE, *options, env=environment).stderr.decode() == said
    done = run("scan", OCI_ARCHIVE, env={"XDG_CACHE_HOME": str(tmp_path)})
    assert done.stderr.decode() == f"ocianalyze: the cache {tmp_path}/ocianalyze is not used: Not a directory\n"


@pytest.mark.parametrize("option", ["--cache-size", "--max-memory", "--size-limit"])
def test_a_number_that_is_too_large_is_said_to_be(option: str) -> None:
    for number in ("9" * 19, "9" * 30, f"{'9' * 25} GiB"):
        done = run("scan", OCI_ARCHIVE, option, number)
        assert done.returncode == 2
        assert f"'{number}' is too large" in " ".join(done.stderr.decode().replace("│", "").split())


def test_a_small_cache_stays_small(save_image: SaveImage, tmp_path: Path) -> None:
    for number in range(3):
        spec = ImageSpec(
            layers=[[file(f"opt/{os.urandom(20).hex()}", b"x") for _ in range(500)] for _ in range(number + 2)]
        )
        path = save_image(spec, "oci", compression="gzip")
        assert run("scan", path, "--cache-dir", tmp_path / "kept", "--cache-size", "60kB").returncode == 1
    assert LayerCache(tmp_path / "kept").usage().size <= 60_000
