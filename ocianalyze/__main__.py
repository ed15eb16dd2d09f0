"""``python -m ocianalyze``."""

from ocianalyze.cli import command

if __name__ == "__main__":
    command()
