"""NVIDIA's files and packages in the image, and its requirements on the host's driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocianalyze.errors import UndecidedError
from ocianalyze.facts.asking import fact
from ocianalyze.facts.gpu import cuda, files, packages
from ocianalyze.facts.gpu.requirements import Requirement, find_requirements
from ocianalyze.facts.gpu.suitability import Need, compat_driver
from ocianalyze.facts.programs import loader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ocianalyze.facts.gpu.cuda import CudaEvidence
    from ocianalyze.facts.gpu.files import NvidiaFile
    from ocianalyze.facts.gpu.packages import Package
    from ocianalyze.facts.programs.loader import LoaderPath
    from ocianalyze.filesystem.node import Node
    from ocianalyze.filesystem.tree import Filesystem
    from ocianalyze.oci.image import Image


class Nvidia:
    """NVIDIA's files and packages in the image.

    Each fact is computed when it is first requested (`ocianalyze.facts.asking`).
    """

    def __init__(
        self,
        image: Image,
        filesystem: Filesystem,
        candidates: Callable[[], Sequence[Node]],
        environment: Mapping[str, str],
    ) -> None:
        """`candidates` returns the nodes whose names are those of NVIDIA's files."""
        self._image = image
        self._filesystem = filesystem
        self._candidates = candidates
        self._environment = environment

    @fact
    def files(self) -> tuple[NvidiaFile, ...]:
        """All files that are NVIDIA's by path; those of the toolkit only if their names contain versions."""
        return files.find_files(self._filesystem, self._candidates())

    @fact
    def driver_versions(self) -> tuple[str, ...]:
        """The versions in the names of the driver's files that have content, in order."""
        counted = (item for item in self.files if item.cls in ("driver-userspace", "driver-kernel"))
        real = {item.version for item in counted if item.version}
        return tuple(sorted(real, key=lambda version: [int(part) for part in version.split(".")]))

    @property
    def driver_files(self) -> tuple[NvidiaFile, ...]:
        """The files of a driver, leftovers of one included."""
        return tuple(file for file in self.files if file.cls.startswith("driver-"))

    @fact
    def packages(self) -> tuple[Package, ...]:
        """The driver's packages that dpkg lists."""
        return tuple(package for package in self._installed if package.is_driver)

    @property
    def known_packages(self) -> tuple[Package, ...]:
        """The same for hints; empty if dpkg's lists cannot be read."""
        try:
            return self.packages
        except UndecidedError:
            return ()

    @fact
    def cuda(self) -> tuple[CudaEvidence, ...]:
        """The evidence for CUDA runtimes."""
        labels = self._image.config.config.labels
        return cuda.find_cuda(self._candidates(), self._installed, self._environment, labels)

    @fact
    def cuda_versions(self) -> tuple[str, ...]:
        """The distinct CUDA versions, oldest first."""
        return cuda.cuda_versions(self.cuda)

    @fact
    def minimum_driver(self) -> str | None:
        """The oldest driver that all of them run with, if known."""
        return cuda.minimum_driver(self.cuda)

    @fact
    def requirements(self) -> tuple[Requirement, ...]:
        """The requirements on the host's driver that variables state."""
        return find_requirements(self._environment)

    @fact
    def need(self) -> Need:
        """What the image needs of the host's driver."""
        compat = compat_driver(self.files, self._installed)
        return Need(cuda.newest_runtime(self.cuda), self.minimum_driver, compat, self.requirements)

    @fact
    def loader(self) -> LoaderPath:
        """The directories that the dynamic loader searches."""
        return loader.find_loader_path(self._filesystem, self._environment)

    @fact
    def injected_links(self) -> tuple[Node, ...]:
        """Paths where the container runtime mounts programs, and that are not regular files."""
        return files.injected_links(self._filesystem)

    @fact
    def blocked_sonames(self) -> tuple[NvidiaFile, ...]:
        """Regular files that keep the host's libraries from being found."""
        return files.blocked_sonames(self.files, self.loader)

    @fact
    def _installed(self) -> tuple[Package, ...]:
        return packages.find_packages(self._filesystem)
