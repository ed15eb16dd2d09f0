"""Where an image is asked for: its mirrors, in their order, and at last the registry itself.

Options and settings go before the files of podman, and these before that of containerd: the first that names mirrors of
the registry decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from ocianalyze.oci.repository import DOCKER_HUB, DOCKER_HUB_NAMES, RepositoryName
from ocianalyze.sources.registry.access import HostAccess, parse_mirror
from ocianalyze.sources.registry.mirrors.hosts_toml import find_hosts
from ocianalyze.sources.registry.mirrors.registries_conf import RegistriesConf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
    from ocianalyze.sources.registry.mirrors.hosts_toml import Host

_MIRROR_ATTEMPTS: Final = 2
"""So many of each request: whoever has another place to ask does not wait for long."""


class Endpoint(NamedTuple):
    """A place where an image is asked for.

    Attributes:
        host: where the requests go, with the port if one is given.
        name: the image as it is named there.
        how: how the place is reached.
        base: what comes before the repository in the paths of its URLs.
        namespace: the registry that a mirror of many is asked to stand for (containerd's ``ns``).
        pulls: whether it may be asked for what has a digest.
        resolves: whether it may be asked for tags.
        place: the path there that all repositories of the registry are below, such as ``/hub``.
        is_mirror: whether it is a mirror, so that somebody else can be asked if it fails.
        only_if_silent: whether it is asked only if the one before gave no answer at all: it is the same without TLS.
    """

    host: str
    name: RepositoryName
    how: HostAccess
    base: str = "/v2"
    namespace: str | None = None
    pulls: bool = True
    resolves: bool = True
    place: str = ""
    is_mirror: bool = False
    only_if_silent: bool = False

    @property
    def root(self) -> str:
        """The path that the repository has there."""
        return f"{self.base}/{self.name.repository}"

    def path(self, kind: str, selector: str) -> str:
        """Return the path of a URL there, such as that of a blob."""
        query = f"?ns={quote(self.namespace, safe='')}" if self.namespace else ""
        return f"{self.root}/{kind}/{selector}{query}"

    def __str__(self) -> str:
        """Return the place for messages and reports."""
        scheme = "http" if self.how.plain_http else "https"
        return f"{scheme}://{self.host}{self.base.removesuffix('/v2')}{self.place}"


def find_endpoints(text: str, access: RegistryAccess) -> tuple[RepositoryName, list[Endpoint]]:
    """Return the name in full that a text is, and where the image is asked for.

    Raises:
        InvalidReferenceError: it is no name of an image.
        UsageError: an option or a file names what is no mirror, or blocks the registry.
    """
    conf = RegistriesConf(access.environment)
    name = RepositoryName.parse(conf.alias(text))
    return name, endpoints(name, conf, access)


def endpoints(name: RepositoryName, conf: RegistriesConf, access: RegistryAccess) -> list[Endpoint]:
    """Return where an image is asked for; the last is the registry itself, all others are mirrors.

    Raises:
        UsageError: an option or a file names what is no mirror, or blocks the registry.
    """
    said = access.of_registry(name.registry)
    stated = conf.find(name)
    found = list(_ours(name, said.mirrors, access))
    if stated is not None:
        location = stated.location
        if not found:
            for mirror, insecure in stated.mirrors:
                found += _insecurely(
                    _mirror(name, mirror, access), access.of_mirror(mirror.registry), insecure=insecure
                )
        if found or location != name or stated.insecure:
            said = said if location.registry == name.registry else access.of_registry(location.registry)
            own = Endpoint(location.api_host, location, said.access())
            return found + _insecurely(own, said, insecure=stated.insecure)
    hosts = None if found else find_hosts(name.registry, access.environment)
    if hosts is None:
        return [*found, Endpoint(name.api_host, name, said.access())]
    found = [_of_containerd(host, name, access, is_mirror=True) for host in hosts.mirrors]
    return [*found, _of_containerd(hosts.server, name, access, is_mirror=False)]


def _ours(name: RepositoryName, mirrors: tuple[str, ...], access: RegistryAccess) -> Iterator[Endpoint]:
    """Yield the mirrors that an option or a setting names."""
    for mirror in mirrors:
        scheme, place = parse_mirror(mirror)
        at, repository, *_ = RepositoryName.parse(f"{place}/{name.repository}")
        endpoint = _mirror(name, RepositoryName(at, repository, name.tag, name.digest), access)
        yield endpoint._replace(how=replace(endpoint.how, plain_http=True)) if scheme == "http" else endpoint


def _mirror(name: RepositoryName, there: RepositoryName, access: RegistryAccess) -> Endpoint:
    how = replace(access.of_mirror(there.registry).access(), attempts=_MIRROR_ATTEMPTS)
    place = there.repository.removesuffix(name.repository).rstrip("/")
    return Endpoint(there.api_host, there, how, place=f"/{place}" if place else "", is_mirror=True)


def _insecurely(endpoint: Endpoint, said: HostSettings, *, insecure: bool) -> list[Endpoint]:
    """Return the endpoint; if it may be insecure, without a check of its certificate, and then without TLS.

    That is what ``insecure`` means in registries.conf, unless options or settings say (`said`) that it is checked.
    """
    if not insecure or endpoint.how.plain_http or said.tls_verify:
        return [endpoint]
    how = endpoint.how
    few = endpoint._replace(how=replace(how, tls_verify=False, attempts=_MIRROR_ATTEMPTS))
    without = endpoint._replace(how=replace(how, plain_http=True), only_if_silent=True)
    return [few] if said.plain_http is False else [few, without]


def _of_containerd(host: Host, name: RepositoryName, access: RegistryAccess, *, is_mirror: bool) -> Endpoint:
    registry = DOCKER_HUB if host.host.lower() in DOCKER_HUB_NAMES else host.host
    said = access.of_mirror(registry) if is_mirror else access.of_registry(registry)
    how = said.access()
    how = replace(
        how,
        plain_http=how.plain_http or host.plain_http,
        tls_verify=bool(said.tls_verify) or (how.tls_verify and host.tls_verify),
        ca_files=(*how.ca_files, *host.ca_files),
        client=how.client or host.client,
        headers=host.headers,
        attempts=_MIRROR_ATTEMPTS if is_mirror else how.attempts,
    )
    there = name._replace(registry=registry) if registry != name.registry else name
    return Endpoint(
        host=host.host,
        name=there,
        how=how,
        base=host.base,
        namespace=None if registry == name.registry else name.registry,
        pulls=host.pulls,
        resolves=host.resolves,
        is_mirror=is_mirror,
    )
