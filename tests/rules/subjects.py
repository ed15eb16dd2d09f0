"""Subjects for rules, from plain data: layers in memory, read and merged as an image's are."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocianalyze.facts import READS, gather
from ocianalyze.filesystem.merge import merge
from ocianalyze.filesystem.tree import Filesystem
from ocianalyze.layers.contents.capture import Capture
from ocianalyze.layers.metering.limits import Limits
from ocianalyze.layers.reading.reader import Reading, read_blob
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.image import Image, Layer
from ocianalyze.oci.models import ImageConfig
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import CLASSIC
from ocianalyze.rules.rule import SIZE_LIMIT, Finding, Subject
from tests.support.images import ImageSpec, build
from tests.support.tarballs import Item, directory, file, symlink

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + (3).to_bytes(2, "little") + (0x3E).to_bytes(2, "little") + bytes(44)
"""The header of an x86-64 program."""

ACCOUNTS = "root:x:0:0:root:/root:/bin/bash\nsagemaker-user:x:1000:100::/home/sagemaker-user:/bin/bash\n"
GROUPS = "root:x:0:\nusers:x:100:\n"
IPYKERNEL = ("-m", "ipykernel_launcher", "-f", "{connection_file}")


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes as a blob and as a range of bytes."""

    content: bytes

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self.content)

    def chunks(self) -> Iterator[bytes]:
        """Yield all of them."""
        yield self.content

    def byte_range(self) -> "Bytes":
        """Return itself."""
        return self

    def read_at(self, offset: int, size: int) -> bytes:
        """Return a part."""
        return self.content[offset : offset + size]

    def identity(self) -> str | None:
        """Return None: nobody keeps what is in memory apart."""
        return None

    def file(self) -> tuple[int, int] | None:
        """Return None: they are in memory."""
        return None


def elf(machine: int = 0x3E) -> bytes:
    """Return the header of a program for a machine."""
    return ELF[:18] + machine.to_bytes(2, "little") + ELF[20:]


def program(path: str, content: bytes = ELF, *, mode: int = 0o755, uid: int = 0, gid: int = 0) -> Item:
    """Make an executable file."""
    return file(path, content, mode=mode, uid=uid, gid=gid)


def kernel_json(argv: Sequence[str] | None = None, **more: object) -> bytes:
    """Return the content of a kernel.json."""
    value: dict[str, object] = {"argv": list(argv or ("/usr/bin/python3", *IPYKERNEL)), "display_name": "Python 3"}
    return json.dumps(value | {"language": "python"} | more).encode()


def kernel(directory: str, argv: Sequence[str] | None = None, **more: object) -> Item:
    """Make the kernel.json of a kernel in `directory`."""
    return file(f"{directory}/kernel.json", kernel_json(argv, **more))


def base() -> list[Item]:
    """Return what any image has: shells, the loader, a directory for temporary files, users."""
    return [
        directory("bin"),
        *(program(path) for path in ("bin/sh", "bin/bash", "lib64/ld-linux-x86-64.so.2")),
        directory("tmp", mode=0o1777),
        file("etc/passwd", ACCOUNTS.encode()),
        file("etc/group", GROUPS.encode()),
    ]


def python(
    prefix: str = "usr", version: str = "3.11", *, ipykernel: bool = True, names: Sequence[str] = ("python3",)
) -> list[Item]:
    """Return a Python installation in `prefix`, with links of the given names to it."""
    library = f"{prefix}/lib/python{version}"
    items = [program(f"{prefix}/bin/python{version}"), file(f"{library}/os.py", b"#")]
    items += [symlink(f"{prefix}/bin/{name}", f"python{version}") for name in names]
    return items + ([file(f"{library}/site-packages/ipykernel_launcher.py", b"#")] if ipykernel else [])


def golden() -> list[list[Item]]:
    """Return the layers of the specification's example, as it comes out on Amazon Linux 2."""
    return [
        [
            *base(),
            program("usr/bin/python2.7"),
            symlink("usr/bin/python", "python2.7"),
            file("usr/lib64/python2.7/os.py", b"#"),
        ],
        [
            *python(version="3.7", ipykernel=False),
            directory("home"),
            directory("home/sagemaker-user", uid=1000, gid=100),
            *(file(f"home/sagemaker-user/{name}", b"#", uid=1000, gid=100) for name in (".bashrc", ".bash_profile")),
        ],
        [
            file("usr/local/lib/python3.7/site-packages/ipykernel_launcher.py", b"#"),
            kernel("usr/local/share/jupyter/kernels/python3"),
        ],
    ]


def good() -> list[Item]:
    """Return an image of which nothing at all is to be said."""
    return [*base(), *python("usr/local", names=("python3", "python")), good_kernel()]


def good_kernel() -> Item:
    """Return the kernel of the installation in `/usr/local`."""
    return kernel("usr/local/share/jupyter/kernels/python3", ("/usr/local/bin/python3", *IPYKERNEL))


def make_subject(
    *layers: Iterable[Item] | bytes,
    config: Mapping[str, Any] | None = None,
    platform: str = "linux/amd64",
    app_image_config: Mapping[str, Any] | None = None,
    sizes: Sequence[int] | None = None,
    size_limit: int = SIZE_LIMIT,
    driver_version: str | None = None,
    media_types: Sequence[str] | None = None,
) -> Subject:
    """Return the subject of an image with these layers, which are items or tars.

    `sizes` are those of the stored blobs, if they are known; `media_types` that of the manifest, then of each layer.
    """
    image, filesystem = make_image(*layers, config=config, platform=platform, sizes=sizes)
    if media_types is not None:
        stored = zip(image.layers, media_types[1:], strict=True)
        typed = tuple(layer._replace(media_type=media_type) for layer, media_type in stored)
        image = image._replace(media_type=media_types[0], layers=typed)
    facts = gather(image, filesystem, app_image_config=app_image_config)
    return Subject(
        image,
        filesystem,
        facts,
        app_image_config=app_image_config,
        size_limit=size_limit,
        driver_version=driver_version,
    )


def make_image(
    *layers: Iterable[Item] | bytes,
    config: Mapping[str, Any] | None = None,
    platform: str = "linux/amd64",
    sizes: Sequence[int] | None = None,
    reads: Iterable[str] = READS,
) -> tuple[Image, Filesystem]:
    """Return an image with these layers and its merged file system; `reads` are the contents that may be read of it."""
    spec = ImageSpec(
        layers=[layer if isinstance(layer, bytes) else list(layer) for layer in layers],
        config={"User": "1000", **(config or {})},
        platform=platform,
    )
    built = build(spec)
    reading = Reading(capture=Capture(frozenset(reads)))
    blobs = [Bytes(content) for layer in built.layers if isinstance(content := layer.tar.content, bytes)]
    read = [
        read_blob(blob, reading, what=f"layer {n}", budget=reading.spending(), need_diff_id=False)
        for n, blob in enumerate(blobs)
    ]
    assert isinstance(built.config.content, bytes)
    stored = [
        Layer(
            position=position,
            diff_id=Digest.parse(diff_id),
            digest=Digest.parse(diff_id) if sizes is not None else None,
            size=sizes[position] if sizes is not None else None,
            media_type=None,
            created_by=None,
            blob=blob,
        )
        for position, (diff_id, blob) in enumerate(zip(built.diff_ids, blobs, strict=True))
    ]
    image = Image(
        reference="test",
        source="oci-archive",
        names=(),
        digest=None,
        media_type=None,
        config_digest=Digest.parse(built.config.digest),
        config=ImageConfig.from_json(built.config.content, what="the config"),
        layers=tuple(stored),
    )
    return image, merge([item.changeset for item in read], [item.contents for item in read], Limits())


def findings(
    rule: str,
    *layers: Iterable[Item] | bytes,
    profile: str = CLASSIC,
    **options: Any,  # noqa: ANN401
) -> list[tuple[str, Finding]]:
    """Return what one rule finds, each with the severity for a profile or ``undecided``; nothing is an empty list."""
    return found_in(rule, make_subject(*layers, **options), profile)


def found_in(rule: str, subject: Subject, profile: str = CLASSIC) -> list[tuple[str, Finding]]:
    """Return what one rule finds in a subject, each with the severity for a profile or ``undecided``."""
    outcome = run(subject, [profile], select=[rule])
    return [
        ("undecided" if item.finding.is_undecided else item.severity.value, item.finding) for item in outcome.judgements
    ]


def verdict(subject: Subject, profile: str = CLASSIC) -> dict[str, str]:
    """Return the worst severity of each rule that found anything for a profile, or that it is undecided."""
    found: dict[str, str] = {}
    for item in run(subject, [profile]).judgements:
        found.setdefault(item.rule.id, "undecided" if item.finding.is_undecided else item.severity.value)
    return found
