"""The documents of the image specification, parsed from raw bytes because their digests are of the raw bytes.

Sources: image-spec descriptor.md, image-index.md, manifest.md, config.md; Go's encoding/json, by which the runtimes
read them: ``null`` stands for what is empty, be it a text, a number, a list, a map, an object, or one item of these.
Unknown fields are ignored, as the specification demands.
"""

# Annotations are evaluated as they stand: as text, pydantic would have to compile each of them at every start.

import re
from datetime import date
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel, to_pascal

from ocianalyze.errors import InvalidImageError, OcianalyzeError
from ocianalyze.oci import media_types
from ocianalyze.oci.digest import Digest
from ocianalyze.oci.json import decode, reason
from ocianalyze.regex import regex

Value = TypeVar("Value")
_MAX_ITEMS = 100_000
_MOST = 2**63 - 1
_MOMENT = regex(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
"""What Go takes for a time (RFC 3339)."""


def _digest(value: object) -> Digest:
    try:
        return Digest.parse(value)
    except InvalidImageError as error:
        raise ValueError(error.message) from error


def _moment(value: str | None) -> str | None:
    """Return a point of time as it is written; one that Go does not read is refused."""
    if value is None:
        return None
    try:
        if _MOMENT.fullmatch(value):
            date(int(value[:4]) or 1, int(value[5:7]), int(value[8:10]))
            return value
    except ValueError:
        pass
    message = f"invalid RFC 3339 time {value[:40]!r}"
    raise ValueError(message)


def _listed(value: object) -> object:
    """Return a list with null as empty; one that no image has is refused before anything is made of its items."""
    if isinstance(value, list) and len(value) > _MAX_ITEMS:
        message = f"has {len(value):,} items, more than the maximum of {_MAX_ITEMS:,}"
        raise ValueError(message)
    return () if value is None else value


DigestField = Annotated[Digest, PlainValidator(lambda value: _digest("" if value is None else value))]
Integer = Annotated[
    StrictInt, Field(ge=-(2**63), le=_MOST), BeforeValidator(lambda value: 0 if value is None else value)
]
Size = Annotated[StrictInt, Field(ge=0, le=_MOST), BeforeValidator(lambda value: 0 if value is None else value)]
Text = Annotated[StrictStr, BeforeValidator(lambda value: "" if value is None else value)]
Moment = Annotated[StrictStr | None, AfterValidator(_moment)]
Flag = Annotated[StrictBool, BeforeValidator(lambda value: False if value is None else value)]
Part = Annotated[Value, BeforeValidator(lambda value: {} if value is None else value)]
"""An object, empty where it is null; one that may be left out altogether is ``None``, as a pointer of Go's is nil."""
Items = Annotated[tuple[Value, ...], BeforeValidator(_listed)]
Map = Annotated[dict[str, Value], BeforeValidator(lambda value: {} if value is None else value)]


class Document(BaseModel):
    """A part of a document: immutable, camel-case on the wire."""

    model_config = ConfigDict(
        frozen=True, defer_build=True, alias_generator=to_camel, populate_by_name=True, extra="ignore"
    )

    @classmethod
    def from_json(cls, raw: bytes, *, what: str) -> Self:
        """Return the document that `raw` is; `what` names it in errors.

        Raises:
            InvalidImageError: it is not strict JSON, or not what it must be.
        """
        return cls.from_value(decode(raw, what=what), what=what)

    @classmethod
    def from_value(cls, value: object, *, what: str) -> Self:
        """Return the document that `value`, decoded JSON, is; errors as for `from_json`."""
        try:
            return cls.model_validate(value, by_alias=True, by_name=False)
        except ValidationError as error:
            raise InvalidImageError(f"{what}: {reason(error)}") from error
        except OcianalyzeError as error:
            raise InvalidImageError(f"{what}: {error.message}", hint=error.hint) from error

    @model_validator(mode="before")
    @classmethod
    def _must_have_one_spelling(cls, value: object) -> object:
        """Refuse keys that differ from the specification's only in case: Go reads ``Layers`` as ``layers``."""
        if isinstance(value, dict):
            names = {(field.alias or name) for name, field in cls.model_fields.items()}
            if not names.issuperset(value):
                folded = {name.casefold(): name for name in names}
                for key in value:
                    name = folded.get(str(key).casefold(), key)
                    if name != key:
                        message = f"ambiguous key {key!r}: some programs read it as {name!r}"
                        raise ValueError(message)
        return value


class Platform(Document):
    """The platform that an image runs on (image-index.md)."""

    architecture: Text = ""
    os: Text = ""
    variant: Text = ""
    os_version: Text = Field(default="", alias="os.version")
    os_features: Items[Text] = Field(default=(), alias="os.features")

    def __str__(self) -> str:
        """Return ``os/architecture`` and the variant, if any."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @property
    def known(self) -> bool:
        """False for the ``unknown/unknown`` by which buildx marks attestations."""
        return self.os not in ("", "unknown") and self.architecture not in ("", "unknown")


class Descriptor(Document):
    """A reference to a blob: what it is, its digest, and its size in bytes (descriptor.md)."""

    media_type: Text = ""
    digest: DigestField
    size: Size
    urls: Items[Text] = ()
    annotations: Map[Text] = {}
    platform: Platform | None = None
    artifact_type: Text = ""


class Listed(Document):
    """A descriptor as an index lists it, of which only what is chosen has to be verifiable."""

    media_type: Text = ""
    digest: Text = ""
    size: Integer = 0
    urls: Items[Text] = ()
    annotations: Map[Text] = {}
    platform: Platform | None = None
    artifact_type: Text = ""

    def descriptor(self, *, what: str) -> Descriptor:
        """Return this as a descriptor, now that it is needed.

        Raises:
            InvalidImageError: its digest is of an algorithm that cannot be verified, or its size is none.
        """
        if not self.is_verifiable:
            raise InvalidImageError(
                f"cannot verify the image: {self.digest[:100]!r} is not a sha256 or sha512 digest",
                hint="Copy the image with a tool that writes sha256 or sha512 digests, such as skopeo",
            )
        return Descriptor.from_value(self.model_dump(by_alias=True), what=what)

    @property
    def is_verifiable(self) -> bool:
        """True if the digest is one that can be verified."""
        return Digest.is_one(self.digest)

    @property
    def is_attestation(self) -> bool:
        """True for the attestation manifests that buildx puts beside an image.

        One that states a platform is what a runtime of that platform takes for the image, whatever else it says.
        """
        if self.platform is not None:
            return not self.platform.known
        return "vnd.docker.reference.type" in self.annotations


class ImageIndex(Document):
    """A list of manifests, one for each platform (image-index.md)."""

    schema_version: Integer = 0
    media_type: Text = ""
    manifests: Items[Part[Listed]] = ()
    annotations: Map[Text] = {}


class Manifest(Document):
    """One image: its config and its layers from the bottom up (manifest.md)."""

    schema_version: Integer = 0
    media_type: Text = ""
    config: Part[Descriptor]
    layers: Items[Part[Descriptor]] = ()
    annotations: Map[Text] = {}
    artifact_type: Text = ""


class RootFS(Document):
    """The diff_ids of the layers from the bottom up (config.md)."""

    model_config = ConfigDict(frozen=True, defer_build=True, alias_generator=None, extra="ignore")

    type: Text = "layers"
    diff_ids: Items[DigestField] = ()


class History(Document):
    """One build step (config.md)."""

    model_config = ConfigDict(frozen=True, defer_build=True, alias_generator=None, extra="ignore")

    created: Moment = None
    created_by: Text = ""
    author: Text = ""
    comment: Text = ""
    empty_layer: Flag = False


class Execution(Document):
    """How a container of the image runs: the config's ``config`` object (config.md)."""

    model_config = ConfigDict(
        frozen=True, defer_build=True, alias_generator=to_pascal, populate_by_name=True, extra="ignore"
    )

    user: Text = ""
    exposed_ports: Map[dict[str, Any] | None] = {}
    volumes: Map[dict[str, Any] | None] = {}
    args_escaped: Flag = False
    on_build: Items[Text] = ()
    shell: Items[Text] = ()
    env: Items[Text] = ()
    entrypoint: Items[Text] = ()
    cmd: Items[Text] = ()
    working_dir: Text = ""
    labels: Map[Text] = {}
    stop_signal: StrictStr | None = None
    healthcheck: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _must_be_passable(self) -> Self:
        """Refuse what no runtime can pass to a program: a NUL ends a text there."""
        texts = (*self.env, *self.entrypoint, *self.cmd, self.working_dir, self.user)
        if any("\0" in text for text in texts):
            message = "Env, Entrypoint, Cmd, WorkingDir or User contains a NUL character"
            raise ValueError(message)
        return self

    @property
    def environment(self) -> dict[str, str]:
        """The variables of ``Env``; of a name that stands twice the last one counts, as in the runtime."""
        pairs = (item.partition("=") for item in self.env)
        return {name: value for name, _, value in pairs}


class ImageConfig(Document):
    """The config of an image (config.md)."""

    model_config = ConfigDict(frozen=True, defer_build=True, alias_generator=None, extra="ignore")

    created: Moment = None
    author: Text = ""
    architecture: Text = ""
    os: Text = ""
    variant: Text = ""
    os_version: Text = Field(default="", alias="os.version")
    os_features: Items[Text] = Field(default=(), alias="os.features")
    config: Part[Execution] = Execution()
    rootfs: RootFS
    history: Items[Part[History]] = ()

    @property
    def platform(self) -> Platform:
        """The platform that the config states; its parts are empty where it states none."""
        return Platform(
            architecture=self.architecture,
            os=self.os,
            variant=self.variant,
            os_version=self.os_version,
            os_features=self.os_features,
        )

    @model_validator(mode="before")
    @classmethod
    def _must_be_an_image(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("rootfs") is None:
            message = "not an image config: rootfs is missing"
            raise ValueError(message)
        return value


def parse_manifest(value: object, *, what: str, media_type: str | None = None) -> Manifest | ImageIndex:
    """Return a decoded document as the manifest or the index that it is.

    `media_type` is what its descriptor says of it. A document that could be read as both kinds, or that contradicts
    its descriptor, is refused (CVE-2021-41190).

    Raises:
        InvalidImageError: it is neither, both, or of another kind than its descriptor says.
    """
    if not isinstance(value, dict):
        raise InvalidImageError(f"{what} is not a JSON object")
    _refuse_other_spellings(value, what=what)
    stated = value.get("mediaType")
    if not isinstance(stated, str | None):
        raise InvalidImageError(f"{what}: mediaType: must be a string")
    if stated and media_type and stated != media_type and media_type in media_types.DOCUMENTS:
        raise InvalidImageError(f"{what} has media type {stated[:100]!r}, but its descriptor says {media_type!r}")
    kind = stated or media_type
    if value.get("schemaVersion") == 1 or value.get("fsLayers") or kind in media_types.SCHEMA_1:
        raise InvalidImageError(
            f"{what} is a Docker schema 1 manifest, which current registries no longer serve",
            hint="Pull and push the image again with a current Docker or skopeo",
        )
    is_index, is_manifest = "manifests" in value, "layers" in value or "config" in value
    if is_index and is_manifest:
        raise InvalidImageError(f"{what} is ambiguous: it has both 'manifests' and 'layers' or 'config'")
    if not (is_index or is_manifest):
        raise InvalidImageError(f"{what} is neither an image manifest nor an image index")
    if kind in (media_types.INDEXES if is_manifest else media_types.MANIFESTS):
        raise InvalidImageError(f"{what} is ambiguous: its media type {kind!r} contradicts its content")
    return ImageIndex.from_value(value, what=what) if is_index else Manifest.from_value(value, what=what)


def _refuse_other_spellings(value: dict[str, Any], *, what: str) -> None:
    """Refuse keys that differ from the specification's only in case: Go reads ``Layers`` as ``layers``."""
    for key in value:
        for name in ("manifests", "layers", "config", "mediaType", "schemaVersion"):
            if key != name and key.casefold() == name.casefold():
                raise InvalidImageError(f"{what} is ambiguous: some programs read the key {key!r} as {name!r}")
