"""The options that commands share, and how their values are written."""

from __future__ import annotations

import inspect
import re
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ocianalyze.layers.limits import DEFAULT_LIMITS, MEANINGS, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

_IMAGE_HELP = """A docker archive, an OCI archive or an OCI layout directory (told by content; gzip, zstd, xz or bzip2
around it is fine), '-' for standard input, or docker-archive:PATH[:NAME], oci-archive:PATH[:NAME],
oci:DIRECTORY[:NAME]."""
_UNITS: Final = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


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


def _size(text: str) -> int:
    """Return a number such as ``40000``, ``64MiB`` or ``300GB``."""
    match = re.fullmatch(r"(\d{1,18})\s*([kmgt]i?)?b?", text.strip().lower())
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a number such as 40000, 64MiB or 300GB")
    return int(match[1]) * _UNITS[match[2] or ""]


Image = Annotated[str, typer.Argument(metavar="IMAGE", help=_IMAGE_HELP, show_default=False)]
Platform = Annotated[
    str | None,
    typer.Option(help="Which platform, if there are several (default linux/amd64).", show_default=False),
]
ImageName = Annotated[
    str | None,
    typer.Option(
        "--image", metavar="NAME", help="Which of several images: a name, @POSITION or a digest.", show_default=False
    ),
]
Verify = Annotated[bool, typer.Option("--verify", help="Read and hash every byte, uncompressed layers too.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="How many layers are read at a time.", show_default="processors")]
Output = Annotated[Format, typer.Option("--format", "-f", help="How to print it.")]
ColorChoice = Annotated[Color, typer.Option(help="Whether the table has colours.", envvar="OCIANALYZE_COLOR")]


AppImageConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--app-image-config",
        metavar="FILE",
        help="The JSON that the image is registered with ('-': standard input), as create-app-image-config takes it.",
        envvar="OCIANALYZE_APP_IMAGE_CONFIG",
        show_default=False,
    ),
]
SizeLimit = Annotated[
    int | None,
    typer.Option(
        parser=_size,
        metavar="N",
        help="How large the image may be, such as 30GB.",
        envvar="OCIANALYZE_SIZE_LIMIT",
        show_default="35GB",
    ),
]
DriverVersion = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        help="The NVIDIA driver of the GPU instances, such as 535.104.05.",
        envvar="OCIANALYZE_DRIVER_VERSION",
        show_default="unknown",
    ),
]


def with_limits(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one ``--max-...`` option for each limit; they arrive as the keyword `limits`."""

    @wraps(command)
    def call(**arguments: Any) -> None:  # noqa: ANN401 - whatever the command takes
        given = {name: arguments.pop(name) for name in MEANINGS}
        command(limits=Limits(**{name: value for name, value in given.items() if value is not None}), **arguments)

    signature = inspect.signature(command, eval_str=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "limits"]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                int | None,
                typer.Option(
                    parser=_size,
                    metavar="N",
                    help=f"Limit: {meaning} (default {getattr(DEFAULT_LIMITS, name):,}).",
                    show_default=False,
                ),
            ],
        )
        for name, meaning in MEANINGS.items()
    ]
    call.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *added)}
    return call
