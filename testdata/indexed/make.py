"""Make every archive in this directory anew: PATH=$PWD/build/bin:$PATH .venv/bin/python testdata/indexed/make.py.

Needs `build/bin/index-layers`, which `.ci/run` builds, and Go, which tells the versions in it. Every byte of the files
comes from a fixed seed and nothing notes the time, so that the same versions make the same archives.
"""
# ruff: noqa: INP001, S101, S311 - a script, whose random bytes have to be the same each time

import hashlib
import json
import platform
import random
import shutil
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.support.elf import make_elf  # noqa: E402
from tests.support.images import Blob, BuiltLayer, ImageSpec, build  # noqa: E402
from tests.support.indexed_images import FORMS, INDEX_LAYERS, index_image  # noqa: E402
from tests.support.layouts import layout  # noqa: E402
from tests.support.tarballs import Item, directory, file, hardlink, opaque, symlink, whiteout, write_tar  # noqa: E402
from tests.support.tools import run  # noqa: E402

CHUNK_SIZE = 8 << 10
SPAN_SIZE = 36 << 10  # more than the window of deflate, which each checkpoint has in full then
MEMORY_LEVEL = 5  # short deflate blocks, since a span can begin only where a block does
MODULES = (
    "github.com/awslabs/soci-snapshotter",
    "github.com/containerd/stargz-snapshotter/estargz",
    "github.com/klauspost/compress",
    "go.podman.io/storage",
)
KERNELSPEC = {
    "argv": ["/opt/conda/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python 3 (indexed)",
    "language": "python",
    "metadata": {"debugger": True},
}
ACCOUNTS = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
USER = "sagemaker-user:x:1000:100::/home/sagemaker-user:/bin/bash\n"
SCRIPT = '#!/bin/sh\nset -e\nexport PATH="/opt/conda/bin:$PATH"\nexec python -m jupyterlab --ip 0.0.0.0 "$@"\n'
MAY_PING = "\x01\x00\x00\x02\x00\x20\x00\x00" + "\x00" * 12  # cap_net_raw=ep
CONFIG = {
    "User": "1000:100",
    "Env": ["PATH=/opt/conda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    "Entrypoint": ["/opt/conda/bin/entrypoint.sh"],
    "WorkingDir": "/home/sagemaker-user",
}
HISTORY = [
    {"created": "2026-01-02T03:04:05Z", "created_by": "COPY rootfs /"},
    {"created": "2026-01-02T03:04:05Z", "created_by": "RUN rm /etc/removed && rm -r /opt/old && ..."},
]
ALPHABET = bytes(range(32, 96))  # of this mean, the rolling checksum of zstd:chunked ends chunks after some kilobytes
BIG, SECOND = "big-17", "second-36"  # the seeds with which chunks end within them, and spans at odd and even bits


def noise(seed: str, size: int) -> bytes:
    """Return bytes that can be compressed by a quarter."""
    return bytes(random.Random(seed).choices(ALPHABET, k=size))


def module(seed: str, lines: int) -> bytes:
    """Return what looks like Python."""
    chooser = random.Random(seed)
    words = [f"{start}_{end}" for start in ("read", "find", "tell", "make") for end in ("file", "path", "line", "name")]
    return "".join(f"def {a}(x):\n    return {b}(x, {n})\n\n" for a, b, n in _thrice(chooser, words, lines)).encode()


def _thrice(chooser: random.Random, words: list[str], lines: int) -> Iterator[tuple[str, str, int]]:
    for _ in range(lines):
        yield chooser.choice(words), chooser.choice(words), chooser.randrange(1 << 30)


def directories(*paths: str) -> list[Item]:
    """Return directories."""
    return [directory(f"{path}/") for path in paths]


def first_layer() -> list[Item]:
    """Return what the lower layer has."""
    return [
        *directories("etc", "home", "opt", "opt/conda", "opt/conda/bin", "opt/conda/lib", "opt/conda/lib/python3.11"),
        directory("home/sagemaker-user/", uid=1000, gid=100),
        file("etc/passwd", ACCOUNTS.encode()),
        file("etc/group", b"root:x:0:\nusers:x:100:\n"),
        file("etc/removed"),
        file("opt/conda/bin/python3.11", make_elf() + noise("python", 16_000), mode=0o755),
        symlink("opt/conda/bin/python", "python3.11"),
        hardlink("opt/conda/bin/python3", "opt/conda/bin/python3.11", mode=0o755),
        replace(
            file("opt/conda/bin/ping", make_elf() + noise("ping", 1_000), mode=0o755),
            xattrs={"security.capability": MAY_PING},
        ),
        file("opt/conda/bin/entrypoint.sh", SCRIPT.encode(), mode=0o755),
        file(
            "opt/conda/lib/libbig.so",
            make_elf(loader=None) + noise(BIG, 18_000) + bytes(20_000) + module("big", 500) + noise("tail", 6_000),
            mode=0o755,
        ),
        file("opt/conda/lib/python3.11/__init__.py"),
        *(
            file(f"opt/conda/lib/python3.11/module_{n:02}.py", module(f"{n}", 5 + 11 * n), uid=1000, gid=100)
            for n in range(8)
        ),
        *directories("opt/conda/share", "opt/old", "opt/old/below"),
        file("opt/conda/share/Grüße-日本語.txt", "Grüße aus 日本\n".encode()),
        file("opt/old/removed.txt", b"deleted by the upper layer\n"),
        file("opt/old/below/hidden.txt", b"hidden by an opaque directory\n"),
        *directories("usr", "usr/local", "usr/local/share", "usr/local/share/jupyter"),
        *directories(*(f"usr/local/share/jupyter/kernels{end}" for end in ("", "/python3"))),
        file("usr/local/share/jupyter/kernels/python3/kernel.json", json.dumps(KERNELSPEC, indent=1).encode()),
    ]


def second_layer() -> list[Item]:
    """Return what the upper layer changes."""
    return [
        *directories("etc", "opt", "opt/conda", "opt/conda/lib", "opt/conda/lib/python3.11", "opt/old"),
        file("etc/passwd", (ACCOUNTS + USER).encode()),
        whiteout("etc/removed"),
        whiteout("opt/conda/lib/python3.11/module_03.py"),
        opaque("opt/old"),
        file("opt/old/new.txt", b"written by the upper layer\n"),
        file("opt/conda/lib/libsecond.so", make_elf(loader=None) + noise(SECOND, 12_000), mode=0o755),
        file("opt/conda/lib/python3.11/second.py", module("second", 700), uid=1000, gid=100),
    ]


def gzipped(layer: BuiltLayer) -> BuiltLayer:
    """Return a layer stored as gzip with short deflate blocks."""
    assert isinstance(layer.tar.content, bytes)
    packer = zlib.compressobj(6, zlib.DEFLATED, 31, MEMORY_LEVEL)
    stored = packer.compress(layer.tar.content) + packer.flush()
    return replace(layer, stored=Blob.of(stored), compression="gzip")


def plain() -> list[Item]:
    """Return the members of a layout of the image, without indexes."""
    spec = ImageSpec(
        layers=[first_layer(), second_layer()], config=CONFIG, history=HISTORY, tags=["example.com/team/indexed:1.0"]
    )
    built = build(spec)
    return layout([replace(built, layers=tuple(map(gzipped, built.layers)))])


def unpacked(items: list[Item], to: Path) -> Path:
    """Write the members of a layout to a directory."""
    for item in items:
        path = to / item.path
        if item.kind == "directory":
            path.mkdir(parents=True)
        else:
            assert isinstance(item.content, bytes)
            path.write_bytes(item.content)
    return to


def packed(root: Path) -> list[Item]:
    """Return the members of a layout that is a directory."""
    blobs = root / "blobs" / "sha256"
    return [
        *directories("blobs", "blobs/sha256"),
        *(file(f"blobs/sha256/{path.name}", path.read_bytes()) for path in sorted(blobs.iterdir())),
        *(file(name, (root / name).read_bytes()) for name in ("index.json", "oci-layout")),
    ]


def versions() -> list[str]:
    """Return what made the archives."""
    program = shutil.which(INDEX_LAYERS) or INDEX_LAYERS
    first, *built_in = run("go", "version", "-m", program).decode().splitlines()
    fields = [line.split() for line in built_in]
    modules = [f"{item[1]} {item[2]}" for item in fields if item[0] == "dep" and item[1] in MODULES]
    python = f"Python {platform.python_version()}, zlib {zlib.ZLIB_RUNTIME_VERSION}"
    return [python, f"Go {first.split()[-1].removeprefix('go')}", *modules]


def main() -> None:
    """Write the archives, and what they are."""
    digests = {}
    with TemporaryDirectory() as work:
        source = unpacked(plain(), Path(work) / "plain")
        made = [source]
        for form in FORMS:
            to = Path(work) / form
            made.append(index_image(source, form, to, chunk_size=CHUNK_SIZE, span_size=SPAN_SIZE, smallest=0))
        for root in made:
            path = HERE / f"{root.name}.tar"
            with path.open("wb") as sink:
                write_tar(packed(root), sink)
            digests[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (HERE / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())))
    (HERE / "VERSIONS").write_text("".join(f"{line}\n" for line in versions()))


if __name__ == "__main__":
    main()
