"""What does a command's first word lead to, and can that run?

Search paths, ``#!`` lines, the dynamic loader; the texts of scripts; and the applications that Studio expects.
"""

from ocianalyze.facts.programs.applications import CODE_EDITOR, CODE_EDITOR_RELATIVES, is_distribution
from ocianalyze.facts.programs.distribution import UNIFIED_PROGRAM, SageMakerDistribution
from ocianalyze.facts.programs.lookup import Shell
from ocianalyze.facts.programs.program import (
    DEFAULT_PATH,
    FORBIDDEN,
    LONGEST_STRING,
    Problem,
    Program,
    shown,
    split_path,
)
from ocianalyze.facts.programs.scripts import UNKNOWN

__all__ = [
    "CODE_EDITOR",
    "CODE_EDITOR_RELATIVES",
    "DEFAULT_PATH",
    "FORBIDDEN",
    "LONGEST_STRING",
    "UNIFIED_PROGRAM",
    "UNKNOWN",
    "Problem",
    "Program",
    "SageMakerDistribution",
    "Shell",
    "is_distribution",
    "shown",
    "split_path",
]
