"""What changed from one image to another, as other programs read it: schema ``ocianalyze.diff/1``."""

# Annotations are evaluated as they stand, as in `ocianalyze.reports.report`.

from typing import Literal

from pydantic import Field

from ocianalyze.reports.report import Document, FindingReport, ImageSummary, Part, Text, Tool, Verdict, Word


class Side(Part):
    """One of the two images."""

    image: ImageSummary
    """The image."""
    verdict: Verdict
    """Its verdict."""
    profiles: list[Word]
    """Profiles that it was judged by. Example: ["studio-jupyterlab"] """


class Change(Part):
    """Something that both images have or one of them, and that is not the same."""

    what: Text
    """What it is. Example: "USER" """
    old: Text | None
    """What the old image has; null if it has none."""
    new: Text | None
    """What the new image has; null if it has none."""


class PackageChange(Part):
    """A package that is new, gone, or of another version."""

    manager: Literal["dpkg", "apk", "conda", "python"]
    """What manages it."""
    name: Text
    """Its name. Example: "numpy" """
    place: Text
    """Where it is installed. Example: "/opt/conda" """
    old: list[Text]
    """Versions that the old image has there; none if the package is new. Example: ["1.26.4"] """
    new: list[Text]
    """Versions that the new image has there; none if the package is gone. Example: ["2.1.0"] """
    bytes: int | None
    """How much more its files take, in bytes; null if that is unknown."""


class DirectoryChange(Part):
    """A directory or file that takes more or less."""

    path: Text
    """Its path. Example: "/opt/conda/lib" """
    old: int
    """Size of all files in it that layers of the old image store, in bytes."""
    new: int
    """The same of the new image."""


class SizeChange(Part):
    """How the size changed, in bytes."""

    old: int
    """Size of the old image, as ``docker image ls`` shows it with a graph driver, in bytes."""
    new: int
    """Size of the new image, in bytes."""
    shared_layers: int
    """Number of layers at the bottom that both have: who has the old image does not download them again."""
    new_bytes: int
    """Size of the other layers of the new image as stored, in bytes."""
    directories: list[DirectoryChange] | None
    """Directories and files that changed by a thousandth of the larger image or more, largest change first; what is in
    them counts, too. Null if a report has no inventory."""


class Difference(Document):
    """What changed from one image to another."""

    schema_: Literal["ocianalyze.diff/1"] = Field("ocianalyze.diff/1", alias="schema")
    """Name and version of this schema. Within one version, fields are added but never changed or removed."""
    tool: Tool = Tool()
    """Program that made the document."""
    old: Side
    """Image that is compared with."""
    new: Side
    """Image that is compared."""
    fail_on: Literal["error", "warning", "note", "never"]
    """Lowest severity of new findings that gives exit code 1."""
    new_findings: list[FindingReport]
    """Findings that the old image does not have, or less severe."""
    fixed_findings: list[FindingReport]
    """Findings of the old image that are gone."""
    same_findings: int
    """Number of findings that both have."""
    configuration: list[Change]
    """User, command, working directory, ports, labels."""
    environment: list[Change] | None
    """Variables of the environment; null if a report has no inventory."""
    kernels: list[Change]
    """Kernels, by name: the commands that start them, or why they do not."""
    cuda: list[Change]
    """Versions of CUDA, the driver that they need, and files of a driver."""
    packages: list[PackageChange] | None
    """Packages, those of the system first; null if a report has no inventory."""
    size: SizeChange
    """Sizes."""
    gaps: list[Text]
    """What could not be compared, and why."""
