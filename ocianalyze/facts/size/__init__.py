"""The size of the image, and its largest files and directories."""

from ocianalyze.facts.size.breakdown import Piece
from ocianalyze.facts.size.measuring import Size, compressed_size

__all__ = ["Piece", "Size", "compressed_size"]
