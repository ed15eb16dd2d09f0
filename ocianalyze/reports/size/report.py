"""Where the bytes of an image are, as other programs read it: schema ``ocianalyze.size/1``."""

# Annotations are evaluated as they stand, as in `ocianalyze.reports.report`.

from typing import Literal

from pydantic import Field

from ocianalyze.reports.report import (
    Document,
    FilesystemFacts,
    ImageSummary,
    Inventory,
    LayerReport,
    Part,
    SizeFacts,
    Text,
    Tool,
)


class DuplicatePlace(Part):
    """One of several files with the same content."""

    path: Text
    """Its path. Example: "/opt/models/base.bin" """
    layer: int
    """Position of the layer that stores it."""


class DuplicateFile(Part):
    """A file that is in the image more than once."""

    size: int
    """Its size, in bytes."""
    bytes: int
    """What the image would be smaller with one of them, in bytes."""
    places: list[DuplicatePlace]
    """Where it is; hard links are one file."""


class SizeReport(Document):
    """Where the bytes of an image are, and what could be saved."""

    schema_: Literal["ocianalyze.size/1"] = Field("ocianalyze.size/1", alias="schema")
    """Name and version of this schema. Within one version, fields are added but never changed or removed."""
    tool: Tool = Tool()
    """Program that made the report."""
    image: ImageSummary
    """The image."""
    size: SizeFacts
    """Sizes: in all, by directory, and what layers hide of earlier ones."""
    filesystem: FilesystemFacts
    """The merged file system in numbers."""
    inventory: Inventory
    """Packages with their sizes, and what is not needed."""
    layers: list[LayerReport]
    """Layers from the bottom to the top."""
    duplicates: list[DuplicateFile] | None
    """Visible files of a megabyte or more with the same content that are needed, those that take most first; null if
    they could not be compared, because the image came as a stream or from a registry."""

    @property
    def avoidable_bytes(self) -> int:
        """What could be saved: what is hidden, not needed or there several times; no file is in two of these."""
        not_needed = sum(item.bytes for item in self.inventory.avoidable)
        duplicated = sum(item.bytes for item in self.duplicates or ())
        return self.filesystem.shadowed_bytes + not_needed + duplicated
