"""Who we are for a registry: a user name and a password, or a token."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

IDENTITY_TOKEN: Final = "<token>"  # noqa: S105 - the user name by which helpers say that the secret is one


class Kind(Enum):
    """What the secret is."""

    PASSWORD = "password"  # noqa: S105 - sent to the registry or its token server
    IDENTITY_TOKEN = "identity token"  # noqa: S105 - exchanged for a token at the token server
    BEARER_TOKEN = "bearer token"  # noqa: S105 - sent to the registry as it is


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a secret, or a token; `origin` tells people where it was found."""

    username: str
    secret: str = field(repr=False)
    origin: str
    kind: Kind = Kind.PASSWORD

    @property
    def is_identity_token(self) -> bool:
        """Whether only a token server can use the secret."""
        return self.kind is Kind.IDENTITY_TOKEN

    @property
    def is_bearer_token(self) -> bool:
        """Whether the secret is a token for the registry itself, and for nobody else."""
        return self.kind is Kind.BEARER_TOKEN

    @property
    def header(self) -> str:
        """The value of an ``Authorization`` header (RFC 7617; RFC 6750)."""
        if self.is_bearer_token:
            return f"Bearer {self.secret}"
        return "Basic " + base64.b64encode(f"{self.username}:{self.secret}".encode()).decode("ascii")
