"""Whatever layer real producers index: what its index says is what its tar holds."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocianalyze.layers.indexes.checking import spot_check
from tests.support.fit import fit_image
from tests.support.forms import write_directory
from tests.support.images import ImageSpec
from tests.support.indexed_images import FORMS, INDEX_LAYERS, IndexedForm, index_image
from tests.support.indexed_layers import comparable, indexed_layers, unpack_sample
from tests.support.strategies import layer_stacks
from tests.support.tarballs import Item, file
from tests.support.tools import requires, run

EXAMPLES = 12
_seeds = st.binary(min_size=1, max_size=40)
_names = st.sampled_from(["x", "caf\u00e9", "long" * 60, "with space", "deep/er/and/deeper"])
_xattrs = st.sampled_from([{}, {"user.note": "a"}, {"user.a": "1", "user.b": "2"}])


@st.composite
def layers(draw: st.DrawFn) -> list[list[Item]]:
    """Draw layers with small things in them, and larger files that are cut into pieces."""
    stack = draw(layer_stacks(max_layers=2))
    for number, items in enumerate(stack):
        for name in draw(st.lists(_names, max_size=3, unique=True)):
            large = file(f"large{number}/{name}", (draw(_seeds) * 20_000)[:60_000])
            items.append(
                Item(path=large.path, content=large.content, mode=0o4755, xattrs=draw(_xattrs), mtime=1e9 + 0.5)
            )
    return stack


def check(layout: Path) -> int:
    """Compare the indexes of all layers with their tars, and return how many there are."""
    with indexed_layers(layout) as found:
        for one in found:
            index = one.read()
            assert list(map(comparable, index.entries)) == list(map(comparable, one.entries))
            assert spot_check(index, what="layer") >= min(1, len(index.entries))
            for entry, real in zip(index.entries, one.entries, strict=True):
                assert entry[4] - real[4] in (0, 1)  # eStargz rounds the half seconds
                if entry[3] and entry[6] >= 0:
                    content = one.tar[real[6] : real[6] + real[3]]
                    assert index.contents.read_at(entry[6], entry[3]) == content
        return len(found)


@requires(INDEX_LAYERS)
@pytest.mark.parametrize("form", FORMS)
def test_generated_layers(form: IndexedForm) -> None:
    @settings(max_examples=EXAMPLES)
    @given(layers())
    def compare(stack: list[list[Item]]) -> None:
        with tempfile.TemporaryDirectory() as directory:
            plain = write_directory(Path(directory, "plain"), ImageSpec(layers=stack), "oci", compression="gzip")
            sizes = {"chunk_size": 8 << 10, "span_size": 40 << 10, "smallest": 0}
            made = index_image(plain, form, Path(directory, form), **sizes)
            assert check(made) == len(stack)

    compare()


@requires("skopeo")
def test_what_skopeo_makes(tmp_path: Path) -> None:
    """As podman does; the version of Debian 12 writes other annotations than newer ones."""
    plain = unpack_sample("plain", tmp_path / "plain")
    made = tmp_path / "made"
    run("skopeo", "copy", "--quiet", "--dest-compress-format=zstd:chunked", f"oci:{plain}", f"oci:{made}:1.0")
    assert check(made)
    shutil.rmtree(made)


@requires(INDEX_LAYERS)
@pytest.mark.parametrize("form", FORMS)
def test_an_image_that_works(form: IndexedForm, tmp_path: Path) -> None:
    spec = fit_image([file("opt/large", bytes(range(256)) * 1000)])
    plain = write_directory(tmp_path / "plain", spec, "oci", compression="gzip")
    made = index_image(plain, form, tmp_path / form, chunk_size=8 << 10, span_size=40 << 10, smallest=0)
    assert check(made) == len(spec.layers)
