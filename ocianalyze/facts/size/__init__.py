"""The size of the image, and its largest files and directories."""

from ocianalyze.facts.size.breakdown import Piece
from ocianalyze.facts.size.measuring import Size, compressed_size
from ocianalyze.facts.size.soci import SociProblem, loads_lazily, soci_problems

__all__ = ["Piece", "Size", "SociProblem", "compressed_size", "loads_lazily", "soci_problems"]
