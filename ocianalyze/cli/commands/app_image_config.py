"""``ocianalyze app-image-config``: write the AppImageConfig that fits an image."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from ocianalyze.cli.caching import CacheDirectory, CacheOptions, CacheSize, NoCache
from ocianalyze.cli.input import read_settings, several
from ocianalyze.cli.limits import HelpAll, LimitOptions, MaxInflated, MaxMemory, MaxSteps
from ocianalyze.cli.options import ConfigFile, Image, ImageName, Isolated, Jobs, Platform
from ocianalyze.cli.output import print_json
from ocianalyze.cli.registries import (
    AuthFile,
    AuthRealms,
    CertDirectory,
    Mirror,
    Offline,
    PasswordFile,
    PasswordStdin,
    PlainHttp,
    RegistryOptions,
    TlsVerification,
    TlsVerify,
    Username,
)
from ocianalyze.cli.source import make_source
from ocianalyze.reports.text import printable


def app_image_config(
    *,
    image: Image,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Application to write it for.",
            envvar="OCIANALYZE_PROFILE",
            show_default="the one that the image is meant for",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the AppImageConfig.", show_default="after the image")
    ] = None,
    platform: Platform = None,
    image_name: ImageName = None,
    jobs: Jobs = None,
    config: ConfigFile = None,
    isolated: Isolated = False,
    offline: Offline = False,
    authfile: AuthFile = None,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    password_file: PasswordFile = None,
    cert_dir: CertDirectory = None,
    tls_verify: TlsVerification = TlsVerify.TRUE,
    plain_http: PlainHttp = False,
    mirror: Mirror = None,
    auth_realm: AuthRealms = None,
    no_cache: NoCache = False,
    cache_dir: CacheDirectory = None,
    cache_size: CacheSize = None,
    max_memory: MaxMemory = None,
    max_inflated: MaxInflated = None,
    max_steps: MaxSteps = None,
    help_all: HelpAll = False,  # noqa: ARG001 - its callback has done it
) -> None:
    """Write the AppImageConfig that fits IMAGE, for 'aws sagemaker create-app-image-config --cli-input-json'."""
    from ocianalyze.analysis import fit_app_image_config
    from ocianalyze.cli.progress import showing_progress

    settings = read_settings(config, isolated=isolated)
    source = make_source(
        image,
        settings,
        platform=platform,
        image_name=image_name,
        limits=LimitOptions(max_memory, max_inflated, max_steps),
        registry=RegistryOptions(
            authfile=authfile,
            username=username,
            password_stdin=password_stdin,
            password_file=password_file,
            cert_dir=cert_dir,
            tls_verify=tls_verify,
            plain_http=plain_http,
            mirror=mirror,
            auth_realm=auth_realm,
        ),
        offline=offline,
        cache=CacheOptions(no_cache, cache_dir, cache_size),
        jobs=jobs,
    )
    with showing_progress() as progress:
        fitting = fit_app_image_config(
            replace(source, progress=progress),
            profile=several((profile or "").split()) or settings.policy.profiles,
            name=name,
        )
    for remark in fitting.remarks:
        typer.echo(f"ocianalyze: {printable(remark)}", err=True)
    print_json(fitting.config)
