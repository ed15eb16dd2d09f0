"""The credentials that people already have: given by hand, in auth.json and config.json, behind credential helpers.

Sources: containers-auth.json(5); docker/cli, ``cli/config/credentials``; GitLab, "Determine your DOCKER_AUTH_CONFIG
data". A secret is shown by no ``repr``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocianalyze.errors import AuthenticationError
from ocianalyze.sources.registry.login import authfiles, ecr, helpers
from ocianalyze.sources.registry.login.credential import IDENTITY_TOKEN, Credential, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocianalyze.oci.repository import RepositoryName
    from ocianalyze.sources.registry.access import RegistryAccess
    from ocianalyze.sources.registry.login.authfiles import AuthFile


@dataclass(slots=True)
class Credentials:
    """Finds the credential for a repository, once; `tried` tells where was looked, for whom it does not help."""

    access: RegistryAccess
    own: str
    """The registry for which the login that was given by hand is meant."""
    tried: list[str] = field(default_factory=list)

    def given(self, name: RepositoryName) -> Credential | None:
        """Return the login that was given by hand for the registry of a repository, None if there is none."""
        access = self.access
        if name.registry != self.own:
            return None
        token = access.bearer_token
        if token is None and (access.username is None or access.password is None):
            return None
        if access.login_host is not None and authfiles.plain_key(access.login_host) != self.own:
            self.tried.append(f"the login for {access.login_host}, which is another registry")
            return None
        if token is not None:
            return Credential("", token, "the given bearer token", Kind.BEARER_TOKEN)
        return Credential(access.username or "", access.password or "", "the given user name and password")

    def find(self, name: RepositoryName) -> Credential | None:
        """Return the credential for a repository, or None if nobody has one: then it is asked for anonymously.

        Raises:
            AuthenticationError: a file that should have it cannot be used.
        """
        self.tried.clear()
        given = self.given(name)
        if given is not None:
            return given
        for file in self._files():
            self.tried.append(file.where)
            found = self._in_file(file, name)
            if found is not None:
                return found
        if ecr.is_ecr(name.registry):
            return self._from_aws(name.registry)
        return None

    def _files(self) -> Iterator[AuthFile]:
        """Yield what may hold credentials, each read when it is needed: a named file alone, or GitLab's order."""
        access = self.access
        variable = access.environment.get(authfiles.AUTH_VARIABLE, "")
        if access.authfile is None and variable.strip():
            yield authfiles.read_variable(variable)
        for path in access.auth_files():
            file = authfiles.read(path)
            if file is not None:
                yield file
            elif str(path) == access.environment.get("REGISTRY_AUTH_FILE"):
                self.tried.append(f"REGISTRY_AUTH_FILE: {path}, which does not exist")
            elif path == access.authfile:
                raise AuthenticationError(f"the credentials file {path} does not exist", hint="Check --authfile")

    def _in_file(self, file: AuthFile, name: RepositoryName) -> Credential | None:
        special = file.helper_for(name)
        if special is not None:
            return self._ask(*special, file, name)
        found = file.entry_for(name)
        if found is not None:
            return found
        store = file.store_for(name)
        return None if store is None else self._ask(*store, file, name)

    def _ask(self, helper: str, server: str, file: AuthFile, name: RepositoryName) -> Credential | None:
        """Ask a credential helper for what it has for a server; one that fails is told of, and has nothing."""
        program = helpers.program_of(helper, file.where)
        try:
            answer = self.access.logins.get(
                (program, server), lambda: helpers.ask(program, server, self.access.environment)
            )
        except helpers.HelperError as error:
            self.tried.append(f"{program}, which {error.message}")
            self.access.warn(
                f"{program}, the credential helper in {file.where}, {error.message}; "
                f"{name.registry} is asked without its credentials"
            )
            return None
        self.tried.append(program)
        if answer is None:
            return None
        kind = Kind.IDENTITY_TOKEN if answer[0] == IDENTITY_TOKEN else Kind.PASSWORD
        return Credential(*answer, f"{program} from {file.where}", kind)

    def _from_aws(self, registry: str) -> Credential | None:
        if not ecr.is_available():
            self.tried.append("AWS credentials (the extra 'ecr' is not installed)")
            return None
        self.tried.append("AWS credentials from boto3")
        login = self.access.logins.get(("AWS", registry), lambda: ecr.login(registry))
        return None if login is None else Credential(*login, "AWS credentials from boto3")
