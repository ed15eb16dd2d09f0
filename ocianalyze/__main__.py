"""``python -m ocianalyze``."""

from ocianalyze.cli import main

if __name__ == "__main__":
    main()
