"""The size of the image, its largest files and directories, and what layers hide of earlier ones.

Also, whether a SOCI index spares the wait for them.
"""

from ocianalyze.facts.size.avoidable import Avoidable, AvoidableFiles, AvoidableKind, find_avoidable
from ocianalyze.facts.size.breakdown import Piece
from ocianalyze.facts.size.duplicates import Duplicates, find_duplicates
from ocianalyze.facts.size.measuring import Size, compressed_size
from ocianalyze.facts.size.soci import SociProblem, loads_lazily, soci_problems
from ocianalyze.facts.size.soci_contents import SociDifference, has_ztocs, read_by_ztocs, soci_differences
from ocianalyze.facts.size.tree import Branch
from ocianalyze.facts.size.waste import LARGE, MOST, Change, Hidden
from ocianalyze.oci.soci import Soci

__all__ = [
    "LARGE",
    "MOST",
    "Avoidable",
    "AvoidableFiles",
    "AvoidableKind",
    "Branch",
    "Change",
    "Duplicates",
    "Hidden",
    "Piece",
    "Size",
    "Soci",
    "SociDifference",
    "SociProblem",
    "compressed_size",
    "find_avoidable",
    "find_duplicates",
    "has_ztocs",
    "loads_lazily",
    "read_by_ztocs",
    "soci_differences",
    "soci_problems",
]
