"""Settings from a file: what can be set, where the file is found, and what is wrong with it."""
