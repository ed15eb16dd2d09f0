"""What is the same for all tasks of a run."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from ocianalyze.errors import UsageError
from ocianalyze.layers.metering.limits import DEFAULT_LIMITS, Limits
from ocianalyze.rules.policy import Policy
from ocianalyze.sources.registry.access import HostSettings, RegistryAccess
from ocianalyze.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocianalyze.layers.reading.stores import LayerStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What is the same for all tasks of a run.

    Attributes:
        policy: what images are checked for, apart from what each is registered with.
        limits: the resources that one image may use.
        platform: the platform to choose, if there are several.
        access: how registries are reached.
        offline: whether to refuse access to registries.
        store: where results of layers are kept that all processes can reach; None to hand them on instead.
        version: the version of the program that began the run.
    """

    policy: Policy = field(default_factory=Policy)
    limits: Limits = DEFAULT_LIMITS
    platform: str | None = None
    access: RegistryAccess = field(default_factory=RegistryAccess)
    offline: bool = False
    store: LayerStore | None = None
    version: str = __version__

    def for_processes(self) -> Conditions:
        """Return the conditions for processes of this host: only they tell people nothing themselves."""
        access = {one.name: getattr(self.access, one.name) for one in fields(self.access) if one.name != "warn"}
        return replace(self, access=RegistryAccess(**access))

    def for_other_hosts(self) -> Conditions:
        """Return the conditions without secrets and files of this host: workers there have their own.

        Raises:
            UsageError: options name secrets.
        """
        access = self.access
        if access.username is not None or access.bearer_token is not None or access.authfile is not None:
            raise UsageError(
                "credentials given by options are not sent to the workers of a cluster",
                hint="Log in on the workers: with files, credential helpers or variables there",
            )
        hosts = {host: _without_secrets(said) for host, said in access.hosts.items()}
        public = RegistryAccess(own=_without_secrets(access.own), hosts=hosts)
        return replace(self, access=public)

    def here(self, environment: Mapping[str, str]) -> Conditions:
        """Return the conditions with the credentials, certificates and proxies that this host knows of.

        Raises:
            UsageError: this host has another version of the program than the one that began the run.
        """
        if self.version != __version__:
            raise UsageError(
                f"a worker has ocianalyze {__version__}, but the run was begun with {self.version}",
                hint="Install the same version on all hosts",
            )
        return replace(self, access=replace(self.access, environment=dict(environment)))


def _without_secrets(said: HostSettings) -> HostSettings:
    """Return settings of a registry without its headers, keys and proxies, which may hold passwords."""
    return replace(said, headers=None, client=None, proxy=None)
