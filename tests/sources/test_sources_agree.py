"""One image in every form, compression and order, from a file, a directory or standard input: always the same."""

import bz2
import gzip
import io
import lzma
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocianalyze.analysis import Policy, Source, analyze
from ocianalyze.layers.reading.cache import LayerCache
from ocianalyze.sources import files
from tests.conftest import SaveImage
from tests.support.compress import Compression
from tests.support.fault_proxy import fault_proxy
from tests.support.fit import ELF, KERNEL, fit_image
from tests.support.forms import FORMS, LAYOUT_FORMS, FormName, Order, archive, write_directory
from tests.support.images import ImageSpec, build
from tests.support.opening import Seen, see
from tests.support.oracle import merge
from tests.support.registries import registry_access
from tests.support.served import serving_image
from tests.support.strategies import layer_stacks
from tests.support.tarballs import Item, directory, file, hardlink, layer, opaque, symlink, whiteout
from tests.test_analysis import ABOUT_THE_SOURCE, comparable

LAYERS = [
    [directory("etc"), file("etc/hostname", b"one\n"), directory("opt"), file("opt/old", b"old"), symlink("l", "opt")],
    [whiteout("opt/old"), file("opt/new", b"new" * 1000, mode=0o755), hardlink("opt/same", "opt/new")],
    [opaque("etc"), file("etc/\udcff", b"not UTF-8"), file("big", bytes(range(256)) * 2000)],
]
SPEC = ImageSpec(
    layers=LAYERS,
    config={"User": "1000", "Env": ["A=b"], "Cmd": None, "Labels": {"a": "b"}},
    history=[
        {"created_by": "ADD rootfs"},
        {"created_by": "ENV A=b", "empty_layer": True},
        {"created_by": "RUN two"},
        {"comment": "three"},
    ],
)
TREE = merge(map(layer, LAYERS))
OUTER: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}
COMPRESSIONS: list[Compression | Sequence[Compression]] = [
    "none",
    "gzip",
    "zstd",
    ("none", "zstd-frames", "gzip-members"),
]


def _check(seen: Seen) -> None:
    """Compare what does not depend on the form with the image as it was made."""
    built = build(SPEC)
    assert seen.tree == TREE
    assert seen.image.config_digest == built.config.digest
    assert [layer.diff_id for layer in seen.image.layers] == built.diff_ids
    assert [layer.created_by for layer in seen.image.layers] == ["ADD rootfs", "RUN two", "three"]
    assert [layer.position for layer in seen.image.layers] == [0, 1, 2]
    assert [reading.uncompressed_size for reading in seen.readings] == [
        built_layer.tar.size for built_layer in built.layers
    ]
    assert seen.image.config.config.environment == {"A": "b"}
    assert str(seen.image.config.platform) == "linux/amd64"
    for reading, verified in zip(seen.readings, seen.verified, strict=True):
        assert (reading.read == "full") == bool(verified)


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_forms_and_compressions(form: FormName, compression: Compression, save_image: SaveImage) -> None:
    path = save_image(SPEC, form, compression=compression)
    seen = see(path)
    _check(seen)
    assert seen.image.source == ("docker-archive" if FORMS[form].docker else "oci-archive")
    assert seen.image.names == ("example.com/team/image:1.0",)
    streamed = see(path.read_bytes())
    _check(streamed)
    assert streamed.image.source == "stdin"
    assert streamed.image.names == seen.image.names
    assert streamed.image.digest == seen.image.digest


@pytest.mark.parametrize("dot_slash", [True, False])
@pytest.mark.parametrize("order", ["metadata-first", "metadata-last"])
@pytest.mark.parametrize("form", FORMS)
def test_orders_and_prefixes(form: FormName, order: Order, dot_slash: bool, save_image: SaveImage) -> None:  # noqa: FBT001
    path = save_image(SPEC, form, order=order, dot_slash=dot_slash)
    _check(see(path))
    _check(see(path.read_bytes()))


@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("form", ["docker-legacy", "docker-29", "oci", "kaniko"])
def test_an_outer_compression(form: FormName, outer: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(OUTER[outer](archive(SPEC, form)))
    seen = see(path)
    _check(seen)
    assert seen.image.source == ("docker-archive" if FORMS[form].docker else "oci-archive")
    _check(see(path.read_bytes()))


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=str)
@pytest.mark.parametrize("form", LAYOUT_FORMS)
def test_directories(form: FormName, compression: Compression, tmp_path: Path) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, form, compression=compression)
    seen = see(layout)
    _check(seen)
    assert seen.image.source == "oci-layout"


def test_a_layout_whose_blobs_are_links_inside_it(tmp_path: Path) -> None:
    layout = write_directory(tmp_path / "layout", SPEC, "oci")
    shutil.move(layout / "blobs" / "sha256", layout / "elsewhere")
    (layout / "blobs" / "sha256").symlink_to("../elsewhere")
    _check(see(layout))


@pytest.mark.parametrize("transport", ["docker-archive", "oci-archive"])
def test_explicit_transports(transport: str, save_image: SaveImage) -> None:
    path = save_image(SPEC, "docker-25")
    for suffix in ("", ":example.com/team/image:1.0", ":@0"):
        seen = see(f"{transport}:{path}{suffix}")
        _check(seen)
        assert seen.image.source == transport
    assert see(f"oci-archive:{path}").image.digest is not None
    assert see(f"docker-archive:{path}").image.digest is None


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_any_number_of_jobs(jobs: int, compression: Compression, save_image: SaveImage) -> None:
    _check(see(save_image(SPEC, "oci", compression=compression), jobs=jobs))


def test_an_image_without_a_name_and_one_without_layers(save_image: SaveImage) -> None:
    for form in FORMS:
        _check(see(save_image(replace(SPEC, tags=()), form)))
        empty = see(save_image(ImageSpec(layers=[]), form))
        assert (empty.tree, empty.readings) == ({}, [])


def test_a_layer_that_stands_twice_is_read_once_and_applied_twice(save_image: SaveImage) -> None:
    spec = ImageSpec(layers=[LAYERS[0], [whiteout("etc"), whiteout("opt")], LAYERS[0]])
    for form in FORMS:
        path = save_image(spec, form)
        for source in (path, path.read_bytes()):
            seen = see(source)
            assert seen.tree == merge(map(layer, spec.layers))  # type: ignore[arg-type]


def test_a_layer_whose_first_name_looks_like_json(save_image: SaveImage) -> None:
    spec = ImageSpec(layers=[[file("{", b"a"), file("[b", b"b")]])
    for form in FORMS:
        path = save_image(spec, form, compression="none")
        assert list(see(path).tree) == list(see(path.read_bytes()).tree) == ["/[b", "/{"]


def test_images_where_the_history_does_not_fit_the_layers_have_no_steps(save_image: SaveImage) -> None:
    seen = see(save_image(replace(SPEC, history=[{"created_by": "one"}])))
    assert [layer.created_by for layer in seen.image.layers] == [None, None, None]


# --- whole reports ----------------------------------------------------------------------------------------------------

ARCHIVES: tuple[FormName, ...] = tuple(FORMS)
ORDERS: tuple[Order, ...] = ("natural", "metadata-first", "metadata-last")
STORED: tuple[Compression, ...] = ("none", "gzip", "zstd")
KERNELS = "usr/local/share/jupyter/kernels"
SCRIPT = b"#!/bin/bash\n# what an image starts with\nset -e\n"


@st.composite
def images(draw: st.DrawFn) -> ImageSpec:
    """Draw an image of some layers: kernels, scripts, links, whiteouts, and files in any places."""
    extra: list[list[Item]] = []
    for number in range(draw(st.integers(1, 3))):
        pieces = draw(st.lists(st.sampled_from(PIECES), unique_by=lambda piece: piece[0].path, max_size=6))
        extra.append([file(f"opt/layer{number}"), *(item for piece in pieces for item in piece)])
    stack = draw(layer_stacks(max_layers=2))
    moved = [[replace(item, path=f"srv/{item.path}", target=_moved(item)) for item in items] for items in stack]
    config: dict[str, Any] = {
        "User": draw(st.sampled_from(["1000", "1000:100", "root", "", "sagemaker-user", "nobody", "1001"])),
        "Env": draw(st.sampled_from(ENVIRONMENTS)),
        "Entrypoint": draw(
            st.sampled_from([None, ["/opt/start.sh"], ["/usr/local/bin/python3"], ["jupyter", "lab"], LAUNCHER])
        ),
        "Cmd": draw(st.sampled_from([None, ["/bin/sh", "-c", "exec jupyter lab --ip=0.0.0.0 --port=8888"], ["x"]])),
        "ExposedPorts": draw(st.sampled_from([None, {"8888/tcp": {}}])),
    }
    return fit_image(*extra, *moved, config=config)


def _moved(item: Item) -> str:
    return f"srv/{item.target}" if item.kind == "hardlink" else item.target


LAUNCHER = ["tini", "--", "/opt/launch"]
ENVIRONMENTS = [
    ["PATH=/usr/local/bin:/usr/bin:/bin"],
    ["PATH=/opt/conda/bin:/usr/local/bin:/usr/bin:/bin", "JUPYTER_PATH=/opt/share/jupyter", "CONDA_DIR=/opt/conda"],
    ["PATH=/usr/local/bin:/bin", "NVIDIA_REQUIRE_CUDA=cuda>=12.4", "CUDA_VERSION=12.4.1", "LD_LIBRARY_PATH=/usr/lib64"],
]
PIECES: list[tuple[Item, ...]] = [
    (file(f"{KERNELS}/other/kernel.json", b'{"argv": ["/nowhere"], "display_name": "x", "language": "x"}'),),
    (file(f"{KERNELS}/broken/kernel.json", b'{"argv": '),),
    (symlink(f"{KERNELS}/linked", "/opt/kernels/linked"), file("opt/kernels/linked/kernel.json", KERNEL)),
    (file("root/.local/share/jupyter/kernels/mine/kernel.json", KERNEL, mode=0o600),),
    (whiteout(f"{KERNELS}/python3"),),
    (opaque("usr/local/share/jupyter"), directory("usr/local/share/jupyter")),
    (whiteout("etc/passwd"),),
    (whiteout("bin/bash"),),
    (file("opt/start.sh", SCRIPT + b'exec jupyter lab --ip=0.0.0.0 --port=8888 "$@"\n', mode=0o755),),
    (
        file("opt/launch", SCRIPT + b'export A=b\nexec /opt/next "$@"\n', mode=0o755),
        file("opt/next", SCRIPT + b". /opt/settings\njupyter lab --port=$PORT\n", mode=0o755),
        file("opt/settings", b"export PORT=9999\n"),
    ),
    (file("usr/local/bin/jupyter", b"#!/usr/local/bin/python3\n", mode=0o755),),
    (file("usr/local/bin/jupyter-lab", b"#!/usr/local/bin/python3\n" + b"#" * 5000, mode=0o755),),
    (file("etc/jupyter/jupyter_server_config.py", b"c.ServerApp.token = ''\nc.ServerApp.port = 8889\n"),),
    (file("etc/jupyter/jupyter_server_config.json", b'{"ServerApp": {"base_url": "/jupyterlab/default"}}'),),
    (file("opt/ml/code/train.py", b"print()\n"), directory("opt/ml/model")),
    (file("home/sagemaker-user/notes.ipynb", b"{}" * 4000),),
    (file("usr/lib/x86_64-linux-gnu/libcuda.so.535.104.05", ELF + bytes(100_000)), symlink("usr/lib64", "lib")),
    (symlink("usr/lib/libcuda.so.1", "x86_64-linux-gnu/libcuda.so.535.104.05"), file("etc/ld.so.conf", b"/usr/lib64")),
    (file("opt/conda/conda-meta/history"), file("opt/conda/bin/python", ELF, mode=0o755), file("opt/conda/envs/a/x")),
    (file("var/lib/dpkg/status", b"Package: nvidia-driver-535\nStatus: install ok installed\nVersion: 535\n\n"),),
    (directory("etc/sudoers.d"), file("etc/sudoers", b"root ALL=(ALL) ALL\n"), file("usr/bin/sudo", ELF, mode=0o4755)),
    (file("opt/owned", b"x", uid=70_000, gid=100), hardlink("opt/owned-too", "opt/owned", uid=70_000, gid=100)),
    (directory("tmp", mode=0o755), file("opt/noise", bytes(range(256)) * 500)),
]  # fmt: skip


def _report(source: Source) -> dict[str, Any]:
    return comparable(
        analyze(source, Policy(ignore=ABOUT_THE_SOURCE, profiles=["studio-classic", "studio-jupyterlab"])).model_dump(
            by_alias=True
        )
    )


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(spec=images(), data=st.data())
def test_reports(
    spec: ImageSpec, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image has one report, whatever it comes in, how often it is read, and by how many at a time."""
    monkeypatch.setattr(files, "_SETTLED", -1)  # nobody writes to these files again
    directory = tmp_path_factory.mktemp("image")
    expected = _report(Source(reference=str(write_directory(directory / "layout", spec, "oci", compression="none"))))
    for number, form in enumerate(data.draw(st.permutations(ARCHIVES))[:5]):
        compression = data.draw(st.sampled_from(STORED))
        content = archive(spec, form, compression=compression, order=data.draw(st.sampled_from(ORDERS)))
        path = directory / f"{number}.tar"
        path.write_bytes(content)
        outer = data.draw(st.sampled_from(sorted(OUTER)))
        packed = directory / f"{number}.packed"
        packed.write_bytes(OUTER[outer](content))
        cache = LayerCache(directory / "cache")
        for jobs in (1, 2):
            assert _report(Source(reference=str(path), jobs=jobs)) == expected, (form, compression)
        assert _report(Source(reference=str(path), verify_all=True)) == expected, (form, compression)
        assert _report(Source(reference="-", stdin=io.BytesIO(content))) == expected, (form, compression)
        for _ in range(2):
            assert _report(Source(reference=str(path), cache=cache)) == expected, (form, compression)
            assert _report(Source(reference=str(packed), cache=cache)) == expected, (form, compression, outer)
        again = analyze(Source(reference=str(path), cache=cache))
        assert {layer.read for layer in again.layers} == {"cache"}
    built = build(spec, compression=data.draw(st.sampled_from(STORED)))
    with fault_proxy(None, serving_image(built)) as registry:
        remote = Source(reference=f"{registry.host}/team/image:1.0", access=registry_access(plain_http=True))
        assert _report(remote) == expected
