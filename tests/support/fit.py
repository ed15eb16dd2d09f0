"""A small image that conforms, as plain data: what tests start from when they break something."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.images import ImageSpec
from tests.support.tarballs import Item, directory, file, symlink

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00\x01\x00\x00\x00" + bytes(40)
"""The header of a program for x86-64 Linux."""

PASSWD = b"root:x:0:0:root:/root:/bin/sh\nsagemaker-user:x:1000:100::/home/sagemaker-user:/bin/sh\n"
KERNEL = (
    b'{"argv": ["/usr/local/bin/python3.11", "-m", "ipykernel_launcher", "-f", "{connection_file}"],'
    b' "display_name": "Python 3", "language": "python"}'
)

_LIBRARY = "usr/local/lib/python3.11"

BASE: tuple[Item, ...] = (
    directory("bin"),
    *(file(f"bin/{name}", ELF, mode=0o755) for name in ("sh", "bash")),
    file("lib64/ld-linux-x86-64.so.2", ELF, mode=0o755),
    directory("tmp", mode=0o1777),
    directory("etc"),
    file("etc/passwd", PASSWD),
    file("etc/group", b"root:x:0:\nusers:x:100:\n"),
    directory("home"),
    directory("home/sagemaker-user", uid=1000, gid=100),
)
PYTHON: tuple[Item, ...] = (
    directory("usr"),
    directory("usr/local"),
    directory("usr/local/bin"),
    file("usr/local/bin/python3.11", ELF, mode=0o755),
    symlink("usr/local/bin/python3", "python3.11"),
    symlink("usr/local/bin/python", "python3.11"),
    file(f"{_LIBRARY}/os.py", b"# os\n"),
)
IPYKERNEL: tuple[Item, ...] = (
    file(f"{_LIBRARY}/site-packages/ipykernel_launcher.py", b"# launcher\n"),
    file(f"{_LIBRARY}/site-packages/ipykernel/__init__.py", b"# package\n"),
    file("usr/local/share/jupyter/kernels/python3/kernel.json", KERNEL),
)
CONFIG: Mapping[str, Any] = {"User": "1000", "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]}


def fit_image(*more: Sequence[Item], config: Mapping[str, Any] | None = None, **spec: Any) -> ImageSpec:  # noqa: ANN401
    """Return an image of three layers that conforms to Studio Classic, with `more` layers and `config` changed."""
    return ImageSpec(layers=(BASE, PYTHON, IPYKERNEL, *more), config={**CONFIG, **(config or {})}, **spec)
