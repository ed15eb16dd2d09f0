"""Who is the container's process, and what may it read and run?

Accounts of the image, permissions on the way to a path, and whether ``sudo`` asks for a password.
"""

from ocianalyze.facts.user.accounts import PasswdEntry, User, find_accounts, find_group_names
from ocianalyze.facts.user.permissions import Denial, find_barrier, find_denial, may_write, protection
from ocianalyze.facts.user.sudo import find_sudo

__all__ = [
    "Denial",
    "PasswdEntry",
    "User",
    "find_accounts",
    "find_barrier",
    "find_denial",
    "find_group_names",
    "find_sudo",
    "may_write",
    "protection",
]
