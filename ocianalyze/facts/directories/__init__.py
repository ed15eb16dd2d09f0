"""Directories that are reserved or mounted over at run time, and the image's files in them."""

from ocianalyze.facts.directories.mounts import LOGS, RESERVED, Mounts, within
from ocianalyze.facts.directories.reserved import METADATA, Directory, look_into

__all__ = ["LOGS", "METADATA", "RESERVED", "Directory", "Mounts", "look_into", "within"]
