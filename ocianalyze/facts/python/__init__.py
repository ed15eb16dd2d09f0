"""Which Pythons are there, and what can they import?

Installations, modules, distributions and entry points; conda environments and their names.
"""

from ocianalyze.facts.python.command_line import is_encoding
from ocianalyze.facts.python.conda import Conda
from ocianalyze.facts.python.distributions import ACTIVITY_MONITOR, JUPYTERLAB, Distribution, normalized, parse_release
from ocianalyze.facts.python.installations import Installation, find_installation
from ocianalyze.facts.python.modules import find_module
from ocianalyze.facts.python.twins import Twin

__all__ = [
    "ACTIVITY_MONITOR",
    "JUPYTERLAB",
    "Conda",
    "Distribution",
    "Installation",
    "Twin",
    "find_installation",
    "find_module",
    "is_encoding",
    "normalized",
    "parse_release",
]
