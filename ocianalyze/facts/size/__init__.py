"""How large is the image, and where are the bytes?"""

from ocianalyze.facts.size.breakdown import Piece
from ocianalyze.facts.size.measuring import Size, compressed_size

__all__ = ["Piece", "Size", "compressed_size"]
