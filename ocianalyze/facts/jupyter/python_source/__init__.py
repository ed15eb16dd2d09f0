"""Source code in Python, read without running it: statements, the names that they bind, what expressions come to.

    text -> statements and tokens -> names, values

Whoever reads a file goes through its statements, and keeps in a `World` what they do to names and variables.
"""

from ocianalyze.facts.jupyter.python_source.names import bound_names, targets_of
from ocianalyze.facts.jupyter.python_source.text import PythonProblem, Statement, Token, parse_statements
from ocianalyze.facts.jupyter.python_source.values import (
    ANY,
    ENVIRONMENTS,
    OPEN,
    RESOLVED,
    ExitsError,
    RaisesError,
    World,
    evaluate,
    truth,
    variable,
)

__all__ = [
    "ANY",
    "ENVIRONMENTS",
    "OPEN",
    "RESOLVED",
    "ExitsError",
    "PythonProblem",
    "RaisesError",
    "Statement",
    "Token",
    "World",
    "bound_names",
    "evaluate",
    "parse_statements",
    "targets_of",
    "truth",
    "variable",
]
