"""Settings that stand in a file: what can be set, where it is found, and what is wrong with it."""
