"""Where does a Jupyter server search, and how is it set up?

Search paths and servers; options, files and Python settings in the order in which Jupyter reads them; the options of
Code Editor.
"""

from ocianalyze.facts.jupyter.code_editor import EditorOptions, parse_editor_options
from ocianalyze.facts.jupyter.directories import Lack, find_write_problem
from ocianalyze.facts.jupyter.lab import Shortfall
from ocianalyze.facts.jupyter.options import Setting
from ocianalyze.facts.jupyter.servers import Server, server_program, server_python
from ocianalyze.facts.jupyter.settings import JupyterSettings

__all__ = [
    "EditorOptions",
    "JupyterSettings",
    "Lack",
    "Server",
    "Setting",
    "Shortfall",
    "find_write_problem",
    "parse_editor_options",
    "server_program",
    "server_python",
]
