"""Which kernels are found, and can they start?"""

from ocianalyze.facts.kernels.discovery import CONDA_FILTER, examine_unlisted, find_unlisted
from ocianalyze.facts.kernels.kernel import NATIVE, Kernel, Listing
from ocianalyze.facts.kernels.obstacles import Obstacle
from ocianalyze.facts.kernels.specs import CONNECTION_FILE

__all__ = [
    "CONDA_FILTER",
    "CONNECTION_FILE",
    "NATIVE",
    "Kernel",
    "Listing",
    "Obstacle",
    "examine_unlisted",
    "find_unlisted",
]
