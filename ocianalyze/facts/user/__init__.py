"""Who is the container's process, and what may it read and run?

Accounts of the image, permissions on the way to a path, and whether ``sudo`` asks for a password.
"""

from ocianalyze.facts.user.accounts import User, find_group_names
from ocianalyze.facts.user.permissions import Denial, find_denial
from ocianalyze.facts.user.sudo import find_sudo

__all__ = ["Denial", "User", "find_denial", "find_group_names", "find_sudo"]
