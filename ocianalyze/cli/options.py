"""The options that commands share: how each is written, what it says of itself, and which variable sets it.

Those of registries, of the cache and of limits stand beside what is made of them.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from ocianalyze.cli.completion import complete_profiles, complete_rules, complete_severities

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocianalyze.units import Growth

_IMAGE_HELP = """Path of a docker archive, OCI archive (also gzip, zstd, xz, bzip2) or OCI layout directory; '-' for
standard input; an image name such as registry.example.com/team/image:tag; or docker-archive:PATH[:NAME],
oci-archive:PATH[:NAME], oci:DIRECTORY[:NAME], docker://NAME."""

CHECK: Final = "What to check"
IMAGE: Final = "Image"
OUTPUT: Final = "Output"
REGISTRY: Final = "Registry"
CACHE: Final = "Cache and limits"
"""The groups in which options are shown."""

_Choice = TypeVar("_Choice", bound=StrEnum)
_Value = TypeVar("_Value")


class Format(StrEnum):
    """The forms of what a command prints."""

    TABLE = "table"
    JSON = "json"


class ReportFormat(StrEnum):
    """The forms of a report; all but the table are in `ocianalyze.reports.formats`."""

    TABLE = "table"
    LINE = "line"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITLAB = "gitlab-codequality"
    GITHUB = "github"
    MARKDOWN = "markdown"
    HTML = "html"


class FleetFormat(StrEnum):
    """The forms of a report on a fleet."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"
    PARQUET = "parquet"


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


def growth(text: str) -> Growth:
    """Return by how much an image may grow."""
    from ocianalyze.units import parse_growth

    return _parsed(parse_growth, text)


def _size_limit(text: str) -> int:
    """Return how large an image may be."""
    from ocianalyze.settings.values import parse_size_limit

    return _parsed(parse_size_limit, text)


def _jobs(text: str) -> int:
    """Return how many layers are read at a time."""
    from ocianalyze.settings.values import parse_jobs

    return _parsed(parse_jobs, text)


def _parsed(parse: Callable[[str], _Value], text: str) -> _Value:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def one_of(kind: type[_Choice]) -> dict[str, Any]:
    """Return how an option is declared that takes one of some words: they are shown, completed and parsed."""

    def parse(text: str | _Choice) -> _Choice:
        from ocianalyze.errors import UsageError
        from ocianalyze.settings.values import choose

        try:
            return kind(choose(str(text), [item.value for item in kind]))
        except UsageError as error:
            raise typer.BadParameter(error.one_line()) from error

    def complete(incomplete: str) -> list[str]:
        return [item.value for item in kind if item.value.startswith(incomplete)]

    return {"parser": parse, "metavar": "|".join(item.value for item in kind), "autocompletion": complete}


Image = Annotated[str, typer.Argument(metavar="IMAGE", help=_IMAGE_HELP, show_default=False)]
Images = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="IMAGE",
        help=_IMAGE_HELP
        + """ Several images are scanned one after the other. A quoted pattern of tags or repositories,
such as 'registry.example.com/team/app:v1.*', stands for what the registry lists.""",
        show_default=False,
    ),
]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="ID",
        help="Profiles that decide the verdict (repeatable, or with commas): studio-classic, studio-jupyterlab, "
        "studio-code-editor, unified-studio, hyperpod-spaces, all.",
        autocompletion=complete_profiles,
        envvar="OCIANALYZE_PROFILE",
        show_default="what the AppImageConfig or the image is for",
        rich_help_panel=CHECK,
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE",
        help="Run only these rules: ids, names or prefixes, separated by commas.",
        autocompletion=complete_rules,
        envvar="OCIANALYZE_SELECT",
        rich_help_panel=CHECK,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE",
        help="Skip these rules: ids, names or prefixes, separated by commas.",
        autocompletion=complete_rules,
        envvar="OCIANALYZE_IGNORE",
        rich_help_panel=CHECK,
    ),
]
Severities = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE=SEVERITY",
        help="Override the severity of a rule, such as KRN010=note.",
        autocompletion=complete_severities,
        envvar="OCIANALYZE_SEVERITY",
        rich_help_panel=CHECK,
    ),
]
FailOnChoice = Annotated[
    FailOn | None,
    typer.Option(
        help="Lowest severity that gives exit code 1; the verdict stays the same.",
        envvar="OCIANALYZE_FAIL_ON",
        show_default="error",
        rich_help_panel=CHECK,
        **one_of(FailOn),
    ),
]
FailFast = Annotated[
    bool,
    typer.Option(
        "--fail-fast",
        help="Stop before reading layers if the configuration already fails.",
        envvar="OCIANALYZE_FAIL_FAST",
        rich_help_panel=CHECK,
    ),
]
Formats = Annotated[
    list[ReportFormat] | None,
    typer.Option(
        "--format",
        "-f",
        help="Format of the report (repeatable).",
        envvar="OCIANALYZE_FORMAT",
        show_default="table",
        rich_help_panel=OUTPUT,
        **one_of(ReportFormat),
    ),
]


def _outputs(more: str = "") -> Any:  # noqa: ANN401 - typer's own
    return typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="File for the report ('-': standard output), one per --format; without --format, its suffix decides."
        + more,
        rich_help_panel=OUTPUT,
    )


Outputs = Annotated[list[Path] | None, _outputs()]
OutputsOfSeveral = Annotated[
    list[Path] | None, _outputs(" '{name}' in it stands for the image: a file for each of several.")
]
Platform = Annotated[
    str | None,
    typer.Option(
        metavar="OS/ARCHITECTURE",
        help="Platform to choose from several, such as linux/amd64/v3 (default linux/amd64).",
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
        help="Image to choose from several: a name, @POSITION or a digest.",
        show_default=False,
        rich_help_panel=IMAGE,
    ),
]
Verify = Annotated[
    bool | None,
    typer.Option(
        "--verify/--no-verify",
        help="Read and hash every byte, including uncompressed layers.",
        envvar="OCIANALYZE_VERIFY",
        show_default="--no-verify",
        rich_help_panel=IMAGE,
    ),
]
Lazy = Annotated[
    bool,
    typer.Option(
        "--lazy",
        help="""Read layers by indexes of their files (eStargz, zstd:chunked, SOCI) instead of all their bytes. The
verdict is then based on what the indexes say, not on the layers themselves.""",
        rich_help_panel=IMAGE,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        parser=_jobs,
        help="Number of layers to read at a time.",
        envvar="OCIANALYZE_JOBS",
        show_default="processors",
        rich_help_panel=IMAGE,
    ),
]
Output = Annotated[
    Format, typer.Option("--format", "-f", help="Output format.", rich_help_panel=OUTPUT, **one_of(Format))
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print no report; only set the exit code.", rich_help_panel=OUTPUT)
]
ColorChoice = Annotated[
    Color | None,
    typer.Option(
        help="Use colors in the output.",
        envvar="OCIANALYZE_COLOR",
        show_default="auto",
        rich_help_panel=OUTPUT,
        **one_of(Color),
    ),
]
AppImageConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--app-image-config",
        metavar="FILE",
        help="AppImageConfig to check the image with: JSON as for create-app-image-config ('-': standard input).",
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
        help="Maximum size of the image, such as 30GB.",
        envvar="OCIANALYZE_SIZE_LIMIT",
        show_default="35GB",
        rich_help_panel=CHECK,
    ),
]
DriverVersion = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        help="NVIDIA driver of the GPU instances, such as 535.104.05.",
        envvar="OCIANALYZE_DRIVER_VERSION",
        show_default="unknown",
        rich_help_panel=CHECK,
    ),
]
Inventory = Annotated[
    bool,
    typer.Option(
        "--inventory",
        help="Add sizes by directory, packages and environment to the JSON report, as 'diff' compares them.",
        envvar="OCIANALYZE_INVENTORY",
        rich_help_panel=OUTPUT,
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings file, instead of the nearest ocianalyze.toml or pyproject.toml.",
        envvar="OCIANALYZE_CONFIG",
        show_default=False,
        rich_help_panel=CHECK,
    ),
]
Isolated = Annotated[
    bool,
    typer.Option("--isolated", help="Ignore all settings files.", envvar="OCIANALYZE_ISOLATED", rich_help_panel=CHECK),
]
