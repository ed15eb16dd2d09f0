"""Rules about the user that the container runs as, and the owners of its files."""
