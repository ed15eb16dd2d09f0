"""The packages for NVIDIA that dpkg lists as installed.

Source: Debian policy, section 5 (control files).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.packages import dpkg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem

READS: Final = dpkg.READS

_DRIVER_SOURCE: Final = (
    r"nvidia-graphics-drivers.*|nvidia-open-gpu-kernel-modules.*|linux-restricted-modules.*|fabric-manager-\d+"
    r"|libnvidia-nscq-\d+|nvidia-imex-\d+"
)
_HARMLESS_SOURCE: Final = (
    r"nvidia-cuda-toolkit|egl-wayland|egl-gbm|nvidia-vaapi-driver|ocl-icd|nvidia-container-toolkit|libnvidia-container"
    r"|nvidia-settings|nvidia-persistenced|nvidia-modprobe|nvidia-xconfig|nvidia-prime|nvidia-support|glx-alternatives"
)
_DRIVER_NAME: Final = (
    r"(?:lib)?nvidia-(?:compute|common|cfg1|decode|encode|extra|fbc1|gl|utils|compute-utils|kernel-common|kernel-source"
    r"|kernel-open|dkms|driver|headless|firmware|fabricmanager|imex|nscq)(?:-[-\w]*)?"
    r"|libnvidia-(?:ml1|cfg1|ptxjitcompiler1|nvvm\d*|encode1|gpucomp)|libcuda1|libcudadebugger1|libnvcuvid1|nvidia-smi"
    r"|nvidia-driver.*|nvidia-kernel-.*|nvidia-alternative|nvidia-cuda-mps|nvidia-(?:tesla|legacy)-.*|firmware-nvidia-gsp"
    r"|xserver-xorg-video-nvidia.*|cuda-drivers.*|linux-(?:modules|objects)-nvidia-.*"
)
_EMPTY: Final = r"(?i)transitional|dummy"
_TRACE: Final = rb"nvidia|cuda"


class Package(NamedTuple):
    """An installed package; `source` is the name of the source package, `file` the file of dpkg that lists it."""

    name: str
    version: str
    source: str
    description: str
    file: str

    @property
    def is_driver(self) -> bool:
        """True if it belongs to an NVIDIA driver."""
        if re.fullmatch(_DRIVER_SOURCE, self.source):
            return not self.name.startswith(("nvidia-libopencl1", "nvidia-opencl-icd-dummy"))
        return not re.fullmatch(_HARMLESS_SOURCE, self.source) and re.fullmatch(_DRIVER_NAME, self.name) is not None

    @property
    def is_transitional(self) -> bool:
        """True if its description says that it is transitional or a dummy."""
        return re.search(_EMPTY, self.description) is not None


def find_packages(filesystem: Filesystem) -> tuple[Package, ...]:
    """Return the installed packages that mention NVIDIA or CUDA.

    Raises:
        ContentUnavailableError: dpkg's status is there but was not kept, or is too large.
        LimitExceededError: there are too many such packages.
    """
    return tuple(package for node in dpkg.status_files(filesystem) for package in _packages_in(node))


def _packages_in(status: Node) -> Iterator[Package]:
    for paragraph in _paragraphs_about(status.read()):
        fields = dpkg.installed(status, paragraph)
        if fields is not None:
            source = fields.get("Source", fields["Package"]).partition(" ")[0]
            description = fields.get("Description", "")
            yield Package(fields["Package"], fields.get("Version", ""), source, description, status.path)


def _paragraphs_about(content: bytes) -> Iterator[bytes]:
    """Yield the paragraphs that have one of the traces in them, each of those that are the same once."""
    seen: set[bytes] = set()
    start = 0
    for match in re.finditer(_TRACE, content):
        if match.start() >= start:
            begin = content.rfind(b"\n\n", start, match.start())
            end = content.find(b"\n\n", match.end())
            paragraph = content[start if begin < 0 else begin + 2 : len(content) if end < 0 else end]
            start = len(content) if end < 0 else end + 2
            if paragraph not in seen:
                seen.add(paragraph)
                yield paragraph
