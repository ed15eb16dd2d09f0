"""The options that commands share: how each is written, what it says of itself, and which variable sets it.

Those of registries, of the cache and of limits stand beside what is made of them.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocianalyze.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable

_IMAGE_HELP = """A docker archive, an OCI archive or an OCI layout directory (told by content; gzip, zstd, xz or bzip2
around it is fine), '-' for standard input, the name of an image in a registry such as
registry.example.com/team/image:tag, or docker-archive:PATH[:NAME], oci-archive:PATH[:NAME], oci:DIRECTORY[:NAME],
docker://NAME."""

CHECK: Final = "What to check"
IMAGE: Final = "Which image, and how it is read"
OUTPUT: Final = "Output"
REGISTRY: Final = "Registry"
CACHE: Final = "Cache and limits"
"""The groups in which options are shown."""

_TOO_LONG: Final = regex(r"\s*\d{19}", re.ASCII)
"""How a number begins that is a number, but larger than any that is understood."""


class Format(StrEnum):
    """The forms of a report."""

    TABLE = "table"
    JSON = "json"


class FailOn(StrEnum):
    """The least severity that makes a scan fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"


class Color(StrEnum):
    """Whether the table has colours."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def size(text: str) -> int:
    """Return a number such as ``40000``, ``64MiB`` or ``300GB``."""
    from ocianalyze.units import parse_size

    return _parsed(parse_size, text)


def _size_limit(text: str) -> int:
    """Return how large an image may be."""
    from ocianalyze.settings.model import parse_size_limit

    return _parsed(parse_size_limit, text)


def _parsed(parse: Callable[[str], int], text: str) -> int:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text[:100]!r} is too large" if _TOO_LONG.match(text) else str(error)) from error


Image = Annotated[str, typer.Argument(metavar="IMAGE", help=_IMAGE_HELP, show_default=False)]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="ID",
        help="Which profile decides (repeatable, or with commas): studio-classic, studio-jupyterlab, "
        "studio-code-editor, unified-studio.",
        envvar="OCIANALYZE_PROFILE",
        show_default="studio-classic",
        rich_help_panel=CHECK,
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE",
        help="Only these rules; ids, names or prefixes, with commas.",
        envvar="OCIANALYZE_SELECT",
        rich_help_panel=CHECK,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE",
        help="Not these rules; ids, names or prefixes, with commas.",
        envvar="OCIANALYZE_IGNORE",
        rich_help_panel=CHECK,
    ),
]
Severities = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE=SEVERITY",
        help="Override how bad the findings of a rule are, such as KRN010=note.",
        envvar="OCIANALYZE_SEVERITY",
        rich_help_panel=CHECK,
    ),
]
FailOnChoice = Annotated[
    FailOn | None,
    typer.Option(
        help="Least severity that gives exit code 1; the verdict stays the same.",
        envvar="OCIANALYZE_FAIL_ON",
        show_default="error",
        rich_help_panel=CHECK,
    ),
]
FailFast = Annotated[
    bool,
    typer.Option(
        "--fail-fast",
        help="Read no layer if what is known without them fails already.",
        envvar="OCIANALYZE_FAIL_FAST",
        rich_help_panel=CHECK,
    ),
]
Formats = Annotated[
    list[Format] | None,
    typer.Option(
        "--format",
        "-f",
        metavar="table|json",
        help="How to report (repeatable).",
        envvar="OCIANALYZE_FORMAT",
        show_default="table",
        rich_help_panel=OUTPUT,
    ),
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where to write the report of the --format at the same place ('-': stdout); without one, JSON for *.json.",
        rich_help_panel=OUTPUT,
    ),
]
Platform = Annotated[
    str | None,
    typer.Option(
        metavar="OS/ARCHITECTURE",
        help="Which platform, if there are several, such as linux/amd64/v3 (default linux/amd64).",
        envvar="OCIANALYZE_PLATFORM",
        show_default=False,
        rich_help_panel=IMAGE,
    ),
]
ImageName = Annotated[
    str | None,
    typer.Option(
        "--image",
        metavar="NAME",
        help="Which of several images: a name, @POSITION or a digest.",
        show_default=False,
        rich_help_panel=IMAGE,
    ),
]
Verify = Annotated[
    bool | None,
    typer.Option(
        "--verify/--no-verify",
        help="Read and hash every byte, uncompressed layers too.",
        envvar="OCIANALYZE_VERIFY",
        show_default="--no-verify",
        rich_help_panel=IMAGE,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="How many layers are read at a time.",
        envvar="OCIANALYZE_JOBS",
        show_default="processors",
        rich_help_panel=IMAGE,
    ),
]
Output = Annotated[Format, typer.Option("--format", "-f", help="How to print it.", rich_help_panel=OUTPUT)]
ColorChoice = Annotated[
    Color | None,
    typer.Option(
        help="Whether the table has colours.", envvar="OCIANALYZE_COLOR", show_default="auto", rich_help_panel=OUTPUT
    ),
]
AppImageConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--app-image-config",
        metavar="FILE",
        help="The JSON that the image is registered with ('-': standard input), as create-app-image-config takes it.",
        envvar="OCIANALYZE_APP_IMAGE_CONFIG",
        show_default=False,
        rich_help_panel=CHECK,
    ),
]
SizeLimit = Annotated[
    int | None,
    typer.Option(
        parser=_size_limit,
        metavar="N",
        help="How large the image may be, such as 30GB.",
        envvar="OCIANALYZE_SIZE_LIMIT",
        show_default="35GB",
        rich_help_panel=CHECK,
    ),
]
DriverVersion = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        help="The NVIDIA driver of the GPU instances, such as 535.104.05.",
        envvar="OCIANALYZE_DRIVER_VERSION",
        show_default="unknown",
        rich_help_panel=CHECK,
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The settings, instead of the nearest ocianalyze.toml or pyproject.toml.",
        envvar="OCIANALYZE_CONFIG",
        show_default=False,
        rich_help_panel=CHECK,
    ),
]
Isolated = Annotated[
    bool,
    typer.Option("--isolated", help="Read no file with settings.", envvar="OCIANALYZE_ISOLATED", rich_help_panel=CHECK),
]
