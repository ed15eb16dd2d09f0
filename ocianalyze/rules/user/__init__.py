"""Who the container runs as, and who owns its files."""
