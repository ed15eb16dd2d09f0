"""The CUDA runtimes in the image, and the oldest driver that they run with.

Sources: the layouts of the CUDA toolkit, of NVIDIA's wheels, of conda's packages and of the ``nvidia/cuda`` images
(where versions are written); `drivers` has the tables.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ocianalyze.facts.gpu.drivers import minimum_for
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ocianalyze.facts.gpu.packages import Package
    from ocianalyze.filesystem.node import Node

READS: Final = ("**/cuda*/version.json", "**/cuda*/version.txt")

_LARGEST: Final = 1 << 20
_NAMES: Final = (
    (regex(r"libcudart\.so\.(\d{1,4}\.\d{1,4})(?:\.\d+)+", re.ASCII), "library"),
    (regex(r"libcudart-[0-9a-f]{8}\.so\.(\d{1,4}\.\d{1,4})(?:\.\d+)*", re.ASCII), "library"),
    (regex(r"nvidia_cuda_runtime(?:_cu\d+)?-(\d{1,4}\.\d{1,4})(?:\.[\d.]*)?\.dist-info", re.ASCII), "wheel"),
    (regex(r"cuda_toolkit-(\d{1,4}\.\d{1,4})(?:\.[\d.]*)?\.dist-info", re.ASCII), "wheel"),
    (regex(r"cuda-version-(\d{1,4}\.\d{1,4})(?:\.[\d.]*)?-[^-]+\.json", re.ASCII), "conda"),
    (regex(r"cuda-cudart-(\d{1,4}\.\d{1,4})(?:\.[\d.]*)?-[^-]+\.json", re.ASCII), "conda"),
    (regex(r"cudatoolkit-(\d{1,4}\.\d{1,4})(?:\.[\d.]*)?-[^-]+\.json", re.ASCII), "conda"),
    (regex(r"torch(?:vision|audio)?-[\d.]+\w*\+cu(\d{2,3})\.dist-info", re.ASCII), "wheel"),
)
_MAJORS: Final = (
    (regex(r"libcudart\.so\.(\d{1,4})(?:\.0)?", re.ASCII), "library"),
    (regex(r"nvidia_\w+_cu(\d{2})-[^/]*\.dist-info", re.ASCII), "wheel"),
    (
        regex(
            r"nvidia_(?:cublas|npp|nvjpeg|nvtx|nvjitlink|nvvm|cuda_(?:nvrtc|cupti|nvcc|crt|cccl))-(\d{1,4})\.[\d.]+"
            r"\.dist-info",
            re.ASCII,
        ),
        "wheel",
    ),
    (regex(r"(?:cupy_cuda(?=\d+x)|jax_cuda(?=\d+_(?:plugin|pjrt)))(\d{2})\w*-[^/]*\.dist-info", re.ASCII), "wheel"),
)
"""The names that contain only the major version. NVIDIA's other wheels have versions of their own: CUDA 13.0 has
cuSPARSE 12.6."""

_DIRECTORY: Final = regex(r"/(?:usr/local|opt/nvidia)/cuda-(\d{1,4}\.\d{1,4})", re.ASCII)
_VERSION_FILE: Final = regex(r"/usr/local/cuda[^/]*/version\.(?:json|txt)")
_VERSION: Final = regex(r"\d{1,4}\.\d{1,4}(?!\d)", re.ASCII)
_PACKAGE: Final = regex(r"cuda-cudart-(\d{1,4})-(\d{1,4})", re.ASCII)


class CudaEvidence(NamedTuple):
    """A CUDA version, the kind of its source (``file``, ``library``, ``wheel``, ...), and its place.

    The version has two parts (``12.4``), or one (``13``) if the source contains only the major version. `stated` is
    True for variables and labels, which the image may have inherited.
    """

    version: str
    source: str
    place: str
    stated: bool = False


def find_cuda(
    candidates: Iterable[Node],
    packages: Iterable[Package],
    environment: Mapping[str, str],
    labels: Mapping[str, str],
) -> tuple[CudaEvidence, ...]:
    """Return the evidence for CUDA versions, the most trustworthy first.

    Raises:
        ContentUnavailableError: a version file was not kept.
    """
    found = [evidence for node in candidates for evidence in _evidence_of(node)]
    found += (
        CudaEvidence(f"{match[1]}.{match[2]}", "package", package.name)
        for package in packages
        if (match := _PACKAGE.fullmatch(package.name))
    )
    stated = (
        (environment, "CUDA_VERSION", "variable"),
        (environment, "NV_CUDA_CUDART_VERSION", "variable"),
        (labels, "com.nvidia.cuda.version", "label"),
    )
    found += (
        CudaEvidence(version, source, name, stated=True)
        for values, name, source in stated
        if (version := _two_parts(values.get(name))) is not None
    )
    order = ("file", "library", "wheel", "conda", "package", "directory", "variable", "label")
    return tuple(sorted(set(found), key=lambda item: (order.index(item.source), item.place)))


def cuda_versions(evidence: Iterable[CudaEvidence]) -> tuple[str, ...]:
    """Return the distinct versions, oldest first; a major version only if no full one of it is known."""
    versions = {item.version for item in evidence}
    full = {version.partition(".")[0] for version in versions if "." in version}
    return tuple(sorted(versions - full, key=_key))


def newest_runtime(evidence: Iterable[CudaEvidence]) -> str | None:
    """Return the newest version; variables and labels count only if there is no other evidence."""
    return next(iter(cuda_versions(_counted(evidence))[::-1]), None)


def minimum_driver(evidence: Iterable[CudaEvidence]) -> str | None:
    """Return the oldest driver that all runtimes run with, or None if none is known.

    Variables and labels count only if there is no other evidence.
    """
    newest = newest_runtime(evidence)
    return None if newest is None else minimum_for(_key(newest))


def _counted(evidence: Iterable[CudaEvidence]) -> Sequence[CudaEvidence]:
    items = tuple(evidence)
    return [item for item in items if not item.stated] or items


def _evidence_of(node: Node) -> Iterator[CudaEvidence]:
    path = node.path
    installed = _DIRECTORY.fullmatch(path) if node.is_directory else None
    if installed is not None and any(node.filesystem.child(node, name) for name in ("lib64", "targets", "bin")):
        yield CudaEvidence(installed[1], "directory", path)
    if _VERSION_FILE.fullmatch(path):
        read = _READERS[path.rpartition(".")[2]]
        version = read(node.read(most=_LARGEST)) if node.is_file else None
        if version is not None:
            yield CudaEvidence(version, "file", path)
        return
    for pattern, source in _NAMES:
        if (match := pattern.fullmatch(node.name)) is None or (source == "conda" and "/conda-meta/" not in path):
            continue
        digits = match[1]
        yield CudaEvidence(digits if "." in digits else f"{digits[:-1]}.{digits[-1]}", source, path)
        return
    for pattern, source in _MAJORS:
        if (match := pattern.fullmatch(node.name)) is not None and not (source == "library" and node.is_symlink):
            yield CudaEvidence(match[1], source, path)
            return


def _version_in_json(content: bytes) -> str | None:
    try:
        value = json.loads(content)
        versions = (value[key]["version"] for key in ("cuda", "cuda_cudart") if key in value)
        return _two_parts(next(versions, ""))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _version_in_text(content: bytes) -> str | None:
    return _two_parts(content.decode("ascii", "replace").removeprefix("CUDA Version "))


_READERS: Final[dict[str, Callable[[bytes], str | None]]] = {"json": _version_in_json, "txt": _version_in_text}


def _two_parts(text: object) -> str | None:
    match = _VERSION.match(text) if isinstance(text, str) else None
    return match[0] if match else None


def _key(version: str) -> tuple[int, ...]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)
