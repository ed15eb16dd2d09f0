"""The shape of an AppImageConfig, as the SageMaker API demands it, and what in a value contradicts it.

Source: botocore, ``sagemaker/2017-07-24/service-2.json``: ``CreateAppImageConfigRequest``, the other two operations'
``UpdateAppImageConfigRequest`` and ``DescribeAppImageConfigResponse``. AWS matches patterns against the whole text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeAlias

from ocianalyze.errors import suggest
from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Place: TypeAlias = "tuple[str | int, ...]"
Kind: TypeAlias = Literal["structure", "missing", "limit"]


class Violation(NamedTuple):
    """What contradicts the API: where, what, and whether its structure, a missing member or a limit is at fault."""

    place: Place
    problem: str
    kind: Kind
    hint: str | None = None

    @property
    def where(self) -> str:
        """The place as one would write it, such as ``KernelGatewayImageConfig.KernelSpecs[0].Name``."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step[:100]}" for step in self.place)
        return "".join(steps).removeprefix(".")


class Shape(Protocol):
    """What a value may be."""

    def violations(self, value: object, place: Place = ()) -> Iterator[Violation]:
        """Yield what in `value`, which stands at `place`, contradicts the shape."""


class Text(NamedTuple):
    """Text of at most `most` characters that matches `pattern` as a whole; `meaning` says so in words, after "must"."""

    most: int
    least: int = 0
    pattern: re.Pattern[str] | None = None
    meaning: str = ""

    def violations(self, value: object, place: Place = ()) -> Iterator[Violation]:
        """Yield what contradicts it."""
        if not isinstance(value, str):
            yield Violation(place, "must be a string", "structure")
        elif len(value) > self.most:
            yield Violation(place, f"has {len(value):,} characters; at most {self.most:,} are allowed", "limit")
        elif len(value) < self.least or (self.pattern is not None and not self.pattern.fullmatch(value)):
            yield Violation(place, f"is {value!r}; it must {self.meaning}", "limit")


class Integer(NamedTuple):
    """A whole number."""

    least: int
    most: int

    def violations(self, value: object, place: Place = ()) -> Iterator[Violation]:
        """Yield what contradicts it."""
        if not isinstance(value, int) or isinstance(value, bool):
            yield Violation(place, "must be an integer", "structure")
        elif not self.least <= value <= self.most:
            yield Violation(place, f"is {value}; it must be between {self.least} and {self.most:,}", "limit")


class Items(NamedTuple):
    """A list."""

    item: Shape
    most: int
    least: int = 0

    def violations(self, value: object, place: Place = ()) -> Iterator[Violation]:
        """Yield what contradicts it."""
        if not isinstance(value, list):
            yield Violation(place, "must be a list", "structure")
            return
        if len(value) > self.most:
            yield Violation(place, f"has {len(value):,} items; at most {self.most} are allowed", "limit")
        if len(value) < self.least:
            yield Violation(place, f"has {len(value)} items; at least {self.least} is required", "limit")
        for number, item in enumerate(value):
            yield from self.item.violations(item, (*place, number))


class Pairs(NamedTuple):
    """An object whose keys are free."""

    key: Text
    value: Shape
    most: int

    def violations(self, value: object, place: Place = ()) -> Iterator[Violation]:
        """Yield what contradicts it."""
        if not isinstance(value, dict):
            yield Violation(place, "must be an object", "structure")
            return
        if len(value) > self.most:
            yield Violation(place, f"has {len(value):,} entries; at most {self.most} are allowed", "limit")
        for key, item in value.items():
            for violation in self.key.violations(key, place):
                yield violation._replace(problem=f"has a name that {violation.problem}")
            yield from self.value.violations(item, (*place, key))


@dataclass(frozen=True, slots=True)
class Structure:
    """An object with given members; `elsewhere` says where misplaced members belong."""

    members: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def violations(self, value: object, place: Place = ()) -> Iterator[Violation]:
        """Yield what contradicts it."""
        if not isinstance(value, dict):
            yield Violation(place, "must be an object", "structure")
            return
        for name in self.required:
            if name not in value:
                yield Violation((*place, name), "is missing", "missing")
        for name, item in value.items():
            if name in self.members:
                yield from self.members[name].violations(item, (*place, name))
            else:
                home = self.elsewhere.get(name)
                hint = f"Move it to {home}" if home else suggest(str(name), self.members)
                yield Violation((*place, name), "is not known to the API", "structure", hint)


class Anything:
    """Any value: what only a response holds, and nobody sends."""

    def violations(self, value: object, place: Place = ()) -> Iterator[Violation]:
        """Yield nothing."""
        del value, place
        yield from ()


_BLANK: Final = regex(r"(?!\s*$).+", re.ASCII)
_TAG: Final = regex(r"[\w \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000.:/=+\-@]*")

_FILE_SYSTEM: Final = Structure(
    {
        "MountPath": Text(1024, pattern=regex(r"/.*"), meaning="be an absolute path"),
        "DefaultUid": Integer(0, 65535),
        "DefaultGid": Integer(0, 65535),
    }
)
_CONTAINER: Final = Structure(
    {
        "ContainerEntrypoint": Items(Text(256, pattern=_BLANK, meaning="be a single line that is not blank"), 1),
        "ContainerArguments": Items(Text(64, pattern=_BLANK, meaning="be a single line that is not blank"), 50),
        "ContainerEnvironmentVariables": Pairs(
            Text(256, pattern=_BLANK, meaning="be a single line that is not blank"), Text(256), 25
        ),
    }
)
_KERNEL: Final = Structure({"Name": Text(1024), "DisplayName": Text(1024)}, ("Name",))
_APPLICATION: Final = Structure({"FileSystemConfig": _FILE_SYSTEM, "ContainerConfig": _CONTAINER})
_TAGS: Final = Structure(
    {
        "Key": Text(128, 1, _TAG, "contain only letters, digits, spaces and _.:/=+-@"),
        "Value": Text(256, 0, _TAG, "contain only letters, digits, spaces and _.:/=+-@"),
    },
    ("Key", "Value"),
)
_APPLICATIONS: Final = "JupyterLabAppImageConfig or CodeEditorAppImageConfig"

APP_IMAGE_CONFIG: Final = Structure(
    {
        "AppImageConfigName": Text(
            63,
            pattern=regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
            meaning="contain only ASCII letters and digits, with hyphens between them",
        ),
        "KernelGatewayImageConfig": Structure(
            {"KernelSpecs": Items(_KERNEL, 5, 1), "FileSystemConfig": _FILE_SYSTEM},
            ("KernelSpecs",),
            {"ContainerConfig": _APPLICATIONS},
        ),
        "JupyterLabAppImageConfig": _APPLICATION,
        "CodeEditorAppImageConfig": _APPLICATION,
        "Tags": Items(_TAGS, 50),
        **dict.fromkeys(("AppImageConfigArn", "CreationTime", "LastModifiedTime", "ResponseMetadata"), Anything()),
    },
    ("AppImageConfigName",),
    {
        "KernelSpecs": "KernelGatewayImageConfig",
        "FileSystemConfig": "KernelGatewayImageConfig",
        "ContainerConfig": _APPLICATIONS,
    },
)
"""What Create, Update and Describe hold, together."""
