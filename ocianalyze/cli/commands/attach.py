"""``ocianalyze attach``: push a report to the registry of its image, so that whoever has the image finds it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocianalyze.cli.files import STDIN, name_of, read_stored
from ocianalyze.cli.grouping import grouped
from ocianalyze.cli.input import read_settings
from ocianalyze.cli.limits import LimitOptions, make_limits
from ocianalyze.cli.options import OUTPUT, ConfigFile, Format, Isolated, Output
from ocianalyze.cli.output import print_json
from ocianalyze.cli.registries import Offline, RegistryOptions, make_access
from ocianalyze.errors import UsageError
from ocianalyze.oci.reference import Reference
from ocianalyze.reports.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocianalyze.reports.attachments import Attachment


@grouped
def attach(
    *,
    image: Annotated[
        str,
        typer.Argument(
            metavar="IMAGE",
            help="Name of the image in its registry, such as registry.example.com/team/image:tag.",
            show_default=False,
        ),
    ],
    report: Annotated[
        list[Path],
        typer.Argument(
            metavar="REPORT",
            help="Reports on this image that 'scan' wrote as JSON or SARIF; '-' for standard input.",
            show_default=False,
        ),
    ],
    format_: Output = Format.TABLE,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing if it was pushed.", rich_help_panel=OUTPUT)
    ] = False,
    config: ConfigFile = None,
    isolated: Isolated = False,
    offline: Offline = False,
    registry: RegistryOptions,
) -> None:
    """Push reports on IMAGE to its registry, as an OCI artifact that refers to it.

    'ocianalyze inspect IMAGE' lists it, and so do other tools, such as 'oras discover'; 'oras pull' fetches reports.
    You need credentials that may push. Reports on another image are refused, and the same reports are pushed once.
    """
    from ocianalyze.reports.attachments import ARTIFACT_TYPE, created, titles
    from ocianalyze.sources.registry.referrers.artifacts import File
    from ocianalyze.sources.registry.referrers.attaching import attach as push
    from ocianalyze.sources.registry.referrers.subjects import Claim

    settings = read_settings(config, isolated=isolated)
    name = _name(image, offline=offline)
    access = make_access(registry, settings.registries, reads_stdin=STDIN in report, quiet=quiet)
    attachments = _read(report)
    attached = push(
        name,
        access,
        make_limits(LimitOptions(), settings),
        [File(title, one.media_type, one.content) for title, one in titles(attachments)],
        artifact_type=ARTIFACT_TYPE,
        claims=[Claim(one.what, *about) for one in attachments for about in one.about],
        created=created(attachments),
    )
    if quiet:
        return
    if format_ is Format.JSON:
        print_json(
            {
                "artifact": attached.name,
                "digest": attached.digest,
                "artifact_type": ARTIFACT_TYPE,
                "subject": attached.subject,
                "fallback_tag": attached.tag,
                "pushed": attached.is_new,
            }
        )
        return
    done = "" if attached.is_new else " was there already"
    sys.stdout.write(printable(f"{attached.name}{done} (see it with 'ocianalyze inspect {image}')") + "\n")


def _name(image: str, *, offline: bool) -> str:
    """Return the name of an image in a registry; raises UsageError if it is something else."""
    from ocianalyze.sources.opening import is_remote

    reference = Reference.parse(image)
    if not is_remote(reference):
        raise UsageError(
            f"{image} is not the name of an image in a registry, so nothing can be attached to it",
            hint="Push the image, and use its name there: registry.example.com/team/image:tag",
        )
    if offline:
        raise UsageError(
            f"cannot push to the registry of {reference.location}: network access is disabled",
            hint="Remove --offline and OCIANALYZE_OFFLINE",
        )
    return reference.location


def _read(paths: Sequence[Path]) -> list[Attachment]:
    from ocianalyze.reports.attachments import read_attachment

    if list(paths).count(STDIN) > 1:
        raise UsageError("standard input cannot be two reports")
    return [read_attachment(read_stored(path), what=name_of(path)) for path in paths]
