"""``ocianalyze size``: show where the bytes of an image are, and what could be saved."""

from __future__ import annotations

import sys
from dataclasses import replace

from ocianalyze.cli.caching import CacheDirectory, CacheOptions, CacheSize, NoCache
from ocianalyze.cli.input import either, read_settings
from ocianalyze.cli.limits import HelpAll, LimitOptions, MaxInflated, MaxMemory, MaxSteps
from ocianalyze.cli.options import (
    Color,
    ColorChoice,
    ConfigFile,
    Format,
    Image,
    ImageName,
    Isolated,
    Jobs,
    Output,
    Platform,
    SizeLimit,
)
from ocianalyze.cli.output import screen
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


def size(
    *,
    image: Image,
    format_: Output = Format.TABLE,
    size_limit: SizeLimit = None,
    color: ColorChoice = None,
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
    """Show where the bytes of IMAGE are: by directory, layer and package; and what can be saved, and how."""
    from ocianalyze.analysis import measure
    from ocianalyze.cli.progress import showing_progress
    from ocianalyze.reports.size.table import print_sizes
    from ocianalyze.rules.rule import SIZE_LIMIT

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
    limit = size_limit or settings.size_limit or SIZE_LIMIT
    with showing_progress() as progress:
        report = measure(replace(source, progress=progress), size_limit=limit)
    if format_ is Format.JSON:
        sys.stdout.buffer.write(report.to_json())
    else:
        print_sizes(report, screen(Color(either(color, settings.color, Color.AUTO))))
