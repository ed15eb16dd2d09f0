"""``python -m ocianalyze``."""

from ocianalyze.cli.main import command

if __name__ == "__main__":
    command()
