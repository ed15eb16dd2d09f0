r"""The report, as other programs read it: schema ``ocianalyze.report/1``.

The JSON of a report is its `model_dump`. The schema is a promise: fields are added, never changed or removed, within
one number. Sizes are in bytes; paths are absolute, with bytes that are not UTF-8 as ``\xNN``.

The text below a field is its description in the schema (`ocianalyze.reports.schema`); what follows ``Example:`` there
is JSON.
"""

# Annotations are evaluated as they stand: as text, pydantic would have to compile each of them at every start.

import json
from math import isfinite
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ocianalyze.errors import UsageError
from ocianalyze.regex import regex
from ocianalyze.reports.text import encodable, plain, to_json
from ocianalyze.version import __version__

SCHEMA = "ocianalyze.report/1"
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
"""How a time in UTC is written."""

_LONG_NUMBER = regex(rb"[0-9]{19}")
"""What may be an integer of more than 64 bits, of which orjson makes a number with a fraction."""
_DEPTH = 200
"""How deep a report may be nested: more than any rule writes, and less than any Python walks with its own stack."""
_EXPECTED = "Give the report that 'ocianalyze scan --format json' wrote"

Verdict = Literal["pass", "fail", "undecided", "error"]
Severity = Literal["error", "warning", "note"]
Text = Annotated[str, AfterValidator(encodable)]
"""Text of the image, which writers have to escape. All other text is ours; a stored report is checked for that."""
Plain = Annotated[str, AfterValidator(plain)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+!-]{0,99}$")]
Title = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9 ,.()/+-]{0,99})?$")]
RuleId = Annotated[str, Field(pattern=r"^[A-Z]{2,8}[0-9]{3}$")]
Fingerprint = Annotated[str, Field(pattern=r"^[A-Za-z0-9:_./-]{1,200}$")]
Moment = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z$")]
Line = Annotated[int, Field(ge=1)]
Bytes = Annotated[int, Field(ge=0, le=1 << 100)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Part(BaseModel):
    """Part of a document for other programs: fields that nobody changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Tool(Part):
    """The program that made the report."""

    name: Word = "ocianalyze"
    """Name of the program."""
    version: Word = __version__
    """Version of the program. Example: "0.1.0" """


class ImageSummary(Part):
    """The image that was analysed."""

    reference: Text
    """The image as named on the command line, or ``-`` for standard input. Example: "image.tar" """
    source: Literal["docker-archive", "oci-archive", "oci-layout", "registry", "stdin"] | None
    """Form of the image; null if it could not be analysed."""
    names: list[Text]
    """Names that the source gives the image. Example: ["example.com/team/notebook:1.0"] """
    digest: Plain | None
    """Digest of the manifest; null where there is none, as in older docker archives.
    Example: "sha256:9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0" """
    config_digest: Plain | None
    """Digest of the image configuration; null if the image could not be analysed.
    Example: "sha256:b5b2b2c507a0944348e0303114d8d93aaaa081732b86451d9bce1f432a537bc7" """
    platform: Text
    """Platform that the configuration states, as ``os/architecture[/variant]``. Example: "linux/amd64" """
    created: Text | None
    """Time of creation that the configuration states (RFC 3339). Example: "2026-01-02T03:04:05Z" """
    read_from: list[Text] = []
    """Places in registries that the image was read from: the registry, its mirrors, or both; empty for files and for
    layers that are known from an earlier scan. Example: ["https://mirror.example.com/hub"] """


class ProfileVerdict(Part):
    """The verdict of one profile."""

    title: Title = ""
    """Name of the kind of app. Example: "Studio Classic" """
    verdict: Verdict
    """``fail`` if there is an error, whatever ``--fail-on`` says; else ``error`` if a rule failed or no layer was read;
    else ``undecided`` if a check that may find an error could not be completed; else ``pass``."""
    errors: int
    """Number of errors; findings of one cause count once, with the worst severity among them."""
    warnings: int
    """Number of warnings, counted likewise."""
    notes: int
    """Number of notes, counted likewise."""
    undecided: int
    """Number of checks of any severity that could not be completed."""
    selected: bool
    """Whether the profile was asked for, and so decides the exit code."""
    notice: Plain | None
    """What you should know about this kind of app before you build an image for it."""


class Summary(Part):
    """Number of findings for the profiles asked for, each counted by its worst severity, and number of rules."""

    errors: int
    """Number of errors; findings of one cause count once, with the worst severity among them."""
    warnings: int
    """Number of warnings, counted likewise."""
    notes: int
    """Number of notes, counted likewise."""
    undecided: int
    """Number of checks of any severity that could not be completed; they are not counted as errors, warnings or
    notes."""
    waived: int
    """Number of findings that a waiver accepts; they are not counted otherwise."""
    rules: int
    """Number of rules that ran."""
    not_applicable: int
    """Number of rules that had nothing to check."""


class Request(Part):
    """What was asked for."""

    profiles: list[Word]
    """Profiles that decide the verdict. Example: ["studio-jupyterlab"] """
    profiles_reason: Text
    """Why these: ``requested``, or what of the AppImageConfig or of the image shows which app it is meant for.
    Example: "its command starts JupyterLab" """
    fail_on: Literal["error", "warning", "note", "never"]
    """Lowest severity that gives exit code 1."""
    select: list[Text]
    """Rules that were selected: ids, names or prefixes; empty for all. Example: ["KRN", "USR001"] """
    ignore: list[Text]
    """Rules that were left out: ids, names or prefixes. Example: ["APP005"] """


class RuleReport(Part):
    """One rule of the profiles asked for, and what came of it."""

    id: RuleId
    """Id of the rule. Example: "KRN005" """
    name: Word
    """Name of the rule. Example: "kernel-interpreter-missing" """
    summary: Text
    """What the rule finds, in a sentence. Example: "A kernel's interpreter is missing or cannot be executed." """
    severities: dict[Word, Severity]
    """Usual severity for each profile that the rule belongs to. Example: {"studio-classic": "error"} """
    url: Plain | None
    """Page of the rule. Example: "docs/rules/KRN005.md" """
    status: Literal["passed", "failed", "undecided", "waived", "not-applicable"]
    """``failed``: it found something, of any severity; ``undecided``: it found nothing, but could not be completed;
    ``waived``: all that it found is accepted."""
    findings: int
    """Number of its findings that are not waived, undecided ones included."""


class HistoryStep(Part):
    """One step of the history that the image configuration states."""

    created_by: Text | None
    """Build step. Example: "RUN pip install ipykernel" """
    created: Text | None
    """Time of creation (RFC 3339). Example: "2026-01-02T03:04:05Z" """
    layer: int | None
    """Position of the layer that it made; null if it made none, or if that cannot be told."""


class Failure(Part):
    """Why the image could not be analysed."""

    code: Word
    """Kind of error, for programs. Example: "corrupt-layer" """
    message: Text
    """What is wrong, and where. Example: "layer 3 is truncated" """
    hint: Text | None
    """What to do about it."""
    reference: Text
    """The image as named on the command line. Example: "image.tar" """


class LayerReference(Part):
    """The layer that a finding is about."""

    position: int
    """Position of the layer, counted from 0 at the bottom. Example: 3"""
    diff_id: Plain
    """Digest of the uncompressed layer.
    Example: "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef" """
    digest: Plain | None
    """Digest of the layer as stored; null where the source states none."""
    created_by: Text | None
    """Build step that made the layer, from the history of the configuration.
    Example: "RUN pip install ipykernel" """


class Baseline(Part):
    """How many findings are new compared with an earlier report."""

    report: Text
    """The earlier report, as named on the command line. Example: "main.json" """
    new: int
    """Number of findings that the earlier report does not have; they alone decide the exit code."""
    known: int
    """Number of findings that it has, too."""
    fixed: int
    """Number of its findings that are gone."""
    comparable: bool = True
    """False if the image seems to be meant for another app than before, and nobody has said for which: then nothing
    passes."""


class SourceLines(Part):
    """The lines of a Dockerfile that a finding comes from."""

    file: Text
    """The Dockerfile, as named on the command line. Example: "Dockerfile" """
    line: Line
    """First line of the instruction, counted from 1. Example: 12"""
    end_line: Line
    """Its last line. Example: 14"""
    instruction: Word
    """Its keyword; ``FROM`` for what the base image brings. Example: "RUN" """


class Waiver(Part):
    """Why a finding does not count, and until when."""

    reason: Text
    """Reason that the settings file gives."""
    expires: Plain | None
    """Last day of the waiver (ISO 8601); null if it does not expire. Example: "2027-06-30" """


class Cause(Part):
    """The finding that another one is a consequence of."""

    rule: RuleId
    """Id of its rule. Example: "USR006" """
    path: Text | None
    """Its path."""
    message: Text
    """Its message."""


class FindingReport(Part):
    """One finding, or one check that could not be completed."""

    rule: RuleId
    """Id of the rule. Example: "KRN005" """
    name: Word
    """Name of the rule. Example: "kernel-interpreter-missing" """
    kind: Literal["finding", "undecided"]
    """``finding``: something is wrong. ``undecided``: the check could not be completed."""
    fingerprint: Fingerprint
    """What identifies it in every form and later build of the image: digits made from the rule, the path and the thing
    that it is about, such as a kernel or a variable, and ``:n``, which counts equal ones from 1, from the first layer.
    Example: "6a6ac3e98372d9e3e9f4f5a8d2a2b6d6e50fd7a9e0f2a57e18a11ae0a04d12e7:1" """
    severity: Severity
    """Worst severity for the profiles asked for; in ``other_findings``, for the profiles that it concerns. If the check
    is undecided: how severe a finding would be."""
    profiles: list[Word]
    """Profiles that it concerns. Example: ["studio-classic", "studio-jupyterlab"] """
    severities: dict[Word, Severity]
    """Severity for each profile that it concerns. Example: {"studio-classic": "error"} """
    message: Text
    """What is wrong, or what is not known. Example: "/tmp has mode 0755 instead of 1777" """
    hint: Text | None
    """How to fix it, or what would settle an undecided check. Example: "RUN chmod 1777 /tmp" """
    url: Plain | None
    """Page of the rule. Example: "docs/rules/KRN005.md" """
    path: Text | None
    """Path in the image that it is about. Example: "/usr/local/bin/python3" """
    layer: LayerReference | None
    """Layer that wrote this path; null if no layer is to blame."""
    baseline: Literal["new", "known"] | None = None
    """Whether the earlier report has it, too; null without ``--baseline``."""
    stated_in: list[Text] = Field(default_factory=list)
    """Instructions of a Dockerfile of which the last one states what it is about, if no layer is to blame; ``FROM`` for
    the base image, none for what no Dockerfile states. Example: ["ENV JUPYTER_PATH"] """
    source: SourceLines | None = None
    """Instruction of the Dockerfile that it comes from; null without ``--dockerfile``, or if that cannot be told."""
    waived: Waiver | None = None
    """Waiver that accepts the finding."""
    caused_by: Cause | None = None
    """Finding that this one follows from: fixing that one fixes both, and the two count as one."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Details for programs; the page of the rule documents the keys."""


class UserFacts(Part):
    """The user that the container runs as."""

    spec: Text
    """``USER`` of the image configuration. Example: "sagemaker-user" """
    uid: int | None
    """User id; null if ``USER`` cannot be resolved. Example: 1000"""
    gid: int | None
    """Group id; null if ``USER`` cannot be resolved. Example: 100"""
    name: Text | None
    """User name in ``/etc/passwd``. Example: "sagemaker-user" """
    home: Text | None
    """Home directory. Example: "/home/sagemaker-user" """


class KernelStep(Part):
    """One step from the command of a kernel to what it runs in the end."""

    kind: Literal["command", "program", "link", "interpreter", "python", "module", "problem", "unknown"]
    """``command`` as the server starts it; the ``program`` that it leads to; the target of a symbolic ``link``; the
    ``interpreter`` of a ``#!`` line; the prefix of the ``python`` that it is; the ``module`` that this runs; a
    ``problem`` that ends the chain; or what is ``unknown`` before it runs."""
    text: Text
    """The command, the path, or what the problem is. Example: "/opt/conda/bin/python3.12" """
    note: Text | None = None
    """What is to be said of it, such as what is wrong with it. Example: "ELF executable" """


class KernelFacts(Part):
    """One kernel that Jupyter could find."""

    name: Text
    """Name of the kernel as Jupyter lists it. Example: "python3" """
    path: Text
    """Directory of its ``kernel.json``. Example: "/usr/local/share/jupyter/kernels/python3" """
    origin: Literal["kernelspec", "conda", "native"]
    """How it is found: a ``kernel.json`` in Jupyter's directories, a conda environment, or the server's own Python."""
    argv: list[Text]
    """Command that starts it. Example: ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"] """
    display_name: Text
    """Name that users see. Example: "Python 3 (ipykernel)" """
    language: Text
    """Language. Example: "python" """
    visible: bool
    """False if a mounted volume or another kernel of the same name hides it."""
    usable: bool
    """True if nothing is known that keeps it from starting."""
    problems: list[RuleId]
    """Ids of the rules that found an error in it. Example: ["KRN005"] """
    chain: list[KernelStep] = Field(default_factory=list)
    """What its command leads to, step by step; empty if the command is not looked up."""


class DriverFile(Part):
    """One file of an NVIDIA driver."""

    path: Text
    """Its path. Example: "/usr/lib/x86_64-linux-gnu/libcuda.so.535.104.05" """
    cls: Literal["driver-userspace", "driver-kernel", "driver-leftover"] = Field(alias="class")
    """Part of the driver: its libraries and programs, its kernel modules, or empty files and broken links of it."""
    version: str | None
    """Version of the driver in its name. Example: "535.104.05" """


class CudaNeed(Part):
    """One CUDA version in the image, and the drivers of the host that belong to it."""

    version: Text
    """The version. Example: "12.4" """
    minimum_driver: str | None
    """Oldest driver that it runs with; null if none is known. Example: "525.60.13" """
    released_with: str | None
    """Driver that it was released with, which needs no compatibility mode; null if none is known.
    Example: "550.54.14" """


class DriverVerdict(Part):
    """What a driver of the host is for the image."""

    driver: str
    """First driver of a branch that introduced a CUDA version. Example: "535.54.03" """
    cuda: str
    """That CUDA version. Example: "12.2" """
    outcome: Literal["sufficient", "too-old", "forward-compatible", "refused", "depends"]
    """``forward-compatible``: too old, except with the image's compatibility package on GPUs that allow it;
    ``refused`` by a variable of the image; or it ``depends`` on the GPU."""


class NvidiaFacts(Part):
    """NVIDIA software in the image."""

    driver_files: list[DriverFile]
    """Files of a driver, which the host provides and the image must not contain."""
    driver_versions: list[str]
    """Versions of these drivers. Example: ["535.104.05"] """
    cuda_versions: list[str]
    """Versions of the CUDA toolkit. Example: ["12.4"] """
    minimum_driver: str | None
    """Oldest driver of the host that this CUDA runs with. Example: "525.60.13" """
    compat_driver: str | None = None
    """Driver of the compatibility package in the image, with which older drivers may work. Example: "580.65.06" """
    host_driver: str | None = None
    """Driver of the host, as given with `--driver-version`. Example: "535.104.05" """
    host_driver_sufficient: bool | None = None
    """Whether that driver is sufficient; null if none was given, or if it depends on the GPU or on `compat_driver`."""
    driver_statement: str | None = None
    """What the image needs, and what that driver is. Example: "CUDA 13.0 needs driver 580 or newer on the host" """
    cuda: list[CudaNeed] = Field(default_factory=list)
    """Which driver each CUDA version needs, oldest version first."""
    drivers: list[DriverVerdict] = Field(default_factory=list)
    """Which drivers suffice, newest first; empty if the image needs none, or if that is not known."""


class DirectoryUsage(Part):
    """Contents of a directory."""

    files: int
    """Number of files."""
    bytes: int
    """Sum of their sizes, in bytes."""


class SizePiece(Part):
    """A file, or a directory with all that is in it, as one layer stores it."""

    path: Text
    """Its path. Example: "/opt/conda/pkgs" """
    layer: int
    """Position of the layer that stores it."""
    bytes: Bytes
    """Size, in bytes."""
    hidden_by: int | None
    """Position of the layer that replaced or deleted it; null if it is visible."""


class WasteReport(Part):
    """Bytes of a layer that later layers replaced or deleted."""

    layer: int
    """Position of the layer."""
    bytes: Bytes
    """Number of wasted bytes."""
    directories: list[SizePiece]
    """Directories with most of them."""


class HiddenPart(Part):
    """A file, or a directory with all that is in it, as one layer stores it and a later one hides it."""

    path: Text
    """Its path. Example: "/opt/conda" """
    layer: int
    """Position of the layer that stores it."""
    bytes: Bytes
    """Size, in bytes."""
    change: Literal["deleted", "replaced", "owner", "mode", "again"]
    """What the later layer did: `owner` and `mode` store a file again, and `again` does so without such a change."""
    value: str | None
    """New owner or mode; null if there are several, or none. Example: "1000:100" """
    hint: Text | None = None
    """How to store the files once. Example: "Set the owner while copying" """


class WastingReport(Part):
    """What one layer hides of earlier layers."""

    layer: int
    """Position of the layer that hides it."""
    bytes: Bytes
    """Number of bytes of earlier layers that it hides."""
    places: list[HiddenPart]
    """Where most of them are, largest first."""


class SizeNode(Part):
    """A directory or file of one layer, in the tree of sizes."""

    parent: int | None
    """Position in the list of the directory that it is in, which comes before it; null for the root of a layer."""
    name: Annotated[Text, Field(max_length=20_000)]
    """Its name; empty for the root of a layer. Example: "conda" """
    layer: int
    """Position of the layer that stores it."""
    bytes: Bytes
    """Size of all files in it that this layer stores, in bytes."""
    hidden: Bytes
    """Bytes of these that later layers replaced or deleted."""


class AvoidablePart(Part):
    """Files that the image does not need to work."""

    kind: Word
    """What they are. Example: "apt-lists" """
    title: Title
    """The same in words. Example: "package lists of apt" """
    path: Text
    """Their directory, or a pattern for them. Example: "/var/lib/apt/lists" """
    layer: int
    """Position of the layer that stores most of them."""
    bytes: Bytes
    """What the image would be smaller without them, in bytes."""
    files: int
    """Number of files."""
    hint: Text
    """How not to store them. Example: "Add '&& rm -rf /var/lib/apt/lists/*' to the step of layer 2" """


class SizeFacts(Part):
    """Sizes of the image (see the page of rule SIZ001), in bytes, and the limit that was applied."""

    docker_image_size: Bytes
    """Sum of the layers' files, as ``docker image ls`` shows it with a graph driver; compared with the limit."""
    containerd_estimate: Bytes
    """Estimate of what ``docker image ls`` shows with the containerd image store."""
    compressed: Bytes | None
    """Size of the download; null if the layers are not stored compressed."""
    limit: Annotated[int, Field(ge=1, le=1 << 100)]
    """Largest size allowed. Example: 35000000000"""
    largest_files: list[SizePiece] | None
    """Largest files, hidden ones included; null unless the image is near the limit or details were asked for."""
    largest_directories: list[SizePiece] | None
    """Largest directories, counted likewise."""
    wasted: list[WasteReport]
    """Waste per layer that stores it."""
    wasting: list[WastingReport]
    """Waste per layer that hides it: the step to change. The largest comes first."""
    tree: Annotated[list[SizeNode], Field(max_length=100_000)] | None = None
    """Directories and files of each layer that have at least a ten-thousandth of the image, at most 20,000; null
    without ``--inventory``, which ``--format html`` implies."""


class PackageFacts(Part):
    """An installed package."""

    manager: Literal["dpkg", "apk", "conda", "python"]
    """What manages it; ``python`` for what pip or another program installed for a Python."""
    name: Text
    """Its name. Example: "libc6" """
    version: Text
    """Its version. Example: "2.36-9+deb12u13" """
    place: Text
    """Where it is installed: ``/``, the prefix of a conda environment, or the directory that a Python imports it from.
    Example: "/opt/conda" """
    bytes: Bytes | None
    """Size of its files that a container sees, in bytes; null if there is no list of them. A file that several packages
    list counts for the first."""


class Configuration(Part):
    """What the image configuration says of how a container runs (OCI image-spec, ``config``)."""

    environment: dict[Text, Text]
    """Environment variables. Example: {"LANG": "C.UTF-8"} """
    entrypoint: list[Text]
    """``ENTRYPOINT``. Example: ["/usr/bin/tini", "--"] """
    command: list[Text]
    """``CMD``. Example: ["jupyter", "lab"] """
    working_directory: Text
    """``WORKDIR``; empty if none is stated. Example: "/home/sagemaker-user" """
    exposed_ports: list[Text]
    """Ports. Example: ["8888/tcp"] """
    labels: dict[Text, Text]
    """Labels. Example: {"org.opencontainers.image.version": "1.0"} """


class Inventory(Part):
    """What is in the image, as ``ocianalyze diff`` compares it."""

    packages: list[PackageFacts]
    """Installed packages: the system's, then those of conda and Python."""
    unlisted_bytes: Bytes
    """Size of the files that no package lists, in bytes."""
    avoidable: list[AvoidablePart]
    """Files that the image does not need to work, largest first."""
    gaps: list[Text]
    """What could not be read or searched, such as lists of files, and why."""
    configuration: Configuration
    """How the image says that it is run."""


class FilesystemFacts(Part):
    """The merged file system in numbers."""

    entries: int
    """Number of paths, without the root."""
    files: int
    """Number of regular files."""
    bytes: Bytes
    """Sum of their sizes, in bytes."""
    shadowed_bytes: Bytes
    """Bytes that later layers replaced or deleted."""


class FactsReport(Part):
    """What was found out about the image; null where that is impossible: an undecided finding says why."""

    user: UserFacts | None
    """User that the container runs as."""
    kernels: list[KernelFacts] | None
    """Kernels that the server finds: Studio Classic's server if that profile was asked for, else the image's own."""
    nvidia: NvidiaFacts | None
    """NVIDIA software in the image."""
    reserved: dict[str, DirectoryUsage] | None
    """Contents of the directories that SageMaker reserves. Example: {"/opt/ml": {"files": 0, "bytes": 0}} """
    size: SizeFacts
    """Sizes of the image."""
    filesystem: FilesystemFacts
    """The merged file system in numbers."""
    inventory: Inventory | None = None
    """Packages and environment; null without ``--inventory``."""


class LayerIndex(Part):
    """The index that a layer was read by, instead of its bytes."""

    kind: Literal["estargz", "zstd-chunked", "zstd-chunked-stargz", "soci-v1", "soci-v2"]
    """Format of the index. ``zstd-chunked-stargz`` has the annotations of stargz-snapshotter, which older versions of
    podman and skopeo write as well."""
    digest: Plain
    """Digest of the index, as the image states it."""
    verified: bool
    """Whether the index was compared with its digest. It is false for a large ztoc in a registry, of which only the
    parts that are needed are fetched."""
    bound: Literal["annotation", "referrer"]
    """What binds it to the image: an annotation in the image's manifest, which names the digest of the index (of SOCI:
    of the SOCI index, which names that of the ztoc), or only an artifact that refers to the image, which anyone with
    push access can add."""
    spot_checked: int
    """Number of tar headers that were fetched and compared with it."""


class LayerReport(Part):
    """One layer: what it is, what was read of it, and which of its digests were verified."""

    position: int
    """Position of the layer, counted from 0 at the bottom."""
    diff_id: Plain
    """Digest of the uncompressed layer."""
    digest: Plain | None
    """Digest of the layer as stored; null where the source states none."""
    media_type: Text | None
    """Media type that the manifest states. Example: "application/vnd.oci.image.layer.v1.tar+gzip" """
    compression: Literal["none", "gzip", "zstd"]
    """Compression, detected from the content."""
    size: Bytes
    """Size as stored, in bytes."""
    uncompressed_size: Bytes
    """Size of the tar, in bytes; as far as the index tells it, if the layer was read by one."""
    entries: int
    """Number of entries of the tar."""
    created_by: Text | None
    """Build step that made the layer, from the history of the configuration."""
    read: Literal["full", "headers", "cache", "toc"]
    """What was read: every byte; the headers of an uncompressed tar; nothing, because an earlier scan had read it; or
    an index of its files."""
    verified: list[Literal["digest", "diff_id"]]
    """Digests that were compared with the bytes. Example: ["digest"] """
    index: LayerIndex | None = None
    """The index that it was read by; null if it was read itself."""


class DiagnosticReport(Part):
    """Something odd in the image that did not keep it from being analysed."""

    code: Word
    """Code for programs. Example: "duplicate-entry" """
    message: Text
    """What was seen, and what was made of it."""
    layer: int | None = None
    """Position of the layer."""
    path: Text | None = None
    """Path in the image."""


class LayerTiming(Part):
    """What reading one layer cost; a blob that several layers share is listed at the first of them."""

    position: int
    """Position of the layer."""
    read: Literal["full", "headers", "cache", "toc"]
    """What was read, as in ``layers``."""
    size: int
    """Size as stored, in bytes."""
    entries: int
    """Number of entries of the tar."""
    bytes_read: int
    """Bytes that were read."""
    bytes_hashed: int
    """Bytes that were hashed; bytes hashed compressed and uncompressed count twice."""
    seconds: float
    """Wall clock time in seconds, including waiting; layers are read side by side, so the sum may exceed the phase."""
    bytes_per_second: int | None
    """``size`` divided by ``seconds``; null if the time is too short to tell."""


class Timing(Part):
    """Where the time went, and how many bytes were read."""

    started: Moment | None = None
    """When the analysis began (RFC 3339, UTC). Example: "2026-11-28T12:00:00Z" """
    seconds: Seconds
    """Wall clock time of all phases, in seconds."""
    bytes_read: int
    """Bytes that were read of all layers."""
    bytes_hashed: int
    """Bytes that were hashed of all layers."""
    phases: dict[str, float]
    """Seconds of each phase, in order: ``start`` (from the start of the process, on the command line only), ``open``,
    ``layers``, ``merge``, ``rules``. Layers of an image that comes as a stream are read in ``open``.
    Example: {"open": 0.01, "layers": 4.2, "merge": 0.1, "rules": 0.2} """
    layers: list[LayerTiming]
    """What reading each layer cost."""

    def with_start(self, seconds: float) -> Self:
        """Return this with the seconds that passed from the start of the process to that of the analysis."""
        phases = {"start": round(seconds, 4), **self.phases}
        return self.model_copy(update={"phases": phases, "seconds": round(seconds + self.seconds, 4)})


class Document(Part):
    """What a command writes as JSON."""

    def to_json(self) -> bytes:
        """Return the document as indented JSON with a newline at its end."""
        return to_json(as_json(self), indent=True) + b"\n"


class Report(Document):
    """Result of one analysis."""

    schema_: Literal["ocianalyze.report/1"] = Field("ocianalyze.report/1", alias="schema")
    """Name and version of this schema. Within one version, fields are added but never changed or removed."""
    tool: Tool = Tool()
    """Program that made the report."""
    image: ImageSummary
    """Image that was analysed; if it could not be, only its reference."""
    error: Failure | None = None
    """Why the image could not be analysed; null if it was."""
    settings: Text | None = None
    """Path of the settings file that was used. Example: "/home/me/project/ocianalyze.toml" """
    request: Request
    """What was asked for."""
    verdict: Verdict
    """Worst verdict of the profiles asked for, in the order ``fail``, ``error``, ``undecided``, ``pass``."""
    profiles: dict[Word, ProfileVerdict]
    """Verdict of every profile, by its id."""
    summary: Summary
    """Number of findings for the profiles asked for."""
    baseline: Baseline | None = None
    """Comparison with an earlier report; null without ``--baseline``."""
    rules: list[RuleReport] = Field(default_factory=list)
    """Rules of the profiles asked for that were selected, by id."""
    findings: list[FindingReport]
    """Findings for the profiles asked for: worst first, then by layer; each is followed by its consequences."""
    other_findings: list[FindingReport]
    """Findings that concern only other profiles; they explain the verdicts of those."""
    facts: FactsReport | None
    """What was found out about the image; null if no layer was read."""
    layers: list[LayerReport]
    """Layers from the bottom to the top; empty if none was read."""
    history: list[HistoryStep] = Field(default_factory=list)
    """History of the image, oldest step first, with the steps that made no layer."""
    diagnostics: list[DiagnosticReport]
    """Oddities of the image, and remarks on waivers and failed rules."""
    timing: Timing
    """Where the time went."""
    stopped: Text | None = None
    """Why no layer was read (``--fail-fast``); then only rules that need no layer ran."""

    @classmethod
    def from_json(cls, content: bytes, *, what: str = "the report") -> Self:
        """Return the report that `to_json` has written; fields that a newer version added are left out.

        Raises:
            UsageError: it is no report of this schema; `what` names it in the message.
        """
        try:
            value = _decoded(content)
        except ValueError as error:
            raise UsageError(f"{what} is not JSON: {error}", hint=_EXPECTED) from error
        if _is_deeper(value, _DEPTH):
            raise UsageError(f"{what} is nested too deeply", hint=_EXPECTED)
        schema = value.get("schema") if isinstance(value, dict) else None
        if schema != SCHEMA:
            raise UsageError(f"{what} has the schema {str(schema)[:100]!r} instead of {SCHEMA!r}", hint=_EXPECTED)
        try:
            report = cls.model_validate(value, extra="ignore", by_alias=True)
            as_json(report)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))[:200]
            raise UsageError(f"{what} is not valid at {place}: {first['msg']}", hint=_EXPECTED) from error
        return report


def _decoded(content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON document; its integers may have any size, as those that `to_json` writes.

    Raises:
        ValueError: it is none, or nested too deeply.
    """
    if not _LONG_NUMBER.search(content):
        return orjson.loads(content)
    try:
        return json.loads(content.decode(), parse_float=_finite, parse_constant=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _is_deeper(value: object, most: int) -> bool:
    """Tell whether lists and objects of a JSON document are nested more than `most` deep."""
    level = [value]
    for _ in range(most):
        level = [
            child
            for part in level
            if isinstance(part, dict | list)
            for child in (part.values() if isinstance(part, dict) else part)
        ]
    return any(isinstance(part, dict | list) for part in level)


def _finite(number: str) -> float:
    """Return a number with a fraction or an exponent; JSON has no infinity, and nothing that is not a number."""
    value = float(number)
    if not isfinite(value):
        raise ValueError(f"the number {number[:20]} is out of range")
    return value


def as_json(part: BaseModel) -> Any:  # noqa: ANN401 - any JSON value
    """Return a part of a report as a JSON value."""
    return _encodable(part.model_dump(by_alias=True))


def _encodable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return `value` with strings that JSON can hold: rules may put any text into ``data``."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable(str(key)): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value
