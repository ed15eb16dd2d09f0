"""What is mounted over the image or reserved at run time, and what of the image lies there?"""

from ocianalyze.facts.directories.mounts import RESERVED, Mounts, within
from ocianalyze.facts.directories.reserved import METADATA, Directory, look_into

__all__ = ["METADATA", "RESERVED", "Directory", "Mounts", "look_into", "within"]
