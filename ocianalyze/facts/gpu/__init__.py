"""NVIDIA's files in the image, and the driver that they need.

Files of the driver and of CUDA, variables that require a driver, and the versions of both.
"""

from ocianalyze.facts.gpu.cuda import cuda_versions
from ocianalyze.facts.gpu.drivers import compare, parse_version, released_with
from ocianalyze.facts.gpu.files import BLOCKING_SONAMES, NvidiaFile
from ocianalyze.facts.gpu.nvidia import Nvidia
from ocianalyze.facts.gpu.packages import Package
from ocianalyze.facts.gpu.requirements import Host, Requirement, find_requirements, fulfils
from ocianalyze.facts.gpu.suitability import Need, Outcome, judged_drivers, least_driver, released_driver

__all__ = [
    "BLOCKING_SONAMES",
    "Host",
    "Need",
    "Nvidia",
    "NvidiaFile",
    "Outcome",
    "Package",
    "Requirement",
    "compare",
    "cuda_versions",
    "find_requirements",
    "fulfils",
    "judged_drivers",
    "least_driver",
    "parse_version",
    "released_driver",
    "released_with",
]
