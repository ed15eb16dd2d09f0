r"""The report, as other programs read it: schema ``ocianalyze.report/1``.

The JSON of a report is its `model_dump`. The schema is a promise: fields are added, never changed or removed, within
one number. Sizes are in bytes; paths are absolute, with bytes that are not UTF-8 as ``\xNN``.
"""

# Annotations are evaluated as they stand: as text, pydantic would have to compile each of them at every start.

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ocianalyze.reports.text import encodable, to_json
from ocianalyze.version import __version__

SCHEMA = "ocianalyze.report/1"

Verdict = Literal["pass", "fail", "undecided", "error"]
Severity = Literal["error", "warning", "note"]
Text = Annotated[str, AfterValidator(encodable)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Tool(_Part):
    """The program that made the report."""

    name: str = "ocianalyze"
    version: str = __version__


class ImageSummary(_Part):
    """Which image was analysed."""

    reference: Text
    source: Literal["docker-archive", "oci-archive", "oci-layout", "registry", "stdin"]
    names: list[Text]
    digest: str | None
    config_digest: str
    platform: Text
    created: Text | None


class ProfileVerdict(_Part):
    """What one profile makes of the findings, and whether it was asked for.

    The verdict is ``fail`` if there is an error, whatever ``--fail-on`` says; else ``error`` if a rule of it failed, or
    if no layer was read; else ``undecided`` if a check that may find an error could not be completed; else ``pass``.
    `undecided` counts the checks of any severity that could not be completed. `notice` is what should be known of the
    place before work is put into an image for it.
    """

    verdict: Verdict
    errors: int
    warnings: int
    notes: int
    undecided: int
    selected: bool
    notice: str | None


class Summary(_Part):
    """How many findings concern the profiles asked for, by the worst severity of each, and how many rules ran.

    `undecided` counts the checks that could not be completed, of any severity; they are none of the others.
    """

    errors: int
    warnings: int
    notes: int
    undecided: int
    waived: int
    rules: int
    not_applicable: int


class Request(_Part):
    """What was asked: the least severity that gives exit code 1, and which rules were selected or left out by name."""

    fail_on: Literal["error", "warning", "note", "never"]
    select: list[Text]
    ignore: list[Text]


class LayerReference(_Part):
    """The layer that a finding is about."""

    position: int
    diff_id: str
    digest: str | None
    created_by: Text | None


class Waiver(_Part):
    """Why a finding does not count, and until when."""

    reason: Text
    expires: str | None


class Cause(_Part):
    """The finding that another one is a consequence of."""

    rule: str
    path: Text | None
    message: Text


class FindingReport(_Part):
    """One finding, or one check that could not be completed: `kind` says which.

    `severity` is the worst for the profiles asked for, and in `Report.other_findings` for those that it concerns;
    `severities` has that of each profile that it concerns, and `profiles` are these. Of a check that could not be
    completed it is how bad a finding would be; `message` says what is not known, and `hint` what would settle it.
    """

    rule: str
    name: str
    kind: Literal["finding", "undecided"]
    severity: Severity
    profiles: list[str]
    severities: dict[str, Severity]
    message: Text
    hint: Text | None
    url: str | None
    path: Text | None
    layer: LayerReference | None
    waived: Waiver | None = None
    caused_by: Cause | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class UserFacts(_Part):
    """The user that the container runs as; `uid` and `gid` are null where USER cannot be resolved."""

    spec: Text
    uid: int | None
    gid: int | None
    name: Text | None
    home: Text | None


class KernelFacts(_Part):
    """One kernel that Jupyter could find."""

    name: Text
    path: Text
    origin: Literal["kernelspec", "conda", "native"]
    argv: list[Text]
    display_name: Text
    language: Text
    visible: bool
    usable: bool
    problems: list[str]


class DriverFile(_Part):
    """One file of an NVIDIA driver."""

    path: Text
    cls: Literal["driver-userspace", "driver-kernel", "driver-leftover"] = Field(alias="class")
    version: str | None


class NvidiaFacts(_Part):
    """What the image holds of NVIDIA's."""

    driver_files: list[DriverFile]
    driver_versions: list[str]
    cuda_versions: list[str]
    minimum_driver: str | None


class DirectoryUsage(_Part):
    """How much lies in a directory."""

    files: int
    bytes: int


class SizePiece(_Part):
    """A file, or a directory with all that is in it, as one layer stores it.

    `hidden_by` is the position of the layer that replaced or deleted it, or what of it is counted here.
    """

    path: Text
    layer: int
    bytes: int
    hidden_by: int | None


class WasteReport(_Part):
    """What later layers replaced or deleted of a layer, and the directories in which most of it lay."""

    layer: int
    bytes: int
    directories: list[SizePiece]


class SizeFacts(_Part):
    """The sizes that an image can be said to have (see docs/rules/SIZ001.md), and what was taken as the limit.

    The largest files and directories are counted where a layer stores them, hidden or not, as the first size is; they
    are null where the image is far from the limit and nobody asked for them.
    """

    docker_image_size: int
    containerd_estimate: int
    compressed: int | None
    limit: int
    largest_files: list[SizePiece] | None
    largest_directories: list[SizePiece] | None
    wasted: list[WasteReport]


class FilesystemFacts(_Part):
    """The merged file system in numbers; `entries` are its paths without the root."""

    entries: int
    files: int
    bytes: int
    shadowed_bytes: int


class FactsReport(_Part):
    """What the image says of itself; what cannot be told is null, and a finding of the kind ``undecided`` says why."""

    user: UserFacts | None
    kernels: list[KernelFacts] | None
    nvidia: NvidiaFacts | None
    reserved: dict[str, DirectoryUsage] | None
    size: SizeFacts
    filesystem: FilesystemFacts


class LayerReport(_Part):
    """One layer: what it is, what was read of it, and which of its digests were verified."""

    position: int
    diff_id: str
    digest: str | None
    media_type: Text | None
    compression: Literal["none", "gzip", "zstd"]
    size: int
    uncompressed_size: int
    entries: int
    created_by: Text | None
    read: Literal["full", "headers", "cache", "toc"]
    verified: list[Literal["digest", "diff_id"]]


class DiagnosticReport(_Part):
    """Something odd in the image that was seen, decided, and did not keep it from being analysed."""

    code: str
    message: Text
    layer: int | None = None
    path: Text | None = None


class LayerTiming(_Part):
    """What reading one layer cost; a blob that stands for several layers is read once, and listed at the first.

    `seconds` are those that passed, beside other layers and with all waiting for the medium, so that their sum may be
    more than the phase took. `bytes_per_second` is how fast the layer was got through, by its size as stored; null
    where it took no time that can be told. Bytes that were hashed as stored and again uncompressed count twice.
    """

    position: int
    read: Literal["full", "headers", "cache", "toc"]
    size: int
    entries: int
    bytes_read: int
    bytes_hashed: int
    seconds: float
    bytes_per_second: int | None


class Timing(_Part):
    """Where the time went, in seconds, and on how many bytes.

    `phases` are in the order in which they happen: ``start`` is from the start of the process to that of the analysis,
    where the command line can tell it; then ``open``, ``layers``, ``merge`` and ``rules``. The layers of an image that
    comes as a stream are read as it is opened.
    """

    seconds: float
    bytes_read: int
    bytes_hashed: int
    phases: dict[str, float]
    layers: list[LayerTiming]

    def with_start(self, seconds: float) -> Self:
        """Return this with the seconds that passed from the start of the process to that of the analysis."""
        phases = {"start": round(seconds, 4), **self.phases}
        return self.model_copy(update={"phases": phases, "seconds": round(seconds + self.seconds, 4)})


class Report(_Part):
    """All that came of one analysis.

    `verdict`, `summary` and `findings` are those of the profiles asked for (`ProfileVerdict.selected`): the verdict is
    the worst of theirs, in the order ``fail``, ``error``, ``undecided``, ``pass``. What else was found, which explains
    the verdicts of the other profiles, is in `other_findings`. `facts.kernels` is the list of
    Studio Classic's server if that was asked for, else of the image's own. `settings` is the file of the settings that
    were used, if there was one.

    `stopped` says why no layer was read, if none was, which only happens on request (``--fail-fast``): then `facts` is
    null, `layers` is empty, and the verdict, ``fail`` or ``error``, and the findings are those of the rules that need
    none.
    """

    schema_: Literal["ocianalyze.report/1"] = Field("ocianalyze.report/1", alias="schema")
    tool: Tool = Tool()
    image: ImageSummary
    settings: Text | None = None
    request: Request
    verdict: Verdict
    profiles: dict[str, ProfileVerdict]
    summary: Summary
    findings: list[FindingReport]
    other_findings: list[FindingReport]
    facts: FactsReport | None
    layers: list[LayerReport]
    diagnostics: list[DiagnosticReport]
    timing: Timing
    stopped: Text | None = None

    def to_json(self) -> bytes:
        """Return the report as indented JSON with a newline at its end."""
        return to_json(as_json(self), indent=True) + b"\n"


def as_json(part: BaseModel) -> Any:  # noqa: ANN401 - any JSON value
    """Return a part of a report as a JSON value."""
    return _encodable(part.model_dump(by_alias=True))


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the report (draft 2020-12)."""
    schema = Report.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **schema}


def _encodable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return `value` with strings that JSON can hold: rules may put any text into ``data``."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable(str(key)): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value
