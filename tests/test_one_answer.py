"""One image, one answer: whatever form an image comes in, and whatever is known of it, the same is said of it."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from ocianalyze.analysis import Source, analyze
from ocianalyze.layers.reading.cache import LayerCache
from tests.hostile import planted, texts
from tests.support.compress import compress
from tests.support.fault_proxy import fault_proxy
from tests.support.fit import fit_image
from tests.support.forms import FormName, archive, write_directory
from tests.support.images import ImageSpec, build
from tests.support.registries import registry_access
from tests.support.served import serving_image
from tests.support.tarballs import Item, file, symlink, whiteout

TESTDATA: Final = Path(__file__).parents[1] / "testdata"
OF_THE_FORM: Final[Mapping[str, frozenset[str]]] = {
    "image": frozenset({"reference", "source", "names", "digest", "config_digest", "read_from"}),
    "layers": frozenset({"digest", "media_type", "compression", "size", "read", "verified"}),
    "facts.size": frozenset({"compressed", "containerd_estimate"}),
    "finding.layer": frozenset({"digest"}),
}
"""What a report says of the form of an image rather than of the image."""
RULES_OF_THE_FORM: Final = ("IMG003", "IMG004")
"""The rules that judge the form: media types, and how layers are compressed."""
SCRIPTS: Final = (
    b'#!/bin/sh\nexec "$@"\n',
    b"#!/bin/bash\nset -e\n. /opt/lib/common\nexec jupyter lab --ip 0.0.0.0 --port 8888\n",
    b"#!/bin/sh\nexec jupyter-lab --ServerApp.base_url=/jupyterlab/default --ip=0.0.0.0 --port=8888\n",
    b"#!/usr/bin/env python\nimport os\n",
    b"#!/bin/sh\nexport PATH=/opt/other:$PATH\ncd /tmp\n",
    b"jupyter lab\n",
)


@dataclass(frozen=True)
class Seen:
    """What was said of one form of an image."""

    form: str
    said: Mapping[str, Any]


def any_image(seed: int) -> ImageSpec:
    """Return an image with scripts of any name, links, kernels and files that are looked into."""
    rng = Random(seed)  # noqa: S311 - chance that can be repeated
    name = rng.choice(("start", "opt/run-it", "usr/local/bin/entrypoint.sh", "srv/0", "opt/é"))
    script = file(name, rng.choice(SCRIPTS), mode=rng.choice((0o755, 0o755, 0o644)))
    programs = [
        file(f"usr/local/bin/{program}", rng.choice(SCRIPTS), mode=0o755) for program in ("jupyter", "jupyter-lab")
    ]
    files = [Item(path=path, content=content) for path, content in texts.any_files(rng).items()]
    layers = [
        [script, *rng.sample(programs, rng.randint(0, 2)), file("opt/lib/common", rng.choice(SCRIPTS))],
        [*files, *planted.noise(rng)],
        [symlink("opt/start", f"/{name}"), *([whiteout(name)] if rng.random() < 0.1 else [])],
    ]
    start = rng.choice((f"/{name}", "/opt/start", "jupyter", "sh"))
    command = rng.choice(([start], ["sh", "-c", f"exec {start} a"], ["/bin/bash", start], [start, "lab"]))
    config = rng.choice(
        ({"Entrypoint": command}, {"Cmd": command}, {"Entrypoint": command[:1], "Cmd": command[1:] or None})
    )
    return fit_image(*layers, config={**config, **rng.choice(({}, {"Env": ["PATH=/opt:/usr/local/bin:/bin", "A=b"]}))})


def look(form: str, reference: Path | str, **how: Any) -> Seen:  # noqa: ANN401 - as `Source`
    """Return what is said of an image, without what names its form or tells what was read."""
    report = analyze(Source(reference=str(reference), **how)).model_dump(by_alias=True)
    for key in ("timing", "summary", "profiles"):
        del report[key]
    for name in OF_THE_FORM["image"]:
        del report["image"][name]
    for layer in report["layers"]:
        for name in OF_THE_FORM["layers"]:
            del layer[name]
    for name in OF_THE_FORM["facts.size"]:
        del report["facts"]["size"][name]
    report["rules"] = [rule for rule in report["rules"] if rule["id"] not in RULES_OF_THE_FORM]
    for kind in ("findings", "other_findings"):
        report[kind] = [finding for finding in report[kind] if finding["rule"] not in RULES_OF_THE_FORM]
        for finding in report[kind]:
            if finding["layer"] is not None:
                finding["layer"] = {k: v for k, v in finding["layer"].items() if k not in OF_THE_FORM["finding.layer"]}
    return Seen(form, report)


def forms(spec: ImageSpec, directory: Path) -> Iterator[Seen]:
    """Yield what is said of an image in all its forms."""
    names: tuple[FormName, ...] = (
        "docker-legacy",
        "docker-25",
        "docker-29",
        "podman-save",
        "kaniko",
        "oci",
        "oci-nested",
    )
    cache = LayerCache(directory / "cache")
    for compression in ("none", "gzip", "zstd"):
        for name in names:
            made = archive(spec, name, compression=compression)
            path = directory / f"{name}-{compression}.tar"
            path.write_bytes(made)
            yield look(f"{path.name}", path)
            yield look(f"{path.name} by standard input", "-", stdin=io.BytesIO(made))
        packed = directory / f"{compression}.tar.gz"
        packed.write_bytes(compress(archive(spec, "docker-25", compression=compression), "gzip"))
        yield look(packed.name, packed, jobs=1)
        layout = write_directory(directory / f"layout-{compression}", spec, "oci", compression=compression)
        yield look(f"{layout.name}, two jobs", layout, jobs=2)
        yield look(f"{layout.name}, verified", layout, verify_all=True)
        yield look(f"{layout.name}, first", layout, cache=cache)
        yield look(f"{layout.name}, known", layout, cache=cache)
        with fault_proxy(None) as registry:
            registry.behaviour = serving_image(build(spec, compression=compression))
            where = f"{registry.host}/team/image:1.0"
            for state in ("first", "known"):
                yield look(
                    f"registry {compression}, {state}", where, cache=cache, access=registry_access(plain_http=True)
                )


@pytest.mark.parametrize("seed", range(8))
def test_images_of_any_kind(tmp_path: Path, seed: int) -> None:
    first, *others = forms(any_image(seed), tmp_path)
    for seen in others:
        assert seen.said == first.said, f"{seen.form} is not {first.form}"


@pytest.mark.parametrize("name", sorted(path.name for path in TESTDATA.glob("*.tar*")))
def test_real_images(tmp_path: Path, name: str) -> None:
    path = TESTDATA / name
    content = path.read_bytes()
    cache = LayerCache(tmp_path / "cache")
    first = look("file", path)
    zipped = tmp_path / "image.gz"
    zipped.write_bytes(compress(content, "gzip"))
    for seen in (
        look("one job", path, jobs=1),
        look("verified", path, verify_all=True),
        look("standard input", "-", stdin=io.BytesIO(content)),
        look("first", path, cache=cache),
        look("known", path, cache=cache),
        *([look("compressed", zipped)] if path.suffix == ".tar" else []),
    ):
        assert seen.said == first.said, f"{seen.form} is not {first.form}"
