"""The options that commands share: how each is written, what it says of itself, and which variable sets it."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, MEANINGS

if TYPE_CHECKING:
    from collections.abc import Callable

_IMAGE_HELP = """A docker archive, an OCI archive or an OCI layout directory (told by content; gzip, zstd, xz or bzip2
around it is fine), '-' for standard input, the name of an image in a registry such as
registry.example.com/team/image:tag, or docker-archive:PATH[:NAME], oci-archive:PATH[:NAME], oci:DIRECTORY[:NAME],
docker://NAME."""

PASSWORD_VARIABLE: Final = "OCIANALYZE_REGISTRY_PASSWORD"  # noqa: S105 - its name
USERNAME_VARIABLE: Final = "OCIANALYZE_REGISTRY_USERNAME"
HOST_VARIABLE: Final = "OCIANALYZE_REGISTRY_HOST"
"""A login for one registry; the variables are read together, because only together do they mean something."""

CHECK: Final = "What to check"
IMAGE: Final = "Which image, and how it is read"
OUTPUT: Final = "Output"
REGISTRY: Final = "Registry"
CACHE: Final = "Cache and limits"
"""The groups in which options are shown."""

_TOO_LONG: Final = re.compile(r"\s*\d{19}", re.ASCII)
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


class TlsVerify(StrEnum):
    """Whether a certificate is checked, as skopeo writes it."""

    TRUE = "true"
    FALSE = "false"


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


def _directory(text: str) -> Path:
    """Return a directory as it was written, where CI settings write it, too, which no shell has expanded."""
    if not text:
        raise typer.BadParameter("no directory is given; leave the option out for the user's cache directory")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise typer.BadParameter(f"{text[:100]!r} lies in a home that is not known") from error


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
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Ask no registry: only files, directories and standard input are read.",
        envvar="OCIANALYZE_OFFLINE",
        rich_help_panel=REGISTRY,
    ),
]
AuthFile = Annotated[
    Path | None,
    typer.Option(
        "--authfile",
        metavar="FILE",
        help="The file with credentials, instead of those of podman, skopeo and docker.",
        envvar="OCIANALYZE_AUTHFILE",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
Username = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"Who to log in as; the password comes from {PASSWORD_VARIABLE} or the next two.",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="The password is the first line of standard input.", rich_help_panel=REGISTRY
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="The password is the first line of a file.", show_default=False, rich_help_panel=REGISTRY
    ),
]
CertDirectory = Annotated[
    Path | None,
    typer.Option(
        metavar="DIRECTORY",
        help="Authorities (*.crt) and our own certificate (*.cert, *.key), instead of certs.d.",
        envvar="OCIANALYZE_CERT_DIR",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
TlsVerification = Annotated[
    TlsVerify, typer.Option(help="Whether its certificate is checked.", rich_help_panel=REGISTRY)
]
PlainHttp = Annotated[bool, typer.Option("--plain-http", help="Talk to it without TLS.", rich_help_panel=REGISTRY)]
Mirror = Annotated[
    str | None,
    typer.Option(
        metavar="HOST[/PATH]",
        help="A mirror of Docker Hub, asked before Docker Hub itself; not used for other registries.",
        envvar="OCIANALYZE_MIRROR",
        show_default=False,
        rich_help_panel=REGISTRY,
    ),
]
AuthRealms = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST", help="A token server elsewhere that may see the credentials.", rich_help_panel=REGISTRY
    ),
]
CacheDirectory = Annotated[
    Path | None,
    typer.Option(
        "--cache-dir",
        parser=_directory,
        metavar="DIRECTORY",
        help="Where cached layer data is kept.",
        envvar="OCIANALYZE_CACHE_DIR",
        show_default="the user's cache directory",
        rich_help_panel=CACHE,
    ),
]
NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        help="Read every layer, and write nothing: neither use the cache nor fill it.",
        envvar="OCIANALYZE_NO_CACHE",
        rich_help_panel=CACHE,
    ),
]
CacheSize = Annotated[
    int | None,
    typer.Option(
        parser=size,
        metavar="N",
        help="How large the cache may grow; what was not asked for the longest goes first.",
        envvar="OCIANALYZE_CACHE_SIZE",
        show_default="2GiB",
        rich_help_panel=CACHE,
    ),
]


def _limit(name: str) -> Any:  # noqa: ANN401 - typer's own
    return typer.Option(
        parser=size,
        metavar="N",
        help=f"{MEANINGS[name].capitalize()} (default {getattr(DEFAULT_LIMITS, name):,}).",
        envvar=f"OCIANALYZE_{name.upper()}",
        show_default=False,
        hidden=True,
        rich_help_panel=CACHE,
    )


MaxMemory = Annotated[int | None, _limit("max_memory")]
MaxInflated = Annotated[int | None, _limit("max_inflated")]
MaxSteps = Annotated[int | None, _limit("max_steps")]


def _show_all(ctx: typer.Context, value: bool) -> None:  # noqa: FBT001 - typer's callback
    if not value or ctx.resilient_parsing:
        return
    for param in ctx.command.params:
        if getattr(param, "rich_help_panel", None) == CACHE:
            param.hidden = False  # type: ignore[attr-defined] # it is an option
    typer.echo(ctx.get_help())
    raise typer.Exit


HelpAll = Annotated[
    bool,
    typer.Option("--help-all", help="Show this message with the limits, and exit.", callback=_show_all, is_eager=True),
]


def variables() -> set[str]:
    """Return the names of the environment's variables that are read."""
    options = (item for alias in globals().values() for item in getattr(alias, "__metadata__", ()))
    named = {str(option.envvar) for option in options if getattr(option, "envvar", None)}
    return {"OCIANALYZE_DEBUG", PASSWORD_VARIABLE, USERNAME_VARIABLE, HOST_VARIABLE, *named}
