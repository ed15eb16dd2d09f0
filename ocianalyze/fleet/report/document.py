"""What came of a fleet, as other programs read it: schema ``ocianalyze.fleet/1``.

The schema is a promise, as that of the report on one image is. Images are named by their places in the list of all
images; lists that are ranked say how long they are at most. The results file has everything.
"""

# Annotations are evaluated as they stand, as in `ocianalyze.reports.report`.

from typing import Annotated, Any, Literal

from pydantic import Field

from ocianalyze.reports.report import Bytes, Document, Part, Seconds, Severity, Text, Title, Tool, Verdict

State = Literal["pass", "fail", "undecided", "error", "pending"]
Outcome = Literal["sufficient", "too-old", "forward-compatible", "refused", "depends"]
Kind = Literal["finding", "undecided"]
Movement = Literal["new", "gone", "worse", "not-analysed", "better", "analysed", "same"]
Place = Annotated[int, Field(ge=0)]
"""Of an image in the list of images."""
Count = Annotated[int, Field(ge=0)]


class RunFacts(Part):
    """A run of ``ocianalyze fleet``."""

    id: int
    """Number of the run in the results file. Example: 3"""
    started: Text
    """When it began (RFC 3339, UTC). Example: "2026-11-28T12:00:00Z" """
    finished: Text | None
    """When the last image was judged; null if the run was interrupted or still goes on."""
    version: Text
    """Version of ocianalyze. Example: "0.1.0" """
    sources: list[Text]
    """What was named on the command line. Example: ["docker://registry.example.com/team/*"] """
    request: dict[Text, Any]
    """Options that decide what comes of an image. Example: {"fail_on": "error"} """
    is_listed: bool
    """Whether all images of the sources are known; false if the run ended before they were."""
    seconds: Seconds
    """Wall clock time in seconds, of all sittings if the run was interrupted."""
    bytes_read: Count
    """Bytes of layers that were read."""


class ProfileCounts(Part):
    """What came of the images for one kind of app."""

    profile: Text
    """Id of the profile. Example: "studio-jupyterlab" """
    title: Title
    """Name of the kind of app; empty if this version does not know the profile."""
    verdicts: dict[State, Count]
    """Number of images with each verdict for it. Example: {"pass": 3, "fail": 1, "undecided": 0, "error": 0} """
    decides: dict[State, Count]
    """The same of the images whose verdict it decides. Example: {"pass": 2, "fail": 1, "undecided": 0, "error": 0} """


class ImageBase(Part):
    """What an image is built on."""

    image: Place | None
    """Image of this fleet with the most layers, all of which are the lowest ones of this image; null if none is."""
    stated: Text | None
    """Name of the base image that the image states (``org.opencontainers.image.base.name``).
    Example: "docker.io/library/debian:12" """


class ImageError(Part):
    """Why an image could not be analysed."""

    code: Text
    """Kind of error, for programs. Example: "corrupt-layer" """
    message: Text
    """What is wrong, and where. Example: "layer 3 is truncated" """
    hint: Text | None
    """What to do about it."""


class ImageFacts(Part):
    """One image, and what came of it; an image that is registered in two ways is there twice."""

    reference: Text
    """The image as named or listed. Example: "registry.example.com/team/notebook:1.0" """
    name: Text | None
    """Which image of a file it is, as ``--image`` takes it."""
    title: Text | None
    """What people call it, if that is not its reference. Example: "notebook/3" """
    app_image_config: Text | None
    """Name of the AppImageConfig that it is registered with; empty if that has none. Example: "notebook-config" """
    registered_for: Text | None
    """Profile that it is registered for."""
    users: list[Text]
    """Who uses it. Example: ["domain d-abc, space team"] """
    digest: Text | None
    """Digest of its manifest."""
    config_digest: Text | None
    """Digest of its configuration."""
    platform: Text | None
    """Platform. Example: "linux/amd64" """
    source: Text | None
    """Form of the image. Example: "registry" """
    verdict: Verdict | None
    """Its verdict; ``error`` if it could not be analysed, null if it is not judged yet."""
    profiles: list[Text]
    """Profiles that decide its verdict. Example: ["studio-jupyterlab"] """
    exit_code: int | None
    """What a scan of it would exit with."""
    errors: Count | None
    """Number of errors."""
    warnings: Count | None
    """Number of warnings."""
    notes: Count | None
    """Number of notes."""
    undecided: Count | None
    """Number of checks that could not be completed."""
    waived: Count | None
    """Number of findings that a waiver accepts."""
    error_rules: list[Text]
    """Rules that found an error. Example: ["KRN005"] """
    warning_rules: list[Text]
    """Rules that found nothing worse than a warning. Example: ["USR001"] """
    undecided_rules: list[Text]
    """Rules that could not be completed. Example: ["APP002"] """
    error: ImageError | None
    """Why it could not be analysed."""
    size: Bytes | None
    """Size of the image as ``docker image ls`` shows it with a graph driver, in bytes."""
    compressed_size: Bytes | None
    """Size of the download, in bytes."""
    layers: Count
    """Number of its layers."""
    own_size: Bytes
    """Size as stored of the layers that no smaller image of the fleet has, in bytes; all together are the fleet's."""
    base: ImageBase | None
    """What it is built on; null if that is not known."""
    built_on_it: Count
    """Number of images of the fleet that are built on it, directly or not."""
    minimum_driver: Text | None
    """Oldest NVIDIA driver that its CUDA runs with. Example: "525.60.13" """
    seconds: Seconds | None
    """Time to judge it, without reading layers, in seconds."""


class LayerBase(Part):
    """Where a layer comes from."""

    relation: Literal["own", "base", "stated", "shared"]
    """``own``: only one image has the layer. ``base``: all images that have it are built on one of them, or equal
    to it. ``stated``: none of them is the base of all others, but they state one base. ``shared``: they do not."""
    image: Place
    """The image with the fewest layers that has it: the base itself for ``base``."""
    name: Text | None
    """Base that the images state, for ``stated``. Example: "docker.io/library/debian:12" """


class CauseLayer(Part):
    """The layer that is to blame."""

    diff_id: Text
    """Digest of the uncompressed layer."""
    created_by: Text | None
    """Its build step. Example: "RUN pip install ipykernel" """
    base: LayerBase | None
    """Where it comes from; null if no image has a layer of this digest."""


class Cause(Part):
    """What one fix removes from all images that have it: findings of one rule about one path of one layer."""

    rule: Text
    """Id of the rule. Example: "KRN005" """
    name: Text
    """Name of the rule. Example: "kernel-interpreter-missing" """
    kind: Kind
    """``undecided`` if the check could not be completed."""
    severity: Severity
    """Worst severity that it has in one of the images."""
    path: Text | None
    """Path in the image that it is about."""
    layer: CauseLayer | None
    """Layer that wrote this path; null if no layer is to blame, as for what only the configuration states."""
    message: Text
    """What is wrong, in the first of the images."""
    hint: Text | None
    """How to fix it there."""
    images: list[Place]
    """Images that have it, and that one fix frees from it after they are built again. Example: [0, 4] """
    fixed_in: list[Place]
    """Images to change: the one that brings the layer; without a layer, those whose base does not have the same. Empty
    if that is a base outside the fleet. Example: [0] """
    would_pass: Count
    """Number of these images that pass once it is fixed, because nothing else keeps them from that."""


class RuleCounts(Part):
    """What one rule found in all images."""

    rule: Text
    """Id of the rule. Example: "KRN005" """
    name: Text
    """Name of the rule. Example: "kernel-interpreter-missing" """
    severity: Severity
    """Worst severity that it has in one of the images."""
    images: Count
    """Number of images in which it found something, or could not be completed."""
    undecided: Count
    """Number of images in which it could not be completed."""
    findings: Count
    """Number of its findings, undecided ones included."""
    causes: Count
    """Number of fixes that remove them: rule, path and layer together."""


class Findings(Part):
    """Findings that decide verdicts: without those that follow from others, and those that a waiver accepts."""

    rules: list[RuleCounts]
    """Rules that found something, those with the most images first."""
    causes: list[Cause]
    """What to fix, most images first; at most the 2,000 of each severity with the most images."""
    number_of_causes: dict[Severity, Count]
    """How many there are in all. Example: {"error": 12, "warning": 30, "note": 4} """


class Driver(Part):
    """One NVIDIA driver, and for how many images it suffices."""

    driver: Text
    """First version of a branch. Example: "535.54.03" """
    cuda: Text
    """CUDA version that it was released with. Example: "12.2" """
    outcomes: dict[Outcome, Count]
    """Number of images by what the driver is for them. Example: {"sufficient": 12, "too-old": 3} """


class DriverRow(Part):
    """Images for which all drivers are the same."""

    outcomes: list[Outcome | None]
    """What each driver is for them, in the order of ``drivers``; null if that is not known."""
    minimum_drivers: list[Text]
    """Oldest drivers that their CUDA runs with. Example: ["525.60.13"] """
    images: list[Place]
    """The images. Example: [0, 4] """


class DriverMatrix(Part):
    """Which driver of the host suffices for which image."""

    drivers: list[Driver]
    """Drivers, newest first; empty if no image needs one."""
    rows: list[DriverRow]
    """Images that need a driver, those with equal outcomes together, most images first."""


class LayerUse(Part):
    """A layer, and how many images have it."""

    digest: Text | None
    """Digest as stored; null where none is stated."""
    diff_id: Text
    """Digest of the uncompressed layer."""
    created_by: Text | None
    """Its build step. Example: "RUN pip install torch" """
    size: Bytes | None
    """Size as stored, in bytes; null if it is not known."""
    uncompressed_size: Bytes | None
    """Size of the tar, in bytes; null if it was not read."""
    images: Count
    """Number of images that have it."""
    saved: Bytes
    """What is not stored because images share it, in bytes."""
    base: LayerBase
    """Where it comes from."""


class Sharing(Part):
    """What the layers of all images take, in bytes."""

    apart: Bytes
    """Sum over all images: what they take if no layer is shared, in bytes."""
    together: Bytes
    """Sum over distinct layers: what they take in one registry or on one host, in bytes."""
    unknown: Count
    """Number of distinct layers whose size is not known, which count as nothing."""


class FleetSizes(Part):
    """Sizes of images and layers."""

    images: Bytes
    """Sum of the sizes of all images, as ``docker image ls`` shows each of them, in bytes."""
    images_known: Count
    """Number of images whose size is known."""
    layers: Count
    """Number of distinct layers."""
    stored: Sharing
    """Layers as stored: in a registry, and to download."""
    unpacked: Sharing
    """The same layers uncompressed: on the disk of a host."""
    largest: list[Place]
    """Largest images, at most 100. Example: [4, 0] """
    shared: list[LayerUse]
    """Layers whose sharing saves most, at most 100."""
    single: list[LayerUse]
    """Largest layers that only one image has, at most 100."""


class BaseUse(Part):
    """A base, and how many images are built on it."""

    image: Place | None
    """Image of this fleet; null if the base is not in it."""
    name: Text | None
    """Name that images state, if it is not in the fleet. Example: "docker.io/library/debian:12" """
    direct: Count
    """Number of images that are built directly on it."""
    in_all: Count
    """Number of images that are built on it, directly or not."""


class FindingChange(Part):
    """A finding that one of two runs has."""

    rule: Text
    """Id of the rule. Example: "KRN005" """
    kind: Kind
    """``undecided`` if the check could not be completed."""
    severity: Severity
    """Severity."""
    path: Text | None
    """Path in the image that it is about."""
    message: Text
    """What is wrong."""
    fingerprint: Text
    """What identifies it in both runs."""


class ImageChange(Part):
    """An image that is not as it was in the earlier run."""

    image: Place | None
    """The image; null if it is gone."""
    label: Text
    """What it is called. Example: "notebook/3" """
    movement: Movement
    """``new`` or ``gone``; a verdict that is ``better`` or ``worse``; ``analysed`` or ``not-analysed``, unlike before;
    or the ``same`` verdict with other findings."""
    old: State | None
    """Verdict of the earlier run; null if the image is new."""
    new: State | None
    """Verdict of this run; null if the image is gone."""
    new_findings: list[FindingChange]
    """Findings that it did not have, or less severe; empty unless both runs have judged it."""
    fixed_findings: list[FindingChange]
    """Findings that it no longer has."""


class RuleChange(Part):
    """In how many images findings of a rule are new or fixed."""

    rule: Text
    """Id of the rule. Example: "KRN005" """
    name: Text
    """Name of the rule. Example: "kernel-interpreter-missing" """
    new: Count
    """Number of images with a new finding of it."""
    fixed: Count
    """Number of images in which a finding of it is fixed."""


class FleetChanges(Part):
    """What changed since the newest earlier run that was finished."""

    since: RunFacts
    """The earlier run."""
    movements: dict[Movement, Count]
    """Number of images by what became of them; ``same`` are those with the same verdict.
    Example: {"new": 1, "gone": 0, "worse": 2, "not-analysed": 0, "better": 5, "analysed": 0, "same": 80} """
    pending: Count
    """Number of images that both runs have, but this one has not judged yet."""
    images: list[ImageChange]
    """Images that changed: in the order of the movements above, then in the order of the images."""
    rules: list[RuleChange]
    """Rules with new or fixed findings, those with the most images first."""


class FailedImage(Part):
    """An image that could not be analysed."""

    image: Place
    """The image."""
    message: Text
    """What is wrong, and where. Example: "layer 3 is truncated" """


class Failures(Part):
    """Images that could not be analysed for one reason."""

    code: Text
    """Kind of error, for programs. Example: "corrupt-layer" """
    reason: Text
    """Message of the first image; those of the others differ at most in names and numbers."""
    hint: Text | None
    """What to do about it, for the first image."""
    images: list[FailedImage]
    """The images."""


class FleetReport(Document):
    """What came of a run over many images, and what changed since the one before."""

    schema_: Literal["ocianalyze.fleet/1"] = Field("ocianalyze.fleet/1", alias="schema")
    """Name and version of this schema. Within one version, fields are added but never changed or removed."""
    tool: Tool = Tool()
    """Program that made this document."""
    run: RunFacts
    """The run."""
    verdicts: dict[State, Count]
    """Number of images with each verdict; ``pending`` are those that are not judged yet.
    Example: {"pass": 3, "fail": 1, "undecided": 0, "error": 0, "pending": 0} """
    profiles: list[ProfileCounts]
    """What came of the images for each kind of app."""
    findings: Findings
    """What to fix, and in how many images that helps."""
    drivers: DriverMatrix
    """Which driver of the host suffices for which image."""
    sizes: FleetSizes
    """Sizes of images and layers, and what sharing saves."""
    bases: list[BaseUse]
    """What images are built on, most images first."""
    without_base: list[Place]
    """Images whose base is not known: none is stated, and no image of the fleet has only their lowest layers.
    Example: [2] """
    changes: FleetChanges | None
    """What changed since the run before; null if there is none."""
    failures: list[Failures]
    """Images that could not be analysed, by reason; most images first."""
    images: list[ImageFacts]
    """All images, in the order of the sources."""
