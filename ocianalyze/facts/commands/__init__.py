"""What does the image's command come to in the end?

ENTRYPOINT and CMD, or what replaces them, followed through shells, scripts, wrappers and supervisors to a server.
"""

from ocianalyze.facts.commands.command import APPS, App, Command, container_config, container_variables, is_bare, shown
from ocianalyze.facts.commands.wrappers import INITS, SUPERVISORS
from ocianalyze.facts.shell.ways import Failure

__all__ = [
    "APPS",
    "INITS",
    "SUPERVISORS",
    "App",
    "Command",
    "Failure",
    "container_config",
    "container_variables",
    "is_bare",
    "shown",
]
