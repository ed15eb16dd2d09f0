"""The cases: each a number, from which everything about it follows, so that any of them can be made again."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

from tests.hostile import planted, texts
from tests.hostile.indexes import mutated_index
from tests.hostile.mutations import any_json, mutated_bytes, mutated_json
from tests.hostile.tars import any_tar, mutated_tar
from tests.support.compress import Compression
from tests.support.fit import fit_image
from tests.support.forms import FORMS, FormName, archive_items, write_directory
from tests.support.images import ImageSpec
from tests.support.tarballs import Item, file, layer
from tests.support.tarballs import layer as tar_of

Maker: TypeAlias = Callable[[Random], "Case"]
_FORMS: Final[tuple[FormName, ...]] = tuple(FORMS)
_COMPRESSIONS: Final[tuple[Compression, ...]] = ("none", "gzip", "gzip", "zstd", "gzip-members", "zstd-frames")


@dataclass(frozen=True)
class Case:
    """An image to be looked at, and what must come of it.

    Attributes:
        content: the bytes of an archive; None if it is a directory.
        spec: the image, of which a directory is to be made where there is no `content`.
        verdict: the only verdict that is right; ``not pass`` if it must be any other or a refusal; None for any.
        why: what was planted.
        lazy: whether it is read by its indexes.
    """

    content: bytes | None
    spec: ImageSpec | None = None
    compression: Compression = "none"
    verdict: str | None = None
    why: str = ""
    lazy: bool = False

    def write(self, directory: Path) -> Path:
        """Write the image below a directory, which is empty, and return where it is."""
        if self.content is None:
            assert self.spec is not None
            return write_directory(directory / "layout", self.spec, "oci", compression=self.compression)
        path = directory / "image.tar"
        path.write_bytes(self.content)
        return path


def case(kind: str, seed: int, number: int) -> Case:
    """Return a case of one of the `KINDS`."""
    return KINDS[kind](Random(f"{kind} {seed} {number}"))  # noqa: S311 - chance that can be repeated


def _packed(rng: Random, spec: ImageSpec, *, verdict: str | None = None, why: str = "") -> Case:
    compression = rng.choice(_COMPRESSIONS)
    if rng.random() < 0.2:
        return Case(None, spec, compression, verdict=verdict, why=why)
    return Case(layer(archive_items(spec, rng.choice(_FORMS), compression=compression)), verdict=verdict, why=why)


def _odd_layers(rng: Random) -> Case:
    return _packed(rng, _above(*(any_tar(rng) for _ in range(rng.randint(1, 3)))))


def _mutated_layers(rng: Random) -> Case:
    spec = fit_image([*planted.noise(rng), file("a")])
    tars = [
        source if isinstance(source, bytes) else tar_of(source)
        for source in spec.layers
        if not isinstance(source, Path)
    ]
    at = rng.randrange(len(tars))
    tars[at] = mutated_tar(rng, tars[at])
    return _packed(rng, replace(spec, layers=tars))


def _mutated_archive(rng: Random) -> Case:
    """The bytes of an archive, or of one of its members, changed anywhere."""
    items = archive_items(fit_image(), rng.choice(_FORMS), compression=rng.choice(_COMPRESSIONS))
    if rng.random() < 0.3:
        return Case(mutated_tar(rng, layer(items)))
    files = [number for number, item in enumerate(items) if item.kind == "file" and isinstance(item.content, bytes)]
    at = rng.choice(files)
    content = items[at].content
    assert isinstance(content, bytes)
    items[at] = replace(items[at], content=mutated_bytes(rng, content))
    return Case(layer(items))


def _mutated_documents(rng: Random) -> Case:
    """The JSON documents of an archive with values of other kinds; those that are not known by a digest."""
    items = archive_items(fit_image(), rng.choice(_FORMS), compression=rng.choice(_COMPRESSIONS))
    for at, item in enumerate(items):
        if isinstance(item.content, bytes) and item.content[:1] in (b"{", b"[") and rng.random() < 0.6:
            changed = mutated_json(rng, json.loads(item.content))
            items[at] = replace(item, content=json.dumps(changed).encode("utf-8", "surrogatepass"))
    return Case(layer(items))


def _odd_config(rng: Random) -> Case:
    config: dict[str, Any] = {**fit_image().config}
    for key in rng.sample(_CONFIG, rng.choice((0, 1, 1, 2))):
        config[key] = any_json(rng)
    raw = {key: any_json(rng) for key in rng.sample(_RAW, rng.choice((0, 0, 0, 1)))}
    history = [any_json(rng)] if rng.random() < 0.1 else None
    spec = replace(fit_image(), config=config, raw_config={**raw, **({"history": history} if history else {})})
    return _packed(rng, spec)


_CONFIG: Final = (
    "User",
    "Env",
    "Entrypoint",
    "Cmd",
    "WorkingDir",
    "ExposedPorts",
    "Volumes",
    "Labels",
    "StopSignal",
    "Healthcheck",
    "Shell",
    "OnBuild",
    "ArgsEscaped",
)
_RAW: Final = (
    "architecture",
    "os",
    "variant",
    "created",
    "author",
    "rootfs",
    "config",
    "history",
    "os.version",
    "container_config",
    "docker_version",
)


def _odd_texts(rng: Random) -> Case:
    files = texts.any_files(rng)
    items = [
        Item(path=path, content=content, mode=0o755 if path == texts.SCRIPT else 0o644)
        for path, content in files.items()
    ]
    config: Mapping[str, Any] = {}
    if texts.SCRIPT in files:
        config = {
            "Entrypoint": [f"/{texts.SCRIPT}", *rng.choice(((), ("--",), ("$A",)))],
            "Cmd": rng.choice((["a", "b"], ["jupyter", "lab"], None)),
        }
    return _packed(rng, fit_image(items, config=config))


def _damaged_compression(rng: Random) -> Case:
    content = layer(archive_items(fit_image(), rng.choice(_FORMS), compression="none"))
    from tests.support.compress import compress

    return Case(mutated_bytes(rng, compress(content, rng.choice(("gzip", "zstd", "gzip-members", "xz", "bzip2")))))


def _planted(rng: Random) -> Case:
    plant = rng.choice(planted.ERRORS)(rng)
    above = [layer(plant.items)] if plant.items else [plant.raw + bytes(1024)] if plant.raw else []
    spec = fit_image(
        planted.noise(rng), config={**planted.noisy_config(rng), **plant.config}, raw_config=plant.raw_config
    )
    layers = [*spec.layers, *above]
    if rng.random() < 0.5:
        layers.append(planted.noise(rng, kernels=False))
    return _packed(rng, replace(spec, layers=layers), verdict="not pass", why=plant.by or "cannot be unpacked")


def _fit(rng: Random) -> Case:
    spec = fit_image(planted.noise(rng), planted.noise(rng), config=planted.noisy_config(rng))
    return _packed(rng, spec, verdict="pass", why="nothing")


def _mutated_index(rng: Random) -> Case:
    return Case(layer(mutated_index(rng)), lazy=rng.random() < 0.8)


def _above(*tars: bytes) -> ImageSpec:
    spec = fit_image()
    return replace(spec, layers=[*spec.layers, *tars])


KINDS: Final[Mapping[str, Maker]] = {
    "odd-layers": _odd_layers,
    "mutated-layers": _mutated_layers,
    "mutated-archive": _mutated_archive,
    "mutated-documents": _mutated_documents,
    "odd-config": _odd_config,
    "odd-texts": _odd_texts,
    "damaged-compression": _damaged_compression,
    "mutated-index": _mutated_index,
    "planted": _planted,
    "fit": _fit,
}
