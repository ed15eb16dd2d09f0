"""``python -m ocianalyze``."""

from ocianalyze.cli import main

main()
