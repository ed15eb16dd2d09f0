"""What is asked for, counted: no layer where none is needed, none twice, and little memory however large they are."""

import json
import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.errors import DigestMismatchError, ImageChoiceError, InvalidImageError, OcianalyzeError, UsageError
from tests.sources.registry.conftest import IMAGE
from tests.support.fault_proxy import Answer, FaultProxy, Seen, fault_proxy
from tests.support.fit import fit_image
from tests.support.images import Blob, BuiltImage, build
from tests.support.layouts import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from tests.support.registries import registry_access
from tests.support.served import manifest_of, serving, serving_image
from tests.support.tarballs import file

PLAIN = registry_access(plain_http=True)
ROOT = Path(__file__).parents[3]
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"


def source(proxy: FaultProxy, **options: object) -> Source:
    return Source(reference=f"{proxy.host}/team/image:1.0", access=PLAIN, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def image() -> BuiltImage:
    return build(IMAGE, compression="gzip")


def test_the_configuration_costs_two_requests_and_no_layer(image: BuiltImage) -> None:
    with fault_proxy(None, serving_image(image)) as proxy:
        with source(proxy).open(read_layers=False) as opened:
            assert opened.config.config.user == "1001"
            assert [layer.digest for layer in opened.layers] == [layer.stored.digest for layer in image.layers]
        assert [seen.path for seen in proxy.seen] == [
            "/v2/team/image/manifests/1.0",
            f"/v2/team/image/blobs/{image.config.digest}",
        ]


def test_each_layer_is_fetched_once() -> None:
    twice = [file("opt/data", b"the same" * 1000)]
    image = build(fit_image(twice, [file("opt/data", b"another")], twice), compression="gzip")
    with fault_proxy(None, serving_image(image)) as proxy:
        report = analyze(source(proxy, jobs=4))
    assert len(report.layers) == 6
    blobs = [seen.path.rpartition("/")[2] for seen in proxy.blobs]
    assert sorted(blobs) == sorted({image.config.digest, *(layer.stored.digest for layer in image.layers)})


_MEASURED = """
import resource, sys
from ocianalyze.analysis import Source, analyze
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
for reference in sys.argv[1:]:
    analyze(Source(reference=reference, access=RegistryAccess(own=HostSettings(plain_http=True)), jobs=2))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
def test_memory_does_not_grow_with_the_layer() -> None:
    noise = os.urandom(1 << 20)
    small, large = (
        build(fit_image([file("opt/noise", noise * size)]), compression=("gzip", "gzip", "gzip", "none"))
        for size in (1, 200)
    )
    with fault_proxy(None, serving_image(small)) as first, fault_proxy(None, serving_image(large)) as second:
        references = [f"{proxy.host}/team/image" for proxy in (first, second)]
        done = subprocess.run([sys.executable, "-c", _MEASURED, *references], cwd=ROOT, capture_output=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after - before < 30_000, "kilobytes, for 200 megabytes"


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
def test_nor_where_the_layer_has_a_gigabyte(tmp_path: Path) -> None:
    size = 1 << 30
    huge = tmp_path / "layer.tar"
    with huge.open("wb") as sparse:
        header = tarfile.TarInfo("opt/model")
        header.size = size
        sparse.write(header.tobuf(tarfile.GNU_FORMAT))
        sparse.truncate(512 + size + 1024)
    small, large = (build(replace(fit_image(), layers=[*fit_image().layers, *more])) for more in ([], [huge]))
    with fault_proxy(None, serving_image(small)) as first, fault_proxy(None, serving_image(large)) as second:
        references = [f"{proxy.host}/team/image" for proxy in (first, second)]
        done = subprocess.run([sys.executable, "-c", _MEASURED, *references], cwd=ROOT, capture_output=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after - before < 30_000, "kilobytes, for a gigabyte"


def test_nothing_is_told_that_need_not_be(image: BuiltImage) -> None:
    with fault_proxy(None, serving_image(image)) as proxy:
        analyze(source(proxy))
    documents = ", ".join(sorted((DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST)))
    for seen in proxy.seen:
        assert seen.headers == {
            "host": proxy.host,
            "user-agent": "ocianalyze",
            "accept-encoding": "identity",
            "accept": "*/*" if seen.is_blob else documents,
        }


# --- manifests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", ["application/json", "text/plain; charset=utf-8", "", "x" * 10_000])
def test_a_content_type_that_says_nothing_leaves_it_to_the_document(image: BuiltImage, media_type: str) -> None:
    with fault_proxy(None, serving_image(image, media_type)) as proxy, source(proxy).open(read_layers=False) as opened:
        assert opened.media_type == OCI_MANIFEST


@pytest.mark.parametrize(
    ("media_type", "is_stated"),
    [(OCI_INDEX, True), (OCI_INDEX, False), (DOCKER_MANIFEST, True), (SCHEMA_1, True), (SCHEMA_1, False)],
)
def test_a_content_type_that_contradicts_the_document(
    image: BuiltImage,
    media_type: str,
    is_stated: bool,  # noqa: FBT001
) -> None:
    """CVE-2021-41190: who believes the header and who believes the document would see two images."""
    manifest = manifest_of(image)
    if not is_stated:
        del manifest["mediaType"]
    stored = [layer.stored for layer in image.layers]
    behaviour = serving(image.config, *stored, manifest=manifest, media_type=media_type)
    with fault_proxy(None, behaviour) as proxy, pytest.raises(InvalidImageError), source(proxy).open():
        pass


def test_a_document_that_is_two(image: BuiltImage) -> None:
    manifest = {**manifest_of(image), "manifests": []}
    with (
        fault_proxy(None, serving(image.config, manifest=manifest)) as proxy,
        pytest.raises(InvalidImageError, match="ambiguous"),
        source(proxy).open(),
    ):
        pass


@pytest.mark.parametrize("media_type", [SCHEMA_1, "text/plain"])
def test_docker_schema_1_is_refused_clearly(media_type: str) -> None:
    manifest = {"schemaVersion": 1, "name": "team/image", "tag": "1.0", "fsLayers": [], "history": []}
    with (
        fault_proxy(None, serving(manifest=manifest, media_type=media_type)) as proxy,
        pytest.raises(InvalidImageError, match="schema 1") as error,
        source(proxy).open(),
    ):
        pass
    assert "push the image again" in str(error.value.hint)


def test_every_document_is_verified(image: BuiltImage) -> None:
    manifest = json.dumps(manifest_of(image)).encode()
    digest = Blob.of(manifest).digest
    serve = serving(image.config, manifest=manifest)
    with fault_proxy(None, serve) as proxy:
        reference = f"{proxy.host}/team/image@{digest}"
        with Source(reference=reference, access=PLAIN).open(read_layers=False) as opened:
            assert opened.digest == digest
        for spoilt in (manifest + b" ", manifest.replace(b'"schemaVersion": 2', b'"schemaVersion":  2')):
            proxy.behaviour = serving(image.config, manifest=spoilt)
            with (
                pytest.raises(DigestMismatchError),
                Source(reference=reference, access=PLAIN).open(read_layers=False),
            ):
                pass
        content = image.config.content
        assert isinstance(content, bytes)
        for config in (content[:-1] + b" ", content + b" ", content[:-1]):
            proxy.behaviour = serving(replace(image.config, content=config), manifest=manifest)
            with pytest.raises(OcianalyzeError), source(proxy).open(read_layers=False):
                pass


def test_a_manifest_that_breaks_off_is_asked_for_again(image: BuiltImage) -> None:
    serve = serving_image(image)

    def behave(seen: Seen) -> Answer | None:
        answer = serve(seen)
        if answer is not None and not seen.is_blob and seen.number < 2:
            answer.cut_after = 100
        return answer

    with fault_proxy(None, behave) as proxy, source(proxy).open(read_layers=False) as opened:
        assert len(opened.layers) == len(image.layers)
        assert sum(not seen.is_blob for seen in proxy.seen) == 3


# --- indexes ----------------------------------------------------------------------------------------------------------


def index_of(*manifests: tuple[Blob, dict[str, str] | None]) -> dict[str, object]:
    entries = [
        {"mediaType": OCI_MANIFEST, "digest": blob.digest, "size": blob.size, **({"platform": where} if where else {})}
        for blob, where in manifests
    ]
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}


def test_an_index_chooses_by_platform(image: BuiltImage) -> None:
    raw = json.dumps(manifest_of(image)).encode()
    amd64 = Blob.of(raw)
    other = Blob.of(raw + b"\n")

    def behave(seen: Seen) -> Answer | None:
        if seen.path.endswith(amd64.digest):
            return Answer(status=200, headers={"Content-Type": OCI_MANIFEST}, body=raw)
        if seen.path.endswith(other.digest):
            return Answer(status=200, headers={"Content-Type": OCI_MANIFEST}, body=raw + b"\n")
        if seen.path.endswith("/1.0"):
            return Answer(status=200, headers={"Content-Type": OCI_INDEX}, body=json.dumps(index).encode())
        return serving_image(image)(seen)

    linux = {"os": "linux", "architecture": "amd64"}
    unknown = {"os": "unknown", "architecture": "unknown"}
    arm = {"os": "linux", "architecture": "arm64", "variant": "v8"}
    with fault_proxy(None, behave) as proxy:
        index = index_of((other, unknown), (other, arm), (other, {**linux, "variant": "v3"}), (amd64, linux))
        with source(proxy).open(read_layers=False) as opened:
            assert opened.digest == amd64.digest
        with pytest.raises(ImageChoiceError) as error, source(proxy, platform="linux/s390x").open():
            pass
        assert error.value.choices == ("linux/amd64", "linux/amd64/v3", "linux/arm64/v8")
        assert error.value.exit_code == 2
        index = index_of((other, None), (amd64, None))
        with source(proxy).open(read_layers=False) as opened:
            assert opened.digest == other.digest, "the first one, whose config fits"
        with pytest.raises(ImageChoiceError, match="no image for platform") as error:
            source(proxy, platform="linux/s390x").open().__enter__()
        assert amd64.digest in error.value.one_line()
        index = index_of((other, unknown))
        with pytest.raises(InvalidImageError, match="contains no image"), source(proxy).open():
            pass


def test_a_name_of_an_image_in_a_file_is_none_in_a_registry(image: BuiltImage) -> None:
    with (
        fault_proxy(None, serving_image(image)) as proxy,
        pytest.raises(UsageError, match="--image"),
        source(proxy, name="@0").open(),
    ):
        pass
    assert proxy.seen == []


@pytest.mark.parametrize(
    ("media_type", "said"),
    [
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "layer 1 is encrypted"),
        ("application/vnd.oci.image.layer.nydus.blob.v1", "layer 1 is in Nydus format"),
        ("application/vnd.example.layer", "its media type is 'application/vnd.example.layer'"),
    ],
)
def test_layers_that_are_no_tars_are_refused_before_they_are_fetched(
    image: BuiltImage, media_type: str, said: str
) -> None:
    value = manifest_of(image)
    value["layers"][1]["mediaType"] = media_type
    with fault_proxy(None, serving(image.config, manifest=value)) as proxy:
        with pytest.raises(InvalidImageError, match=said) as error, source(proxy).open():
            pass
        assert f"({media_type})" in error.value.message or "media type is" in error.value.message
        assert proxy.blobs == []


def test_a_build_cache_is_no_image() -> None:
    kind = "application/vnd.buildkit.cacheconfig.v0"
    cache = {"schemaVersion": 2, "manifests": [{"mediaType": kind, "digest": f"sha256:{'0' * 64}", "size": 2}]}
    with (
        fault_proxy(None, serving(manifest=cache, media_type=OCI_INDEX)) as proxy,
        pytest.raises(InvalidImageError, match="is not an image but a BuildKit build cache"),
        source(proxy).open(),
    ):
        pass


def test_a_foreign_layer_that_the_registry_does_not_have(image: BuiltImage) -> None:
    value = manifest_of(image)
    value["layers"][0]["urls"] = ["https://go.example.com/layer"]
    stored = [layer.stored for layer in image.layers]
    with fault_proxy(None, serving(image.config, *stored, manifest=value)) as proxy:
        assert analyze(source(proxy)).layers
    with (
        fault_proxy(None, serving(image.config, *stored[1:], manifest=value)) as proxy,
        pytest.raises(InvalidImageError, match=r"layer 0 is a foreign layer .* at https://go\.example\.com/layer"),
    ):
        analyze(source(proxy))


def test_config_types_of_old_and_artifact_types_of_images(image: BuiltImage) -> None:
    """What Docker 1.10 pushed states no type of its configs; an image may state an ``artifactType`` besides."""
    for kind in ("application/octet-stream", "application/json", "text/html", "text/plain", ""):
        value = manifest_of(image) | {"artifactType": "application/vnd.example.app"}
        value["config"]["mediaType"] = kind
        with (
            fault_proxy(None, serving(image.config, manifest=value)) as proxy,
            source(proxy).open(read_layers=False) as opened,
        ):
            assert opened.config_digest == image.config.digest
