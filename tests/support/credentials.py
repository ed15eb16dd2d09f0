"""Files with credentials, and credential helpers that are real programs."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

from ocianalyze.oci.repository import RepositoryName
from ocianalyze.sources.registry.access import RegistryAccess
from ocianalyze.sources.registry.login.credential import Credential
from ocianalyze.sources.registry.login.credentials import Credentials

NAME = "registry.example.com/team/app/image:1.0"


def basic(user: str, password: str = "secret") -> dict[str, str]:  # noqa: S107 - no real one
    """Return an entry of ``auths``."""
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write(path: Path, **document: Any) -> Path:  # noqa: ANN401
    """Write a config.json or auth.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def helper(directory: Path, name: str, script: str) -> Path:
    """Make a credential helper, a real program."""
    path = directory / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def find(access: RegistryAccess, name: str = NAME) -> Credential | None:
    """Return what is found for an image."""
    parsed = RepositoryName.parse(name)
    return Credentials(access, own=parsed.registry).find(parsed)


def user(access: RegistryAccess, name: str = NAME) -> str | None:
    """Return the user name of what is found for an image."""
    found = find(access, name)
    return None if found is None else found.username
