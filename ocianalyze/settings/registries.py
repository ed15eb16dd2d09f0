"""The tables ``[registry."HOST"]``: how registries are reached, and what a file that was only found may not say."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from ocianalyze.errors import InvalidReferenceError, UsageError
from ocianalyze.oci.repository import RepositoryName
from ocianalyze.oci.urls import without_login
from ocianalyze.settings.table import File, Several, Table, approved, checked
from ocianalyze.sources.registry.access import LONGEST_TIMEOUT, HostSettings, check_realm, parse_mirror
from ocianalyze.sources.registry.connections.proxies import check_proxy


def check_registry(name: str) -> str:
    """Return the name of a registry as images have it, in lower case; raises UsageError if it is none."""
    try:
        found = RepositoryName.parse(f"{name}/image").registry
    except InvalidReferenceError:
        found = ""
    if not found or (found != name and "/" not in name and "." not in name):
        raise UsageError(f"{without_login(name)!r} is not the name of a registry", hint="Use the form host[:port]")
    if "/" in name:
        raise UsageError(
            f"{without_login(name)!r} is not the name of a registry", hint="Leave out the path: host[:port]"
        )
    return found.lower()


class RegistryTable(Table):
    """How one registry is reached; see `ocianalyze.sources.registry.access.HostSettings`."""

    mirror: Several[Annotated[str, approved(parse_mirror)]] = []
    plain_http: bool | None = Field(None, alias="plain-http")
    tls_verify: bool | None = Field(None, alias="tls-verify")
    cert_dir: File | None = Field(None, alias="cert-dir")
    ca_file: Several[File] = Field([], alias="ca-file")
    client_cert: File | None = Field(None, alias="client-cert")
    client_key: File | None = Field(None, alias="client-key")
    auth_realm: Several[Annotated[str, approved(check_realm)]] = Field([], alias="auth-realm")
    timeout: Annotated[float, Field(gt=0, le=LONGEST_TIMEOUT, strict=False)] | None = None
    proxy: Annotated[str, approved(check_proxy)] | None = None

    @model_validator(mode="after")
    def _has_both(self) -> "RegistryTable":
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("client-key needs client-cert")
        return self

    def settings(self, directory: Path) -> HostSettings:
        """Return what the table of a file in `directory` says."""
        client = None
        if self.client_cert is not None:
            client = directory / self.client_cert, directory / (self.client_key or self.client_cert)
        return HostSettings(
            mirrors=tuple(self.mirror),
            plain_http=self.plain_http,
            tls_verify=self.tls_verify,
            cert_dir=None if self.cert_dir is None else directory / self.cert_dir,
            ca_files=tuple(directory / file for file in self.ca_file),
            client=client,
            allowed_realms=tuple(self.auth_realm),
            timeout=self.timeout,
            proxy=self.proxy,
        )

    def lowers_security(self, directory: Path) -> Iterator[str]:
        """Yield the keys of a file in `directory` that let others read or replace what is read, or learn who we are."""
        if self.plain_http:
            yield "plain-http"
        if self.tls_verify is False:
            yield "tls-verify"
        if self.auth_realm:
            yield "auth-realm"
        if self.proxy:
            yield "proxy"
        if self.mirror:  # of what tags mean, it is the judge
            yield "mirror"
        if self.client_cert is not None:
            yield "client-cert"
        if self.cert_dir is not None and _leaves(directory, directory / self.cert_dir):
            yield "cert-dir"


def _leaves(directory: Path, path: Path) -> bool:
    """Tell whether a path, or anything in it, is outside of a directory: certificates of clients that are our own."""
    root = os.path.realpath(directory)
    try:
        files = [path, *path.iterdir()]
    except OSError:
        files = [path]
    return any(os.path.commonpath([root, os.path.realpath(file)]) != root for file in files)


def _without_doubles(value: object) -> object:
    """Return tables by their registries as they are; raises ValueError if two are about the same one."""
    named: dict[str, str] = {}
    for name in value if isinstance(value, dict) else ():
        try:
            registry = check_registry(name)
        except UsageError:  # told of later, with the key
            continue
        if registry in named:
            raise ValueError(f"{named[registry]!r} and {name!r} name the same registry")
        named[registry] = name
    return value


Registries = Annotated[dict[Annotated[str, checked(check_registry)], RegistryTable], BeforeValidator(_without_doubles)]


def merged(first: Mapping[str, HostSettings], second: Mapping[str, HostSettings]) -> dict[str, HostSettings]:
    """Return what two files say of registries, the first before the second."""
    nothing = HostSettings()
    return {host: first.get(host, nothing).over(second.get(host, nothing)) for host in {**second, **first}}
