"""The token servers of public registries that are on another host than the registry: data, with where each was seen.

What a registry names as its realm may be a trap, so credentials go to its own host, to what is listed here, and to what
people allow with ``--auth-realm``. Registries whose token server is their own host need no line: ghcr.io, quay.io,
gcr.io and pkg.dev, azurecr.io, cgr.dev, Harbor, Artifactory, Nexus. A name belongs here only if nobody but the
operator of the registry can serve it: ``*.aliyuncs.com``, where anybody may have a bucket, does not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ocianalyze.regex import regex
from ocianalyze.sources.registry.hosts import PORTS, host_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from urllib.parse import SplitResult

_HTTPS: Final = (None, 443)

_REALMS: Final[Mapping[str, frozenset[str]]] = {
    # distribution, Token Authentication Specification: realm="https://auth.docker.io/token"
    "registry-1.docker.io": frozenset(("auth.docker.io",)),
    # Docker Hardened Images, which log in to Docker Hub
    "dhi.io": frozenset(("auth.docker.io",)),
    # realm="https://gitlab.com/jwt/auth",service="container_registry" (GitLab, container registry development docs)
    "registry.gitlab.com": frozenset(("gitlab.com",)),
    # hashicorp/terraform-provider-docker 243: "redirecting you to https://docker-auth.elastic.co/auth"
    "docker.elastic.co": frozenset(("docker-auth.elastic.co",)),
    # realm="https://api.digitalocean.com/v2/registry/auth",service="registry.digitalocean.com"
    "registry.digitalocean.com": frozenset(("api.digitalocean.com",)),
    # realm="https://nvcr.io/proxy_auth", which leads on to https://authn.nvidia.com/token; older answers name that
    "nvcr.io": frozenset(("authn.nvidia.com",)),
    # Red Hat, "Red Hat Container Registry Authentication"
    "registry.redhat.io": frozenset(("sso.redhat.com",)),
    # realm="https://scc.suse.com/api/registry/authorize",service="SUSE Linux Docker Registry"
    "registry.suse.com": frozenset(("scc.suse.com",)),
}
"""By the registry's host, as it is asked."""

_ALIBABA: Final = regex(
    r"(?:registry|[a-z0-9-]+-registry|crpi-[a-z0-9]+)(?P<vpc>-vpc)?\.(?P<region>[a-z]{2}-[a-z0-9-]{2,30})"
    r"(?:(?:\.personal)?\.cr)?\.aliyuncs\.com",
    re.ASCII,
)
"""Alibaba Cloud, "Container Registry: endpoints": by region, on the internet or in a VPC, shared, of an enterprise or
personal."""
_ALIBABA_HOME: Final = "cn-hangzhou"
"""Registries of other regions name the token server of this one, too."""


def place_of(url: SplitResult) -> str:
    """Return the host and port of a URL that was checked."""
    host = host_of(url)
    return host if url.port is None else f"{host}:{url.port}"


def is_allowed(url: SplitResult, allowed: Iterable[str]) -> bool:
    """Tell whether a token server is among those that people allow: hosts, or hosts and ports."""
    host = place_of(url._replace(netloc=url.netloc.removesuffix(f":{url.port}")))
    return not {host, f"{host}:{url.port or PORTS.get(url.scheme)}"}.isdisjoint(one.lower() for one in allowed)


def belongs(host: str, registry: str, port: int | None) -> bool:
    """Tell whether a token server is known to belong to a registry; `port` is the one in the realm, if any."""
    return port in _HTTPS and (host in _REALMS.get(registry, ()) or host in _of_alibaba(registry))


def _of_alibaba(registry: str) -> frozenset[str]:
    """Return the token servers of a registry of Alibaba Cloud: those of its region.

    Sources: challenges with realm="https://dockerauth.cn-hangzhou.aliyuncs.com/auth" and
    service="registry.aliyuncs.com:cn-shanghai:26842"; "Hosts to allow" of Alibaba Cloud's ACK, which names
    dockerauth.REGION, dockerauth-ee.REGION, and dockerauth-cn-zhangjiakou for that region; dockerauth-vpc in a VPC.
    """
    match = _ALIBABA.fullmatch(registry)
    if match is None:
        return frozenset()
    region = match["region"]
    kinds = ("dockerauth", "dockerauth-ee", *(("dockerauth-vpc", "dockerauth-ee-vpc") if match["vpc"] else ()))
    hosts = {f"{kind}.{place}.aliyuncs.com" for kind in kinds for place in (region, _ALIBABA_HOME)}
    return frozenset(hosts | {f"dockerauth-{region}.aliyuncs.com"})
