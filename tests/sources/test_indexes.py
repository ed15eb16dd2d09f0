"""Which image of an index is taken: containerd's own code is asked about every index that is tried here."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ocianalyze.errors import ImageChoiceError, InvalidImageError, OcianalyzeError
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.oci.platforms import Wanted
from ocianalyze.sources.choosing import choose
from ocianalyze.sources.kept import BytesBlob
from ocianalyze.sources.oci_layout import choices
from ocianalyze.sources.store import Documents
from tests.support.containerd import Answer, Question, manifests
from tests.support.images import Blob, platform_object, to_json
from tests.support.layouts import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    descriptor,
)

EMPTY = Blob.of(b"")
SYSTEMS = ("linux", "linux", "linux", "Linux", "windows", "darwin", "macos", "unknown", "")
MACHINES: dict[str, Sequence[str]] = {
    "amd64": ("", "", "", "v1", "v2", "v3", "v4", "V3", "1", "x"),
    "x86_64": ("", "v2"),
    "386": ("",),
    "i386": ("", "v1"),
    "arm": ("", "v5", "v6", "v7", "v8", "6", "7"),
    "armhf": ("",),
    "armel": ("v7",),
    "arm64": ("", "v8", "8", "v8.0", "v8.2", "v8.9", "v9", "9.0", "v9.3", "v7"),
    "aarch64": ("", "v8"),
    "riscv64": ("",),
    "unknown": ("",),
    "": ("",),
}
VERSIONS = (
    "",
    "10.0.17763",
    "10.0.17763.1",
    "10.0.20348.169",
    "10.0.22621",
    "10.0.26100",
    "10.0",
    "10.0.x",
    "11.0.26100",
)
FEATURES = ("win32k", "a", "b", "erofs")
WANTED = (
    *("linux/amd64", "linux/amd64", "linux/amd64/v1", "linux/amd64/v2", "linux/amd64/v3", "linux/amd64/v4"),
    *("linux/386", "linux/arm", "linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64", "linux/arm64/v8"),
    *("linux/arm64/v8.3", "linux/arm64/v9", "linux/arm64/v9.6", "linux/aarch64", "linux/x86_64", "linux/riscv64"),
    *("windows/amd64", "windows(10.0.17763)/amd64", "windows(10.0.20348)/amd64", "windows(10.0.26100)/amd64"),
    *(
        "windows(10.0.26200+win32k)/amd64",
        "linux(+a)/amd64",
        "linux(+a+b)/amd64/v2",
        "linux(+erofs)/arm64",
        "darwin/arm64",
    ),
)


class Store:
    """Blobs by their digests, and an ``index.json``."""

    what = "the layout"

    def __init__(self, index: dict[str, Any], blobs: Sequence[Blob]) -> None:
        self.members = {f"blobs/{blob.digest.replace(':', '/')}": blob.content for blob in blobs}
        self.members["index.json"] = to_json({"schemaVersion": 2, "manifests": [index]})

    def find(self, name: str) -> BytesBlob | None:
        """Return a blob, or ``index.json``."""
        content = self.members.get(name)
        return BytesBlob(content) if isinstance(content, bytes) else None

    def link(self, _: str) -> str | None:
        """There are no links."""

    def names(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self.members)

    def check_unchanged(self) -> None:
        """Nobody writes to it."""

    def close(self) -> None:
        """Nothing is held open."""


class Generator:
    """Makes indexes as builders write them, and as they might."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - what is generated is to be the same each time
        self.blobs: list[Blob] = [EMPTY]
        self.number = 0

    def platform(self) -> dict[str, Any]:
        """Return a platform as an index may state it."""
        pick = self.random.choice
        machine = pick(list(MACHINES)) if self.random.random() < 0.6 else pick(["amd64", "arm64"])
        found: dict[str, Any] = {"os": pick(SYSTEMS), "architecture": machine}
        if variant := pick(MACHINES[machine]):
            found["variant"] = variant
        if found["os"] == "windows" and self.random.random() < 0.8:
            found["os.version"] = pick(VERSIONS)
        if self.random.random() < 0.15:
            found["os.features"] = self.random.sample(FEATURES, self.random.randint(0, 3))
        return found

    def image(self, platform: dict[str, Any] | None) -> dict[str, Any]:
        """Return the descriptor of an image, or of something else that is described like one."""
        self.number += 1
        stated = platform if platform is not None and self.random.random() < 0.8 else self.platform()
        config = Blob.of(to_json({**stated, "rootfs": {"type": "layers", "diff_ids": []}, "number": self.number}))
        kind = self.random.choice((OCI_MANIFEST, OCI_MANIFEST, DOCKER_MANIFEST))
        body: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": descriptor(config, OCI_CONFIG),
            "layers": [],
        }
        more: dict[str, Any] = {}
        if self.random.random() < 0.1:  # an artifact that states a platform, as SOCI's do
            body["config"] |= {"mediaType": "application/vnd.amazon.soci.index.v2+json"}
            more["artifactType"] = "application/vnd.amazon.soci.index.v2+json"
        manifest = Blob.of(to_json(body))
        self.blobs += [config, manifest]
        return descriptor(manifest, kind) | more | ({} if platform is None else {"platform": platform})

    def index(self, depth: int = 0) -> dict[str, Any]:
        """Return the descriptor of an index of images, and of indexes."""
        entries = []
        for _ in range(self.random.randint(1, 6)):
            platform = self.platform() if self.random.random() < 0.85 else None
            if depth < 2 and self.random.random() < 0.1:
                inner = self.index(depth + 1)
                entries.append(inner | ({} if platform is None else {"platform": platform}))
            else:
                entries.append(self.image(platform))
        if self.random.random() < 0.2:
            entries.append(self.image({"os": "unknown", "architecture": "unknown"}))
        kind = self.random.choice((OCI_INDEX, OCI_INDEX, DOCKER_LIST))
        blob = Blob.of(to_json({"schemaVersion": 2, "mediaType": kind, "manifests": entries}))
        self.blobs.append(blob)
        return descriptor(blob, kind)


def ours(question: Question) -> str | None:
    """Return the digest of the config of the image that we take."""
    documents = Documents(Store(dict(question.target), list(question.blobs)), Limits())
    wanted = Wanted.parse(question.wanted)
    chosen = choose(choices(documents), name=None, wanted=wanted)
    found = chosen.find(wanted)  # type: ignore[attr-defined] # it is one of a layout
    config: str = found.manifest.config.digest
    return config


def compare(questions: Sequence[Question]) -> list[Answer]:
    answers = manifests(questions)
    assert len(answers) == len(questions)
    for question, answer in zip(questions, answers, strict=True):
        try:
            mine = ours(question)
        except (ImageChoiceError, InvalidImageError):
            mine = None
        assert mine == answer.config, (question, answer)
    return answers


def test_generated_indexes() -> None:
    questions = []
    for seed in range(600):
        generator = Generator(seed)
        target = generator.index()
        questions += [Question(wanted, target, generator.blobs) for wanted in generator.random.sample(WANTED, 5)]
    found = [answer.config is not None for answer in compare(questions)]
    assert 0.1 < sum(found) / len(found) < 0.9, "it is both that something fits and that nothing does"


def test_every_platform_for_every_other() -> None:
    questions = []
    generator = Generator(0)
    for machine, variants in MACHINES.items():
        for variant in variants:
            platform = {"os": "linux", "architecture": machine, "variant": variant}
            inner = generator.image(platform)
            index = Blob.of(to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [inner]}))
            generator.blobs.append(index)
            questions += [Question(wanted, descriptor(index, OCI_INDEX), generator.blobs) for wanted in WANTED]
    compare(questions)


def _layout(*entries: dict[str, Any], blobs: Sequence[Blob]) -> Documents:
    index = Blob.of(to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}))
    return Documents(Store(descriptor(index, OCI_INDEX), [*blobs, index]), Limits())


def _image(stated: str | None, config: str | None = None, **more: Any) -> tuple[dict[str, Any], list[Blob]]:  # noqa: ANN401
    """Return the descriptor of an image for a platform, and its blobs; `config` is what its config says instead."""
    written = platform_object(config or stated or "linux/amd64")
    raw = Blob.of(to_json({**written, "rootfs": {"type": "layers", "diff_ids": []}, "n": f"{stated} {config} {more}"}))
    manifest = Blob.of(to_json({"schemaVersion": 2, "config": descriptor(raw, OCI_CONFIG), "layers": [], **more}))
    platform = {} if stated is None else {"platform": platform_object(stated)}
    return descriptor(manifest, OCI_MANIFEST) | platform, [raw, manifest]


def _chosen(documents: Documents, wanted: str | None = None) -> str:
    asked = None if wanted is None else Wanted.parse(wanted)
    return str(choose(choices(documents), name=None, wanted=asked).load(asked).config.platform)


def test_the_only_image_of_an_index_is_told_to_be_for_another_machine() -> None:
    """It fails by name for that, rather than not being there; but only if all say so."""
    arm, blobs = _image("linux/arm64/v8")
    unknown, more = _image("unknown/unknown")
    assert _chosen(_layout(arm, unknown, blobs=[*blobs, *more])) == "linux/arm64/v8"
    assert _chosen(_layout(arm, unknown, blobs=[*blobs, *more]), "linux/arm64") == "linux/arm64/v8"
    for stated, config in (("linux/amd64/v3", None), ("linux/arm64", "linux/amd64"), (None, "linux/amd64/v2")):
        entry, blobs = _image(stated, config)
        with pytest.raises(ImageChoiceError, match="no image for platform linux/amd64") as error:
            _chosen(_layout(entry, blobs=blobs))
        assert error.value.choices == (stated or config,)
    with pytest.raises(ImageChoiceError, match="no image for platform linux/amd64"):
        _chosen(_layout(arm, unknown, blobs=[*_image("linux/arm64/v8")[1], *more]), "linux/amd64")


def test_what_is_not_there_is_not_replaced_by_what_is() -> None:
    absent, _ = _image("linux/amd64", number=1)
    arm, blobs = _image("linux/arm64")
    other, more = _image("linux/s390x")
    with pytest.raises(ImageChoiceError) as error:
        _chosen(_layout(absent, arm, other, blobs=[*blobs, *more]))
    assert error.value.choices == ("linux/arm64", "linux/s390x")
    twin, more = _image("linux/amd64", number=2)
    with pytest.raises(InvalidImageError, match=f"the manifest {absent['digest']} is missing"):
        _chosen(_layout(absent, twin, blobs=more))
    assert _chosen(_layout(twin, absent, blobs=more)) == "linux/amd64"
    with pytest.raises(InvalidImageError, match="contains no image"):
        _chosen(_layout(absent, blobs=[]))


@pytest.mark.parametrize(
    "digest",
    [
        "sha384:" + "0" * 96,
        "blake3:" + "0" * 64,
        "sha256:0",
        "md5:" + "0" * 32,
        "nonsense",
        "",
        None,
        "SHA256:" + "0" * 64,
    ],
)
def test_only_what_is_chosen_must_have_a_digest_that_can_be_verified(digest: str | None) -> None:
    amd, blobs = _image("linux/amd64")
    odd = {"mediaType": OCI_MANIFEST, "digest": digest, "size": 10, "platform": platform_object("linux/arm64")}
    for entries in ((amd, odd), (odd, amd)):
        documents = _layout(*entries, blobs=blobs)
        assert _chosen(documents) == "linux/amd64"
        with pytest.raises(OcianalyzeError) as error:
            _chosen(documents, "linux/arm64")
        assert repr((digest or "")[:100]) in error.value.one_line()
        with pytest.raises(ImageChoiceError) as error:
            _chosen(documents, "linux/s390x")
        assert "linux/amd64" in error.value.choices


def test_an_artifact_that_comes_first_is_what_containerd_takes() -> None:
    soci = "application/vnd.amazon.soci.index.v2+json"
    artifact = Blob.of(to_json({"schemaVersion": 2, "config": descriptor(EMPTY, soci), "layers": []}))
    first = descriptor(artifact, OCI_MANIFEST) | {"artifactType": soci, "platform": platform_object("linux/amd64")}
    image, blobs = _image("linux/amd64")
    with pytest.raises(InvalidImageError, match="is not an image but a SOCI index"):
        _chosen(_layout(first, image, blobs=[*blobs, artifact, EMPTY]))
    assert _chosen(_layout(image, first, blobs=[*blobs, artifact, EMPTY])) == "linux/amd64"


def test_a_variant_that_only_the_index_states() -> None:
    plain, blobs = _image("linux/amd64", number=1)
    newer, more = _image("linux/amd64/v3", "linux/amd64", number=3)
    for entries in ((plain, newer), (newer, plain)):
        documents = _layout(*entries, blobs=[*blobs, *more])
        choice = choose(choices(documents), name=None, wanted=None)
        for wanted, taken in (("linux/amd64", plain), ("linux/amd64/v2", plain), ("linux/amd64/v3", newer)):
            assert choice.find(Wanted.parse(wanted)).item.digest == taken["digest"]  # type: ignore[attr-defined]
